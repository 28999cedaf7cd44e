"""Everything of a portrait that is not face: hair, neck and background as one elastic grid."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.ndimage import distance_transform_edt
from scipy.sparse.linalg import splu
from scipy.spatial import ConvexHull, cKDTree

from rig.aperture import strip_faces
from rig.portrait_pose import Pose
from rig.smoothstep import smoothstep

SIDE = 72
MARGIN = 0.2
"""The grid reaches this share of the picture beyond each border."""
NEAREST = 4
HEAD_FADE, PERSON_FADE = (0.10, 0.65), (0.02, 0.30)
"""Distance from the bare head, or from the outline of hair and body where that is known, over which motion fades out
into the background, in head widths."""
NECK_FADE, NECK_EXPRESSION_FADE = (-0.05, 0.85), (0.2, 0.85)
"""Distance below the chin, in head widths, over which the head's turn and the face's expression fade out."""
EXPRESSION_REACH, DEPTH_REACH = 0.22, 0.15
"""How far expression and depth spread from the face into the grid, in head widths."""
FLAT_DEPTH_M = 0.10
"""Hair and whatever else is not face is taken to lie this much behind the eyes, as the outline of a head does."""
BORDER = (-0.02, 0.12)


@dataclass(frozen=True, eq=False)
class ElasticGrid:
    """A grid over the picture that follows the head. Build with around_head().

    points: (N, 2) pixels.  faces: (F, 3) int32.  space: (N, 3) camera metres of each point, depth taken from the head.
    rigid: (N,) how far a point follows the head's turn; near: (N,) how far it may follow the expression; both 0 on the
    still background.  covered: (N,) bool, inside the face.
    """

    points: np.ndarray
    faces: np.ndarray
    space: np.ndarray
    rigid: np.ndarray
    near: np.ndarray
    covered: np.ndarray
    borders: np.ndarray
    anchor_vertices: np.ndarray
    anchor_shares: np.ndarray
    spread: "_Spread"

    @classmethod
    def around_head(
        cls, pose: Pose, image_size: tuple[int, int], pixels: np.ndarray, camera: np.ndarray, front: np.ndarray,
        head: np.ndarray, chin_px: float, eye_distance_px: float, person: np.ndarray | None = None,
    ) -> "ElasticGrid":  # fmt: skip
        """pixels (V, 2), camera (V, 3): the head as pictured; front: indices of the vertices of the visible face;
        head: those of the whole head; person: (H, W), over 0.5 on hair and body, where that is known."""
        width, height = image_size
        steps = np.linspace(-MARGIN, 1 + MARGIN, SIDE)
        points = np.stack(np.meshgrid(steps * width, steps * height), axis=-1).reshape(-1, 2)
        head_width = float(np.ptp(pixels[head, 0]))
        beyond, fade = _outside(pixels[head], points) / head_width, HEAD_FADE
        if person is not None:
            beyond, fade = np.minimum(beyond, _outside_mask(person > 0.5, points) / head_width), PERSON_FADE
        on_person = 1 - smoothstep(*fade, beyond)
        below_chin = (points[:, 1] - chin_px) / head_width
        rigid = on_person * (1 - smoothstep(*NECK_FADE, below_chin))
        near_face = on_person * (1 - smoothstep(*NECK_EXPRESSION_FADE, below_chin))
        distance, near = cKDTree(pixels[front]).query(points, k=NEAREST)
        covered = (_outside(pixels[front], points) < 0) & (distance[:, 0] < 0.08 * eye_distance_px)
        shares = 1 / (distance + 0.3) ** 2
        shares /= shares.sum(axis=1, keepdims=True)
        step = (1 + 2 * MARGIN) * max(width, height) / (SIDE - 1)
        anchors = front[near]
        flat = pose.translation[2] - FLAT_DEPTH_M
        relief = np.where(covered, (camera[anchors, 2] * shares).sum(axis=1) - flat, 0.0)
        depth = flat + _Spread(covered, step / (DEPTH_REACH * head_width))(relief)
        flip = np.array([1.0, -1.0])
        space = np.column_stack([(points - pose.centre_px) * flip * (-depth / pose.focal_px)[:, None], depth])
        borders = np.stack([
            smoothstep(*BORDER, edge)
            for edge in (points[:, 1] / height, points[:, 0] / width, 1 - points[:, 0] / width)
        ])  # fmt: skip
        return cls(
            points, strip_faces(SIDE, SIDE), space, rigid, np.where(covered, 1.0, near_face), covered,
            np.where(covered, 1.0, borders), anchors, shares,
            _Spread(covered, step / (EXPRESSION_REACH * head_width)),
        )  # fmt: skip

    def move(self, turned_px: np.ndarray, vertex_moves_px: np.ndarray) -> np.ndarray:
        """Displacement (N, 2) in pixels of the grid.

        turned_px: (N, 2), where the head's turn alone carries `space`; vertex_moves_px: (V, 2), how far each head
        vertex has moved in the picture by turn and expression together.
        """
        turn = self.rigid[:, None] * (turned_px - self.points)
        face = (vertex_moves_px[self.anchor_vertices] * self.anchor_shares[..., None]).sum(axis=1)
        moves = turn + self.near[:, None] * self.spread(np.where(self.covered[:, None], face - turn, 0.0))
        top, left, right = self.borders
        moves[:, 1] = np.minimum(moves[:, 1], 0) + np.maximum(moves[:, 1], 0) * top
        moves[:, 0] = np.maximum(moves[:, 0], 0) * left + np.minimum(moves[:, 0], 0) * right
        return moves


class _Spread:
    """Values on covered nodes spread over the rest of the grid by a screened Poisson equation."""

    def __init__(self, covered: np.ndarray, steps_per_reach: float) -> None:
        line = sparse.diags([1.0, 1.0], [-1, 1], shape=(SIDE, SIDE))
        links = sparse.kron(sparse.eye(SIDE), line) + sparse.kron(line, sparse.eye(SIDE))
        degree = np.asarray(links.sum(axis=1)).ravel()
        system = (sparse.diags(degree + steps_per_reach**2) - links).tocsr()
        self._free, self._held = np.flatnonzero(~covered), np.flatnonzero(covered)
        rows = system[self._free]
        self._coupling = rows[:, self._held]
        self._factors = splu(rows[:, self._free].tocsc())

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(N,) or (N, C), read on covered nodes only -> the same shape, filled."""
        filled = values.copy()
        filled[self._free] = self._factors.solve(-(self._coupling @ values[self._held]))
        return filled


def _outside(cloud: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed distance of (N, 2) points from the convex hull of a cloud, negative inside."""
    planes = ConvexHull(cloud.astype(np.float64)).equations
    return (points @ planes[:, :2].T + planes[:, 2]).max(axis=1)


def _outside_mask(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance of (N, 2) points from an (H, W) bool mask, 0 inside; what touches a border goes on beyond it."""
    size = np.array(mask.shape[::-1])
    distance = distance_transform_edt(~mask)
    inside = np.clip(points.round().astype(int), 0, size - 1)
    return distance[inside[:, 1], inside[:, 0]]
