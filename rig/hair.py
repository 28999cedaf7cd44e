"""Hair for drawing: a shell over the skull and thin tapering ribbons upon it, grown along paths around the head."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import map_coordinates

from rig.face_rig import FaceRig
from rig.hairline import CENTRE, hairline_depth, on_ear
from rig.lighting import unit
from rig.look import Look

PATH_POINTS = 8


@dataclass(frozen=True, eq=False)
class Hair:
    """Resting head space: points, normals, tangents (N, 3); faces (F, 3); shade (N,) brightness of each vertex."""

    points: np.ndarray
    normals: np.ndarray
    tangents: np.ndarray
    faces: np.ndarray
    shade: np.ndarray


class Skull:
    """Distance of the bare head from CENTRE in any direction, ears left out."""

    def __init__(self, rig: FaceRig) -> None:
        points = rig.neutral[rig.regions["skin"] & rig.regions["head"] & (rig.open_sky > 0.25)]
        arms = points[~on_ear(points, rig.neutral)] - CENTRE
        radius = np.linalg.norm(arms, axis=1)
        turns, heights = np.meshgrid(np.linspace(-np.pi, np.pi, 81), np.linspace(-1, 1, 41))
        ring = np.sqrt(1 - heights**2)
        directions = np.stack([ring * np.sin(turns), heights, ring * np.cos(turns)], axis=-1).reshape(-1, 3)
        fit = RBFInterpolator(arms / radius[:, None], radius, neighbors=40, smoothing=1e-6)
        self._radius = fit(directions).reshape(turns.shape)

    def surface(self, directions: np.ndarray, lift: np.ndarray) -> np.ndarray:
        """(..., 3) unit directions -> points `lift` metres above the skin."""
        column = (np.arctan2(directions[..., 0], directions[..., 2]) / np.pi + 1) * 40
        row = (np.clip(directions[..., 1], -1, 1) + 1) * 20
        radius = map_coordinates(self._radius, np.stack([row, column]), order=1, mode="nearest")
        return CENTRE + directions * (radius + lift)[..., None]


def grow_hair(rig: FaceRig, look: Look) -> Hair | None:
    """The hair of a look, or None when it is shaved."""
    if look.hair == "shaved":
        return None
    rng = np.random.default_rng(look.seed + 2)
    skull = Skull(rig)
    paths = _short_paths if look.hair == "short" else _bob_paths
    around = np.linspace(0.0, 2 * np.pi, 97) if look.hair == "short" else np.linspace(0.03, 2 * np.pi - 0.03, 97)
    around = np.where(around > np.pi, around - 2 * np.pi, around)
    shell = paths(skull, around, np.zeros(97), np.ones(97), 0.0, rng)
    count = 460 if look.hair == "short" else 420
    turns = rng.uniform(-np.pi, np.pi, count)
    start = rng.uniform(0.0, 0.72, count) ** 0.8 if look.hair == "short" else rng.uniform(0, 0.25, count)
    stop = np.minimum(start + rng.uniform(0.28, 0.5, count), 1.04) if look.hair == "short" else rng.uniform(0.8, 1.02, count)
    strands = paths(skull, turns, start, stop, 0.0022 if look.hair == "short" else 0.004, rng)
    width = rng.uniform(0.0012, 0.0030, count) * (1.0 if look.hair == "short" else 1.3)
    hair = _joined(_shell_mesh(shell), _ribbons(strands, width, rng, 1.0 if look.hair == "short" else 0.6))
    return hair if look.hair != "short" else _joined(hair, _fringe(skull, rng))


def _short_paths(skull: Skull, turns: np.ndarray, start: np.ndarray, stop: np.ndarray, lift: float, rng) -> np.ndarray:
    """From the crown over the head to the hairline, (N, PATH_POINTS, 3)."""
    pole = unit(np.array([0.012, 0.90, -0.42]))
    front = unit(np.cross([1.0, 0, 0], pole))
    side = np.cross(pole, front)
    end = _hairline_angle(skull, pole, front, side, turns)
    share = start[:, None] + (stop - start)[:, None] * np.linspace(0, 1, PATH_POINTS)
    sweep = 0.75 * np.exp(-0.5 * ((turns - 0.1) / 0.75) ** 2)[:, None] * share**1.5
    drift = rng.normal(0, 0.10, (len(turns), 1)) * share if lift else 0.0
    angle, turn = end[:, None] * share, turns[:, None] + sweep + drift
    directions = _directions(pole, front, side, angle, turn)
    front = np.cos(turns / 2)[:, None] ** 4
    beside = np.sin(np.clip(np.abs(turns), 0, np.pi / 2))[:, None] ** 2
    thick = 0.0075 + 0.0075 * front
    rise = 0.0008 + thick * (1 - np.clip(share, 0, 1) ** (3 - 1.6 * beside)) * (1 - 0.35 * beside * share) + 0.007 * front**2 * share * np.clip(1.35 - share, 0, 1)
    if lift:
        rise = rise + lift * rng.uniform(-0.3, 1.0, (len(turns), 1)) + 0.002 * rng.random((len(turns), 1)) * share**3
    return skull.surface(directions, np.broadcast_to(rise, angle.shape))


def _fringe(skull: Skull, rng: np.random.Generator, count: int = 120) -> Hair:
    """Longer strands that fall sideways over the hairline of the forehead."""
    turns = np.clip(rng.normal(-0.12, 0.42, count), -1.0, 0.9)
    start = rng.uniform(0.45, 0.75, count)
    reach = 1.10 + 0.12 * rng.random(count) - 0.10 * np.abs(turns)
    strands = _short_paths(skull, turns, start, reach, 0.0035, rng)
    return _ribbons(strands, rng.uniform(0.0010, 0.0020, count), rng)


def _hairline_angle(skull: Skull, pole: np.ndarray, front: np.ndarray, side: np.ndarray, turns: np.ndarray) -> np.ndarray:
    angles = np.linspace(0.2, 2.4, 90)
    directions = _directions(pole, front, side, np.broadcast_to(angles, (len(turns), 90)), turns[:, None])
    points = skull.surface(directions, np.zeros(directions.shape[:-1]))
    depth = hairline_depth(points.reshape(-1, 3)).reshape(len(turns), -1)
    return angles[np.argmax(depth < 0.0005, axis=1)]


def _directions(pole: np.ndarray, front: np.ndarray, side: np.ndarray, angle: np.ndarray, turn: np.ndarray) -> np.ndarray:
    ring = np.sin(angle)[..., None] * (np.cos(turn)[..., None] * front - np.sin(turn)[..., None] * side)
    return np.cos(angle)[..., None] * pole + ring


def _bob_paths(skull: Skull, turns: np.ndarray, start: np.ndarray, stop: np.ndarray, lift: float, rng) -> np.ndarray:
    """From a parting in the middle down to the jaw, around the face, (N, PATH_POINTS, 3)."""
    share = start[:, None] + (stop - start)[:, None] * np.linspace(0, 1, PATH_POINTS)
    along = np.cos(turns)[:, None]
    sign = np.where(np.sin(turns) >= 0, 1.0, -1.0)[:, None]
    root_z = np.interp(along, [-1, 1], [-0.075, 0.125])
    side_turn = np.radians(np.interp(np.abs(turns), [0, 0.5, 1.2, np.pi], [62, 70, 92, 172]))[:, None]
    top = np.broadcast_to(np.stack([0 * turns + 0.004 * sign[:, 0], 0 * turns + 0.075, root_z[:, 0]], axis=1), (len(turns), 3))
    head = unit(top)[:, None]
    foot = np.stack([np.sin(side_turn) * sign, np.full_like(side_turn, 0.02), np.cos(side_turn)], axis=-1)
    blend = np.clip(share / 0.55, 0, 1)[..., None] ** 0.9
    directions = unit(head * (1 - blend) + unit(foot) * blend)
    thick = (0.004 + 0.009 * np.sin(np.pi * np.clip(share, 0, 1) ** 0.7)) * np.clip(share / 0.12 + 0.25, 0, 1)
    thick = thick - (0.0 if lift else 0.003)
    jitter = lift * rng.uniform(-0.3, 1.2, (len(turns), 1)) * np.clip(share / 0.3, 0, 1) if lift else 0.0
    points = skull.surface(directions, np.broadcast_to(thick + jitter, share.shape))
    return _hang(points, share, rng if lift else None)


def _hang(points: np.ndarray, share: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
    """Below the widest place the hair hangs straight down and ends a little under the jaw."""
    points = points.copy()
    length = 0.150
    if rng is not None:
        length = length + rng.normal(0, 0.006, (len(points), 1))
    below = np.clip((share - 0.55) / 0.45, 0, 1.1)
    anchor_index = np.argmax(share >= 0.55, axis=1)
    anchor = points[np.arange(len(points)), anchor_index][:, None]
    curl = 1 - 0.20 * below**2
    hanging = anchor * np.stack([curl, np.ones_like(curl), np.ones_like(curl)], axis=-1)
    hanging[..., 1] = anchor[..., 1] - length * below
    return np.where((share >= 0.55)[..., None], hanging, points)


def _frames(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tangents = unit(np.gradient(points, axis=-2))
    outward = points - CENTRE - [0, 0, 0]
    outward[..., 1] = np.maximum(outward[..., 1], 0) + 0.01
    outward = unit(outward)
    normals = outward - np.einsum("...i,...i->...", outward, tangents)[..., None] * tangents
    return unit(normals), tangents


def _shell_mesh(paths: np.ndarray) -> Hair:
    normals, tangents = _frames(paths)
    count, length = paths.shape[:2]
    index = np.arange(count * length).reshape(count, length)
    here, beside, below, across = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
    faces = np.concatenate([np.stack([here, across, below], -1), np.stack([here, beside, across], -1)]).reshape(-1, 3)
    shade = np.full(count * length, 0.72)
    return Hair(paths.reshape(-1, 3), normals.reshape(-1, 3), tangents.reshape(-1, 3), faces, shade)


def _ribbons(paths: np.ndarray, width: np.ndarray, rng: np.random.Generator, variety: float = 1.0) -> Hair:
    """Each path as a flat ribbon that ends in a point, tilted a little at random so that each catches its own light."""
    normals, tangents = _frames(paths)
    count, length = paths.shape[:2]
    across = np.cross(tangents, normals)
    taper = np.sin(np.pi * np.linspace(0.16, 1.0, length)) ** 0.6
    half = across * (width[:, None] * taper)[..., None]
    tilted = unit(normals + across * rng.normal(0, 0.28 * variety, (count, 1, 1)))
    points = np.stack([paths - half, paths + half], axis=2)
    index = np.arange(count * length * 2).reshape(count, length, 2)
    left, right, down_left, down_right = index[:, :-1, 0], index[:, :-1, 1], index[:, 1:, 0], index[:, 1:, 1]
    faces = np.concatenate([np.stack([left, down_right, down_left], -1), np.stack([left, right, down_right], -1)])
    shade = np.clip(rng.normal(1.0, 0.16 * variety, (count, 1, 1)), 0.6, 1.5) * np.linspace(0.82, 1.12, length)[None, :, None]
    shade = np.broadcast_to(shade, (count, length, 2)).reshape(-1)
    twice = [np.repeat(vectors[:, :, None], 2, axis=2).reshape(-1, 3) for vectors in (tilted, tangents)]
    return Hair(points.reshape(-1, 3), twice[0], twice[1], faces.reshape(-1, 3), shade)


def _joined(first: Hair, second: Hair) -> Hair:
    faces = np.concatenate([first.faces, second.faces + len(first.points)]).astype(np.int32)
    arrays = [
        np.concatenate([getattr(first, name), getattr(second, name)]).astype(np.float32)
        for name in ("points", "normals", "tangents", "shade")
    ]
    return Hair(arrays[0], arrays[1], arrays[2], faces, arrays[3])
