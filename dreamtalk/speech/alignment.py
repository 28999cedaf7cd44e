"""When each phone of a known English text is spoken: forced alignment with PocketSphinx, an optional package.

Two passes: the words over the whole sound, then the phones of a few words at a time between pauses, so that an hour
needs no more memory than its words. Words that the dictionary lacks are spelled out by rule.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.arpabet import phones_of_arpabet
from dreamtalk.speech.phones import SILENCE, Phone
from dreamtalk.speech.spelling import spelled_out, spoken_words

SAMPLE_RATE = 16_000
_FRAMES_PER_S = 100
_FRAME = SAMPLE_RATE // _FRAMES_PER_S
_PIECE_S = 10.0  # pieces end at the first pause after this many seconds ..
_LONGEST_PIECE_S = 25.0  # .. or at the next word after this many
_BEAM = 1e-80  # wider than the recogniser's own: there is only one path, and losing it loses everything
_PAUSE_EATERS = ("p", "t", "k", "tʃ", "m", "f", "θ", "h", "w", "l", "r")
"""Consonants in whose quiet start a pause may be lost."""
_LONG_S, _HOLD_S = 0.22, 0.12
"""Such a consonant, longer than the first, starts the second before its end."""
_LEAST_SCORE = -45.0
"""Median score a frame. Right texts had -9 to -32, -40 in noise of 5 dB; other texts and languages -47 to -75."""
_PRONOUNCED = {"z": "Z EH D"}
"""What the dictionary's American does not say: a second way to say a word."""


class _Word(NamedTuple):
    """A word or a filler, frames [start, stop) of 10 ms; name: as the dictionary spells it, variant and all."""

    start: int
    stop: int
    name: str

    @property
    def spoken(self) -> bool:
        return not self.name.startswith(("<", "[", "+", "("))


def aligned_phones(samples_16k: np.ndarray, text: str) -> tuple[Phone, ...]:
    """Phones with their times for speech whose English text is known, in order, silences left out between them.

    samples_16k: (S,) float in [-1, 1], mono at 16 kHz. text: what is said, in any spelling; single letters are letter
    names. Raises DreamTalkError where PocketSphinx is missing, the text holds no word, or the two do not fit together.
    """
    decoder, words = _decoder(), spoken_words(text)
    for word in words:
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, spelled_out(word), True)
    sound = (np.clip(np.asarray(samples_16k, dtype=np.float32), -1, 1) * 32767).astype("<i2")
    found = _words(decoder, sound, words)
    fits = [word.name.partition("(")[0] for word in found if word.spoken] == list(words)
    scored = [pair for piece in _pieces(found) for pair in _phones(decoder, sound, piece)] if fits else []
    # The median: a word or two may be said otherwise than the dictionary says.
    if not scored or float(np.median([score for _, score in scored])) < _LEAST_SCORE:
        raise DreamTalkError(
            f"The transcript of {len(words)} words does not fit the speech; give in English exactly what is said."
        )
    return tuple(_without_pause(phone) for phone, _ in scored)


@cache
def _decoder() -> Any:
    try:
        import pocketsphinx
    except ImportError:
        raise DreamTalkError(
            'Aligning a transcript needs PocketSphinx, which is not installed: pip install "dreamtalk[align]".'
        ) from None
    pocketsphinx.set_loglevel("FATAL")
    decoder = pocketsphinx.Decoder(
        lm=None, loglevel="FATAL", bestpath=False, beam=_BEAM, wbeam=_BEAM, pbeam=_BEAM, dither=False
    )
    for word, sounds in _PRONOUNCED.items():
        decoder.add_word(f"{word}(2)", sounds, True)
    return decoder


def _decoded(decoder: Any, sound: np.ndarray) -> None:
    decoder.start_utt()
    decoder.process_raw(sound.tobytes(), full_utt=True)
    decoder.end_utt()


def _words(decoder: Any, sound: np.ndarray, words: Sequence[str]) -> list[_Word]:
    """Words and fillers in order; empty where no path was found."""
    decoder.set_align_text(" ".join(words))
    try:
        _decoded(decoder, sound)
        segments = list(decoder.seg() or ())
    except RuntimeError:
        return []
    return [_Word(part.start_frame, part.end_frame + 1, part.word) for part in segments if part.word != "(NULL)"]


def _pieces(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """The words in runs that end in a pause, or after _LONGEST_PIECE_S at the latest, without fillers at their ends."""
    piece: list[_Word] = []
    for word in words:
        length_s = (word.stop - piece[0].start) / _FRAMES_PER_S if piece else 0.0
        if piece and length_s > (_PIECE_S if not word.spoken else _LONGEST_PIECE_S):
            yield piece
            piece = []
        piece.append(word)
    if any(word.spoken for word in piece):
        yield piece


def _phones(decoder: Any, sound: np.ndarray, piece: Sequence[_Word]) -> Iterator[tuple[Phone, float]]:
    """The phones of one piece, times counted from the start of the whole sound, with their scores a frame."""
    first, last = piece[0].start, piece[-1].stop
    part = sound[first * _FRAME : last * _FRAME]
    decoder.set_align_text(" ".join(word.name.partition("(")[0] for word in piece if word.spoken))
    _decoded(decoder, part)
    decoder.set_alignment()
    _decoded(decoder, part)
    for word in decoder.get_alignment():
        for phone in word:
            start, stop = first + phone.start, first + phone.start + phone.duration
            for found in phones_of_arpabet(start / _FRAMES_PER_S, stop / _FRAMES_PER_S, phone.name):
                if found.symbol != SILENCE and found.end_s > found.start_s:
                    yield found, phone.score / max(phone.duration, 1)


def _without_pause(phone: Phone) -> Phone:
    """The phone, or only its end where the aligner took a pause for its closure."""
    if phone.symbol in _PAUSE_EATERS and phone.end_s - phone.start_s > _LONG_S:
        return Phone(phone.end_s - _HOLD_S, phone.end_s, phone.symbol)
    return phone
