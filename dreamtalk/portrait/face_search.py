"""Looks for faces in a picture of any size and brightness."""

from collections.abc import Sequence

import cv2
import numpy as np

from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks, detect_faces, faces_in_tiles

DETECTION_SIDE_PX = 1600
"""Larger pictures are looked at reduced to this, and piece by piece at their own size where that shows no face."""
DARK_LUMA, LIFTED_LUMA = 60.0, 200.0
"""A picture whose bright parts are darker than this is looked at once more with them lifted to that."""
_BRIGHT_PART = 95


def find_faces(picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
    """Faces of (H, W, 3) uint8 RGB, in its pixels, largest first; empty where there is none."""
    small, shrink = reduced(picture)
    found = detect_faces(small)
    if not found and is_dark(small):
        found = detect_faces(lifted(small))
    if found or shrink == 1:
        return scaled(found, 1 / shrink)
    with FaceDetector() as detector:
        return faces_in_tiles(detector, picture, max(1, round(min(picture.shape[:2]) / DETECTION_SIDE_PX)))


def reduced(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture with its longer side at most DETECTION_SIDE_PX, and its scale, at most 1."""
    shrink = min(1.0, DETECTION_SIDE_PX / max(picture.shape[:2]))
    if shrink == 1:
        return picture, shrink
    return cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), shrink


def scaled(faces: Sequence[FaceLandmarks], scale: float) -> tuple[FaceLandmarks, ...]:
    """The same faces in a picture `scale` times as large."""
    if scale == 1:
        return tuple(faces)
    return tuple(face.moved(scale, np.full(2, (scale - 1) / 2)) for face in faces)


def is_dark(picture: np.ndarray) -> bool:
    """Whether even the bright parts of (H, W, 3) uint8 are dark."""
    return _bright_luma(picture) < DARK_LUMA


def lifted(picture: np.ndarray) -> np.ndarray:
    """The picture as it would be in better light, for looking only."""
    gain = LIFTED_LUMA / max(_bright_luma(picture), 1.0)
    return np.clip(picture.astype(np.float32) * gain, 0, 255).astype(np.uint8)


def _bright_luma(picture: np.ndarray) -> float:
    return float(np.percentile(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), _BRIGHT_PART))
