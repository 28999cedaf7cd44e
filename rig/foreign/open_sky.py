"""How much of the sky each vertex of a resting mesh sees: ambient occlusion, by drawing it from all sides."""

import numpy as np

from rig.gl import MeshRasterizer
from rig.vertex_normals import corner_sums

DIRECTIONS, SIZE_PX = 48, 256
BIAS = 0.004
"""Share of the mesh's radius by which a vertex may lie behind what is drawn at its place and still be seen."""


def open_sky(points: np.ndarray, faces: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(V,) float32 in [0, 1] for a mesh (V, 3), (F, 3) with normals (V, 3). Raises RigError without OpenGL."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = max(float(np.linalg.norm(points - middle, axis=1).max()), 1e-9)
    local = ((points - middle) / radius).astype(np.float32)
    seen, most = np.zeros(len(points), dtype=np.float32), np.full(len(points), 1e-6, dtype=np.float32)
    with MeshRasterizer(faces, SIZE_PX, SIZE_PX) as rasterizer:
        for direction in _directions():
            facing = np.maximum(normals @ direction, 0)
            seen += facing * _visible(rasterizer, local, direction)
            most += facing
    return _smoothed(seen / most, faces)


def _smoothed(sky: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The same without the grain of the pixels: twice the mean of the triangles around."""
    around = corner_sums(faces, len(sky))
    count = np.maximum(around @ np.ones(len(faces), dtype=np.float32), 1)
    for _ in range(2):
        sky = around @ sky[faces].mean(axis=1) / count
    return sky.astype(np.float32)


def _visible(rasterizer: MeshRasterizer, local: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(V,) 1 where nothing lies between a vertex and the sky in one direction."""
    across = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    axes = np.float32([across, np.cross(direction, across), -direction])
    clip = np.concatenate([local @ axes.T * 0.98, np.ones((len(local), 1), dtype=np.float32)], axis=1)
    _, depth = rasterizer.draw(clip, np.zeros((len(local), 1), dtype=np.float32))
    place = np.clip(((clip[:, :2] * [0.5, -0.5] + 0.5) * SIZE_PX).astype(int), 0, SIZE_PX - 1)
    own = clip[:, 2] * 0.5 + 0.5
    return (own < depth[place[:, 1], place[:, 0]] + BIAS).astype(np.float32)


def _directions() -> np.ndarray:
    """(DIRECTIONS, 3) spread evenly over the sphere (a Fibonacci spiral)."""
    number = np.arange(DIRECTIONS) + 0.5
    height, turn = 1 - 2 * number / DIRECTIONS, np.pi * (1 + np.sqrt(5)) * number
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(turn), height, radius * np.sin(turn)], axis=1).astype(np.float32)
