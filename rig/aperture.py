"""The opening between two rims, of lips or of lids, as a strip of columns with soft edges."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline


@dataclass(frozen=True, eq=False)
class Strip:
    """A drawn strip: positions (R * C, 2) pixels row by row, share (R * C,) float32 opacity, down (R * C,) float32
    0 on the upper rim .. 1 on the lower, gap (R * C,) float32 pixels of its column, faces (F, 3) int32."""

    positions: np.ndarray
    share: np.ndarray
    down: np.ndarray
    gap: np.ndarray
    faces: np.ndarray


def column_matrix(points: np.ndarray, columns: int) -> np.ndarray:
    """(columns, N) float32: resamples N rim points, smoothly and evenly by arc length, to `columns` points.

    points: (N, 2 or 3), the rim at rest, corner to corner.
    """
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points.astype(np.float64), axis=0), axis=1))]
    return CubicSpline(along, np.eye(len(points)))(np.linspace(0, along[-1], columns)).astype(np.float32)


def aperture_strip(
    upper: np.ndarray, lower: np.ndarray, rows: int, feather_px: float, closed_px: np.ndarray | float = 0.0
) -> Strip:
    """Strip between two rims, (C, 2) pixels each, y down, with `rows` inner rows and a faded row on either side.

    closed_px: (C,) gap at which the opening counts as closed. Where the rims are that near, or cross, the strip has no
    opacity.
    """
    across = lower - upper
    gap = np.maximum(across[:, 1], 0.0)
    length = np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-3)
    unit = np.where(length > 0.5, across / length, (0.0, 1.0))
    inset = np.minimum(feather_px, gap / 2)[:, None] * unit
    first, last = upper + inset, lower - inset
    inner = [first + (last - first) * share for share in np.linspace(0, 1, rows)]
    # on steep rims the edge must fade across the rim, not along the column
    lines = np.stack([upper - feather_px * _across(upper), *inner, lower + feather_px * _across(lower)])
    opacity = np.clip((gap - closed_px) / max(2 * feather_px, 1e-6), 0, 1)
    share = np.stack([np.zeros_like(opacity), *[opacity] * rows, np.zeros_like(opacity)])
    down = np.repeat(np.r_[0.0, np.linspace(0, 1, rows), 1.0], len(upper))
    return Strip(
        lines.reshape(-1, 2).astype(np.float32), share.ravel().astype(np.float32), down.astype(np.float32),
        np.tile(gap, rows + 2).astype(np.float32), strip_faces(rows + 2, len(upper)),
    )  # fmt: skip


def _across(rim: np.ndarray) -> np.ndarray:
    """Unit normals (C, 2) of a rim (C, 2) that runs to the picture's right: down the picture on a level rim."""
    along = np.gradient(rim.astype(np.float64), axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.where(length > 1e-3, normal / np.maximum(length, 1e-3), (0.0, 1.0))


def strip_faces(rows: int, columns: int) -> np.ndarray:
    """Triangles (F, 3) int32 of a rows x columns lattice numbered row by row."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel())
    return np.concatenate([np.column_stack([a, b, c]), np.column_stack([b, d, c])]).astype(np.int32)


def soft_line(middle: np.ndarray, half_width_px: float, opacity: np.ndarray) -> Strip:
    """A line through (C, 2) pixels, running across the picture, that fades to both sides; opacity (C,) in [0, 1]."""
    normal = _across(middle)
    lines = np.stack([middle - half_width_px * normal, middle, middle + half_width_px * normal])
    none = np.zeros(len(middle))
    share = np.concatenate([none, opacity, none]).astype(np.float32)
    return Strip(
        lines.reshape(-1, 2).astype(np.float32), share, np.repeat([0.0, 0.5, 1.0], len(middle)).astype(np.float32),
        np.zeros(len(share), np.float32), strip_faces(3, len(middle)),
    )  # fmt: skip
