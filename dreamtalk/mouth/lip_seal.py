"""Lips that rest are brought together.

A prediction that seeks the mean leaves a slit of a millimetre where a mouth rests, and on a face that reads as an open
mouth. Only rests are sealed: sealing every near closure met 5 % more of p, b and m, but shut open vowels as often.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d

from rig.arkit import INDEX, NAMES
from rig.lip_gap import APERTURE_MM
from rig.smoothstep import smoothstep

SEALED_MM, OPEN_MM = 1.8, 3.0
"""Where the gap stays under the first, it is shut; where it reaches the second, nothing happens; smooth between."""
REST_S = 0.28
"""How long the lips must be nearly still to be at rest."""

_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES], dtype=np.float32)
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def sealed(weights: np.ndarray, fps: float) -> np.ndarray:
    """Weights (T, 52) in [0, 1] with jawOpen lowered where the lips rest nearly shut; never under mouthClose."""
    gap = np.maximum(weights @ _GAP_MM, 0.0)
    share = smoothstep(OPEN_MM, SEALED_MM, maximum_filter1d(gap, 2 * round(REST_S / 2 * fps) + 1, mode="nearest"))
    shut = weights.copy()
    lowered = weights[:, _JAW] - share * gap / APERTURE_MM["jawOpen"]
    shut[:, _JAW] = np.maximum(lowered, np.minimum(weights[:, _JAW], weights[:, _CLOSE]))
    return shut
