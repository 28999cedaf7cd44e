"""Lips brought together where the phone head hears p, b or m, in a stream: by what is known a few frames ahead."""

import numpy as np

from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.mouth.closures import POSTERIOR_FPS, close_lips, closing_of_shares, lip_shares
from rig.arkit import NAMES

PAST = 10
"""Frames before a frame whose closures may still reach it."""


class ClosureStream:
    """Push the posteriors of frames as they are heard, and motion up to `ahead` frames behind them."""

    def __init__(self, fps: float, ahead: int) -> None:
        self._fps, self._ahead = fps, ahead
        self._per_frame = round(POSTERIOR_FPS / fps)
        self._heard = np.zeros(PAST * self._per_frame, np.float32)  # from PAST frames before the next one on

    def hear(self, posteriors: np.ndarray) -> None:
        """Posteriors (2 n, len(PHONES)) at 50 Hz of the next n frames."""
        self._heard = np.concatenate([self._heard, lip_shares(posteriors)])

    def push(self, motion: np.ndarray) -> np.ndarray:
        """The next frames of raw motion (m, 55), any m -> the same with lips that meet."""
        if not len(motion):
            return np.zeros((0, MOTION_SIZE), np.float32)
        closed = motion.copy()
        closing = np.array([self._closing(frame) for frame in range(len(motion))])
        closed[:, : len(NAMES)] = close_lips(motion[:, : len(NAMES)], closing)
        self._heard = self._heard[len(motion) * self._per_frame :]
        return closed

    def _closing(self, frame: int) -> float:
        """How far the lips must be shut in one frame, in [0, 1], by the sound that may be known then and no more."""
        count = PAST + 1 + self._ahead
        known = self._heard[frame * self._per_frame : (frame + count) * self._per_frame]
        return float(closing_of_shares(known, count, self._fps)[PAST])
