"""Hair for drawing: a shell over the skull and thin tapering ribbons upon it."""

from dataclasses import dataclass

import numpy as np

from rig.face_rig import FaceRig
from rig.hair_paths import Skull, bob_paths, short_paths
from rig.hairline import CENTRE
from rig.lighting import unit
from rig.look import Look

SHORT_STEPS, LONG_STEPS = np.linspace(0, 1, 8), np.r_[np.linspace(0, 0.5, 9), 0.64, 0.82, 1.0]
"""Where along a path its points lie; long hair bends most upon the skull."""


@dataclass(frozen=True, eq=False)
class Hair:
    """Resting head space: points, normals, tangents (N, 3); faces (F, 3); shade (N,) brightness of each vertex."""

    points: np.ndarray
    normals: np.ndarray
    tangents: np.ndarray
    faces: np.ndarray
    shade: np.ndarray


def grow_hair(rig: FaceRig, look: Look) -> Hair:
    """The hair of a look that is not shaved."""
    rng = np.random.default_rng(look.seed + 2)
    return _bob(Skull(rig), rng) if look.hair == "bob" else _short(Skull(rig), rng)


def _short(skull: Skull, rng: np.random.Generator, count: int = 460, fringe_count: int = 120) -> Hair:
    around = np.linspace(-np.pi, np.pi, 97)
    shell = short_paths(skull, around, np.broadcast_to(SHORT_STEPS, (97, len(SHORT_STEPS))), 0.0, 0.0)
    turns = rng.uniform(-np.pi, np.pi, count)
    start = rng.uniform(0.0, 0.72, count) ** 0.8
    stop = np.minimum(start + rng.uniform(0.28, 0.5, count), 1.04)
    strands = short_paths(skull, turns, _shares(start, stop, SHORT_STEPS), *_stray(rng, count, 0.0022, 0.10))
    body = _ribbons(strands, rng.uniform(0.0012, 0.0030, count), rng)
    turns = np.clip(rng.normal(-0.12, 0.42, fringe_count), -1.0, 0.9)
    stop = 1.10 + 0.12 * rng.random(fringe_count) - 0.10 * np.abs(turns)
    share = _shares(rng.uniform(0.45, 0.75, fringe_count), stop, SHORT_STEPS)
    fringe = short_paths(skull, turns, share, *_stray(rng, fringe_count, 0.0035, 0.10))
    return _joined(_shell(shell), body, _ribbons(fringe, rng.uniform(0.0010, 0.0020, fringe_count), rng))


def _bob(skull: Skull, rng: np.random.Generator, count: int = 330) -> Hair:
    around = np.linspace(0.03, 2 * np.pi - 0.03, 97)
    around = np.where(around > np.pi, around - 2 * np.pi, around)
    share = np.broadcast_to(LONG_STEPS, (97, len(LONG_STEPS)))
    shell = bob_paths(skull, around, share, -0.003, np.full((97, 1), 0.150))
    turns = rng.uniform(-np.pi, np.pi, count)
    lift, _ = _stray(rng, count, 0.003, 0.0)
    share = _shares(np.zeros(count), rng.uniform(0.86, 1.02, count), LONG_STEPS)
    strands = bob_paths(skull, turns, share, lift * np.clip(share / 0.3, 0.2, 1), rng.normal(0.150, 0.006, (count, 1)))
    return _joined(_shell(shell), _ribbons(strands, rng.uniform(0.0018, 0.0044, count), rng, 0.6))


def _shares(start: np.ndarray, stop: np.ndarray, steps: np.ndarray) -> np.ndarray:
    return start[:, None] + (stop - start)[:, None] * steps


def _stray(rng: np.random.Generator, count: int, lift_m: float, drift_rad: float) -> tuple[np.ndarray, np.ndarray]:
    return lift_m * rng.uniform(-0.3, 1.0, (count, 1)), rng.normal(0, drift_rad, (count, 1))


def _frames(paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normals away from the head and tangents along the paths."""
    tangents = unit(np.gradient(paths, axis=-2))
    outward = paths - CENTRE
    outward[..., 1] = np.maximum(outward[..., 1], 0) + 0.01
    outward = unit(outward)
    return unit(outward - np.einsum("...i,...i->...", outward, tangents)[..., None] * tangents), tangents


def _shell(paths: np.ndarray) -> Hair:
    normals, tangents = _frames(paths)
    count, length = paths.shape[:2]
    index = np.arange(count * length).reshape(count, length)
    here, beside, below, across = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
    faces = np.concatenate([np.stack([here, across, below], -1), np.stack([here, beside, across], -1)])
    shade = np.full(count * length, 0.72)
    return Hair(*(array.reshape(-1, 3) for array in (paths, normals, tangents, faces)), shade)


def _ribbons(paths: np.ndarray, width: np.ndarray, rng: np.random.Generator, variety: float = 1.0) -> Hair:
    """Each path as a flat ribbon that ends in a point, tilted a little at random so that each catches its own light."""
    normals, tangents = _frames(paths)
    count, length = paths.shape[:2]
    across = np.cross(tangents, normals)
    taper = np.sin(np.pi * np.linspace(0.16, 1.0, length)) ** 0.6
    half = across * (width[:, None] * taper)[..., None]
    tilted = unit(normals + across * rng.normal(0, 0.28 * variety, (count, 1, 1)))
    index = np.arange(count * length * 2).reshape(count, length, 2)
    left, right, under_left, under_right = index[:, :-1, 0], index[:, :-1, 1], index[:, 1:, 0], index[:, 1:, 1]
    faces = np.concatenate([np.stack([left, under_right, under_left], -1), np.stack([left, right, under_right], -1)])
    shade = np.clip(rng.normal(1.0, 0.16 * variety, (count, 1)), 0.6, 1.5) * np.linspace(0.82, 1.12, length)
    points = np.stack([paths - half, paths + half], axis=2)
    twice = [np.repeat(array[:, :, None], 2, axis=2) for array in (tilted, tangents)]
    return Hair(*(array.reshape(-1, 3) for array in (points, *twice, faces)), np.repeat(shade.reshape(-1), 2))


def _joined(*pieces: Hair) -> Hair:
    first = np.cumsum([0, *(len(piece.points) for piece in pieces)])
    faces = np.concatenate([piece.faces + start for piece, start in zip(pieces, first[:-1], strict=True)])
    arrays = {
        name: np.concatenate([getattr(piece, name) for piece in pieces]).astype(np.float32)
        for name in ("points", "normals", "tangents", "shade")
    }
    return Hair(**arrays, faces=faces.astype(np.int32))
