"""Editing along the time axis: trim, join, loop, stretch, reverse, shift."""

import math
from typing import TYPE_CHECKING

import numpy as np

from rig.editing.edit_frames import checked_seconds, faded, picked, rising
from rig.errors import RigError
from rig.timing import frame_count, nearest_frame

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip

LONGEST_S = 24 * 3600.0
MOST_STRETCH = 100.0


def trimmed(clip: "BlendshapeClip", start_s: float, end_s: float | None) -> "BlendshapeClip":
    """What BlendshapeClip.trimmed gives."""
    checked_seconds("The start of the trim", start_s, 0.0, clip.duration_s)
    first, stop = nearest_frame(start_s, clip.fps), len(clip)
    if end_s is not None:
        # Half a frame behind the end is the end, as seconds are often rounded.
        checked_seconds("The end of the trim", end_s, 0.0, clip.duration_s + 0.5 / clip.fps)
        stop = min(nearest_frame(end_s, clip.fps), len(clip))
    if first >= stop:
        end = clip.duration_s if end_s is None else end_s
        raise RigError(f"From {start_s:g} to {end:g} s there is no frame to keep; give an end behind the start.")
    return picked(clip, slice(first, stop))


def joined(clip: "BlendshapeClip", other: "BlendshapeClip", crossfade_s: float) -> "BlendshapeClip":
    """What BlendshapeClip.joined gives."""
    other = other.resampled(clip.fps)
    shorter_s = min(len(clip), len(other)) / clip.fps
    fade = nearest_frame(checked_seconds("The cross-fade of the join", crossfade_s, 0.0, shorter_s), clip.fps)
    cut = len(clip) - fade
    frames = np.arange(cut + len(other))
    own, next_one = picked(clip, np.minimum(frames, len(clip) - 1)), picked(other, np.maximum(frames - cut, 0))
    return faded(own, next_one, rising(frames - cut, fade))


def looped(
    clip: "BlendshapeClip", count: int | None, duration_s: float | None, crossfade_s: float
) -> "BlendshapeClip":
    """What BlendshapeClip.looped gives."""
    if (count is None) == (duration_s is None):
        raise RigError("A loop is given both or neither of a count and a duration; give one of them.")
    most_s = len(clip) // 2 / clip.fps
    fade = nearest_frame(checked_seconds("The cross-fade of the loop", crossfade_s, 0.0, most_s), clip.fps)
    period = len(clip) - fade
    frames = np.arange(period)
    end = picked(clip, np.minimum(frames + period, len(clip) - 1))
    body = faded(end, picked(clip, frames), rising(frames, fade))
    if count is not None:
        if count < 1 or count != int(count):
            raise RigError(f"A loop of {count} rounds cannot be made; give a whole number from 1.")
        checked_seconds("The length of the loop", count * body.duration_s, 0.0, LONGEST_S)
        length = int(count) * period
    else:
        length = frame_count(checked_seconds("The length of the loop", duration_s, 0.0, LONGEST_S), clip.fps)
    return picked(body, np.arange(length) % period)


def stretched(clip: "BlendshapeClip", factor: float | None, duration_s: float | None) -> "BlendshapeClip":
    """What BlendshapeClip.stretched gives."""
    if (factor is None) == (duration_s is None):
        raise RigError("A stretch is given both or neither of a factor and a duration; give one of them.")
    if factor is None:
        factor = checked_seconds("The length to stretch to", duration_s, 0.5 / clip.fps, LONGEST_S) / clip.duration_s
    if not (math.isfinite(factor) and 1 / MOST_STRETCH <= factor <= MOST_STRETCH):
        raise RigError(f"A stretch by {factor:g} cannot be made; give {1 / MOST_STRETCH:g} to {MOST_STRETCH:g}.")
    # The same frames played slower, brought back to the clip's rate.
    return clip.replaced(fps=clip.fps / factor).resampled(clip.fps)


def reversed_in_time(clip: "BlendshapeClip") -> "BlendshapeClip":
    """What BlendshapeClip.reversed gives."""
    return picked(clip, slice(None, None, -1))


def shifted(clip: "BlendshapeClip", seconds: float) -> "BlendshapeClip":
    """What BlendshapeClip.shifted gives."""
    checked_seconds("The shift", seconds, -clip.duration_s, LONGEST_S)
    frames = nearest_frame(seconds, clip.fps)
    if frames <= -len(clip):
        raise RigError(f"A shift by {seconds:g} s leaves no frame of {clip.duration_s:g} s; shift by less.")
    return picked(clip, np.maximum(np.arange(len(clip) + frames) - frames, 0))
