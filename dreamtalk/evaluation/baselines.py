"""What motion must beat: a face that never changes, and a jaw that follows the loudness."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness
from dreamtalk.training.training_clip import Recording, mean_mouth
from rig.arkit import NAMES


@dataclass(frozen=True, eq=False)
class MeanCurve:
    """The mean mouth of the training recordings, held still. weights: (52,) float32."""

    weights: np.ndarray

    @classmethod
    def fitted(cls, recordings: Sequence[Recording]) -> Self:
        return cls(mean_mouth(recordings))

    def animate(self, samples: np.ndarray, frame_count: int) -> np.ndarray:
        """(T, 52) float32 for speech at 16 kHz."""
        return np.tile(self.weights, (frame_count, 1))


@dataclass(frozen=True, eq=False)
class LoudnessGate:
    """Every mouth shape as a straight line in the loudness, by least squares. offset, slope: (52,) float32."""

    offset: np.ndarray
    slope: np.ndarray

    @classmethod
    def fitted(cls, recordings: Sequence[Recording]) -> Self:
        loudness = np.concatenate([_loudness(r.samples, len(r))[r.valid] for r in recordings])
        weights = np.concatenate([r.weights[r.valid] for r in recordings])
        design = np.stack([np.ones_like(loudness), loudness], axis=1)
        offset, slope = np.linalg.lstsq(design, weights, rcond=None)[0]
        return cls(offset.astype(np.float32), slope.astype(np.float32))

    def animate(self, samples: np.ndarray, frame_count: int) -> np.ndarray:
        """(T, 52) float32 for speech at 16 kHz."""
        loudness = _loudness(samples, frame_count)[:, None]
        return np.clip(self.offset + loudness * self.slope, 0.0, 1.0).reshape(frame_count, len(NAMES))


def _loudness(samples: np.ndarray, frame_count: int) -> np.ndarray:
    """(T,) float32 in [0, 1], smoothed over three frames."""
    loudness = relative_loudness(frame_loudness_db(samples, frame_count))
    return np.convolve(np.pad(loudness, 1, mode="edge"), np.ones(3, np.float32) / 3, mode="valid")
