"""Turns between two turns, shares of a turn, one turn after another: along the shortest arc, not angle by angle."""

import numpy as np

from rig.rotation import angles_from_matrix, matrix_from_angles, matrix_from_quaternions, quaternions_from_angles


def mixed_angles(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The turns `share` of the way from `first` to `second`, both (T, 3) radians (pitch, yaw, roll); share (T,) in
    [0, 1], of which 0 gives the first and 1 the second to the bit."""
    between = matrix_from_angles(np.float64(first)).swapaxes(-1, -2) @ matrix_from_angles(np.float64(second))
    part = scaled_angles(angles_from_matrix(between), share)
    mixed = composed_angles(first, part)
    share = share[:, None]
    return np.where(share == 0, first, np.where(share == 1, second, mixed)).astype(first.dtype)


def scaled_angles(angles: np.ndarray, gain: np.ndarray | float) -> np.ndarray:
    """Turns (T, 3) radians about their own axes by `gain` (T,) or a number >= 0 times their size, (T, 3) float64."""
    quaternions = quaternions_from_angles(np.float64(angles))
    quaternions = np.where(quaternions[..., 3:] < 0, -quaternions, quaternions)  # the same turn the shorter way round
    axis, cosine = quaternions[..., :3], quaternions[..., 3]
    sine = np.linalg.norm(axis, axis=-1)
    half = np.arctan2(sine, cosine) * gain
    unit = axis / np.maximum(sine, 1e-30)[..., None]
    scaled = np.concatenate([unit * np.sin(half)[..., None], np.cos(half)[..., None]], axis=-1)
    return angles_from_matrix(matrix_from_quaternions(scaled))


def composed_angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The turn `second` made within the frame that `first` has turned, (T, 3) radians each, (T, 3) float64."""
    return angles_from_matrix(matrix_from_angles(np.float64(first)) @ matrix_from_angles(np.float64(second)))
