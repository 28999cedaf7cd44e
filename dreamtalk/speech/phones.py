"""The phones that the mouth cares about: one small inventory for every language, with times.

Sounds that look alike and sound alike are one class (t and d; the open a of every language), so that a class has
examples in many voices. A diphthong is two phones in a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PHONES = (
    "sil",
    "p", "m", "f", "w",  # made with the lips: p b / m / f v / w and the Spanish b
    "θ", "t", "n", "l", "s", "ʃ", "tʃ", "r", "j", "k", "ŋ", "h",
    "i", "ɪ", "e", "ɛ", "æ", "a", "ɑ", "ɔ", "o", "ʊ", "u", "y", "ø", "ə", "ɜ",
)  # fmt: skip
"""All classes; an index into this tuple is a phone's number."""

PHONE_INDEX = {phone: index for index, phone in enumerate(PHONES)}
SILENCE = "sil"
BILABIAL = ("p", "m")
"""The lips must meet."""
OPEN_VOWELS = ("æ", "a", "ɑ", "ɔ", "e", "ɛ")
"""The lips must not meet: AA AE AO AW AY EH EY of measures.md (aɪ and aʊ begin with a, eɪ with e)."""


@dataclass(frozen=True)
class Phone:
    """One phone in time. symbol: of PHONES. start_s, end_s: seconds from the start of the sound, start_s < end_s."""

    start_s: float
    end_s: float
    symbol: str

    @property
    def centre_s(self) -> float:
        return (self.start_s + self.end_s) / 2


def phone_frames(phones: Sequence[Phone], count: int, fps: float) -> np.ndarray:
    """The phone number at each frame, (count,) int64; frame n is second n / fps; silence where nobody says anything."""
    numbers = np.full(count, PHONE_INDEX[SILENCE])
    for phone in phones:
        first = int(np.ceil(phone.start_s * fps - 1e-6))
        numbers[max(0, first) : max(0, int(np.ceil(phone.end_s * fps - 1e-6)))] = PHONE_INDEX[phone.symbol]
    return numbers
