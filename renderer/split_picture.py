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
        outside = distance_transform_edt(person < LEAST_SHARE)
        near = outside <= max(NEAR * head_width_px, 2.0)
        ground = _mirrored(picture, near, SMOOTHNESS * head_width_px) if not near.all() else picture.astype(np.float32)
        share = np.where(near, np.maximum(person, 1 / 255), 0.0).astype(np.float32)
        own = picture.astype(np.float32) - (1 - share[..., None]) * ground
        own[~near] = 0.0
        return cls(np.dstack([own, share]), ground)


def _mirrored(picture: np.ndarray, hidden: np.ndarray, smoothness_px: float) -> np.ndarray:
    """(H, W, 3) float32: the picture where it is not hidden, and else what lies as far on the other side of the nearest
    edge; softer the deeper it lies."""
    height, width = hidden.shape
    depth, nearest = distance_transform_edt(hidden, return_indices=True)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    way = [np.where(hidden, at - own, 0.0).astype(np.float32) for at, own in zip(nearest, (y, x), strict=True)]
    smooth = [cv2.GaussianBlur(part, (0, 0), max(smoothness_px, 0.5)) for part in way]
    bend = np.clip(depth / max(2 * smoothness_px, 1.0), 0, 1)  # exact at the edge, smooth within
    across = [part + bend * (soft - part) for part, soft in zip(way, smooth, strict=True)]
    filled = picture[nearest[0], nearest[1]].astype(np.float32)
    rows, columns = (
        np.float32(np.clip(own + 2 * part, np.minimum(RIM * side, at), np.maximum((1 - RIM) * side - 1, at)))
        for own, part, at, side in zip((y, x), across, nearest, hidden.shape, strict=True)
    )
    mirrored = cv2.remap(filled, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    soft = cv2.GaussianBlur(mirrored, (0, 0), max(0.5 * smoothness_px, 0.5))
    blur = np.clip(depth / max(3 * smoothness_px, 1.0), 0, 1)[..., None].astype(np.float32)
    return np.where(hidden[..., None], mirrored + blur * (soft - mirrored), picture).astype(np.float32)
