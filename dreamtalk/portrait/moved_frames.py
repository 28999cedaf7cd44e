"""Frames of a portrait by geometry alone: its own pixels, moved by the fitted head, under what had to be painted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dreamtalk.portrait.portrait import Portrait
from renderer.rig_guided import rig_guided_frame
from rig.clip import BlendshapeClip
from rig.portrait.portrait_motion import MotionMaps, PortraitMotion


@dataclass(frozen=True, eq=False)
class MovedFrame:
    """picture: (H, W, 3) uint8 RGB, of the shape of portrait.picture.  maps: how it came about."""

    picture: np.ndarray
    maps: MotionMaps


def moved_frames(portrait: Portrait, clip: BlendshapeClip) -> Iterator[MovedFrame]:
    """One frame for each of the clip's. GL is used in the thread that reads the first of them, and in no other."""
    with PortraitMotion(portrait.fit, portrait.picture, portrait.person) as motion:
        for weights, head, eye in zip(clip.weights, clip.head_rotation, clip.eyes(), strict=True):
            maps = motion.maps(weights, head, eye)
            yield MovedFrame(rig_guided_frame(portrait.picture, maps.flow, maps.paint, portrait.split), maps)
