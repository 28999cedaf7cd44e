"""Where hair grows: the hairline as a height around the head."""

import numpy as np

CENTRE = np.array([0.0, 0.02, -0.085], dtype=np.float32)
"""Middle of the skull, metres; hair paths are angles around it."""
TURN_DEG = (0, 20, 38, 52, 66, 76, 84, 96, 108, 122, 140, 180)
HEIGHT_MM = (71, 70, 67, 55, 34, -2, -22, -12, -8, -28, -62, -74)
"""Height of the hairline above the eyes at a turn from the front: forehead, temple, sideburn, ear, nape."""


def hairline_height(turn_rad: np.ndarray) -> np.ndarray:
    """Height of the hairline in metres at a turn around CENTRE (0 = front, either side)."""
    return np.interp(np.degrees(np.abs(turn_rad)), TURN_DEG, HEIGHT_MM) * 0.001


def hairline_depth(points: np.ndarray) -> np.ndarray:
    """(N, 3) metres -> (N,) metres above the hairline; positive where hair grows."""
    turn = np.arctan2(points[:, 0], points[:, 2] - CENTRE[2])
    return points[:, 1] - hairline_height(turn)


def on_ear(points: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """(..., 3) metres -> (...,) bool: what sticks out beside the head `neutral` (V, 3), as wide as above its ears."""
    above = (np.abs(neutral[:, 1] - 0.035) < 0.010) & (neutral[:, 2] < -0.06) & (neutral[:, 2] > -0.14)
    widest = np.abs(neutral[above, 0]).max()
    return (np.abs(points[..., 0]) > 0.96 * widest) & (points[..., 1] < 0.02) & (points[..., 2] < -0.05)
