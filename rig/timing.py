"""Frames, seconds and the one rounding rule.

Frame n stands at n / fps seconds and is valid around that instant. A duration of d seconds has round(d * fps) frames,
halves rounded up, and never less than one.
"""

import math

import numpy as np


def frame_count(duration_s: float, fps: float) -> int:
    """Frames of a clip that lasts `duration_s` seconds: round half up, at least 1."""
    return max(1, nearest_frame(duration_s, fps))


def nearest_frame(second: float, fps: float) -> int:
    """The frame whose instant is nearest to `second`, halves rounded up; also the frames within so many seconds."""
    # The small term keeps 0.58 s * 25 fps = 14.499999999999998 on the same side as exact arithmetic would.
    return math.floor(second * fps + 0.5 + 1e-9)


def frame_times(count: int, fps: float) -> np.ndarray:
    """Instants of `count` frames in seconds, (count,) float64."""
    return np.arange(count, dtype=np.float64) / fps


def resampled_places(count: int, source_fps: float, target_fps: float) -> np.ndarray:
    """Where the frames at `target_fps` of a clip of `count` frames at `source_fps` lie, in source frames, (N,) float64.

    Those behind the last source frame are at it.
    """
    frames = np.arange(frame_count(count / source_fps, target_fps), dtype=np.float64)
    # Rounded, so that an instant on a source frame is that frame and not a hair beside it.
    return np.minimum(np.round(frames * source_fps / target_fps, 9), count - 1)


def read_at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`values` (T, ...) at `places` (N,) in [0, T - 1], linearly interpolated, (N, ...) of the same dtype."""
    before = np.floor(places).astype(np.int64)
    after = np.minimum(before + 1, len(values) - 1)
    share = (places - before).reshape(-1, *[1] * (values.ndim - 1))
    return (values[before] * (1 - share) + values[after] * share).astype(values.dtype)


def resample(values: np.ndarray, source_fps: float, target_fps: float) -> np.ndarray:
    """Linear interpolation of `values` (T, ...) from one frame rate to another, keeping duration and dtype.

    Instants behind the last source frame hold its value.
    """
    if source_fps == target_fps:
        return values.copy()
    return read_at(values, resampled_places(len(values), source_fps, target_fps))
