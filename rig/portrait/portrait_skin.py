"""The skin of a portrait on the fitted head: where it is seen, where it fades out, what is painted instead."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from rig.correspondence import LIPS_INNER_LOWER, LIPS_INNER_UPPER, OVAL
from rig.face_rig import FaceRig
from rig.gl import MeshRasterizer
from rig.lip_contact import LipLine
from rig.polygon import signed_distance
from rig.portrait.portrait_colours import Palette, diffused_skin, sample
from rig.portrait.portrait_eyes import Eye
from rig.portrait.portrait_fit import PortraitFit
from rig.portrait.portrait_sheet import face_sheet
from rig.smoothstep import smoothstep
from rig.vertex_normals import vertex_normals

VISIBILITY_SIZE_PX = 512
VISIBLE_DEPTH_M, VISIBLE_SLOPE = 0.0025, 0.12
FADE_SLOPE = (0.05, 0.30)
CORE_M, OUTER_M = (0.005, 0.010), (0.010, 0.020)
"""Distance from the inner landmarks within which slanting skin is kept, and from all landmarks where the sheet ends."""
CONTOUR_M = 0.016
"""Landmarks nearer than this to the outline of the face are not inner ones."""
STRETCH = (2.5, 6.0)
"""How many times its area skin may grow before it is painted rather than stretched."""
OPEN_MOUTH, MOUTH_MARGIN = 0.026, 0.012
"""Gap of the lips above which the picture's mouth counts as open, and how far its shadow reaches onto the lips, both in
distances between the eyes' outer corners."""
CORNER_M = (0.004, 0.011)
"""Distance from the corners of the mouth over which its own open mouth begins to colour the lips."""
REVEALING_RAD = (0.02, 0.08)
"""Turn of the head over which skin that the picture hides comes into sight."""
LID_REACH_M, LID_MARGIN_M = 0.0075, 0.0016
LIP_BLUR, INNER_LIP = 0.008, 0.94
"""Blur of the lips' colours in distances between the eyes' outer corners; how bright lips are where they touch."""
_LIPS_MIDDLE = (13, 14)  # landmarks
_UPPER_MIDDLE, _LOWER_MIDDLE = [11, 72, 302], [15, 16, 85, 315, 86, 316]


@dataclass(frozen=True, eq=False)
class Skin:
    """The face as one sheet. Build with of_fit().

    faces: (F, 3) int32.  opacity: (V,) float32, 1 on the face, fading to 0 at its border; reach: (V,) float32, the same
    of a head that shows all of it.  colours: (V, 3) float32 RGB in [0, 1], painted where the picture has nothing.
    hidden: (V,) float32, skin that the picture's own pose hides; toothy: (V,) float32, lips its open mouth colours.
    front: indices of the visible, opaque vertices.  open_mouth: whether the picture shows the mouth open.  areas: (F,)
    pixels.
    """

    faces: np.ndarray
    opacity: np.ndarray
    reach: np.ndarray
    colours: np.ndarray
    hidden: np.ndarray
    toothy: np.ndarray
    front: np.ndarray
    open_mouth: bool
    areas: np.ndarray

    @classmethod
    def of_fit(
        cls, fit: PortraitFit, picture: np.ndarray, pixels: np.ndarray, camera: np.ndarray, palette: Palette,
        eyes: list[Eye],
    ) -> "Skin":  # fmt: skip
        """pixels (V, 2), camera (V, 3): the head as pictured."""
        rig = fit.rig
        faces = face_sheet(rig)
        slope = _slope(camera, faces)
        seen = (slope > VISIBLE_SLOPE) & _unhidden(fit, pixels, camera, faces)
        marks = fit.correspondence.positions(rig.neutral)
        to_contour = cKDTree(marks[OVAL]).query(marks)[0]
        inner = np.flatnonzero(to_contour > CONTOUR_M)
        to_inner, to_any = (cKDTree(marks[own]).query(rig.neutral)[0] for own in (inner, slice(None)))
        opacity = np.maximum(smoothstep(*FADE_SLOPE, slope), 1 - smoothstep(*CORE_M, to_inner))
        reach = 1 - smoothstep(*OUTER_M, to_any)
        opacity = opacity * reach
        faces = faces[(reach[faces] > 0.02).any(axis=1)]
        lids, margin = _lids(rig, eyes)
        toothy = _in_open_mouth(fit, pixels)
        hidden = ~seen & (to_inner < CORE_M[1])
        observed = _eroded(seen & ~toothy, faces) & (lids < 0.2) & (margin > LID_MARGIN_M)
        blurred = sample(picture, pixels, 0.02 * fit.eye_distance_px)
        if toothy.any():
            observed |= _hidden_lips(fit, picture, blurred)
        colours = diffused_skin(faces, observed, blurred, palette.skin)
        hidden, soft_toothy = (softened(mask.astype(np.float64), faces).astype(np.float32) for mask in (hidden, toothy))
        front = np.flatnonzero((opacity > 0.6) & seen & np.isin(np.arange(len(seen)), faces))
        return cls(
            faces, opacity.astype(np.float32), reach.astype(np.float32), colours.astype(np.float32), hidden,
            soft_toothy * _off_corners(marks, rig), front, bool(toothy.any()), _areas(pixels, faces),
        )  # fmt: skip

    def shown(self, turn_rad: float) -> np.ndarray:
        """Opacity (V,) float32 of a head turned so far: as it turns, skin that the picture hides comes into sight."""
        share = float(smoothstep(*REVEALING_RAD, turn_rad))
        return self.opacity + np.float32(share) * self.hidden * (self.reach - self.opacity)

    def paint(self, pixels: np.ndarray, turn_rad: float) -> np.ndarray:
        """RGBA (V, 4) float32 to lay over the warped picture, for moved (V, 2) pixels; turn_rad: how far the head has
        turned."""
        growth = _areas(pixels, self.faces) / self.areas
        total = np.zeros(len(pixels))
        count = np.zeros(len(pixels))
        for k in range(3):
            total += np.bincount(self.faces[:, k], growth, len(pixels))
            count += np.bincount(self.faces[:, k], minlength=len(pixels))
        growth = total / np.maximum(count, 1)
        share = np.maximum(self.hidden * smoothstep(*REVEALING_RAD, turn_rad), self.toothy)
        share = np.maximum(share, smoothstep(*STRETCH, growth))
        return np.column_stack([self.colours, share * self.shown(turn_rad)]).astype(np.float32)


def _slope(camera: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Cosine between each vertex's normal and the way to the camera, (V,)."""
    return -(vertex_normals(camera, faces) * camera).sum(axis=1) / np.linalg.norm(camera, axis=1)


def _unhidden(fit: PortraitFit, pixels: np.ndarray, camera: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V,) bool: no other skin lies before the vertex."""
    width, height = fit.image_size
    near, far = -camera[:, 2].max() - 0.05, -camera[:, 2].min() + 0.05
    plane = (pixels + 0.5) / (width, height) * (2, -2) + (-1, 1)
    clip = np.column_stack([plane, (-camera[:, 2] - near) / (far - near) * 2 - 1, np.ones(len(plane))])
    with MeshRasterizer(faces, VISIBILITY_SIZE_PX, VISIBILITY_SIZE_PX) as raster:
        drawn, _ = raster.draw(clip.astype(np.float32), -camera[:, 2:].astype(np.float32), background=np.inf)
    index = np.clip((pixels + 0.5) / (width, height) * VISIBILITY_SIZE_PX, 0, VISIBILITY_SIZE_PX - 1).astype(int)
    return -camera[:, 2] < drawn[index[:, 1], index[:, 0], 0] + VISIBLE_DEPTH_M


def _lids(rig: FaceRig, eyes: list[Eye]) -> tuple[np.ndarray, np.ndarray]:
    """How much each vertex belongs to an upper lid (V,), and its distance from the nearest lid's rim (V,) metres."""
    share, margin = np.zeros(len(rig.neutral)), np.full(len(rig.neutral), np.inf)
    for eye in eyes:
        rim = cKDTree(rig.neutral[np.concatenate([eye.upper, eye.lower])]).query(rig.neutral)[0]
        above, column = cKDTree(rig.neutral[eye.upper]).query(rig.neutral)
        over = rig.neutral[:, 1] >= rig.neutral[eye.upper][column, 1] - 0.0005
        share = np.maximum(share, np.where(over, np.exp(-((above / LID_REACH_M) ** 2)), 0.0))
        margin = np.minimum(margin, rim)
    return share, margin


def _in_open_mouth(fit: PortraitFit, pixels: np.ndarray) -> np.ndarray:
    """(V,) bool: lip vertices that the picture's own open mouth would colour with teeth or shadow."""
    marks = fit.landmarks.astype(np.float64)
    toothy = np.zeros(len(pixels), dtype=bool)
    if np.linalg.norm(marks[_LIPS_MIDDLE[0]] - marks[_LIPS_MIDDLE[1]]) < OPEN_MOUTH * fit.eye_distance_px:
        return toothy
    lips = np.flatnonzero(fit.rig.regions["lips"])
    outline = marks[np.concatenate([LIPS_INNER_UPPER, LIPS_INNER_LOWER[-2:0:-1]])]
    toothy[lips] = signed_distance(pixels[lips].astype(np.float64), outline) > -MOUTH_MARGIN * fit.eye_distance_px
    return toothy


def _off_corners(marks: np.ndarray, rig: FaceRig) -> np.ndarray:
    """(V,) float32: 0 at the corners of the mouth, which show no teeth, 1 away from them; marks: (L, 3) of the rig."""
    away = cKDTree(marks[LIPS_INNER_UPPER[[0, -1]]]).query(rig.neutral)[0]
    return smoothstep(*CORNER_M, away).astype(np.float32)


def _hidden_lips(fit: PortraitFit, picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """(V,) bool: where closed lips touch, which an open mouth hides; sets their (V, 3) colours, in place, to those
    of the lips' middles."""
    line, known = LipLine.of_rig(fit.rig, 3), np.zeros(len(colours), dtype=bool)
    for rim, marks in ((line.upper, _UPPER_MIDDLE), (line.lower, _LOWER_MIDDLE)):
        lip = np.median(sample(picture, fit.landmarks[marks], LIP_BLUR * fit.eye_distance_px), axis=0)
        inner = rim[2:-2]
        colours[inner], known[inner] = INNER_LIP * lip, True
    return known


def _eroded(mask: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Vertices all of whose triangles lie inside the mask."""
    kept = mask.copy()
    kept[faces[~mask[faces].all(axis=1)].ravel()] = False
    return kept


def softened(values: np.ndarray, faces: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Per-vertex values (V,), each the mean of its neighbourhood, `rounds` times."""
    for _ in range(rounds):
        mean = values[faces].mean(axis=1)
        total, count = np.zeros(len(values)), np.zeros(len(values))
        for k in range(3):
            total += np.bincount(faces[:, k], mean, len(values))
            count += np.bincount(faces[:, k], minlength=len(values))
        values = np.where(count > 0, total / np.maximum(count, 1), values)
    return values


def _areas(pixels: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (pixels[faces[:, k]].astype(np.float64) for k in range(3))
    return np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) + 0.02
