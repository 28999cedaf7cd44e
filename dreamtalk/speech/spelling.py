"""English text as words an aligner can look up, and a guess at how an unknown word sounds."""

import re

from dreamtalk.errors import DreamTalkError

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_LONGEST_NUMBER = 12  # digits; longer ones are read digit by digit
_ABBREVIATIONS = {
    "mr.": "mister", "mrs.": "missus", "ms.": "miz", "dr.": "doctor", "st.": "saint", "etc.": "et cetera",
    "e.g.": "for example", "i.e.": "that is", "vs.": "versus", "&": "and", "%": "percent", "+": "plus", "$": "dollars",
}  # fmt: skip
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")

# The first spelling that fits is taken; longer ones come first. An apostrophe is silent.
_SOUNDS: tuple[tuple[str, str], ...] = (
    ("tion", "SH AH N"), ("sion", "ZH AH N"), ("ough", "AO"), ("eigh", "EY"), ("augh", "AO"), ("tch", "CH"),
    ("sch", "SH"), ("igh", "AY"), ("dge", "JH"), ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"), ("wh", "W"),
    ("ck", "K"), ("ng", "NG"), ("qu", "K W"), ("kn", "N"), ("wr", "R"), ("gh", "G"), ("ee", "IY"), ("ea", "IY"),
    ("oo", "UW"), ("ou", "AW"), ("ow", "OW"), ("oi", "OY"), ("oy", "OY"), ("ai", "EY"), ("ay", "EY"), ("ei", "AY"),
    ("ie", "IY"), ("ey", "IY"), ("au", "AO"), ("aw", "AO"), ("oa", "OW"), ("ue", "UW"), ("ew", "UW"), ("er", "ER"),
    ("ir", "ER"), ("ur", "ER"), ("ar", "AA R"), ("or", "AO R"), ("ce", "S EH"), ("ci", "S IH"), ("cy", "S IY"),
    ("bb", "B"), ("cc", "K"), ("dd", "D"), ("ff", "F"), ("gg", "G"), ("ll", "L"), ("mm", "M"), ("nn", "N"),
    ("pp", "P"), ("rr", "R"), ("ss", "S"), ("tt", "T"), ("zz", "Z"), ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"),
    ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"),
    ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"), ("v", "V"),
    ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)  # fmt: skip


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of an English text as they are spoken, in small letters; numbers are written out.

    Raises DreamTalkError where there is no word in it.
    """
    text = text.lower().replace("’", "'")
    for short, long in _ABBREVIATIONS.items():
        before = r"\b" if short[0].isalpha() else ""
        text = re.sub(before + re.escape(short), f" {long} ", text)
    text = _NUMBER.sub(lambda found: f" {_read_number(found.group())} ", text)
    words = tuple(_TOKEN.findall(text))
    if not words:
        raise DreamTalkError("The transcript holds no English word; give the words that are spoken.")
    return words


def spelled_out(word: str) -> str:
    """A guess at the pronunciation of a word that no dictionary knows: ARPAbet phones with blanks between them."""
    sounds, rest = [], word.replace("'", "")
    if len(rest) > 3 and rest.endswith("e"):
        rest = rest[:-1]  # a final e is silent
    while rest:
        spelling, sound = next(((text, sound) for text, sound in _SOUNDS if rest.startswith(text)), (rest[0], ""))
        sounds.append(sound)
        rest = rest[len(spelling) :]
    return " ".join(" ".join(sounds).split())


def _read_number(digits: str) -> str:
    """A number such as 1,250 or 3.5 in words."""
    whole, _, fraction = digits.replace(",", "").partition(".")
    plain_digits = len(whole) > _LONGEST_NUMBER or (len(whole) > 1 and whole.startswith("0"))
    words = _each_digit(whole) if plain_digits else _cardinal(int(whole))
    return f"{words} point {_each_digit(fraction)}" if fraction else words


def _each_digit(digits: str) -> str:
    return " ".join(_ONES[int(digit)] for digit in digits)


def _cardinal(number: int) -> str:
    """0 to 999,999,999,999 in words."""
    if number < 20:
        return _ONES[number]
    for size, name in _SCALES:
        if number >= size:
            rest = number % size
            return f"{_cardinal(number // size)} {name}" + (f" {_cardinal(rest)}" if rest else "")
    return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
