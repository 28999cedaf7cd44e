"""Editing of what is there: mirror, smooth, scale."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from rig.arkit import MIRROR, indices
from rig.editing.regions import LEFT, RIGHT, region_of
from rig.editing.rotation_mix import scaled_angles
from rig.errors import RigError
from rig.lip_gap import LIPS, lip_gap_mm
from rig.peaks import peak_heights, trough_depths
from rig.smoothstep import smoothstep

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip

BLINK_HEIGHT, BLINK_REACH_S = 0.15, 0.15
"""A blink stands out by this much within so many seconds; smoothing leaves so many seconds to its sides."""

SHUT_MM, SHUT_DEPTH_MM, SHUT_REACH_S = 2.0, 1.0, 0.1
"""The lips shut where their gap is at most this wide, in a trough this deep within so many seconds."""

MOST_GAIN = 10.0

_MIRRORED_SIGNS = np.array([1, -1, -1], dtype=np.float32)  # pitch stays; yaw and roll turn over
_BLINKS = indices("eyeBlinkLeft", "eyeBlinkRight")


def mirrored(clip: "BlendshapeClip") -> "BlendshapeClip":
    """What BlendshapeClip.mirrored gives."""
    eyes = clip.eye_rotation
    return clip.replaced(
        weights=clip.weights[:, MIRROR],
        head_rotation=clip.head_rotation * _MIRRORED_SIGNS,
        eye_rotation=None if eyes is None else eyes[:, [RIGHT, LEFT]] * _MIRRORED_SIGNS,
    )


def scaled(clip: "BlendshapeClip", gains: Mapping[str, float]) -> "BlendshapeClip":
    """What BlendshapeClip.scaled gives."""
    weights, head, eyes = clip.weights.copy(), clip.head_rotation, clip.eye_rotation
    for name, gain in gains.items():
        if not 0 <= gain <= MOST_GAIN:
            raise RigError(f"The gain of {name} is {gain:g}; give 0 (none) to {MOST_GAIN:g}, 1 is as it is.")
        region = region_of([name])
        columns = sorted(region.columns)
        weights[:, columns] = (weights[:, columns] * gain).clip(0, 1)
        if region.head and gain != 1:
            head = scaled_angles(head, gain)
        if region.eyes and eyes is not None:
            eyes = eyes.copy()
            eyes[:, sorted(region.eyes)] *= gain
    return clip.replaced(weights=weights, head_rotation=head, eye_rotation=eyes)


def smoothed(clip: "BlendshapeClip", cutoff_hz: float, regions: Iterable[str]) -> "BlendshapeClip":
    """What BlendshapeClip.smoothed gives."""
    if not (math.isfinite(cutoff_hz) and cutoff_hz > 0):
        raise RigError(f"The cut-off of the smoothing is {cutoff_hz:g} Hz; give one above 0, such as 6.")
    region, eyes = region_of(regions), clip.eye_rotation
    columns = sorted(region.columns)
    weights = clip.weights.copy()
    kept = _kept(clip)[:, columns]
    weights[:, columns] = kept * weights[:, columns] + (1 - kept) * _low_pass(weights[:, columns], clip.fps, cutoff_hz)
    if region.eyes and eyes is not None:
        eyes = eyes.copy()
        each = sorted(region.eyes)
        eyes[:, each] = _low_pass(eyes[:, each], clip.fps, cutoff_hz)
    head = _low_pass(clip.head_rotation, clip.fps, cutoff_hz) if region.head else clip.head_rotation
    return clip.replaced(weights=weights.clip(0, 1), head_rotation=head, eye_rotation=eyes)


def _low_pass(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """(T, ...) smoothed by a Gaussian that halves the power at the cut-off: no lag, no ringing."""
    from scipy.ndimage import gaussian_filter1d

    sigma = math.sqrt(math.log(2)) / (2 * math.pi * cutoff_hz) * fps
    return gaussian_filter1d(values.astype(np.float64), sigma, axis=0, mode="nearest")


def _kept(clip: "BlendshapeClip") -> np.ndarray:
    """How much of the unsmoothed curves stays, (T, 52) in [0, 1]: all of it where a blink is shut or the lips are."""
    kept = np.zeros(clip.weights.shape)
    reach = max(1, round(BLINK_REACH_S * clip.fps))
    for column in _BLINKS:
        kept[:, column] = _around(peak_heights(clip.weights[:, column], reach) >= BLINK_HEIGHT, reach)
    gap_mm, reach = lip_gap_mm(clip.weights), max(1, round(SHUT_REACH_S * clip.fps))
    shut = (trough_depths(gap_mm, reach) >= SHUT_DEPTH_MM) & (gap_mm <= SHUT_MM)
    kept[:, LIPS] = _around(shut, reach)[:, None]
    return kept


def _around(found: np.ndarray, reach: int) -> np.ndarray:
    """1 where `found` (T,) is true, falling to 0 within `reach` frames to both sides, (T,)."""
    frames = np.flatnonzero(found)
    if len(frames) == 0:
        return np.zeros(len(found))
    every = np.arange(len(found))
    behind = np.clip(np.searchsorted(frames, every), 0, len(frames) - 1)
    nearest = np.minimum(np.abs(every - frames[behind]), np.abs(every - frames[np.maximum(behind - 1, 0)]))
    return smoothstep(reach + 1, 0, nearest)
