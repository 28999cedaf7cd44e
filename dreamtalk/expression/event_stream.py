"""Blinks, glances and idle movements without end: drawn ahead in blocks, each from a generator of its own.

    block k    |------------------| gaze jumps from block to block, as eyes do
    block k+1                     |------------------|
    blinks         ^     ^       ^^ a blink goes on into the next block; none follows another too soon

Block k depends on the seed and on k alone, so the memory is that of a block, whatever the length.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dreamtalk.expression.blinks import blink_curves, blink_times
from dreamtalk.expression.gaze import gaze_angles
from dreamtalk.expression.style_match import MATCHED, upper_face_events

BLOCK_S = 40.0
_TAIL_S = 0.6  # longer than a blink
_APART_S = 0.5
_FADE_S = 4.0


@dataclass(frozen=True)
class EventRates:
    """blinks_per_minute: 0 is none. fixation_s: median time between saccades. glance_share: of fixations, aside."""

    blinks_per_minute: float
    fixation_s: float
    glance_share: float


@dataclass(frozen=True, eq=False)
class Events:
    """One frame.

    gaze_deg: (2,) pitch and yaw about the viewer. closure: (2,) of the lids by blinks. upper: (C,), movements of
    the columns of style_match.MATCHED, mean 0 and standard deviation about 1.
    """

    gaze_deg: np.ndarray
    closure: np.ndarray
    upper: np.ndarray


def events(seed: int, fps: float, rates: EventRates) -> Iterator[Events]:
    """The frames of an endless clip, one by one."""
    frames, tail, fade = (round(seconds * fps) for seconds in (BLOCK_S, _TAIL_S, _FADE_S))
    closing, last_s = np.zeros((tail, 2)), -_APART_S
    ending = np.zeros((fade, len(MATCHED)))
    rise = np.sqrt((np.arange(fade) + 0.5) / fade)[:, None]  # two independent curves keep their variance so
    block = 0
    while True:
        rng = np.random.default_rng((seed, 2, block))
        gaze, _ = gaze_angles(rng, frames, fps, rates.fixation_s, rates.glance_share)
        starts_s = _blinks(rng, rates.blinks_per_minute, last_s)
        last_s = (starts_s[-1] if len(starts_s) else last_s) - BLOCK_S
        closure = blink_curves(rng, starts_s, frames + tail, fps)
        closure[:tail] = np.maximum(closure[:tail], closing)
        closing = closure[frames:]
        upper = upper_face_events(rng, frames + fade, fps, None)
        if block:
            upper[:fade] = rise * upper[:fade] + rise[::-1] * ending
        ending = upper[frames:]
        for frame in range(frames):
            yield Events(gaze[frame], closure[frame], upper[frame])
        block += 1


def _blinks(rng: np.random.Generator, blinks_per_minute: float, last_s: float) -> np.ndarray:
    """Starts of one block's blinks in seconds, none sooner than _APART_S after the one at `last_s`."""
    if blinks_per_minute <= 0.0:
        return np.zeros(0)
    starts_s = blink_times(rng, BLOCK_S, blinks_per_minute)
    return starts_s[(starts_s >= last_s + _APART_S) & (starts_s >= 0.0)]
