"""Which frames of curves need a key, where straight lines between the keys shall stay near every frame."""

import numpy as np


def straight_keys(values: np.ndarray, tolerance: float) -> np.ndarray:
    """(T, C) curves -> (T, C) bool, True where a curve keeps a key; lines between them miss no frame by more.

    From each key the longest line is taken that ends on a frame and passes all frames between within `tolerance` (a
    narrowing cone of slopes, one pass). First and last frames are always keys.
    """
    count, curves = values.shape
    keys = np.zeros((count, curves), dtype=bool)
    keys[[0, -1]] = True
    start, since = values[0].astype(np.float64), np.zeros(curves)
    lowest, highest = np.full(curves, -np.inf), np.full(curves, np.inf)
    before = start
    for frame in range(1, count):
        now = values[frame].astype(np.float64)
        since += 1
        slope = (now - start) / since
        bent = (slope < lowest) | (slope > highest)
        if bent.any():
            keys[frame - 1] |= bent
            start, since = np.where(bent, before, start), np.where(bent, 1, since)
            slope = np.where(bent, now - before, slope)
            lowest[bent], highest[bent] = -np.inf, np.inf
        room = tolerance / since
        np.maximum(lowest, slope - room, out=lowest)
        np.minimum(highest, slope + room, out=highest)
        before = now
    return keys
