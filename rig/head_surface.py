"""The head's surface as other programs take it: polygons, and one colour at each corner of a polygon."""

import numpy as np

from rig.face_rig import EYES, FaceRig
from rig.look import Look

FLAT = {
    "skin": (0.80, 0.50, 0.38), "eye_left": (0.82, 0.80, 0.77), "eye_right": (0.82, 0.80, 0.77),
    "teeth_upper": (0.76, 0.72, 0.62), "teeth_lower": (0.76, 0.72, 0.62), "tongue": (0.42, 0.13, 0.125),
    "lashes_left": (0.030, 0.020, 0.014), "lashes_right": (0.030, 0.020, 0.014),
}  # fmt: skip
"""Linear colours of parts that have nothing painted on them."""
IRIS_EDGE_RAD, PUPIL_EDGE_RAD = 0.46, 0.20
"""Angles from the eye's axis; the low eyeball has polygons in the middle of each."""


def polygons(rig: FaceRig) -> tuple[np.ndarray, np.ndarray]:
    """Corners (P, 4) or (P, 3) int32, counter-clockwise, and the part (P,) of each, an index into FaceRig.PARTS.

    Our own head is kept as two halves of quads, which are put together again; other heads stay triangles.
    """
    half = len(rig.faces) // 2
    first, second = rig.faces[:half], rig.faces[half:]
    halves = len(rig.faces) % 2 == 0 and np.array_equal(first[:, [0, 2]], second[:, [0, 1]])
    if not halves:
        return rig.faces, rig.face_parts
    return np.concatenate([first, second[:, 2:]], axis=1), rig.face_parts[:half]


def corner_colours(rig: FaceRig, look: Look) -> np.ndarray:
    """(P, corners, 3) float32 linear colours for polygons(rig): painted skin and mouth, irises, teeth."""
    corners, parts = polygons(rig)
    flat = np.array([FLAT[name] for name in FaceRig.PARTS], dtype=np.float32)
    colours = np.repeat(flat[parts][:, None], corners.shape[1], axis=1)
    if "lids_left" in rig.loops and "lips_inner" in rig.loops:
        from_skin = parts == FaceRig.PARTS.index("skin")
        colours[from_skin] = _painted(rig, look)[corners[from_skin]]
    for eye, pivot in zip(EYES, rig.eye_pivots, strict=True):
        own = parts == FaceRig.PARTS.index(eye)
        axis = rig.neutral[corners[own]].mean(axis=1) - pivot
        angle = np.arccos(np.clip(axis[:, 2] / np.maximum(np.linalg.norm(axis, axis=1), 1e-9), -1, 1))
        iris = np.where(angle[:, None] < PUPIL_EDGE_RAD, 0.012, _linear(np.float32(look.iris) / 255))
        colours[own] = np.where(angle[:, None] < IRIS_EDGE_RAD, iris, flat[FaceRig.PARTS.index(eye)])[:, None]
    return colours


def _painted(rig: FaceRig, look: Look) -> np.ndarray:
    """(V, 3) linear: the avatar's skin texture where each vertex lies, and the colours of the mouth behind the lips."""
    from rig.mouth_paint import mouth_albedo
    from rig.skin_map import skin_map, skin_uv
    from rig.skin_paint import paint_skin

    texture = paint_skin(rig, look, skin_map(rig))
    u, v = skin_uv(rig.neutral).T
    rows = np.clip((1 - v) * len(texture), 0, len(texture) - 1).astype(int)
    columns = (u * texture.shape[1]).astype(int) % texture.shape[1]
    colours = _linear(texture[rows, columns] / np.float32(255))
    inside = rig.regions["mouth_inside"]
    colours[inside] = mouth_albedo(rig)[inside]
    colours[rig.regions["socket_left"] | rig.regions["socket_right"]] = (0.30, 0.10, 0.08)
    return colours


def _linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
