"""Weights at another frame rate, with the blinks and closures that plain interpolation passes over.

Every output frame stands for the stretch from half an output frame before its instant to half of one after it. Going
up, or where nothing stands out, it takes the straight line between the two source frames beside its instant. Going
down, where peaks or troughs of the curve lie in its stretch, it takes the one that stands out most. In other words the
curve is read at instants that are moved by less than half an output frame, never past each other: no value leaves the
source's range, no new extreme appears, and at the same rate, or up by a whole factor and down again, nothing changes.

Each shape is read on its own, but jawOpen with mouthClose (so that mouthClose <= jawOpen stays), and in a frame in
which the lips shut all that moves them, so that shut lips are shut.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from rig.arkit import NAMES, indices
from rig.errors import RigError
from rig.lip_gap import LIPS, lip_gap_mm
from rig.peaks import peak_heights, trough_depths
from rig.timing import read_at, resample, resampled_places

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip

STANDS_OUT = 0.01
"""Peaks and troughs that stand out by less, in weight, are left to interpolation: they are mostly noise."""

SHUT_MM, SHUT_STANDS_OUT_MM = 2.0, 0.5
"""Lips shut in a trough of their gap that is at most this wide and at least this deep."""

_JAW_AND_CLOSE = tuple(indices("jawOpen", "mouthClose"))


def resampled(clip: "BlendshapeClip", fps: float, keep_peaks: bool = True) -> "BlendshapeClip":
    """What BlendshapeClip.resampled gives."""
    if not (math.isfinite(fps) and fps > 0):
        raise RigError(f"The wanted rate is {fps} frames a second; give one above 0.")
    if fps == clip.fps:
        return clip
    change = resampled_weights if keep_peaks else resample
    eyes, seen = clip.eye_rotation, clip.seen
    return clip.replaced(
        weights=change(clip.weights, clip.fps, fps),
        head_rotation=resample(clip.head_rotation, clip.fps, fps),
        fps=fps,
        eye_rotation=None if eyes is None else resample(eyes, clip.fps, fps),
        seen=None if seen is None else resample(seen.astype(np.float64), clip.fps, fps) == 1,
    )


def resampled_weights(weights: np.ndarray, source_fps: float, target_fps: float) -> np.ndarray:
    """Weights (T, 52) from one frame rate to another, keeping duration, range, dtype and every closure.

    Instants behind the last source frame hold its value.
    """
    places = resampled_places(len(weights), source_fps, target_fps)
    if target_fps >= source_fps:
        return read_at(weights, places)
    step = source_fps / target_fps
    # The output frame in whose stretch each source frame lies; the last also has what is left behind it.
    owner = np.minimum(np.floor(np.arange(len(weights)) / step + 0.5).astype(np.int64), len(places) - 1)
    reach = math.ceil(step)
    shut = _lips_shut(weights, reach)
    result = np.empty((len(places), weights.shape[1]), dtype=weights.dtype)
    for columns in (_JAW_AND_CLOSE, *((c,) for c in range(len(NAMES)) if c not in _JAW_AND_CLOSE)):
        moved = _moved(places, owner, _standing_out(weights, columns, reach))
        if columns[0] in LIPS:
            moved = _moved(moved, owner, shut)
        for column in columns:
            result[:, column] = read_at(weights[:, column], moved)
    return result


def _moved(places: np.ndarray, owner: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Places (N,) in source frames, those with a source frame of height > 0 in their stretch moved to the highest."""
    found = np.flatnonzero(heights)
    rising = found[np.argsort(heights[found], kind="stable")]
    moved = places.copy()
    moved[owner[rising]] = rising  # of several for one place the last stays
    return moved


def _standing_out(weights: np.ndarray, columns: tuple[int, ...], reach: int) -> np.ndarray:
    """Height of the peaks and depth of the troughs of these columns, the greatest of each frame, (T,)."""
    each = [heights(weights[:, column], reach) for column in columns for heights in (peak_heights, trough_depths)]
    greatest = np.max(each, axis=0)
    return np.where(greatest >= STANDS_OUT, greatest, 0)


def _lips_shut(weights: np.ndarray, reach: int) -> np.ndarray:
    """Depth in mm of the troughs in which the lips shut, 0 elsewhere, (T,)."""
    gap_mm = lip_gap_mm(weights)
    depth_mm = trough_depths(gap_mm, reach)
    return np.where((gap_mm <= SHUT_MM) & (depth_mm >= SHUT_STANDS_OUT_MM), depth_mm, 0)
