"""Where a foreign head is, how large and which way round: found from what its shapes move."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rig.errors import RigError
from rig.foreign.morph import Morph
from rig.foreign.rig_source import RigSource

UNITS = (("metres", 1.0), ("decimetres", 0.1), ("centimetres", 0.01), ("millimetres", 0.001))
EYE_DISTANCE_M = 0.060
LEAST_M, MOST_M = 0.02, 0.16
"""Eye distances that pass for a head in a usual unit: people have 0.054 to 0.074, drawn figures less or more. One
distance passes in one unit at most, since these are less than ten apart."""
LID_DEPTH_M = 0.012
"""Lids lie this far in front of the eye's centre."""
_TELLING = (
    ("eyeBlinkLeft", "preset.blinkLeft"), ("eyeBlinkRight", "preset.blinkRight"), ("jawOpen", "preset.aa"),
    ("jawOpen", "mouthOpen"), ("jawOpen", "viseme_aa"),
)  # fmt: skip
"""Where a rig has no ARKit names: what else moves the same place the same way."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class HeadFrame:
    """From a file's units and axes to ours: metres, x the character's left, y up, z to the viewer, between the eyes.

    unit: what the file seems to count in.  unit_m: metres of one.  axes: (3, 3), rows are our x, y and z in the file's
    own axes.  origin: (3,) the point between the eyes in the file.
    """

    unit: str
    unit_m: float
    axes: np.ndarray
    origin: np.ndarray

    def points(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) float32 metres."""
        return ((points - self.origin) @ self.axes.T * self.unit_m).astype(np.float32)

    def offsets(self, offsets: np.ndarray) -> np.ndarray:
        """(..., 3) float32 metres, of shifts."""
        return (offsets @ self.axes.T * self.unit_m).astype(np.float32)


def telling_shapes(source: RigSource, found: Mapping[str, str]) -> dict[str, str]:
    """ARKit name -> the rig's own name, of what tells where its head is. found: as find_shapes gives it."""
    telling = dict(found)
    for shape, own in _TELLING:
        if own in source.morphs:
            telling.setdefault(shape, own)
    return telling


def head_frame(source: RigSource, telling: Mapping[str, str]) -> HeadFrame:
    """The frame of a head. telling: as telling_shapes gives it. Raises RigError where the shapes move nothing."""
    shapes = {name: source.morphs[own] for name, own in telling.items() if len(source.morphs[own].index)}
    if not shapes:
        raise RigError(f"The shapes of {source.file} move no vertex; export it with its morph targets.")
    lids = _lids(shapes, source.points)
    axes = _axes(source, shapes, lids)
    eyes = source.eye_centres
    if eyes is None and lids is not None:
        spread = float(np.linalg.norm(lids[0] - lids[1]))
        eyes = lids - axes[2] * (LID_DEPTH_M / EYE_DISTANCE_M) * spread
    if eyes is None:
        eyes = _guessed_eyes(shapes, source.points, axes)
    apart = eyes if lids is None else lids  # bones of drawn eyes lie anywhere in the head
    unit, unit_m = _unit(float(np.linalg.norm(apart[0] - apart[1])))
    return HeadFrame(unit, unit_m, axes, eyes.mean(axis=0))


def _lids(shapes: Mapping[str, Morph], points: np.ndarray) -> np.ndarray | None:
    """(2, 3) middle of what each blink moves, left and right."""
    if not {"eyeBlinkLeft", "eyeBlinkRight"} <= set(shapes):
        return None
    lids = np.array([shapes[name].middle(points) for name in ("eyeBlinkLeft", "eyeBlinkRight")])
    return lids if np.linalg.norm(lids[0] - lids[1]) > 1e-9 else None


def _axes(source: RigSource, shapes: Mapping[str, Morph], lids: np.ndarray | None) -> np.ndarray:
    """Rows: left, up, forward, along axes of the file. Left is where the left blink lies, the jaw opens down."""
    up = _up(shapes)
    sides = lids if lids is not None else source.eye_centres
    forward = np.array(source.facing)
    left = np.cross(up, forward) if sides is None else _nearest_axis(_across(sides[0] - sides[1], up))
    if not np.any(left):
        raise RigError(f"{source.file} looks along its own up axis; export it upright, facing +z.")
    forward = np.cross(left, up)
    if sides is not None and _back_to_front(source, sides, forward):
        _log.warning("%s has its left shapes on the right of its face; they are left where they are.", source.file)
        left, forward = -left, -forward
    return np.stack([left, up, forward])


def _up(shapes: Mapping[str, Morph]) -> np.ndarray:
    """Away from where the jaw opens to, where that is plain; else +y."""
    offsets = shapes["jawOpen"].offsets.astype(np.float64) if "jawOpen" in shapes else np.zeros((0, 3))
    way, all_ways = offsets.sum(axis=0), np.linalg.norm(offsets, axis=1).sum()
    return _nearest_axis(-way) if np.abs(way).max() > 0.6 * all_ways > 0 else np.array([0.0, 1.0, 0.0])


def _back_to_front(source: RigSource, sides: np.ndarray, forward: np.ndarray) -> bool:
    """Whether the head lies before its own eyes, as it does where left and right are swapped."""
    middle, distance = sides.mean(axis=0), float(np.linalg.norm(sides[0] - sides[1]))
    near = source.points[np.linalg.norm(source.points - middle, axis=1) < 2.5 * distance]
    return bool(len(near)) and float((near.mean(axis=0) - middle) @ forward) > 0.1 * distance


def _across(way: np.ndarray, up: np.ndarray) -> np.ndarray:
    return way - up * (way @ up)


def _nearest_axis(way: np.ndarray) -> np.ndarray:
    axis = np.zeros(3)
    longest = int(np.argmax(np.abs(way)))
    axis[longest] = np.sign(way[longest])
    return axis


def _guessed_eyes(shapes: Mapping[str, Morph], points: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(2, 3) of a rig that neither blinks nor has eyeballs: from the height of all that moves, chin to brows."""
    moved = points[np.unique(np.concatenate([morph.index for morph in shapes.values()]))] @ axes.T
    low, high = moved.min(axis=0), moved.max(axis=0)
    half = 0.2 * (high[1] - low[1])
    middle = [(low[0] + high[0]) / 2, low[1] + 0.75 * (high[1] - low[1]), low[2] + 0.5 * (high[2] - low[2])]
    return (np.array([middle, middle]) + np.array([[half, 0, 0], [-half, 0, 0]])) @ axes


def _unit(distance: float) -> tuple[str, float]:
    """The unit in which this distance of the eyes is a head's; else its own, so that the eyes are as far as usual."""
    if not distance > 1e-9:
        raise RigError("Both eyes of the rig are at one place; check its blink shapes and eye bones.")
    fitting = [(name, size) for name, size in UNITS if LEAST_M <= distance * size <= MOST_M]
    return fitting[0] if fitting else ("units of its own", EYE_DISTANCE_M / distance)
