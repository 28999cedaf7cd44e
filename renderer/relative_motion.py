"""Relative motion transfer: the driver's change, not its face, goes to the portrait (papers.md 5.5 and 7).

    R_i = (R_d,i R_d,0^T) R_s        t_i = t_s + s (t_d,i - t_d,0)        e_i = e_s + s (e_d,i - e_d,0)

R, t and the expression are carried over apart. e = R^T delta is the expression in the head's own axes, so that a smile
turns with the head; s is the ratio of the faces' sizes, by the hulls of their canonical points. With frame 0 as
driving frame the portrait's own keypoints come back exactly.
"""

import numpy as np
import torch
from scipy.spatial import ConvexHull

from renderer.keypoints import Keypoints


def relative_keypoints(source: Keypoints, first: Keypoints, driving: Keypoints) -> Keypoints:
    """Keypoints that take the portrait (batch 1) along with B driving frames, measured from `first` (batch 1)."""
    scale = face_size(source.canonical[0]) / face_size(first.canonical[0])
    rotation = driving.rotation @ first.rotation.mT @ source.rotation
    translation = source.translation + scale * (driving.translation - first.translation)
    change = head_expression(driving) - head_expression(first)
    expression = (head_expression(source) + scale * change) @ rotation.mT
    canonical = source.canonical.expand(len(rotation), -1, -1)
    return Keypoints(canonical, rotation, translation, expression)


def head_expression(keypoints: Keypoints) -> torch.Tensor:
    """(B, K, 3): the expression in the head's own axes, R^T delta."""
    return keypoints.expression @ keypoints.rotation


def face_size(canonical: torch.Tensor) -> float:
    """Square root of the area of the convex hull of (K, 3) canonical points, seen from the front."""
    points = canonical[:, :2].detach().float().cpu().numpy().astype(np.float64)
    return float(np.sqrt(max(ConvexHull(points, qhull_options="QJ").volume, 1e-6)))
