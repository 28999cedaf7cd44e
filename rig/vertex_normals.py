"""Normals of a mesh's vertices, and what those of a moving mesh are made of."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse


def vertex_normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(V, 3) float64 of length 1, weighted by area; points (V, 3), faces (F, 3)."""
    across = crossed(points[faces])
    sums = [np.bincount(faces.ravel(), np.repeat(across[:, axis], 3), len(points)) for axis in range(3)]
    normals = np.stack(sums, axis=1)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)


def crossed(corners: np.ndarray) -> np.ndarray:
    """(F, 3, 3) corners -> (F, 3), normals as long as twice the area."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.cross(first, second)


def corner_sums(triangles: np.ndarray, vertex_count: int) -> "sparse.csr_matrix":
    """(V, F) matrix that adds up what belongs to the triangles (F, 3) around each vertex."""
    from scipy import sparse  # slow to import, and not needed for a single mesh

    index = np.repeat(np.arange(len(triangles)), 3)
    shape = (vertex_count, len(triangles))
    return sparse.csr_matrix((np.ones(triangles.size, dtype=np.float32), (triangles.reshape(-1), index)), shape=shape)
