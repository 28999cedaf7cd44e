"""Distance from a polygon in the picture."""

import numpy as np


def signed_distance(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """(N, 2) points and (P, 2) corners, same unit -> (N,) distance to the outline, positive inside."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    edge = end - start
    to_start = points[:, None] - start[None]
    along = np.clip((to_start * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-12), 0, 1)
    distance = np.linalg.norm(to_start - along[..., None] * edge, axis=-1).min(axis=1)
    x, y = points[:, :1], points[:, 1:]
    straddles = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(edge[:, 1] == 0, 1e-12, edge[:, 1])
    left = x < start[:, 0] + (y - start[:, 1]) * edge[:, 0] / rise
    inside = (straddles & left).sum(axis=1) % 2 == 1
    return np.where(inside, distance, -distance)
