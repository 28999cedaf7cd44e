"""A portrait made ready to move: the face found, cropped to 512x512, and the rig fitted to it."""

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks, detect_faces
from dreamtalk.portrait.person_mask import person_mask
from dreamtalk.portrait.picture_file import read_picture
from rig.portrait_fit import PortraitFit, fit_portrait

SIZE_PX = 512
"""Side of the square that is animated."""
FACE_SHARE = 0.38
"""Height of the face over the side of the crop: head and shoulders."""
FACE_LEVEL = 0.47
"""Height of the middle of the face in the crop, 0 = top."""
MARGIN_PX = 8
"""What is read around the crop for the sake of its edges."""
LEAST_FACE_PX = 64
LARGEST_FACE_SHARE = 0.85
DETECTION_SIDE_PX = 1600
LARGEST_YAW_DEG = 50

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Portrait:
    """One person's picture and the rig that was fitted to it.

    picture: (512, 512, 3) uint8 RGB, the square that is animated.
    full_picture: (H, W, 3) uint8 RGB, the whole picture.
    crop_to_full: (2, 3) float64, maps (x, y, 1) of the square to pixels of the whole picture; pixel centres are
        whole numbers.
    face: landmarks and scores in pixels of the square.
    fit: the rig's camera, pose, identity and expression.
    person: (512, 512) float32, 1 on the person's hair and body, or None where they could not be told from the ground.
    """

    picture: np.ndarray
    full_picture: np.ndarray
    crop_to_full: np.ndarray
    face: FaceLandmarks
    fit: PortraitFit
    person: np.ndarray | None = None


def load_portrait(path: str | Path) -> Portrait:
    """Read a picture file and make a Portrait of its largest face. Raises PortraitError, one sentence each."""
    return portrait_from_picture(read_picture(path), str(path))


def portrait_from_picture(picture: np.ndarray, name: str = "The picture") -> Portrait:
    """(H, W, 3) uint8 RGB -> Portrait. Raises PortraitError, which calls the picture by `name`."""
    found = _largest_face(picture, name)
    crop_to_full = _framing(found, picture.shape[:2])
    square = _cropped(picture, crop_to_full)
    scale = 1.0 / crop_to_full[0, 0]
    moved = found.moved(scale, -crop_to_full[:, 2] * scale)
    face = _same_face(detect_faces(square), moved)
    fit = fit_portrait(face.points, face.scores, (SIZE_PX, SIZE_PX))
    return Portrait(square, picture, crop_to_full, face, fit, person_mask(square, face))


def _largest_face(picture: np.ndarray, name: str) -> FaceLandmarks:
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_FACE_PX:
        raise PortraitError(
            f"{name} is only {width}x{height} pixels; its face must be at least {LEAST_FACE_PX} pixels high, "
            "better 150 or more."
        )
    shrink = min(1.0, DETECTION_SIDE_PX / max(height, width))
    small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
    faces = [face.moved(1 / shrink, np.zeros(2)) for face in detect_faces(small)]
    if not faces:
        raise PortraitError(f"No face was found in {name}; use a picture that shows one face from the front.")
    face = faces[0]
    if len(faces) > 1:
        _log.warning("%d faces were found in %s; the largest is used.", len(faces), name)
    if face.size_px < LEAST_FACE_PX:
        raise PortraitError(
            f"The face in {name} is only {face.size_px:.0f} pixels high; it must be at least {LEAST_FACE_PX}, "
            "better 150 or more, so use a larger picture."
        )
    yaw = float(np.degrees(face.angles[1]))
    if abs(yaw) > LARGEST_YAW_DEG:
        raise PortraitError(
            f"The face in {name} is turned {abs(yaw):.0f} degrees to the side; use a picture from the front, "
            f"turned at most {LARGEST_YAW_DEG} degrees."
        )
    return face


def _framing(face: FaceLandmarks, shape: tuple[int, int]) -> np.ndarray:
    """Square around head and shoulders, inside the picture as far as the face allows -> crop_to_full, (2, 3)."""
    height, width = shape
    outline = face.points[FACE_OVAL, :2].astype(np.float64)
    middle = (outline.min(0) + outline.max(0)) / 2
    side = max(min(face.size_px / FACE_SHARE, height, width), face.size_px / LARGEST_FACE_SHARE)
    corner = middle - side * np.array([0.5, FACE_LEVEL])
    room = np.array([width - side, height - side])
    corner = np.where(room >= 0, np.clip(corner, 0, np.maximum(room, 0)), room / 2)
    scale = side / SIZE_PX
    half_pixel = (scale - 1) / 2  # pixel centres are whole numbers on both sides
    return np.array([[scale, 0, corner[0] + half_pixel], [0, scale, corner[1] + half_pixel]])


def _cropped(picture: np.ndarray, crop_to_full: np.ndarray) -> np.ndarray:
    scale, corner = crop_to_full[0, 0], crop_to_full[:, 2]
    size = np.array(picture.shape[1::-1])
    low = np.clip(np.floor(corner - MARGIN_PX * scale), 0, size - 1).astype(int)
    high = np.clip(np.ceil(corner + (SIZE_PX + MARGIN_PX) * scale), 1, size).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    if scale > 1.2:  # blur first what would alias
        part = cv2.GaussianBlur(part, (0, 0), 0.35 * scale)
    shifted = np.column_stack([crop_to_full[:, :2], corner - low])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(part, shifted, (SIZE_PX, SIZE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _same_face(faces: tuple[FaceLandmarks, ...], expected: FaceLandmarks) -> FaceLandmarks:
    """The face of the crop that lies where the whole picture had it; the latter itself if the crop hides it."""

    def distance(face: FaceLandmarks) -> float:
        return float(np.linalg.norm(face.points[:, :2].mean(0) - expected.points[:, :2].mean(0)))

    nearest = min(faces, key=distance, default=expected)
    return nearest if distance(nearest) < 0.2 * expected.size_px else expected
