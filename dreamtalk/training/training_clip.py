"""Recordings of speech with mouth curves, and the frame-wise training clips made of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from dreamtalk.speech.phones import Phone
from rig.arkit import MOUTH, NAMES
from rig.timing import frame_times

FPS = 25.0
SAMPLE_RATE = 16000
UNKNOWN = -1
"""Instead of a phone's number where nobody knows what is said."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Speech of one person with the curves of the mouth, at 25 fps.

    samples: (S,) float32 mono at 16 kHz. weights: (T, 52) float32 in [0, 1], only jaw and mouth filled.
    valid: (T,) bool, False where the tracker lost the face. head_rotation: (T, 3) float32 radians about the clip's
    mean pose (pitch, yaw, roll). corpus: folder the recording came from. phones: what is said when, empty where nobody
    knows. speaker: who speaks, unique within the corpus. language: ISO 639 code. captured: (52,) bool, the shapes whose
    curves were seen on the speaker; none where they were made from the phones.
    """

    name: str
    corpus: str
    samples: np.ndarray
    weights: np.ndarray
    valid: np.ndarray
    head_rotation: np.ndarray
    phones: tuple[Phone, ...] = ()
    speaker: str = ""
    language: str = "en"
    captured: np.ndarray = field(default_factory=lambda: np.isin(np.arange(len(NAMES)), MOUTH))

    def __len__(self) -> int:
        return len(self.weights)

    def at_speed(self, speed: float) -> "Recording":
        """The same recording played `speed` times as fast; the voice's pitch and formants move with it."""
        ratio = Fraction(speed).limit_denominator(40)
        samples = resample_poly(self.samples, ratio.denominator, ratio.numerator).astype(np.float32)
        count = max(1, int(len(self) / float(ratio)))
        position = frame_times(count, FPS) * FPS * float(ratio)
        weights = interpolated(self.weights, position)
        head = interpolated(self.head_rotation, position)
        valid = interpolated(self.valid[:, None].astype(np.float32), position)[:, 0] > 0.999
        rate = float(ratio)
        phones = tuple(Phone(phone.start_s / rate, phone.end_s / rate, phone.symbol) for phone in self.phones)
        return replace(self, name=f"{self.name}@{speed:g}", samples=samples, weights=weights, valid=valid,
                       head_rotation=head, phones=phones)


@dataclass(frozen=True, eq=False)
class TrainingClip:
    """A recording with what the networks hear of it.

    states: (T, 2, 512) float16, the encoder's states of every frame at 25 fps. posteriors: (T, 2 len(PHONES)) float16,
    what the phone head makes of them; none, (T, 0), before it is trained. phones: (T, 2) int8, the phone at every
    state, UNKNOWN where nobody knows. loudness: (T,) float32, decibels over the clip's own floor mapped to [0, 1].
    Other fields as in Recording.
    """

    name: str
    corpus: str
    states: np.ndarray
    posteriors: np.ndarray
    phones: np.ndarray
    loudness: np.ndarray
    weights: np.ndarray
    valid: np.ndarray
    head_rotation: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def features(self, rows: slice) -> np.ndarray:
        """Feature rows as dreamtalk.speech.hearing lays them out, (n, F) float32."""
        return np.concatenate([self.states[rows].mean(axis=1, dtype=np.float32), self.posteriors[rows]], axis=1)


def interpolated(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Rows of `values` (T, C) at fractional row numbers `position` (N,), the ends held."""
    position = np.clip(position, 0, len(values) - 1)
    before = np.floor(position).astype(np.int64)
    after = np.minimum(before + 1, len(values) - 1)
    share = (position - before)[:, None]
    return (values[before] * (1 - share) + values[after] * share).astype(values.dtype)


def mean_mouth(clips: Iterable[Recording | TrainingClip]) -> np.ndarray:
    """(52,) float32: mean weights over all valid frames; what the mean-curve baseline holds still."""
    total, count = np.zeros(len(NAMES)), 0
    for clip in clips:
        total += clip.weights[clip.valid].sum(0)
        count += int(clip.valid.sum())
    return (total / max(count, 1)).astype(np.float32)
