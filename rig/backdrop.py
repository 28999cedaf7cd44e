"""The background: a painted rectangle that fills the picture behind everything."""

import numpy as np

from rig.avatar_part import Layer, PosedHead
from rig.camera import Camera
from rig.look import Look

TEXTURE_SIZE = 256


class Backdrop:
    """Two triangles at the far end of what the camera sees; wide enough for any aspect up to 2."""

    def __init__(self, camera: Camera, look: Look) -> None:
        self._points, self.uv = _rectangle(camera)
        self.layers = (Layer("background", np.array([[0, 1, 2], [0, 2, 3]]), paint_background(look)),)

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (4, 3) each: always the same."""
        return self._points, np.ones_like(self._points)


def _rectangle(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    depth = camera.far_m * 0.98
    half = depth * np.tan(camera.field_of_view_rad / 2)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    local = np.concatenate([corners * [half * 2, half], np.full((4, 1), -depth)], axis=1)
    view = camera.view().astype(np.float64)
    points = (local - view[:3, 3]) @ view[:3, :3]
    # Half a texel off the border: textures repeat, and the first row would blend with the last.
    inset = 1 - 1 / TEXTURE_SIZE
    uv = 0.5 + corners * [inset, inset / 2]
    return points.astype(np.float32), uv.astype(np.float32)


def paint_background(look: Look, size: int = TEXTURE_SIZE) -> np.ndarray:
    """A soft gradient, brighter around the head."""
    across = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(across, across)
    glow = np.exp(-(((x - 0.5) / 0.55) ** 2 + ((y - 0.42) / 0.55) ** 2))
    shade = 0.70 + 0.34 * glow - 0.10 * (y - 0.5)
    grain = np.random.default_rng(look.seed + 3).uniform(-0.5, 0.5, (size, size, 1))
    return (np.clip(np.float32(look.background) * shade[..., None] + grain, 0, 255)).astype(np.uint8)
