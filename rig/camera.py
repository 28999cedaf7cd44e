"""A pinhole camera."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rig.errors import RigError


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from; metres, y up, looking from `position` to `target`.

    field_of_view_rad: full vertical angle.  near_m, far_m: clipping planes.
    """

    position: tuple[float, float, float] = (0.0, -0.035, 1.35)
    target: tuple[float, float, float] = (0.0, -0.035, 0.0)
    field_of_view_rad: float = 0.25
    near_m: float = 0.3
    far_m: float = 4.0

    def __post_init__(self) -> None:
        if not 0.01 < self.field_of_view_rad < 3.0:
            raise RigError(f"The field of view is {self.field_of_view_rad:g} rad; it must lie between 0.01 and 3.")
        if not 0.0 < self.near_m < self.far_m:
            raise RigError(f"The camera sees from {self.near_m:g} to {self.far_m:g} m; 0 < near < far is wanted.")
        if np.allclose(self.position, self.target):
            raise RigError("The camera looks at its own position; move the target or the position.")

    def moved(self, yaw_rad: float = 0.0, pitch_rad: float = 0.0, distance_scale: float = 1.0) -> Self:
        """The same camera carried around its target: to the picture's right with yaw, up with pitch."""
        arm = (np.array(self.position) - self.target) * distance_scale
        cosine, sine = np.cos(pitch_rad), np.sin(pitch_rad)
        arm = np.array([arm[0], arm[1] * cosine + arm[2] * sine, arm[2] * cosine - arm[1] * sine])
        cosine, sine = np.cos(yaw_rad), np.sin(yaw_rad)
        arm = np.array([arm[0] * cosine + arm[2] * sine, arm[1], arm[2] * cosine - arm[0] * sine])
        return replace(self, position=tuple(float(value) for value in arm + self.target))

    def view(self) -> np.ndarray:
        """(4, 4) float32, world to camera; the camera looks along its own -z."""
        position = np.array(self.position, dtype=np.float64)
        back = position - self.target
        back /= np.linalg.norm(back)
        right = np.cross([0.0, 1.0, 0.0], back)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(back, right), back])
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = axes, -axes @ position
        return matrix.astype(np.float32)

    def projection(self, aspect: float = 1.0) -> np.ndarray:
        """(4, 4) float32, camera to clip space (OpenGL, depth -1..1); aspect = width / height."""
        scale = 1.0 / np.tan(self.field_of_view_rad / 2)
        span = self.near_m - self.far_m
        matrix = np.zeros((4, 4), dtype=np.float32)
        matrix[0, 0], matrix[1, 1] = scale / aspect, scale
        matrix[2, 2], matrix[2, 3] = (self.far_m + self.near_m) / span, 2 * self.far_m * self.near_m / span
        matrix[3, 2] = -1.0
        return matrix

    def clip_positions(self, points: np.ndarray, aspect: float = 1.0) -> np.ndarray:
        """(V, 3) metres -> (V, 4) float32 clip space, as MeshRasterizer takes them."""
        matrix = self.projection(aspect) @ self.view()
        return (points.astype(np.float32) @ matrix[:, :3].T + matrix[:, 3]).astype(np.float32)

    def pixels(self, points: np.ndarray, width: int, height: int) -> np.ndarray:
        """(V, 3) metres -> (V, 2) float32 pixels (x right, y down); the centre of the first pixel is (0.5, 0.5)."""
        clip = self.clip_positions(points, width / height)
        plane = clip[:, :2] / clip[:, 3:]
        return ((plane * [0.5, -0.5] + 0.5) * [width, height]).astype(np.float32)
