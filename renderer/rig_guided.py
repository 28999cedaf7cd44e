"""The rig-guided frame: the portrait's own pixels, warped, under what had to be painted.

Plain arrays in, pixels out: where they come from (rig.portrait.portrait_motion) is not this package's business.
"""

import cv2
import numpy as np

from renderer.errors import RendererError
from renderer.split_picture import SplitPicture

STILL_PX = 1 / 64
"""Motion below this moves nothing: cv2.remap works in steps of 1/32 pixel."""

JUMP_PX = 2.0
"""Difference of flow between neighbours above which one lies before the other."""

SHARPENING = 0.18
"""With this the faces of the development portraits keep .8 to 1.1 of their sharpness (variance of the Laplacian)."""


def rig_guided_frame(
    picture: np.ndarray, flow: np.ndarray, paint: np.ndarray, split: SplitPicture | None = None, quick: bool = False
) -> np.ndarray:
    """Warp a picture and paint over it.

    picture: (H, W, 3) uint8 RGB.  flow: (H, W, 2) float32 pixels, the frame shows at (x, y) what the picture has at
    (x, y) + flow[y, x].  paint: (H, W, 4) uint8, RGB already multiplied by its opacity.  split: the picture's layers;
    with them only the person moves, and the ground behind stays.  quick: softer, in half the time.

    Returns (H, W, 3) uint8. Pixels with neither motion nor paint are those of the picture, bit by bit, and so, with
    `split`, is the ground that the person does not reach. Raises RendererError where the shapes do not fit.
    """
    height, width = picture.shape[:2]
    if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
        raise RendererError(f"The picture is {picture.dtype} {picture.shape}; RGB (H, W, 3) of uint8 is wanted.")
    if flow.shape != (height, width, 2) or paint.shape != (height, width, 4):
        raise RendererError(
            f"Flow {flow.shape} and paint {paint.shape} do not fit a picture of {height} x {width}; "
            "they must be (H, W, 2) and (H, W, 4) of the same size."
        )
    if split is not None and split.ground.shape != picture.shape:
        raise RendererError(f"Layers of {split.ground.shape} do not fit a picture of {picture.shape}.")
    frame = picture.copy()
    box = _moving_box(flow, paint)
    if box is None:
        return frame
    rows, columns = box
    x, y = np.meshgrid(
        np.arange(columns.start, columns.stop, dtype=np.float32), np.arange(rows.start, rows.stop, dtype=np.float32)
    )
    x, y = x + flow[rows, columns, 0], y + flow[rows, columns, 1]
    source, interpolation = picture if split is None else split.person, cv2.INTER_LINEAR if quick else cv2.INTER_CUBIC
    warped, share = cv2.remap(source, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE), 1.0
    if split is not None:
        warped, share = _over_ground(split.ground[rows, columns], warped)
    if not quick:
        warped = _sharpened(warped, x, y, share)
    if split is not None and not quick:
        warped = _smoothed_outlines(warped, flow[rows, columns], share)
    frame[rows, columns] = _painted(warped, paint[rows, columns])
    return frame


def _moving_box(flow: np.ndarray, paint: np.ndarray) -> tuple[slice, slice] | None:
    moving = cv2.max(*cv2.split(np.abs(flow))) > STILL_PX
    moving |= paint[..., 3] > 0
    left, top, width, height = cv2.boundingRect(moving.astype(np.uint8))
    return (slice(top, top + height), slice(left, left + width)) if width else None


def _over_ground(ground: np.ndarray, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moved person (h, w, 4) over the ground (h, w, 3) -> (h, w, 3) uint8, and the person's share (h, w)."""
    share = np.clip(person[..., 3], 0, 1)
    warped = cv2.multiply(ground, cv2.cvtColor(1 - share, cv2.COLOR_GRAY2RGB))
    warped = np.maximum(cv2.add(warped, cv2.cvtColor(person, cv2.COLOR_RGBA2RGB), dst=warped), 0, out=warped)
    return cv2.convertScaleAbs(warped), share


def _sharpened(warped: np.ndarray, x: np.ndarray, y: np.ndarray, share: np.ndarray | float = 1.0) -> np.ndarray:
    """Give back what interpolation between pixels at (x, y) took: most halfway between them, nothing on them.

    share: how much of a pixel was interpolated.
    """
    halfway = (1 - (1 - 2 * np.abs(x - np.round(x))) * (1 - 2 * np.abs(y - np.round(y)))) * share
    detail = cv2.subtract(warped, cv2.GaussianBlur(warped, (3, 3), 0.8), dtype=cv2.CV_32F)
    cv2.multiply(detail, cv2.cvtColor(SHARPENING * halfway, cv2.COLOR_GRAY2RGB), dst=detail)
    return cv2.add(warped, detail, dtype=cv2.CV_8U)


def _smoothed_outlines(warped: np.ndarray, flow: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Take the steps off the person's outlines that lie before what they hide: there the flow jumps."""
    high, low = (cut(flow, np.ones((2, 2), np.uint8)) for cut in (cv2.dilate, cv2.erode))
    rise, run = cv2.split(cv2.subtract(high, low, dst=high))
    jumps = cv2.dilate((cv2.max(rise, run) > JUMP_PX).astype(np.uint8), np.ones((2, 2), np.uint8), anchor=(0, 0)) > 0
    jumps &= share > 0
    if jumps.any():
        warped[jumps] = cv2.GaussianBlur(warped, (3, 3), 0.7)[jumps]
    return warped


def _painted(warped: np.ndarray, paint: np.ndarray) -> np.ndarray:
    """Lay premultiplied RGBA over RGB, only where there is any."""
    here = paint[..., 3] > 0
    if not here.any():
        return warped
    over = paint[here].astype(np.uint16)
    under = warped[here].astype(np.uint16) * (255 - over[:, 3:])
    warped[here] = np.minimum(over[:, :3] + (under + 127) // 255, 255).astype(np.uint8)
    return warped
