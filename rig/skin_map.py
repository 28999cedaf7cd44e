"""Where the skin lies in its texture, and which point of the face each texel shows."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from rig.face_rig import FaceRig
from rig.noise import enlarged

AXIS_Z_M = -0.075
"""The texture is wrapped around the head along the vertical line through this depth."""
CHIN_Y_M, TOP_Y_M, BOTTOM_Y_M, CHIN_V = -0.12, 0.15, -0.44, 0.5
WIDTH, HEIGHT = 768, 1152
"""The head, above the chin, takes 1 - CHIN_V of the texture's height; neck and bust the rest."""
SLOPE, NECK_RADIUS_M = 0.75, 0.065
"""On the shoulders, which are nearly level, the texture runs outward as well as down."""

INNERMOST_LIP_RING = 4


def skin_uv(points: np.ndarray) -> np.ndarray:
    """(N, 3) resting points in metres -> (N, 2) float32 texture coordinates, v up; the seam is at the back."""
    turn = np.arctan2(points[:, 0], points[:, 2] - AXIS_Z_M) / np.pi
    u = 0.5 + 0.5 * (1.5 * turn - 0.5 * turn**3)
    reach = np.hypot(points[:, 0], points[:, 2] - AXIS_Z_M) - NECK_RADIUS_M
    below = np.clip((CHIN_Y_M - points[:, 1]) / 0.05, 0.0, 1.0)
    height = points[:, 1] - SLOPE * below * np.maximum(reach, 0.0)
    v = np.interp(height, [BOTTOM_Y_M, CHIN_Y_M, TOP_Y_M], [0.0, CHIN_V, 1.0])
    return np.stack([u, v], axis=1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class SkinMap:
    """What lies at each texel, (HEIGHT, WIDTH, ...) float32, row 0 at the top.

    point: (HEIGHT, WIDTH, 3) metres, the resting face.  lip_ring: 0 at the border of the lips, growing inward,
        negative outside.
    lid_ring: 0 at the rim of the lids, growing outward.
    """

    point: np.ndarray
    lip_ring: np.ndarray
    lid_ring: np.ndarray


def skin_map(rig: FaceRig, shrink: int = 3) -> SkinMap:
    """Interpolate the resting skin over its texture: every `shrink` texels, then enlarged."""
    inside = rig.regions["mouth_inside"] | rig.regions["socket_left"] | rig.regions["socket_right"]
    outside = rig.regions["skin"] & ~inside
    for side in ("left", "right"):
        outside[rig.loops[f"lids_{side}"]] = True
    rings = ring_numbers(rig)
    outside &= rings[:, 0] <= INNERMOST_LIP_RING  # beyond it the lips fold back over themselves
    index = np.flatnonzero(outside)
    values = np.concatenate([rig.neutral[index], rings[index]], axis=1)
    uv = skin_uv(rig.neutral[index])
    back = np.abs(uv[:, 0] - 0.5) > 0.4
    wrapped = uv[back] - np.sign(uv[back, :1] - 0.5) * [1.0, 0.0]
    interpolate = LinearNDInterpolator(np.concatenate([uv, wrapped]), np.concatenate([values, values[back]]))
    columns, rows = ((np.arange(length) + 0.5) / length for length in (WIDTH // shrink, HEIGHT // shrink))
    grid = np.stack(np.meshgrid(columns, rows[::-1]), axis=-1)
    filled = np.nan_to_num(interpolate(grid), nan=0.0).astype(np.float32)
    planes = np.moveaxis(filled, 2, 0)
    *point, lip_ring, lid_ring = (enlarged(plane, (HEIGHT, WIDTH)) for plane in planes)
    return SkinMap(np.stack(point, axis=2), lip_ring, lid_ring)


def ring_numbers(rig: FaceRig) -> np.ndarray:
    """(V, 2) float64: signed edge distance from the border of the lips, edge distance from the rim of the lids."""
    sides = np.concatenate([rig.faces[:, [0, 1]], rig.faces[:, [1, 2]]])
    half = len(rig.faces) // 2  # the two halves of the quads: leave their diagonals out
    diagonal = rig.faces[:half, [0, 2]]
    keep = ~np.isin(_edge_keys(sides), _edge_keys(diagonal))
    sides = sides[keep]
    count = rig.vertex_count
    graph = csr_matrix((np.ones(len(sides)), (sides[:, 0], sides[:, 1])), shape=(count, count))
    lips = _distance(graph, rig.loops["lips_outer"])
    lips = np.where(rig.regions["lips"] | rig.regions["mouth_inside"], lips, -lips)
    lids = _distance(graph, np.concatenate([rig.loops["lids_left"], rig.loops["lids_right"]]))
    return np.clip(np.stack([lips, lids], axis=1), -12.0, 12.0)


def _edge_keys(edges: np.ndarray) -> np.ndarray:
    low, high = np.sort(edges, axis=1).astype(np.int64).T
    return low * 100_000 + high


def _distance(graph: csr_matrix, start: np.ndarray) -> np.ndarray:
    return dijkstra(graph, directed=False, indices=start, min_only=True, unweighted=True, limit=14.0)
