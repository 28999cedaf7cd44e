"""Frames of a clip picked, and clips faded into each other: what all editing is made of."""

from typing import TYPE_CHECKING

import numpy as np

from rig.editing.regions import EVERYTHING, Region
from rig.editing.rotation_mix import mixed_angles
from rig.errors import RigError
from rig.smoothstep import smoothstep
from rig.timing import nearest_frame

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip


def picked(clip: "BlendshapeClip", frames: np.ndarray | slice) -> "BlendshapeClip":
    """The frames with the given indices, in their order."""
    return clip.replaced(
        weights=clip.weights[frames],
        head_rotation=clip.head_rotation[frames],
        eye_rotation=None if clip.eye_rotation is None else clip.eye_rotation[frames],
        seen=None if clip.seen is None else clip.seen[frames],
    )


def faded(
    first: "BlendshapeClip", second: "BlendshapeClip", share: np.ndarray, region: Region = EVERYTHING
) -> "BlendshapeClip":
    """`share` (T,) in [0, 1] of the way from one clip to another of the same length and rate, in a region.

    What lies outside the region, and frames with share 0, are the first's to the bit; share 1 gives the second's. A
    frame is seen where all that it is made of was.
    """
    columns = sorted(region.columns)
    weights = first.weights.copy()
    weights[:, columns] = weights[:, columns] * (1 - share[:, None]) + second.weights[:, columns] * share[:, None]
    head = mixed_angles(first.head_rotation, second.head_rotation, share) if region.head else first.head_rotation
    eyes = first.eye_rotation
    if region.eyes and (eyes is not None or second.eye_rotation is not None):
        eyes, others = first.eyes().copy(), second.eyes()
        for eye in region.eyes:
            eyes[:, eye] = mixed_angles(eyes[:, eye], others[:, eye], share)
    seen = seen_together(first, second, share, whole=region == EVERYTHING)
    return first.replaced(weights=weights.clip(0, 1), head_rotation=head, eye_rotation=eyes, seen=seen)


def seen_together(
    first: "BlendshapeClip", second: "BlendshapeClip", share: np.ndarray, whole: bool = False
) -> np.ndarray | None:
    """The seen frames of a mixture with `share` (T,) of the second; whole: share 1 leaves nothing of the first."""
    if first.seen is None and second.seen is None:
        return None
    own, others = (np.ones(len(share), bool) if clip.seen is None else clip.seen for clip in (first, second))
    return (own | (whole & (share == 1))) & (others | (share == 0))


def soft_range(
    count: int, fps: float, start_s: float | None = None, end_s: float | None = None, fade_s: float = 0.0
) -> np.ndarray:
    """1 from `start_s` to `end_s` and 0 outside, (count,) float64, with fades of `fade_s` inside; None = without end.

    Where the range is shorter than both fades they share it.
    """
    first, stop = nearest_frame(start_s or 0.0, fps), count if end_s is None else nearest_frame(end_s, fps)
    open_ends = (start_s is not None) + (end_s is not None)
    fade = min(nearest_frame(fade_s, fps), max(stop - first, 0) // max(open_ends, 1))
    frames, share = np.arange(count), np.ones(count)
    if start_s is not None:
        share *= rising(frames - first, fade)
    if end_s is not None:
        share *= rising(stop - 1 - frames, fade)
    return share


def rising(frames: np.ndarray, fade: int) -> np.ndarray:
    """A fade in: 0 before frame 0, 1 from frame `fade` on, so that `fade` frames lie strictly between."""
    return smoothstep(0, fade + 1, frames + 1)


def checked_seconds(what: str, value: float, least: float, most: float) -> float:
    """`value`, or RigError where it is no number from `least` to `most` seconds."""
    if not least <= value <= most:
        raise RigError(f"{what} is {value:g} s; give {least:g} to {most:g} s.")
    return value
