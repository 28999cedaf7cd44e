"""Where a portrait's head is, and the camera that sees it.

The camera looks along -z with the rig's own axes (x to the picture's right, y up): a point p of the head goes to
q = R p + t and to the pixel (cx + f qx / -qz, cy - f qy / -qz). Pixel centres are whole numbers.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pose:
    """Camera and place of the head: rotation (3, 3), translation (3,) metres, focal length and centre in pixels."""

    rotation: np.ndarray
    translation: np.ndarray
    focal_px: float
    centre_px: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Head points (..., 3) in metres -> camera points (..., 3)."""
        return points @ self.rotation.T.astype(points.dtype) + self.translation.astype(points.dtype)

    def to_pixels(self, camera_points: np.ndarray) -> np.ndarray:
        """Camera points (..., 3) -> pixels (..., 2), y down."""
        per_metre = self.focal_px / -camera_points[..., 2:]
        flip = np.array([1.0, -1.0], camera_points.dtype)
        return camera_points[..., :2] * per_metre * flip + self.centre_px.astype(camera_points.dtype)
