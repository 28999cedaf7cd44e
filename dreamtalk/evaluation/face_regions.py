"""Parts of a face in a picture, by MediaPipe's landmarks: distances, openings and masks."""

import cv2
import numpy as np

from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks

FOREHEAD, CHIN, UPPER_LIP, LOWER_LIP, NOSE = 10, 152, 13, 14, 1
EYES = (((159, 145), (33, 133)), ((386, 374), (362, 263)))
"""Per eye the landmarks of its lids and of its corners."""
INNER_LIPS = np.array([
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95,
])  # fmt: skip
OUTER_LIPS = np.array([
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
])  # fmt: skip
CHEEKS = (50, 280, 101, 330)
CHEEK_PATCH = 0.03
"""Half side of the squares that tell the cheeks' brightness, in face heights."""
FACE_SHRINK, LIPS_GROW = 0.9, 1.3
"""The face is looked at inside its outline and outside its lips."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> (H, W) float32, 0 to 255."""
    return picture.astype(np.float32) @ _LUMA


def distance(face: FaceLandmarks, one: int, other: int) -> float:
    """Between two landmarks, in pixels."""
    return float(np.linalg.norm(face.points[one, :2] - face.points[other, :2]))


def face_height(face: FaceLandmarks) -> float:
    """Forehead to chin, in pixels."""
    return distance(face, FOREHEAD, CHIN)


def lip_gap(face: FaceLandmarks) -> float:
    """Between the inner lips at the midline, in pixels."""
    return distance(face, UPPER_LIP, LOWER_LIP)


def eye_openness(face: FaceLandmarks) -> float:
    """Gap of the lids over the width of the eye, mean of both."""
    return float(np.mean([distance(face, *lids) / distance(face, *corners) for lids, corners in EYES]))


def filled(shape: tuple[int, ...], polygon: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """(H, W) bool, the inside of a polygon (P, 2) in pixels, grown or shrunk about its middle by `scale`."""
    middle = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    points = middle + scale * (polygon - middle)
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask.astype(bool)


def inner_mouth(shape: tuple[int, ...], face: FaceLandmarks) -> np.ndarray:
    """(H, W) bool, between the inner lips."""
    return filled(shape, face.points[INNER_LIPS, :2])


def lips(shape: tuple[int, ...], face: FaceLandmarks) -> np.ndarray:
    """(H, W) bool, lips and what is between them."""
    return filled(shape, face.points[OUTER_LIPS, :2])


def face_without_mouth(shape: tuple[int, ...], face: FaceLandmarks) -> np.ndarray:
    """(H, W) bool, a little inside the outline of the face, and off its lips."""
    inside = filled(shape, face.points[FACE_OVAL, :2], FACE_SHRINK)
    return inside & ~filled(shape, face.points[OUTER_LIPS, :2], LIPS_GROW)


def face_box(shape: tuple[int, ...], face: FaceLandmarks) -> tuple[slice, slice]:
    """Rows and columns of the box around all landmarks, inside the picture."""
    size = np.array(shape[1::-1])
    low = np.clip(face.points[:, :2].min(axis=0), 0, size - 1).astype(int)
    high = np.clip(face.points[:, :2].max(axis=0) + 1, low + 1, size).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def cheek_luma(grey: np.ndarray, face: FaceLandmarks) -> float:
    """Median brightness of the cheeks in a grey picture (H, W)."""
    half = max(1, round(CHEEK_PATCH * face_height(face)))
    size = np.array(grey.shape[::-1])
    patches = []
    for mark in CHEEKS:
        x, y = np.clip(np.round(face.points[mark, :2]), 0, size - 1).astype(int)
        patches.append(grey[max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1].ravel())
    return float(np.median(np.concatenate(patches)))
