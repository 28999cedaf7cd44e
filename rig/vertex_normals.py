"""What normals of a moving mesh are made of."""

import numpy as np
from scipy import sparse


def crossed(corners: np.ndarray) -> np.ndarray:
    """(F, 3, 3) corners -> (F, 3), normals as long as twice the area."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.cross(first, second)


def corner_sums(triangles: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    """(V, F) matrix that adds up what belongs to the triangles (F, 3) around each vertex."""
    index = np.repeat(np.arange(len(triangles)), 3)
    shape = (vertex_count, len(triangles))
    return sparse.csr_matrix((np.ones(triangles.size, dtype=np.float32), (triangles.reshape(-1), index)), shape=shape)
