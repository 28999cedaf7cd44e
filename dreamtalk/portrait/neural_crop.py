"""The square about a face that the neural portrait renderer works on."""

from dataclasses import dataclass

import cv2
import numpy as np

FACE_SHARE = 0.45
"""Height of the face (landmarks 10 to 152) over the side of the square; rendered heads are framed alike."""
FACE_LEVEL = 0.49
"""Height of the middle of the face in the square, 0 = top."""
FEATHER_SHARE = 0.1
"""Width of the seam over the side of the square."""

_TOP, _CHIN = 10, 152


@dataclass(frozen=True)
class FaceSquare:
    """An upright square of a picture; pixels, x right, y down."""

    left: float
    top: float
    side: float

    def cut(self, picture: np.ndarray, size: int) -> np.ndarray:
        """(H, W, 3) uint8 -> (size, size, 3) uint8."""
        scale = self.side / size
        if scale > 1.2:  # blur first what would alias
            picture = cv2.GaussianBlur(picture, (0, 0), 0.35 * scale)
        flags, edge = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
        return cv2.warpAffine(picture, self._to_picture(size), (size, size), flags=flags, borderMode=edge)

    def paste(self, picture: np.ndarray, square: np.ndarray) -> np.ndarray:
        """`picture` (H, W, 3) uint8 with `square` (s, s, 3) uint8 laid in, fading out towards its border."""
        height, width = picture.shape[:2]
        size = len(square)
        matrix = self._to_picture(size)
        laid = cv2.warpAffine(square, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.warpAffine(_feather(size), matrix, (width, height), flags=cv2.INTER_LINEAR)[..., None]
        return np.rint(picture + mask * (laid.astype(np.float32) - picture)).astype(np.uint8)

    def keypoint_space(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) pixels of the picture -> (..., 2) float32, x right and y up over [-1, 1] of the square."""
        relative = (np.asarray(points, np.float64) + 0.5 - (self.left, self.top)) / self.side
        return (relative * (2, -2) + (-1, 1)).astype(np.float32)

    def _to_picture(self, size: int) -> np.ndarray:
        """(2, 3): pixel (x, y, 1) of the square at `size` -> pixel of the picture; centres are whole numbers."""
        scale = self.side / size
        half = (scale - 1) / 2
        return np.array([[scale, 0, self.left + half], [0, scale, self.top + half]])


def face_square(points: np.ndarray, shape: tuple[int, int], share: float = FACE_SHARE) -> FaceSquare:
    """The square about a face by its landmarks (478, 2 or 3) in pixels, within a picture of `shape` (H, W).

    It is made smaller or moved to stay inside the picture, since what a picture does not show cannot be moved.
    """
    height, width = shape
    top, chin = points[_TOP, :2].astype(np.float64), points[_CHIN, :2].astype(np.float64)
    side = min(float(np.linalg.norm(chin - top)) / share, height, width)
    middle = (top + chin) / 2
    corner = middle - side * np.array([0.5, FACE_LEVEL])
    left, upper = np.clip(corner, 0, (width - side, height - side))
    return FaceSquare(float(left), float(upper), side)


def _feather(size: int) -> np.ndarray:
    """(size, size) float32: 1 inside, falling smoothly to 0 at the border."""
    inset = np.minimum(np.arange(size) + 0.5, size - np.arange(size) - 0.5) / (FEATHER_SHARE * size)
    line = np.clip(inset, 0, 1)
    line = line * line * (3 - 2 * line)
    return np.minimum.outer(line, line).astype(np.float32)
