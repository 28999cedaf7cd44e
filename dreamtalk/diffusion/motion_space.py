"""The space EmoDiff works in: 52 weights and 3 head angles per frame, in standard deviations of the training data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip

CHANNELS: tuple[str, ...] = (*NAMES, "headPitch", "headYaw", "headRoll")
MOTION_SIZE = len(CHANNELS)
_WEIGHT_FLOOR, _ANGLE_FLOOR = 0.03, 0.004  # deviations of dead channels are not blown up
_HEAD_LIMIT_RAD = 0.6


@dataclass(frozen=True, eq=False)
class MotionSpace:
    """mean, deviation: (55,) float32, in weight units and radians; the order is CHANNELS."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def measured(cls, motion: np.ndarray) -> "MotionSpace":
        """The space of raw motion (T, 55), dead channels given a least deviation."""
        floor = np.full(MOTION_SIZE, _WEIGHT_FLOOR, np.float32)
        floor[len(NAMES) :] = _ANGLE_FLOOR
        return cls(motion.mean(0).astype(np.float32), np.maximum(motion.std(0), floor).astype(np.float32))

    @classmethod
    def from_lists(cls, mean: Sequence[float], deviation: Sequence[float]) -> "MotionSpace":
        """From the numbers in a config file."""
        return cls(np.asarray(mean, np.float32), np.asarray(deviation, np.float32))

    def normalised(self, motion: np.ndarray) -> np.ndarray:
        """Raw motion (..., 55) -> standard deviations."""
        return ((motion - self.mean) / self.deviation).astype(np.float32)

    def raw(self, normalised: np.ndarray) -> np.ndarray:
        """Standard deviations (..., 55) -> lawful raw motion: weights in [0, 1], tongueOut 0, mouthClose <= jawOpen."""
        motion = normalised * self.deviation + self.mean
        weights = motion[..., : len(NAMES)].clip(0.0, 1.0)
        weights[..., INDEX["tongueOut"]] = 0.0
        close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
        weights[..., close] = np.minimum(weights[..., close], weights[..., jaw])
        head = motion[..., len(NAMES) :].clip(-_HEAD_LIMIT_RAD, _HEAD_LIMIT_RAD)
        return np.concatenate([weights, head], -1).astype(np.float32)


def motion_of(clip: BlendshapeClip) -> np.ndarray:
    """A clip's raw motion, (T, 55) float32."""
    return np.concatenate([clip.weights, clip.head_rotation], 1)


def clip_of(motion: np.ndarray, fps: float) -> BlendshapeClip:
    """Raw motion (T, 55) -> clip."""
    return BlendshapeClip(motion[:, : len(NAMES)], motion[:, len(NAMES) :], fps)
