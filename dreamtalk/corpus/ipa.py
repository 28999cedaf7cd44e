"""From the IPA letters of a speech synthesizer to the phones of dreamtalk.speech.phones, times kept.

A sound that is two of our phones (diphthongs, ts) is split in two halves. Marks are not sounds: a stress mark lends its
time to the sound behind it, a length or nasal mark to the sound before it, a space half to either side.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from dreamtalk.speech.phones import SILENCE, Phone

_LETTERS = {
    "p": "p b pʰ", "m": "m ɱ", "f": "f v ʋ ɸ", "w": "w ʍ ɥ β", "θ": "θ ð", "t": "t d ʈ ɖ ɾ ɽ T", "n": "n ɲ ɳ",
    "l": "l ɫ ɭ ɬ", "s": "s z S", "ʃ": "ʃ ʒ ʂ ʐ ɕ ʑ", "tʃ": "ʧ ʤ ʨ ʥ", "r": "ɹ r ɻ", "j": "j ʝ ʎ",
    "k": "k ɡ g q ɣ ɰ c ɟ", "ŋ": "ŋ ɴ", "h": "h ɦ x χ ç ʁ ħ ʀ", "i": "i", "ɪ": "ɪ ᵻ ɨ", "e": "e", "ɛ": "ɛ", "æ": "æ",
    "a": "a", "ɑ": "ɑ", "ɔ": "ɔ ɒ", "o": "o", "ʊ": "ʊ", "u": "u ɯ", "y": "y ʏ", "ø": "ø œ ɵ",
    "ə": "ə ʌ ɐ ᵊ ɤ ɘ", "ɜ": "ɜ ɚ ɞ",
}  # fmt: skip
IPA: dict[str, tuple[str, ...]] = {
    letter: (phone,) for phone, letters in _LETTERS.items() for letter in letters.split()
} | {
    "A": ("e", "ɪ"), "I": ("a", "ɪ"), "W": ("a", "ʊ"), "O": ("o", "ʊ"), "Y": ("ɔ", "ɪ"), "Q": ("ə", "ʊ"),
    "ʦ": ("t", "s"), "ʣ": ("t", "s"),
}  # fmt: skip
"""Our phones of every letter that Kokoro's voices use; capitals are Kokoro's diphthongs."""
_STRESS, _AFTER = "ˈˌ", "ːˑ̃ʰʲ̩̯̪ʔ↓→↗↘"
_PAUSES = ',;:.!?—…"()“”'
VOWELS = frozenset("i ɪ e ɛ æ a ɑ ɔ o ʊ u y ø ə ɜ".split())


def phones_of_symbols(symbols: Sequence[str], seconds: np.ndarray, language: str = "en") -> tuple[Phone, ...]:
    """Phones of a stream of IPA symbols that last `seconds` each (len(symbols),), the first from 0 s.

    Punctuation, empty symbols and what no language here speaks count as silence.
    """
    sounds = _gathered(symbols, np.concatenate([[0.0], np.cumsum(seconds)]))
    phones: list[Phone] = []
    for start, end, symbol in _rhotic(sounds) if language == "en" else sounds:
        names = ("tʃ",) if language == "hi" and symbol in "cɟ" else IPA.get(symbol, (SILENCE,))
        phones += _split(start, end, names)
    return merged(phones)


def _gathered(symbols: Sequence[str], edges: np.ndarray) -> list[tuple[float, float, str]]:
    """Sounds and pauses without marks and spaces, whose time went to their neighbours."""
    sounds: list[list] = []
    lent = None  # where a stress mark or the second half of a space began
    for symbol, start, end in zip(symbols, edges[:-1], edges[1:], strict=True):
        if symbol in _STRESS and symbol:
            lent = start if lent is None else lent
        elif symbol == " ":
            middle = (start + end) / 2
            if sounds:
                sounds[-1][1] = middle
            lent = middle
        elif symbol in _AFTER and symbol and sounds:
            sounds[-1][1] = end
        else:
            sounds.append([start if lent is None else lent, end, symbol])
            lent = None
    return [(start, end, symbol) for start, end, symbol in sounds if end > start]


def _rhotic(sounds: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """The vowel of nurse and letter, which is written əɹ or ɜɹ, made one sound where no vowel follows."""
    made: list[tuple[float, float, str]] = []
    for index, (start, end, symbol) in enumerate(sounds):
        following = sounds[index + 1][2] if index + 1 < len(sounds) else ""
        names = IPA.get(following, ("",))
        if symbol == "ɹ" and made and made[-1][2] in "əɜ" and names[0] not in VOWELS:
            made[-1] = (made[-1][0], end, "ɜ")
        else:
            made.append((start, end, symbol))
    return made


def _split(start: float, end: float, names: tuple[str, ...]) -> list[Phone]:
    edges = np.linspace(start, end, len(names) + 1)
    return [
        Phone(round(float(a), 4), round(float(b), 4), name)
        for a, b, name in zip(edges[:-1], edges[1:], names, strict=True)
        if b - a > 1e-3
    ]


def merged(phones: Iterable[Phone]) -> tuple[Phone, ...]:
    """Neighbouring silences made one."""
    result: list[Phone] = []
    for phone in phones:
        if result and phone.symbol == SILENCE == result[-1].symbol:
            result[-1] = Phone(result[-1].start_s, phone.end_s, SILENCE)
        else:
            result.append(phone)
    return tuple(result)
