"""The paths that hair takes over the skull, for each style."""

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from rig.face_rig import FaceRig
from rig.hairline import CENTRE, hairline_depth, on_ear
from rig.lighting import unit

DEGREE, RIDGE = 8, 1e-3
CROWN = unit(np.array([0.012, 0.90, -0.42]))
FORWARD = unit(np.cross([1.0, 0.0, 0.0], CROWN))
SIDEWAYS = np.cross(CROWN, FORWARD)
"""Short hair is laid out in angles about the crown."""


class Skull:
    """Distance of the bare head from CENTRE in any direction.

    A polynomial of the direction, fitted without the ears, bridges them; what it misses is added from a table.
    """

    def __init__(self, rig: FaceRig) -> None:
        points = rig.neutral[rig.regions["skin"] & rig.regions["head"] & (rig.open_sky > 0.25)]
        arms = points[~on_ear(points, rig.neutral)] - CENTRE
        radius = np.linalg.norm(arms, axis=1)
        directions = arms / radius[:, None]
        terms = _monomials(directions)
        self._factors = np.linalg.solve(terms.T @ terms + RIDGE * np.eye(terms.shape[1]), terms.T @ radius)
        turns, heights = np.meshgrid(np.linspace(-np.pi, np.pi, 73), np.linspace(-1, 1, 37))
        ring = np.sqrt(1 - heights**2)
        grid = np.stack([ring * np.sin(turns), heights, ring * np.cos(turns)], axis=-1)
        distance, index = cKDTree(directions).query(grid, k=6)
        weight = np.exp(-((distance / 0.08) ** 2)) + 1e-9
        missed = radius - terms @ self._factors
        self._missed = (weight * missed[index]).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 0.5)

    def surface(self, directions: np.ndarray, lift: np.ndarray) -> np.ndarray:
        """(..., 3) unit directions -> points `lift` metres above the skin."""
        rows, columns = self._missed.shape
        column = (np.arctan2(directions[..., 0], directions[..., 2]) / np.pi + 1) * (columns - 1) / 2
        row = (np.clip(directions[..., 1], -1, 1) + 1) * (rows - 1) / 2
        missed = map_coordinates(self._missed, np.stack([row, column]), order=1, mode="nearest")
        radius = (_monomials(directions.reshape(-1, 3)) @ self._factors).reshape(missed.shape) + missed
        return CENTRE + directions * (radius + lift)[..., None]


def _monomials(directions: np.ndarray) -> np.ndarray:
    """(N, 3) -> (N, terms): all products of x, y, z of degree DEGREE and DEGREE - 1, which span all lower ones."""
    powers = directions[..., None] ** np.arange(DEGREE + 1)
    return np.stack(
        [
            powers[:, 0, i] * powers[:, 1, j] * powers[:, 2, degree - i - j]
            for degree in (DEGREE - 1, DEGREE)
            for i in range(degree + 1)
            for j in range(degree + 1 - i)
        ],
        axis=1,
    )


def short_paths(skull: Skull, turns: np.ndarray, share: np.ndarray, lift: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """From the crown to the hairline, swept aside over the forehead, (N, K, 3).

    turns: (N,) radians about the crown, 0 = front.  share: (N, K) of the way: 0 = crown, 1 = hairline.
    lift: (N, 1) metres above the body of the hair.  drift: (N, 1) radians that a strand strays sideways by its end.
    """
    front = np.cos(turns / 2)[:, None] ** 4
    beside = np.sin(np.clip(np.abs(turns), 0, np.pi / 2))[:, None] ** 2
    sweep = 0.75 * np.exp(-0.5 * ((turns - 0.1) / 0.75) ** 2)[:, None] * share**1.5
    directions = _about_crown(_hairline_angle(skull, turns)[:, None] * share, turns[:, None] + sweep + drift * share)
    body = (0.0075 + 0.0075 * front) * (1 - np.clip(share, 0, 1) ** (3 - 1.6 * beside)) * (1 - 0.35 * beside * share)
    quiff = 0.007 * front**2 * share * np.clip(1.35 - share, 0, 1)
    return skull.surface(directions, 0.0008 + body + quiff + lift)


def _hairline_angle(skull: Skull, turns: np.ndarray) -> np.ndarray:
    """(N,) angle from the crown to the hairline."""
    angles = np.linspace(0.2, 2.4, 90)
    directions = _about_crown(np.broadcast_to(angles, (len(turns), 90)), turns[:, None])
    points = skull.surface(directions, np.zeros(directions.shape[:-1]))
    depth = hairline_depth(points.reshape(-1, 3)).reshape(len(turns), -1)
    return angles[np.argmax(depth < 0.0005, axis=1)]


def _about_crown(angle: np.ndarray, turn: np.ndarray) -> np.ndarray:
    ring = np.sin(angle)[..., None] * (np.cos(turn)[..., None] * FORWARD - np.sin(turn)[..., None] * SIDEWAYS)
    return np.cos(angle)[..., None] * CROWN + ring


def bob_paths(skull: Skull, turns: np.ndarray, share: np.ndarray, lift: np.ndarray, length: np.ndarray) -> np.ndarray:
    """From a parting in the middle, around the face and down to the jaw, (N, K, 3).

    turns: (N,) radians, 0 = front of the parting, +-pi = its back.  share: as in short_paths; over its first part the
    hair lies on the skull, then it hangs.  length: (N, 1) metres that it hangs.
    """
    sign = np.where(np.sin(turns) >= 0, 1.0, -1.0)
    depth = np.interp(np.cos(turns), [-1, 1], [-0.075, 0.125])
    root = np.stack([0.0012 * sign, np.full(len(turns), 0.075), depth], axis=1)
    aside = np.radians(np.interp(np.abs(turns), [0, 0.5, 1.2, np.pi], [60, 68, 92, 172]))
    foot = np.stack([np.sin(aside) * sign, np.full(len(turns), 0.02), np.cos(aside)], axis=1)
    lying = np.clip(share / LYING_SHARE, 0, 1)[..., None] ** 0.9
    directions = unit(unit(root)[:, None] * (1 - lying) + unit(foot)[:, None] * lying)
    rise = (0.005 + 0.007 * np.sin(np.pi * np.clip(share, 0, 1) ** 0.7)) * np.clip(share / 0.15 + 0.12, 0, 1) + lift
    over_ear = 0.009 * np.exp(-(((np.degrees(aside) - 98) / 26) ** 2))[:, None] * lying[..., 0]
    return _hanging(skull.surface(directions, rise + over_ear), share, length)


LYING_SHARE = 0.5


def _hanging(points: np.ndarray, share: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Below the widest place the hair hangs straight down, drawn in a little."""
    last = np.argmax(share >= LYING_SHARE, axis=1)
    anchor = points[np.arange(len(points)), last][:, None]
    start = np.take_along_axis(share, last[:, None], axis=1)
    below = np.clip((share - start) / (1 - LYING_SHARE), 0, 1.1)
    down = anchor * np.stack([1 - 0.2 * below**2, np.ones_like(below), np.ones_like(below)], axis=-1)
    down[..., 1] -= length * below
    return np.where((share >= LYING_SHARE)[..., None], down, points)
