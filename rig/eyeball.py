"""Eyeballs for drawing: a fine sphere with sclera, iris and pupil painted on it."""

from dataclasses import dataclass

import numpy as np

from rig.look import Look
from rig.noise import smooth_noise

REACH_RAD = np.radians(105)
"""The sphere is modelled from the front to this angle; the rest lies in the head."""
IRIS_RAD, PUPIL_SHARE = 0.405, 0.36


@dataclass(frozen=True, eq=False)
class Ball:
    """normals: (N, 3) unit sphere, front = +z.  uv: (N, 2).  faces: (F, 3)."""

    normals: np.ndarray
    uv: np.ndarray
    faces: np.ndarray


def eyeball(rings: int = 26, spokes: int = 40) -> Ball:
    """Rings are dense toward the front, where iris and highlights lie."""
    angle = np.repeat(REACH_RAD * (np.arange(1, rings + 1) / rings) ** 1.35, spokes)
    turn = np.tile(2 * np.pi * np.arange(spokes) / spokes, rings)
    normals = np.stack([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)], axis=1)
    share = angle / REACH_RAD
    uv = 0.5 + 0.5 * np.stack([share * np.cos(turn), share * np.sin(turn)], axis=1)
    normals = np.concatenate([[[0.0, 0.0, 1.0]], normals]).astype(np.float32)
    uv = np.concatenate([[[0.5, 0.5]], uv]).astype(np.float32)
    spoke, after = np.arange(spokes), (np.arange(spokes) + 1) % spokes
    faces = [np.stack([np.zeros(spokes, dtype=int), 1 + spoke, 1 + after], axis=1)]
    for ring in range(rings - 1):
        inner, outer = 1 + ring * spokes, 1 + (ring + 1) * spokes
        faces.append(np.stack([inner + spoke, outer + spoke, outer + after], axis=1))
        faces.append(np.stack([inner + spoke, outer + after, inner + after], axis=1))
    return Ball(normals, uv, np.concatenate(faces).astype(np.int32))


def paint_eye(look: Look, size: int = 512) -> np.ndarray:
    """(S, S, 3) uint8 sRGB, the eye seen from the front, laid out as the uv of eyeball()."""
    rng = np.random.default_rng(look.seed + 1)
    across = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(across, -across)
    radius = np.hypot(x, y) * REACH_RAD / IRIS_RAD
    turn = np.arctan2(y, x)
    white = np.array([240, 235, 230], dtype=np.float32) / 255
    veins = np.clip(smooth_noise(rng, (size, size), (5, 26)) - 1.1, 0, 1)
    red = np.clip((radius - 1.5) * 0.16, 0, 0.3) + 0.10 * veins * np.clip(radius - 1.2, 0, 1)
    colour = white * (1 - red[..., None] * np.array([0.10, 0.62, 0.62], dtype=np.float32))
    iris = np.array(look.iris, dtype=np.float32) / 255
    rays = smooth_noise(rng, (size, size), 3)
    angular = np.interp(turn, np.linspace(-np.pi, np.pi, 256), _ring_noise(rng, 256, 2.0))
    fibres = 1 + 0.16 * angular * np.clip(radius, 0.3, 1) + 0.05 * rays
    inner = np.exp(-0.5 * ((radius - 0.50) / 0.13) ** 2)
    shade = iris * (fibres * (0.92 + 0.42 * np.clip(radius - 0.2, 0, 0.6)))[..., None]
    shade = shade * (1 + 0.28 * inner[..., None] * np.array([1.0, 0.75, 0.35], dtype=np.float32))
    limbal = 1 - 0.72 * np.clip((radius - 0.74) / 0.24, 0, 1) ** 1.6
    shade = shade * limbal[..., None]
    pupil = np.clip((radius - PUPIL_SHARE + 0.03) / 0.07, 0, 1)
    shade = shade * pupil[..., None] + 0.025
    edge = np.clip((radius - 0.95) / 0.13, 0, 1)
    edge = (edge * edge * (3 - 2 * edge))[..., None]
    return (np.clip(shade * (1 - edge) + colour * edge, 0, 1) * 255 + 0.5).astype(np.uint8)


def _ring_noise(rng: np.random.Generator, count: int, width: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    values = gaussian_filter1d(rng.standard_normal(count), width, mode="wrap")
    return (values / values.std()).astype(np.float32)
