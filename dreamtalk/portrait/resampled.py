"""--quality best and draft: motion drawn at twice the size, for smooth edges, or at half of it, for speed."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from dreamtalk.portrait.portrait import Portrait
from renderer.rig_guided import rig_guided_frame
from rig.clip import BlendshapeClip
from rig.portrait.portrait_fit import fit_portrait
from rig.portrait.portrait_motion import PortraitMotion

BEST, DRAFT = 2.0, 0.5
"""Side of what is drawn over the frame's."""


def resampled(portrait: Portrait, factor: float) -> Portrait:
    """The same portrait with `factor` times the pixels on a side: the picture's own where it has them."""
    width, height = (max(1, round(factor * side)) for side in portrait.framing.size)
    framing = replace(portrait.framing, size=(width, height))
    scale = width / portrait.framing.size[0]
    face = portrait.face.moved(scale, np.full(2, (scale - 1) / 2))
    fit = fit_portrait(face.points, face.scores, framing.size)
    person = portrait.person
    if person is not None:
        person = cv2.resize(person, framing.size, interpolation=cv2.INTER_LINEAR)
    return replace(
        portrait, picture=framing.cut(portrait.full_picture), framing=framing, face=face, person=person,
        fit=replace(fit, expression=portrait.fit.expression),
    )  # fmt: skip


def brought_down(portrait: Portrait, large: Portrait, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Frames of `large` at the size of `portrait`; what does not move is the portrait's, bit by bit."""
    size = portrait.framing.size
    for frame in frames:
        moved = (frame != large.picture).any(axis=2).astype(np.uint8)
        here = cv2.resize(moved, size, interpolation=cv2.INTER_AREA) > 0
        result = portrait.picture.copy()
        result[here] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)[here]
        yield result


def draft_frames(portrait: Portrait, clip: BlendshapeClip) -> Iterator[np.ndarray]:
    """The portrait's own pixels at full size, by motion and paint that were drawn at half of it."""
    small, size = resampled(portrait, DRAFT), portrait.framing.size
    longer = (*np.divide(size, small.framing.size), 0.0, 0.0)
    with PortraitMotion(small.fit, small.picture, small.person) as motion:
        for weights, head, eye in zip(clip.weights, clip.head_rotation, clip.eyes(), strict=True):
            maps = motion.maps(weights, head, eye)
            flow, paint = (
                cv2.resize(values, size, interpolation=cv2.INTER_LINEAR) for values in (maps.flow, maps.paint)
            )
            yield rig_guided_frame(portrait.picture, cv2.multiply(flow, longer), paint, portrait.split, quick=True)
