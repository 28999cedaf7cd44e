"""--quality best: frames drawn at twice their size and brought down, so that lips, lids and hair have smooth edges."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from dreamtalk.portrait.portrait import Portrait
from rig.portrait_fit import fit_portrait

FACTOR = 2


def supersampled(portrait: Portrait) -> Portrait:
    """The same portrait with FACTOR times the pixels on a side: the picture's own where it has them."""
    width, height = portrait.framing.size
    framing = replace(portrait.framing, size=(FACTOR * width, FACTOR * height))
    face = portrait.face.moved(FACTOR, np.full(2, (FACTOR - 1) / 2))
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
