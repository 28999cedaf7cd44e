"""How far the lips are apart, from the weights alone."""

from collections.abc import Mapping

import numpy as np

from rig.arkit import NAMES

APERTURE_MM: Mapping[str, float] = {
    "jawOpen": 34.2, "mouthClose": -34.3, "mouthFunnel": 13.0, "mouthShrugUpper": 3.9,
    "mouthUpperUpLeft": 2.4, "mouthUpperUpRight": 2.4, "mouthLowerDownLeft": 1.9, "mouthLowerDownRight": 1.9,
    "mouthPucker": -1.6, "mouthShrugLower": -5.0, "mouthRollLower": -3.3, "mouthRollUpper": -2.4,
    "mouthPressLeft": -1.4, "mouthPressRight": -1.4, "mouthSmileLeft": -1.5, "mouthSmileRight": -1.5,
}  # fmt: skip
"""Gap of the inner lips at the midline per unit of weight, in mm, on the rig's average head (a test compares them)."""

_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES], dtype=np.float32)

LIPS: np.ndarray = np.flatnonzero(_GAP_MM)
"""Columns of the shapes that part or close the lips, (16,) int64."""

LIPS.setflags(write=False)


def lip_gap_mm(weights: np.ndarray) -> np.ndarray:
    """Weights (T, 52) -> gap of the inner lips at the midline in mm, (T,) float32; negative where they are pressed."""
    return weights.astype(np.float32) @ _GAP_MM
