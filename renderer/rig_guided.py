"""The rig-guided frame: the portrait's own pixels, warped, under what had to be painted.

Plain arrays in, pixels out: where they come from (rig.portrait_motion) is not this package's business.
"""

import cv2
import numpy as np

from renderer.errors import RendererError

STILL_PX = 1 / 64
"""Motion below this moves nothing: cv2.remap works in steps of 1/32 pixel."""

SHARPENING = 0.18
"""With this the faces of the development portraits keep .8 to 1.1 of their sharpness (variance of the Laplacian)."""


def rig_guided_frame(picture: np.ndarray, flow: np.ndarray, paint: np.ndarray) -> np.ndarray:
    """Warp a picture and paint over it.

    picture: (H, W, 3) uint8 RGB.  flow: (H, W, 2) float32 pixels, the frame shows at (x, y) what the picture has at
    (x, y) + flow[y, x].  paint: (H, W, 4) uint8, RGB already multiplied by its opacity.

    Returns (H, W, 3) uint8. Pixels with neither motion nor paint are those of the picture, bit by bit. Raises
    RendererError where the shapes do not fit.
    """
    height, width = picture.shape[:2]
    if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
        raise RendererError(f"The picture is {picture.dtype} {picture.shape}; RGB (H, W, 3) of uint8 is wanted.")
    if flow.shape != (height, width, 2) or paint.shape != (height, width, 4):
        raise RendererError(
            f"Flow {flow.shape} and paint {paint.shape} do not fit a picture of {height} x {width}; "
            "they must be (H, W, 2) and (H, W, 4) of the same size."
        )
    frame = picture.copy()
    box = _moving_box(flow, paint)
    if box is None:
        return frame
    rows, columns = box
    x, y = np.meshgrid(
        np.arange(columns.start, columns.stop, dtype=np.float32), np.arange(rows.start, rows.stop, dtype=np.float32)
    )
    x, y = x + flow[rows, columns, 0], y + flow[rows, columns, 1]
    warped = _sharpened(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), x, y)
    frame[rows, columns] = _painted(warped, paint[rows, columns])
    return frame


def _moving_box(flow: np.ndarray, paint: np.ndarray) -> tuple[slice, slice] | None:
    moving = (np.abs(flow) > STILL_PX).any(axis=2) | (paint[..., 3] > 0)
    rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _sharpened(warped: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give back what interpolation between pixels at (x, y) took: most halfway between them, nothing on them."""
    halfway = 1 - (1 - 2 * np.abs(x - np.round(x))) * (1 - 2 * np.abs(y - np.round(y)))
    detail = cv2.subtract(warped, cv2.GaussianBlur(warped, (3, 3), 0.8), dtype=cv2.CV_32F)
    detail *= SHARPENING * halfway[..., None]
    return cv2.add(warped, detail, dtype=cv2.CV_8U)


def _painted(warped: np.ndarray, paint: np.ndarray) -> np.ndarray:
    """Lay premultiplied RGBA over RGB, only where there is any."""
    here = paint[..., 3] > 0
    if not here.any():
        return warped
    over = paint[here].astype(np.uint16)
    under = warped[here].astype(np.uint16) * (255 - over[:, 3:])
    warped[here] = np.minimum(over[:, :3] + (under + 127) // 255, 255).astype(np.uint8)
    return warped
