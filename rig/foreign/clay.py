"""Colours for heads whose file brings none: clay by the names of their parts, and painted irises."""

from dataclasses import replace

import numpy as np

from rig.avatar_part import Layer
from rig.eyeball import REACH_RAD, paint_eye
from rig.foreign.part_names import eye_side, is_in
from rig.look import Look

SKIN, TEETH, MOUTH, EYE_WHITE, HAIR = (214, 176, 154), (226, 216, 200), (150, 80, 76), (236, 232, 228), (72, 52, 40)
# Films of fluid, shadows and lash cards need transparency, and an iris of its own lies over the painted one.
_LEFT_OUT = ("lacrimal", "fluid", "eyeblend", "occlusion", "lash", "tear", "cornea", "iris")


def plain_texture(colour: tuple[int, int, int]) -> np.ndarray:
    """(1, 1, 3) uint8."""
    return np.array([[colour]], dtype=np.uint8)


def in_clay(
    layers: tuple[Layer, ...], neutral: np.ndarray, uv: np.ndarray, pivots: np.ndarray
) -> tuple[tuple[Layer, ...], np.ndarray]:
    """(layers, uv) of a head in our axes: colours by name, eyeballs painted by the angle from their front.

    neutral: (V, 3) metres.  uv: (V, 2).  pivots: (2, 3), centres of the eyes. Layers of transparent films are left out.
    """
    uv, dressed = uv.copy(), []
    for layer in layers:
        side = eye_side(layer.name)
        if side is not None and not is_in(layer.name, "iris"):
            rows = np.unique(layer.faces)
            uv[rows] = _seen_from_front(neutral[rows] - pivots[side])
            dressed.append(replace(layer, texture=paint_eye(Look())))
        elif not is_in(layer.name, *_LEFT_OUT):
            dressed.append(replace(layer, texture=plain_texture(_colour(layer.name))))
    return tuple(dressed), uv


def _colour(name: str) -> tuple[int, int, int]:
    if is_in(name, "teeth", "tooth"):
        return TEETH
    if is_in(name, "tongue", "gum", "mouth"):
        return MOUTH
    if is_in(name, "hair", "brow"):
        return HAIR
    return EYE_WHITE if is_in(name, "eyeball", "sclera") else SKIN


def _seen_from_front(from_centre: np.ndarray) -> np.ndarray:
    """(N, 3) points of a ball about its centre, front = +z -> (N, 2) as rig.eyeball lays its paint out."""
    radial = np.hypot(from_centre[:, 0], from_centre[:, 1])
    share = np.minimum(np.arctan2(radial, from_centre[:, 2]) / REACH_RAD, 1.0)
    return (0.5 + 0.5 * share[:, None] * from_centre[:, :2] / np.maximum(radial, 1e-9)[:, None]).astype(np.float32)
