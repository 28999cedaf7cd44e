"""Where MediaPipe's 468 face landmarks lie on the rig.

The packed table is made by scripts/build_correspondence.py, which lets MediaPipe find the landmarks on renders of the
rig itself.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

LANDMARK_COUNT = 468

LIPS_INNER_UPPER = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])
"""Inner edge of the upper lip as landmarks, from the right corner of the mouth to the left, corners included."""
LIPS_INNER_LOWER = np.array([78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308])
"""Inner edge of the lower lip, from the right corner to the left, corners included."""
LIPS_OUTER = np.array([
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
])  # fmt: skip
LID_UPPER = {
    "left": np.array([362, 398, 384, 385, 386, 387, 388, 466, 263]),
    "right": np.array([133, 173, 157, 158, 159, 160, 161, 246, 33]),
}
"""Rim of the upper lid as landmarks, from the inner corner to the outer, corners included."""
LID_LOWER = {
    "left": np.array([362, 382, 381, 380, 374, 373, 390, 249, 263]),
    "right": np.array([133, 155, 154, 153, 145, 144, 163, 7, 33]),
}
OVAL = np.array([
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class FaceCorrespondence:
    """Points on the rig's triangles.

    triangles: (L, 3) int32, vertices of the triangle that each landmark lies on; shares: (L, 3) float32, barycentric
    coordinates, sums 1; weights: (L,) float32, how much a fit trusts each landmark.
    """

    triangles: np.ndarray
    shares: np.ndarray
    weights: np.ndarray

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> "FaceCorrespondence":
        """The packed table for FaceRig.load()."""
        with files("rig").joinpath("data/face_correspondence.npz").open("rb") as file, np.load(file) as table:
            arrays = [table[name] for name in ("triangles", "shares", "weights")]
        for array in arrays:
            array.setflags(write=False)
        return FaceCorrespondence(*arrays)

    def positions(self, vertices: np.ndarray) -> np.ndarray:
        """(..., V, 3) per-vertex values -> (..., L, 3) at the landmarks, same dtype."""
        return np.einsum("...lkc,lk->...lc", vertices[..., self.triangles, :], self.shares)

    def at(self, values: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """(V, K) per-vertex values -> (N, K) at some landmarks (N,)."""
        return np.einsum("lkc,lk->lc", values[self.triangles[landmarks]], self.shares[landmarks])
