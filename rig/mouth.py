"""Lip measures in millimetres, from weights alone.

Lengths are those of the rig that is given; on FaceRig.load(), the adult average, jawOpen = 1 opens the lips 34 mm and
the mouth is 40 mm wide. Only the 27 jaw and mouth shapes count.
"""

from dataclasses import dataclass

import numpy as np

from rig.arkit import MOUTH
from rig.face_rig import FaceRig, drawable_weights

CORNER_STEPS = 9
"""The corners lie this many vertices from the middle of the upper lip, on the loop where the lips touch."""


@dataclass(frozen=True, eq=False)
class LipBasis:
    """The lips as a small linear model: points = neutral + weights @ deltas.

    neutral: (L, 3) float32 mm.  deltas: (52, L, 3) float32 mm; rows of shapes outside jaw and mouth are zero.
    upper, lower: (4,) int64, rows of the inner lips at the midline.  corners: (2,) int64 [left, right].
    The weights need mouthClose <= jawOpen first (rig.face_rig.drawable_weights).
    """

    neutral: np.ndarray
    deltas: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    corners: np.ndarray


def lip_basis(rig: FaceRig) -> LipBasis:
    """The lip vertices (outer and inner loop, midline) as plain arrays, for geometry that can be differentiated."""
    inner = rig.loops["lips_inner"]
    index = np.unique(np.concatenate([inner, rig.loops["lips_outer"], rig.loops["lip_midline"].ravel()]))
    deltas = np.zeros((len(rig.deltas), len(index), 3), dtype=np.float32)
    deltas[MOUTH] = rig.deltas[MOUTH][:, index] * 1000.0
    upper, lower = np.searchsorted(index, rig.loops["lip_midline"])
    corners = np.searchsorted(index, [inner[CORNER_STEPS], inner[-CORNER_STEPS]])
    return LipBasis((rig.neutral[index] * 1000.0).astype(np.float32), deltas, upper, lower, corners)


def lip_vertices_mm(rig: FaceRig, weights: np.ndarray) -> np.ndarray:
    """(T, 52) weights -> (T, L, 3) float32 mm, the lip vertices of lip_basis(rig)."""
    basis = lip_basis(rig)
    return basis.neutral + np.tensordot(drawable_weights(weights), basis.deltas, axes=1)


def lip_aperture_mm(rig: FaceRig, weights: np.ndarray) -> np.ndarray:
    """(T, 52) weights -> (T,) float32 mm >= 0: at the midline, lowest upper-lip minus highest lower-lip vertex."""
    basis = lip_basis(rig)
    height = lip_vertices_mm(rig, weights)[..., 1]
    return np.maximum(height[:, basis.upper].min(axis=1) - height[:, basis.lower].max(axis=1), 0.0)


def mouth_width_mm(rig: FaceRig, weights: np.ndarray) -> np.ndarray:
    """(T, 52) weights -> (T,) float32 mm, distance of the mouth corners."""
    points = lip_vertices_mm(rig, weights)[:, lip_basis(rig).corners]
    return np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
