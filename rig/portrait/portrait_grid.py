"""Everything of a portrait that is not face: hair, neck and background as one elastic grid."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from scipy.ndimage import distance_transform_edt
from scipy.sparse.linalg import splu
from scipy.spatial import ConvexHull, cKDTree

from rig.aperture import strip_faces
from rig.portrait.portrait_pose import Pose
from rig.smoothstep import smoothstep

SIDE = 72
MARGIN = 0.2
"""The grid reaches this share of the picture beyond each border."""
NEAREST = 4
HEAD_FADE, PERSON_FADE = (0.10, 0.65), (0.10, 0.32)
"""Distance from the bare head, or from the outline of hair and body where that is known, over which motion fades out
into the background, in head widths."""
NECK_FADE, NECK_EXPRESSION_FADE = (-0.05, 0.85), (0.2, 0.85)
"""Distance below the chin, in head widths, over which the head's turn and the face's expression fade out."""
SHOULDER_FADE, SHOULDERS_BELOW = (0.30, 0.60), (0.0, 0.15)
"""Distance beside the middle of the face, in head widths, over which both fade out on what lies below the chin."""
EXPRESSION_REACH, DEPTH_REACH = 0.22, 0.12
"""How far expression and depth spread from the face into the grid, in head widths."""
OUTLINE_DEPTH_M = 0.12
"""The outline of hair and head is taken to lie this much behind the eyes."""
BULGE_M = 0.06
"""Radius with which hair and hat above the eyes rise from the outline towards the camera; ears do not."""
BULGE_FADE = (0.0, 0.4)
"""Height above the eyes, in head widths, over which they begin to."""
HOLD = 30.0
"""How firmly the grid is held on the face, against its own stiffness."""
BORDER = (-0.02, 0.12)


@dataclass(frozen=True, eq=False)
class ElasticGrid:
    """A grid over the picture that follows the head. Build with around_head().

    points: (N, 2) pixels.  faces: (F, 3) int32.  space: (N, 3) camera metres of each point, depth taken from the head.
    rigid: (N,) how far a point follows the head's turn; near: (N,) how far it may follow the expression; both 0 on the
    still background.  covered: (N,) in [0, 1], inside the face.
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
        off_head = _outside(pixels[head], points) / head_width
        below_chin = (points[:, 1] - chin_px) / head_width
        if person is None:
            on_person = 1 - smoothstep(*HEAD_FADE, off_head)
        else:
            beside = np.abs(points[:, 0] - np.median(pixels[front, 0])) / head_width
            off_person = np.minimum(off_head, _outside_mask(person > 0.5, points) / head_width)
            on_person = 1 - smoothstep(*PERSON_FADE, off_person)
            on_person *= 1 - smoothstep(*SHOULDERS_BELOW, below_chin) * smoothstep(*SHOULDER_FADE, beside)
        rigid = on_person * (1 - smoothstep(*NECK_FADE, below_chin))
        near_face = on_person * (1 - smoothstep(*NECK_EXPRESSION_FADE, below_chin))
        distance, near = cKDTree(pixels[front]).query(points, k=NEAREST)
        step = (1 + 2 * MARGIN) * max(width, height) / (SIDE - 1)
        covered = np.clip(-_outside(pixels[front], points) / step, 0, 1)
        covered *= np.clip((0.08 * eye_distance_px - distance[:, 0]) / step + 1, 0, 1)
        shares = 1 / (distance + 0.3) ** 2
        shares /= shares.sum(axis=1, keepdims=True)
        anchors = front[near]
        flat = pose.translation[2] - OUTLINE_DEPTH_M
        if person is not None:
            rise = _inside_mask(person > 0.5, points) * -pose.translation[2] / pose.focal_px
            above_eyes = (pose.to_pixels(pose.translation)[1] - points[:, 1]) / head_width
            flat = flat + _bulge(rise) * smoothstep(*BULGE_FADE, above_eyes)
        relief = (camera[anchors, 2] * shares).sum(axis=1) - flat
        depth = flat + _Spread(covered, step / (DEPTH_REACH * head_width))(relief)
        flip = np.array([1.0, -1.0])
        space = np.column_stack([(points - pose.centre_px) * flip * (-depth / pose.focal_px)[:, None], depth])
        borders = np.stack([
            smoothstep(*BORDER, edge)
            for edge in (points[:, 1] / height, points[:, 0] / width, 1 - points[:, 0] / width)
        ])  # fmt: skip
        return cls(
            points, strip_faces(SIDE, SIDE), space, rigid, np.maximum(covered, near_face), covered,
            np.maximum(covered, borders), anchors, shares,
            _Spread(covered, step / (EXPRESSION_REACH * head_width)),
        )  # fmt: skip

    def move(self, turned_px: np.ndarray, vertex_moves_px: np.ndarray) -> np.ndarray:
        """Displacement (N, 2) in pixels of the grid.

        turned_px: (N, 2), where the head's turn alone carries `space`; vertex_moves_px: (V, 2), how far each head
        vertex has moved in the picture by turn and expression together.
        """
        turn = self.rigid[:, None] * (turned_px - self.points)
        face = (vertex_moves_px[self.anchor_vertices] * self.anchor_shares[..., None]).sum(axis=1)
        moves = turn + self.near[:, None] * self.spread(face - turn)
        top, left, right = self.borders
        moves[:, 1] = np.minimum(moves[:, 1], 0) + np.maximum(moves[:, 1], 0) * top
        moves[:, 0] = np.maximum(moves[:, 0], 0) * left + np.minimum(moves[:, 0], 0) * right
        return moves


class _Spread:
    """Values of covered nodes, spread over the rest of the grid by a screened Poisson equation."""

    def __init__(self, covered: np.ndarray, steps_per_reach: float) -> None:
        line = sparse.diags([1.0, 1.0], [-1, 1], shape=(SIDE, SIDE))
        links = sparse.kron(sparse.eye(SIDE), line) + sparse.kron(line, sparse.eye(SIDE))
        degree = np.asarray(links.sum(axis=1)).ravel()
        self._hold = HOLD * covered
        self._factors = splu((sparse.diags(degree + steps_per_reach**2 + self._hold) - links).tocsc())

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(N,) or (N, C), read on covered nodes only -> the same shape, filled."""
        return self._factors.solve(values * self._hold.reshape(-1, *[1] * (values.ndim - 1)))


def _outside(cloud: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed distance of (N, 2) points from the convex hull of a cloud, negative inside."""
    planes = ConvexHull(cloud.astype(np.float64)).equations
    return (points @ planes[:, :2].T + planes[:, 2]).max(axis=1)


def _bulge(inward_m: np.ndarray) -> np.ndarray:
    """Height of a rounded edge above its outline, at these distances inward; metres."""
    short = 1 - np.minimum(inward_m / BULGE_M, 1)
    return BULGE_M * np.sqrt(1 - short**2)


def _inside_mask(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance of (N, 2) points within an (H, W) bool mask from its outline, 0 outside; it goes on past the picture."""
    size = np.array(mask.shape[::-1])
    distance = distance_transform_edt(mask)
    inside = np.clip(points.round().astype(int), 0, size - 1)
    return distance[inside[:, 1], inside[:, 0]]


def _outside_mask(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance of (N, 2) points from an (H, W) bool mask, 0 inside; what touches a border goes on beyond it."""
    size = np.array(mask.shape[::-1])
    distance = distance_transform_edt(~mask)
    inside = np.clip(points.round().astype(int), 0, size - 1)
    return distance[inside[:, 1], inside[:, 0]]
