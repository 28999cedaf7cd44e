"""A portrait in two layers: the person, cut out softly, and the ground behind, which stays where it is.

The person's colours hold what the ground does not explain, D = picture - (1 - share) ground, so that
D + (1 - share) ground is the picture again, and a person who has moved is D elsewhere over a ground that has not.
Strands of hair that the outline missed are part of D as long as they lie near it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt

from renderer.errors import RendererError

NEAR = 0.06
"""Width of the seam around the person's outline, whose details go with the person, over the width of the head."""
LEAST_SHARE = 0.02
"""Share from which a pixel counts as the person's."""
LARGEST_SEARCH_PX = 640
SMOOTHNESS = 0.04
"""How smoothly the mirror at the outline bends, over the width of the head."""
RIM = 0.04
"""Width of what is not mirrored at the borders of the picture, frames and edges of scans, over its sides."""


@dataclass(frozen=True, eq=False)
class SplitPicture:
    """person: (H, W, 4) float32, D and share; the share is above 0 on the person and the seam, 0 on all else, where D
    is 0.  ground: (H, W, 3) float32, RGB in 0..255, the picture itself where the share is 0, and within the person what
    lies beside the person mirrored at the outline."""

    person: np.ndarray
    ground: np.ndarray

    @classmethod
    def of(cls, picture: np.ndarray, person: np.ndarray, head_width_px: float) -> "SplitPicture":
        """picture: (H, W, 3) uint8 RGB.  person: (H, W) in [0, 1], how much of each pixel is the person's."""
        if picture.shape[:2] != person.shape:
            raise RendererError(f"A mask {person.shape} does not fit a picture of {picture.shape[:2]}.")
        outside = cv2.distanceTransform((person < LEAST_SHARE).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        near = outside <= max(NEAR * head_width_px, 2.0)
        ground = _mirrored(picture, near, SMOOTHNESS * head_width_px)
        share = np.where(near, np.maximum(person, 1 / 255), 0.0).astype(np.float32)
        own = picture.astype(np.float32) - (1 - share[..., None]) * ground
        own[~near] = 0.0
        return cls(np.dstack([own, share]), ground)


def _mirrored(picture: np.ndarray, hidden: np.ndarray, smoothness_px: float) -> np.ndarray:
    """(H, W, 3) float32: the picture where it is not hidden, and else what lies as far on the other side of the nearest
    edge; softer the deeper it lies. Found on a small copy, drawn at full size."""
    height, width = hidden.shape
    shrink = min(1.0, LARGEST_SEARCH_PX / max(height, width))
    size = (round(width * shrink), round(height * shrink))
    small = cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if small.all():
        return picture.astype(np.float32)
    columns, rows, depth, nearest = _way_across(small, smoothness_px * shrink)
    shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    filled = cv2.resize(shown[nearest[0], nearest[1]], (width, height), interpolation=cv2.INTER_LINEAR)
    filled[~hidden] = picture[~hidden]
    columns, rows, depth = (cv2.resize(each, (width, height)) for each in (columns, rows, depth))
    mirrored = cv2.remap(
        filled, (columns + 0.5) * (width / size[0]) - 0.5, (rows + 0.5) * (height / size[1]) - 0.5,
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    soft = cv2.GaussianBlur(
        cv2.resize(mirrored, size, interpolation=cv2.INTER_AREA), (0, 0), max(0.5 * smoothness_px * shrink, 0.5)
    )
    blur = np.clip(depth / max(3 * smoothness_px * shrink, 1.0), 0, 1)[..., None]
    ground = mirrored + blur * (cv2.resize(soft, (width, height)).astype(np.float32) - mirrored)
    ground[~hidden] = picture[~hidden]
    return ground


def _way_across(hidden: np.ndarray, smoothness_px: float) -> tuple[np.ndarray, ...]:
    """For each pixel of a mask (H, W) the column and the row of its mirror image, and its depth, (H, W) float32 each;
    and the nearest pixel that is not hidden, (2, H, W)."""
    depth, nearest = distance_transform_edt(hidden, return_indices=True)
    places = []
    for at, own, side in zip(nearest, np.mgrid[: hidden.shape[0], : hidden.shape[1]], hidden.shape, strict=True):
        way = (at - own).astype(np.float32)
        smooth = cv2.GaussianBlur(way, (0, 0), max(smoothness_px, 0.5))
        bend = np.clip(depth / max(2 * smoothness_px, 1.0), 0, 1)  # exact at the edge, smooth within
        across = own + 2 * (way + bend * (smooth - way))
        low, high = np.minimum(RIM * side, at), np.maximum((1 - RIM) * side - 1, at)
        places.append(np.clip(across, low, high).astype(np.float32))
    return places[1], places[0], depth.astype(np.float32), nearest
