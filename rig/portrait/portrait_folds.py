"""Folds that come with motion: smile lines, furrows between the brows, lines of the forehead.

Each is a shallow groove along landmarks, lit by the picture's own light: darker where its wall turns away from the
light, lighter where it turns toward it. A face at rest has none but the picture's own.
"""

from dataclasses import dataclass

import numpy as np

from rig.aperture import column_matrix, strip_faces
from rig.arkit import INDEX
from rig.correspondence import FaceCorrespondence
from rig.portrait.portrait_colours import LUMA, sample
from rig.portrait.portrait_fit import PortraitFit
from rig.portrait.portrait_raster import Layer
from rig.smoothstep import smoothstep

COLUMNS = 17
ACROSS = np.linspace(-2.0, 2.0, 9)
"""Where a groove is drawn, across it, in widths."""
LEAST_DEPTH = 0.02
LIT = 0.9
"""How much the light's direction makes one wall of a groove lighter, over how dark its bottom is."""
DEPTH_OF_SHADE, WARMTH, SHINE = 0.6, 2.4, 1.4
"""The darkest that skin gets is this share of its own colour to this power, red skin turning redder; the lightest is so
many times its own colour."""
PALE, PALENESS = (0.72, 0.95), 0.65
"""Luma of skin over which folds grow fainter, by as much: on pale, drawn faces they would be grey smudges."""
FROM_ABOVE = 0.35
"""Light that portraits have from above, beside what the face shows of it."""
SKIN_LIKE = (0.55, 0.9)
"""Natural logarithm of the light over that of the face, from which and at which a place is hair or glasses."""


@dataclass(frozen=True, eq=False)
class Groove:
    """points: (landmark, landmark, share of the second) along it.  width: in distances between the eyes' outer corners.
    depth: how dark, 0 to 1, at weight 1.  shapes: what deepens it."""

    points: tuple[tuple[int, int, float], ...]
    width: float
    depth: float
    shapes: dict[str, float]


def _smile_line(points: tuple[tuple[int, int, float], ...], side: str) -> Groove:
    shapes = {f"mouthSmile{side}": 0.9, f"noseSneer{side}": 0.7, f"mouthUpperUp{side}": 0.35, f"cheekSquint{side}": 0.3}
    return Groove(points, 0.030, 0.13, shapes)


def _furrow(points: tuple[tuple[int, int, float], ...], side: str) -> Groove:
    return Groove(points, 0.02, 0.2, {f"browDown{side}": 1.0, f"noseSneer{side}": 0.4})


_FOREHEAD = (68, 104, 69, 108, 151, 337, 299, 333, 298)
_BROWS = (63, 105, 66, 107, 9, 336, 296, 334, 293)
_HAIRLINE = (54, 103, 67, 109, 10, 338, 297, 332, 284)


def _forehead_line(toward: tuple[int, ...], share: float, depth: float, ends: int) -> Groove:
    shapes = {"browInnerUp": 0.8, "browOuterUpLeft": 0.3, "browOuterUpRight": 0.3}
    points = tuple((a, b, share) for a, b in zip(_FOREHEAD, toward, strict=True))
    return Groove(points[ends : len(points) - ends], 0.02, depth, shapes)


GROOVES = (
    _smile_line(((129, 203, 0.15), (203, 92, 0.5), (216, 186, 0.6), (212, 57, 0.5)), "Right"),
    _smile_line(((358, 423, 0.15), (423, 322, 0.5), (436, 410, 0.6), (432, 287, 0.5)), "Left"),
    _furrow(((9, 107, 0.5), (8, 55, 0.5), (168, 193, 0.45)), "Right"),
    _furrow(((9, 336, 0.5), (8, 285, 0.5), (168, 417, 0.45)), "Left"),
    _forehead_line(_BROWS, 0.4, 0.09, 1),
    _forehead_line(_HAIRLINE, 0.05, 0.07, 1),
    _forehead_line(_HAIRLINE, 0.5, 0.05, 2),
)


class Folds:
    """The grooves of one portrait."""

    def __init__(self, fit: PortraitFit, picture: np.ndarray, light: np.ndarray, skin: np.ndarray) -> None:
        """light: (2,) as light_direction gives it.  skin: (3,) RGB in [0, 1]."""
        self._marks, self._light, self._own = fit.correspondence, light, fit.expression
        places = fit.correspondence.positions(fit.rig.neutral)
        self._lines, colours = [], []
        for groove in GROOVES:
            line = _Line.of_groove(groove, places, fit.eye_distance_px)
            below = line.middle(fit.landmarks[: len(places)])
            colour = sample(picture, below, groove.width * fit.eye_distance_px)
            off = np.abs(np.log((colour @ LUMA + 0.02) / (float(skin @ LUMA) + 0.02)))
            line.seen[:] *= 1 - smoothstep(*SKIN_LIKE, off)
            self._lines.append(line)
            colours.append(colour)
        self._colours = colours

    def layer(self, weights: np.ndarray, pixels: np.ndarray) -> Layer | None:
        """For (52,) weights and moved (V, 2) pixels; None where no fold is seen. Values RGBA."""
        change = weights - self._own
        positions, values, faces, count = [], [], [], 0
        for line, colour in zip(self._lines, self._colours, strict=True):
            depth = float(np.clip(change[line.columns] @ line.gains, 0.0, 1.0)) * line.depth
            if depth < LEAST_DEPTH * line.depth:
                continue
            middle = line.middle_of(self._marks, pixels)
            normal = _normals(middle)
            across = middle[None] + ACROSS[:, None, None] * line.width_px * normal
            bell = np.exp(-(ACROSS**2))[:, None]
            change_of_light = -bell * (1 + LIT * ACROSS[:, None] * (normal @ self._light)) * depth * line.seen
            values.append(_over(change_of_light, colour))
            positions.append(across.reshape(-1, 2))
            faces.append(strip_faces(len(ACROSS), COLUMNS) + count)
            count += len(ACROSS) * COLUMNS
        if not count:
            return None
        return Layer(np.concatenate(positions), None, np.concatenate(values), np.concatenate(faces))


@dataclass(frozen=True, eq=False)
class _Line:
    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    resample: np.ndarray
    columns: np.ndarray
    gains: np.ndarray
    width_px: float
    depth: float
    seen: np.ndarray

    @classmethod
    def of_groove(cls, groove: Groove, places: np.ndarray, eye_distance_px: float) -> "_Line":
        first, second = (np.array([point[k] for point in groove.points]) for k in (0, 1))
        share = np.array([point[2] for point in groove.points], np.float32)[:, None]
        points = places[first] + share * (places[second] - places[first])
        return cls(
            first, second, share, column_matrix(points, COLUMNS), np.array([INDEX[name] for name in groove.shapes]),
            np.array(list(groove.shapes.values()), np.float32), groove.width * eye_distance_px, groove.depth,
            np.sin(np.linspace(0, np.pi, COLUMNS)) ** 0.8,
        )  # fmt: skip

    def middle(self, marks: np.ndarray) -> np.ndarray:
        """(L, 2) pixels of all landmarks -> (C, 2)."""
        return self.resample @ (marks[self.first] + self.share * (marks[self.second] - marks[self.first]))

    def middle_of(self, correspondence: FaceCorrespondence, pixels: np.ndarray) -> np.ndarray:
        """(V, 2) pixels of the rig -> (C, 2)."""
        first, second = (correspondence.at(pixels, ids) for ids in (self.first, self.second))
        return self.resample @ (first + self.share * (second - first))


def light_direction(normals: np.ndarray, light: np.ndarray) -> np.ndarray:
    """(2,) pixels, toward the light as the picture's plane sees it, at most 1 long.

    normals: (N, 3) of the visible skin, camera frame; light: (N,) its luma.
    """
    system = np.column_stack([normals, np.ones(len(normals))])
    found = np.linalg.lstsq(system, light / max(float(light.mean()), 1e-3), rcond=None)[0]
    toward = np.array([found[0], -found[1] - FROM_ABOVE])
    return toward / max(float(np.linalg.norm(toward)), 1.0)


def _normals(middle: np.ndarray) -> np.ndarray:
    along = np.gradient(middle, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)


def _over(change: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Paint that changes light by the share (R, C) on skin of the colours (C, 3): (R * C, 4) RGBA."""
    dark, bright = DEPTH_OF_SHADE * colour**WARMTH, np.minimum(colour * SHINE, 1.0)
    change = change * (1 - PALENESS * smoothstep(*PALE, colour @ LUMA))
    reach = 1 - (dark @ LUMA) / np.maximum(colour @ LUMA, 0.02)
    darker = change < 0
    paint = np.where(darker[..., None], dark[None], bright[None])
    opacity = np.where(darker, -change / np.maximum(reach, 0.1), change / (SHINE - 1))
    return np.concatenate([paint, np.clip(opacity, 0, 1)[..., None]], axis=2).reshape(-1, 4)
