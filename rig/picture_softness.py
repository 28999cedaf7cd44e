"""How soft a picture's own detail is, so that what is painted into it is no sharper."""

import numpy as np
from scipy.ndimage import gaussian_filter

FINE_PX, COARSE_PX = 0.7, 1.4
CRISP, SOFTEST = 0.82, 2.0
"""Fine over coarse detail in a crisp picture; the largest softness."""


def softness(picture: np.ndarray, landmarks: np.ndarray) -> float:
    """1 for a face with detail down to the pixel, up to 2 for one that was enlarged.

    picture: (H, W, 3) uint8; landmarks: (L, 2) pixels of its face.
    """
    limits = (picture.shape[1], picture.shape[0])
    low = np.clip(landmarks.min(axis=0), 0, limits).astype(int)
    high = np.clip(landmarks.max(axis=0) + 1, 0, limits).astype(int)
    grey = picture[low[1] : high[1], low[0] : high[0]].mean(axis=2)
    if min(grey.shape) < 4 * COARSE_PX:
        return 1.0
    fine, coarse = (gaussian_filter(grey, sigma) for sigma in (FINE_PX, COARSE_PX))
    ratio = float(np.std(grey - fine) / max(np.std(fine - coarse), 1e-6))
    return float(np.clip((CRISP / max(ratio, 1e-6)) ** 2, 1.0, SOFTEST))
