"""Which part of a picture is animated, and how large: a square about head and shoulders, or the whole picture."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks

FrameName = Literal["square", "full"]
FRAMES: tuple[str, ...] = get_args(FrameName)
"""What a video shows: a square about head and shoulders, or the whole picture."""

SIZE_PX = 512
"""Side of the square where no other is asked for; a smaller one is drawn at this size and reduced."""
LONGEST_FULL_PX = 1920
"""Longer side of the whole picture where no other is asked for: what every player takes."""
FACE_SHARE = 0.38
"""Height of the face over the side of the crop: head and shoulders."""
FACE_LEVEL = 0.47
"""Height of the middle of the face in the crop, 0 = top."""
LARGEST_FACE_SHARE = 0.85
MARGIN_PX = 8
"""What is read around the crop for the sake of its edges."""
FULL_ROOM = (1.3, 0.9, 1.3)
"""Room of the part of a whole picture that moves, above, below and beside the face, in face heights: hats and big hair
must not reach its border."""
FADE_SHARE = 0.08
"""Width of the strip in which motion fades out, over the shorter side of the part that moves."""


@dataclass(frozen=True)
class Framing:
    """A rectangle of a picture and the size at which it is animated.

    left, top, width, height: in pixels of the picture, the rectangle's borders (not pixel centres).
    size: (width, height) in pixels of what is animated.
    """

    left: float
    top: float
    width: float
    height: float
    size: tuple[int, int]

    @classmethod
    def square(cls, face: FaceLandmarks, shape: tuple[int, int], size_px: int) -> Self:
        """Head and shoulders, within a picture of shape (H, W) as far as the face allows.

        size_px: its side is drawn with that many pixels, with no more than SIZE_PX where the picture has fewer.
        """
        height, width = shape
        side = max(min(face.size_px / FACE_SHARE, height, width), face.size_px / LARGEST_FACE_SHARE)
        left, top = _corner(face, shape, (side, side), FACE_LEVEL)
        own = int(side) // 2 * 2
        size = max(SIZE_PX, min(size_px, own))
        return cls(left, top, side, side, (size, size))

    @classmethod
    def on_pixels(cls, face: FaceLandmarks, shape: tuple[int, int]) -> Self:
        """The part of a whole picture of shape (H, W) that moves: pixels of it, one to one."""
        above, below, beside = FULL_ROOM
        wanted = face.size_px * (2 * beside), face.size_px * (above + 1 + below)
        width, height = (int(min(side, of)) for side, of in zip(wanted, shape[::-1], strict=True))
        level = (above + 0.5) / (above + 1 + below)
        left, top = (round(value) for value in _corner(face, shape, (width, height), level))
        return cls(left, top, width, height, (width, height))

    @property
    def to_picture(self) -> np.ndarray:
        """(2, 3) float64: (x, y, 1) of what is animated -> pixel of the picture; pixel centres are whole numbers."""
        scale = self.width / self.size[0]
        half_pixel = (scale - 1) / 2
        return np.array([[scale, 0, self.left + half_pixel], [0, scale, self.top + half_pixel]])

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (height, width, 3) uint8 at `size`; beyond the picture its border goes on."""
        import cv2  # slow to import, and commands list the frames that there are

        matrix = self.to_picture
        scale, corner = matrix[0, 0], matrix[:, 2]
        limits = np.array(picture.shape[1::-1])
        low = np.clip(np.floor(corner - MARGIN_PX * scale), 0, limits - 1).astype(int)
        high = np.clip(np.ceil(corner + (np.array(self.size) + MARGIN_PX) * scale), 1, limits).astype(int)
        part = picture[low[1] : high[1], low[0] : high[0]]
        if scale > 1.2:  # blur first what would alias
            part = cv2.GaussianBlur(part, (0, 0), 0.35 * scale)
        shifted = np.column_stack([matrix[:, :2], corner - low])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(part, shifted, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)

    def fade(self, shape: tuple[int, int]) -> np.ndarray:
        """(height, width) float32: 0 on borders that lie inside a picture of shape (H, W), 1 away from them."""
        width, height = self.size
        reach = FADE_SHARE * min(width, height)
        lines = []
        for count, first, last in (
            (width, self.left > 0, self.left + self.width < shape[1]),
            (height, self.top > 0, self.top + self.height < shape[0]),
        ):
            steps = np.arange(count)
            before = steps if first else np.full(count, np.inf)
            after = count - 1 - steps if last else np.full(count, np.inf)
            inset = np.clip(np.minimum(before, after) / reach, 0, 1)
            lines.append(inset * inset * (3 - 2 * inset))
        return np.outer(lines[1], lines[0]).astype(np.float32)


def _corner(
    face: FaceLandmarks, shape: tuple[int, int], size: tuple[float, float], level: float
) -> tuple[float, float]:
    """Left and top of a rectangle of `size` (width, height) about the face; centred where the picture is smaller.

    level: height of the middle of the face in it, 0 = top.
    """
    outline = face.points[FACE_OVAL, :2].astype(np.float64)
    middle = (outline.min(0) + outline.max(0)) / 2
    corner = middle - np.array(size) * (0.5, level)
    room = np.array(shape[::-1]) - size
    left, top = np.where(room >= 0, np.clip(corner, 0, np.maximum(room, 0)), room / 2)
    return float(left), float(top)
