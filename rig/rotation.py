"""Axes, signs and angles: the only place where they are decided.

Axes: x = the character's left (the picture's right), y = up, z = toward the viewer; right-handed. Column vectors:
a point p turns to R @ p. Angles are radians in the order (pitch, yaw, roll) with

    R = Ry(yaw) @ Rx(pitch) @ Rz(roll)

so that +yaw turns the face to the picture's right, +pitch turns it down, and +roll turns it counter-clockwise in the
picture.
"""

import numpy as np


def matrix_from_angles(angles: np.ndarray) -> np.ndarray:
    """(..., 3) radians (pitch, yaw, roll) -> (..., 3, 3) rotation matrices of the same float dtype."""
    angles = np.asarray(angles, dtype=np.result_type(angles, np.float32))
    (sp, sy, sr), (cp, cy, cr) = np.moveaxis(np.sin(angles), -1, 0), np.moveaxis(np.cos(angles), -1, 0)
    rows = (
        (cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def angles_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation matrices -> (..., 3) radians (pitch, yaw, roll); pitch lies in [-pi/2, pi/2].

    Looking straight up or down (|pitch| = pi/2) yaw and roll turn about the same axis; roll is then taken as it comes.
    """
    pitch = np.arcsin(np.clip(-matrix[..., 1, 2], -1.0, 1.0))
    yaw = np.arctan2(matrix[..., 0, 2], matrix[..., 2, 2])
    roll = np.arctan2(matrix[..., 1, 0], matrix[..., 1, 1])
    return np.stack([pitch, yaw, roll], axis=-1)


def quaternions_from_angles(angles: np.ndarray) -> np.ndarray:
    """(..., 3) radians (pitch, yaw, roll) -> (..., 4) unit quaternions x, y, z, w of the same float dtype, w >= 0 while
    no angle leaves +-pi/2."""
    half = np.asarray(angles, dtype=np.result_type(angles, np.float32)) / 2
    (sp, sy, sr), (cp, cy, cr) = np.moveaxis(np.sin(half), -1, 0), np.moveaxis(np.cos(half), -1, 0)
    parts = (
        cy * sp * cr + sy * cp * sr, sy * cp * cr - cy * sp * sr, cy * cp * sr - sy * sp * cr,
        cy * cp * cr + sy * sp * sr,
    )  # fmt: skip
    return np.stack(parts, axis=-1)


def matrix_from_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """(..., 4) quaternions x, y, z, w of any length above 0 -> (..., 3, 3) rotation matrices."""
    x, y, z, w = np.moveaxis(quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
