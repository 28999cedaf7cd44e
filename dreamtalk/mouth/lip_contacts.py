"""Where the lips must meet each other or the teeth, whatever the networks predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.mouth.closures import close_lips, closing_of_phones, closing_of_shares, tuck_lip, tucking_of_phones
from dreamtalk.speech.phones import Phone


@dataclass(frozen=True, eq=False)
class LipContacts:
    """Both (T,) in [0, 1], one value for every frame of a clip.

    closing: how far the lips are brought together (p, b, m). tucking: how far the lower lip is under the teeth (f, v).
    """

    closing: np.ndarray
    tucking: np.ndarray

    @classmethod
    def of_phones(cls, phones: Sequence[Phone], frame_count: int, fps: float) -> Self:
        """The contacts of phones whose times are known."""
        return cls(closing_of_phones(phones, frame_count, fps), tucking_of_phones(phones, frame_count, fps))

    @classmethod
    def of_shares(cls, heard: np.ndarray, frame_count: int, fps: float) -> Self:
        """The closures that a phone head heard: `heard` (N,) are dreamtalk.mouth.closures.lip_shares at 50 Hz."""
        return cls(closing_of_shares(heard, frame_count, fps), np.zeros(frame_count, np.float32))

    def applied(self, weights: np.ndarray) -> np.ndarray:
        """Weights (T, 52) in [0, 1] with these contacts made; frames without any come back as they were."""
        return close_lips(tuck_lip(weights, self.tucking), self.closing)
