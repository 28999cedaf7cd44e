"""Glasses in a portrait: where their frame lies, so that it stays stiff while the face moves behind it."""

import numpy as np
from scipy.ndimage import binary_dilation, gaussian_filter, label, map_coordinates, median_filter

from rig.correspondence import LID_LOWER, LID_UPPER
from rig.polygon import signed_distance
from rig.portrait.portrait_colours import LUMA, sample
from rig.portrait.portrait_skin import softened

EYE_DISTANCE_PX = 90.0
"""The picture is looked at in this size; from outer corner to outer corner."""
SURROUNDINGS = 0.2
"""Window of the median that tells the skin behind a frame; lengths are in distances between the eyes' outer corners."""
CONTRAST = (0.07, 0.13, 0.2)
"""How much a frame differs from the skin, in luma from 0 to 1: tried in turn, as skin may differ more than frames."""
LID_MARGIN, BROW_MARGIN = 0.04, 0.02
RING = (0.15, 0.42)
"""Distances from the middle of an eye between which a frame runs around it."""
BINS, LEAST_BINS = 16, 10
LEAST_BRIDGE = 0.6
"""A frame is seen in at least LEAST_BINS of BINS directions from either eye, and across this share of the nose."""
LARGEST_SHARE = 0.45
"""Of the ring: what fills more of it is no frame."""
WIDENED = 0.015
STIFF_ROUNDS = 2
_BROWS = {
    "left": [276, 283, 282, 295, 285, 336, 296, 334, 293, 300],
    "right": [46, 53, 52, 65, 55, 107, 66, 105, 63, 70],
}
_CORNERS = {"left": (362, 263), "right": (133, 33)}  # inner, outer
_BRIDGE_TOP, _BRIDGE_BOTTOM = 168, 197


def glasses_mask(picture: np.ndarray, landmarks: np.ndarray, eye_distance_px: float) -> np.ndarray | None:
    """(H, W) float32 in [0, 1], 1 on the frame of glasses; None where no glasses are seen.

    picture: (H, W, 3) uint8 RGB; landmarks: (478, 2) pixels.
    """
    step = eye_distance_px / EYE_DISTANCE_PX
    middle = np.mean([landmarks[list(corners)].mean(axis=0) for corners in _CORNERS.values()], axis=0)
    corner = middle - np.array([0.75, 0.45]) * eye_distance_px
    columns, rows = int(1.5 * EYE_DISTANCE_PX), int(0.95 * EYE_DISTANCE_PX)
    y, x = np.mgrid[:rows, :columns]
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    light = (sample(picture, points * step + corner, 0.4 * step) @ LUMA).reshape(rows, columns)
    marks = (landmarks.astype(np.float64) - corner) / step
    window = int(SURROUNDINGS * EYE_DISTANCE_PX) | 1
    off = np.abs(light - median_filter(light, window))
    off[_eyes_and_brows(points, marks).reshape(rows, columns)] = 0.0
    for contrast in CONTRAST:
        frame = _frame(off > contrast, marks)
        if frame is not None:
            break
    else:
        return None
    wide = binary_dilation(frame, iterations=max(round(WIDENED * EYE_DISTANCE_PX), 1)).astype(np.float32)
    grid = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    places = [(grid[k] - corner[1 - k]) / step for k in range(2)]
    return np.clip(map_coordinates(gaussian_filter(wide, 0.7), places, order=1), 0, 1).astype(np.float32)


def _eyes_and_brows(points: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(N,) bool: eyes with their lashes, and brows, which differ from skin too."""
    inside = np.zeros(len(points), dtype=bool)
    for side, brow in _BROWS.items():
        eye = marks[np.concatenate([LID_UPPER[side], LID_LOWER[side][-2:0:-1]])]
        inside |= signed_distance(points, eye) > -LID_MARGIN * EYE_DISTANCE_PX
        inside |= signed_distance(points, marks[brow]) > -BROW_MARGIN * EYE_DISTANCE_PX
    return inside


def _frame(candidates: np.ndarray, marks: np.ndarray) -> np.ndarray | None:
    """(h, w) bool: of the candidates those that run from the nose around both eyes; None where they do not."""
    y, x = np.mgrid[: candidates.shape[0], : candidates.shape[1]]
    inner = [marks[_CORNERS[side][0]] for side in ("right", "left")]
    around = np.zeros(candidates.shape, dtype=bool)
    rings = []
    for corners in _CORNERS.values():
        centre = marks[list(corners)].mean(axis=0)
        distance = np.hypot(x - centre[0], y - centre[1]) / EYE_DISTANCE_PX
        ring = (distance > RING[0]) & (distance < RING[1])
        angle = ((np.arctan2(y - centre[1], x - centre[0]) + np.pi) / (2 * np.pi) * BINS).astype(int) % BINS
        rings.append((ring, angle))
        around |= distance < RING[1]
    bridge = (x > inner[0][0]) & (x < inner[1][0])
    bridge &= (y > marks[_BRIDGE_TOP, 1] - 0.06 * EYE_DISTANCE_PX) & (y < marks[_BRIDGE_BOTTOM, 1])
    parts, _ = label(candidates & (around | bridge), np.ones((3, 3)))
    frame = np.zeros(candidates.shape, dtype=bool)
    for part in np.unique(parts[bridge & (parts > 0)]):
        own = parts == part
        if any(_runs_around(own, *ring) for ring in rings):
            frame |= own
    across = len(np.unique(x[frame & bridge])) / max(float(inner[1][0] - inner[0][0]), 1.0)
    return frame if across >= LEAST_BRIDGE and all(_runs_around(frame, *ring) for ring in rings) else None


def _runs_around(frame: np.ndarray, ring: np.ndarray, angle: np.ndarray) -> bool:
    return len(np.unique(angle[frame & ring])) >= LEAST_BINS and frame[ring].mean() < LARGEST_SHARE


def stiffened(
    deltas: np.ndarray, mask: np.ndarray, pixels: np.ndarray, faces: np.ndarray, rims: np.ndarray
) -> np.ndarray:
    """Shapes (52, V, 3) that leave the skin behind a frame where it is, as the frame cannot bend.

    mask: (H, W) of glasses_mask; pixels: (V, 2) of the head as pictured; rims: vertices of the lids' rims, which move
    all the same.
    """
    stiff = map_coordinates(mask, pixels.T[::-1], order=1, mode="constant")
    stiff[np.setdiff1d(np.arange(len(stiff)), faces)] = 0.0
    stiff[rims] = 0.0
    return deltas * (1 - softened(stiff, faces, STIFF_ROUNDS))[None, :, None].astype(np.float32)
