"""Peaks and troughs of curves: the blinks and closures that slow steps would pass over."""

import numpy as np


def peak_heights(curve: np.ndarray, reach: int) -> np.ndarray:
    """How far each sample of `curve` (T,) stands above its surroundings, (T,) of its dtype; 0 where it is no peak.

    The height of a peak is what the curve falls within `reach` >= 1 samples before it and after it, the lesser of the
    two. A flat top counts where it is shorter than the reach. The first and the last sample are none.
    """
    before, after = _lowest_behind(curve, reach), _lowest_behind(curve[::-1], reach)[::-1]
    highest = (curve >= np.r_[curve[:1], curve[:-1]]) & (curve >= np.r_[curve[1:], curve[-1:]])
    return np.where(highest, curve - np.maximum(before, after), 0)


def trough_depths(curve: np.ndarray, reach: int) -> np.ndarray:
    """The same for troughs, (T,) >= 0."""
    return peak_heights(-curve, reach)


def _lowest_behind(curve: np.ndarray, reach: int) -> np.ndarray:
    """The least of each sample and the `reach` before it, (T,)."""
    lowest = curve.copy()
    for step in range(1, min(reach, len(curve) - 1) + 1):
        np.minimum(lowest[step:], curve[:-step], out=lowest[step:])
    return lowest
