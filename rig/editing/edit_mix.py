"""Editing of two clips: a region of one laid over another, and the layers of blinks, gaze and head.

The other clip comes at the own clip's rate, its first frame on the own first frame. Where it is shorter, its share
fades out before its end and the own motion goes on; where it is longer, the rest is left out.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from rig.arkit import INDEX
from rig.editing.edit_frames import checked_seconds, faded, picked, seen_together, soft_range
from rig.editing.regions import EVERYTHING, REGIONS, Region, region_of
from rig.editing.rotation_mix import composed_angles, scaled_angles
from rig.errors import RigError
from rig.smoothstep import smoothstep
from rig.timing import frame_times

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip

FADE_S = 0.2
"""How long a mixture fades in and out where nothing else is asked for."""

LONGEST_FADE_S = 3600.0

CLOSING_S, SHUT_S, OPENING_S = 0.08, 0.03, 0.17
"""A blink from given instants, as lids do it on average: 0.16 s at half height."""

_BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


def mixed(
    clip: "BlendshapeClip", other: "BlendshapeClip", regions: Iterable[str],
    start_s: float | None, end_s: float | None, fade_s: float,
) -> "BlendshapeClip":  # fmt: skip
    """What BlendshapeClip.mixed gives."""
    same, share = _alongside(clip, other, start_s, end_s, fade_s)
    return faded(clip, same, share, region_of(regions))


def blended(clip: "BlendshapeClip", other: "BlendshapeClip", share: float, fade_s: float) -> "BlendshapeClip":
    """What BlendshapeClip.blended gives."""
    if not 0 <= share <= 1:
        raise RigError(f"The share of the other clip is {share:g}; give 0 (none of it) to 1 (all of it).")
    same, whole = _alongside(clip, other, None, None, fade_s)
    return faded(clip, same, share * whole, EVERYTHING)


def with_layer(
    clip: "BlendshapeClip", other: "BlendshapeClip", layer: str, add: bool, fade_s: float
) -> "BlendshapeClip":
    """What BlendshapeClip.with_blinks, with_gaze and with_head give; layer: blinks, gaze or head."""
    same, share = _alongside(clip, other, None, None, fade_s)
    return _added(clip, same, share, REGIONS[layer]) if add else faded(clip, same, share, REGIONS[layer])


def blinking(clip: "BlendshapeClip", starts_s: Iterable[float]) -> "BlendshapeClip":
    """A clip as long as the given one that blinks at these seconds and does nothing else."""
    starts = np.array(list(starts_s), dtype=np.float64).reshape(-1)
    astray = starts[~((starts >= 0) & (starts < clip.duration_s))]
    if len(astray):
        raise RigError(f"A blink at {astray[0]:g} s lies outside the clip, which lasts {clip.duration_s:g} s.")
    weights, seconds = np.zeros_like(clip.weights), frame_times(len(clip), clip.fps)
    for start in starts:
        since = seconds - start
        closure = smoothstep(0, CLOSING_S, since) * (1 - smoothstep(0, OPENING_S, since - CLOSING_S - SHUT_S))
        weights[:, _BLINKS] = np.maximum(weights[:, _BLINKS], closure[:, None])
    return clip.replaced(weights=weights, head_rotation=np.zeros((len(clip), 3)), eye_rotation=None, seen=None)


def _alongside(
    clip: "BlendshapeClip", other: "BlendshapeClip", start_s: float | None, end_s: float | None, fade_s: float
) -> tuple["BlendshapeClip", np.ndarray]:
    """The other clip at the own clip's rate and length, and its share (T,), 0 where it has nothing to give."""
    longest = clip.duration_s
    checked_seconds("The fade of the mixture", fade_s, 0.0, LONGEST_FADE_S)
    for what, second in (("start", start_s), ("end", end_s)):
        if second is not None:
            checked_seconds(f"The {what} of the mixture", second, 0.0, longest + 0.5 / clip.fps)
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise RigError(f"The mixture goes from {start_s:g} to {end_s:g} s; give an end behind the start.")
    if start_s is not None and start_s >= other.duration_s:
        raise RigError(f"The other clip lasts {other.duration_s:g} s, so that nothing of it is left at {start_s:g} s.")
    other = other.resampled(clip.fps)
    if len(other) < len(clip):
        end_s = min(other.duration_s, longest if end_s is None else end_s)
    elif end_s is not None and end_s >= longest:
        end_s = None
    share = soft_range(len(clip), clip.fps, start_s or None, end_s, fade_s)
    return picked(other, np.minimum(np.arange(len(clip)), len(other) - 1)), share


def _added(clip: "BlendshapeClip", layer: "BlendshapeClip", share: np.ndarray, region: Region) -> "BlendshapeClip":
    """The own motion and the layer's on top: lids close what the others leave open, looks sum up, turns follow."""
    weights, more = clip.weights.copy(), layer.weights * share[:, None]
    columns = sorted(region.columns)
    lids = [column for column in columns if column in _BLINKS]
    looks = [column for column in columns if column not in _BLINKS]
    weights[:, lids] = 1 - (1 - weights[:, lids]) * (1 - more[:, lids])
    weights[:, looks] = (weights[:, looks] + more[:, looks]).clip(0, 1)
    head, eyes = clip.head_rotation, clip.eye_rotation
    if region.head:
        head = composed_angles(head, scaled_angles(layer.head_rotation, share))
    if region.eyes and (eyes is not None or layer.eye_rotation is not None):
        eyes = clip.eyes() + layer.eyes() * share[:, None, None]
    seen = seen_together(clip, layer, share)
    return clip.replaced(weights=weights, head_rotation=head, eye_rotation=eyes, seen=seen)
