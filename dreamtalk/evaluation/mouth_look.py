"""What is seen between open lips: a flat colour, a dark hole, or teeth where teeth belong."""

from dataclasses import dataclass

import cv2
import numpy as np

from dreamtalk.evaluation.face_regions import INNER_LIPS, cheek_luma, inner_mouth, luma
from dreamtalk.face.face_landmarks import FaceLandmarks

FLAT_STD, FLAT_SIDE = 3.0, 5
"""A pixel is flat when the luma around it, in a square of this side, varies less than this."""
DARK_SHARE = 0.22
TOOTH_LUMA, TOOTH_SATURATION, TOOTH_AREA = (0.6, 1.7), 0.45, 0.08
"""Teeth: brightness over the cheeks', saturation, and share of the opening."""


@dataclass(frozen=True)
class MouthLook:
    """flat, dark: shares of the opening's pixels (dark ones are flat too). teeth: teeth are seen, and look like it."""

    flat: float
    dark: float
    teeth: bool


def mouth_look(picture: np.ndarray, face: FaceLandmarks) -> MouthLook | None:
    """(H, W, 3) uint8 RGB and its face -> the look between the inner lips, None where there is no opening."""
    if cv2.contourArea(face.points[INNER_LIPS, :2]) < FLAT_SIDE**2:
        return None
    inside = inner_mouth(picture.shape, face)
    grey = luma(picture)
    cheeks = max(cheek_luma(grey, face), 1.0)
    flat = _local_deviation(grey)[inside] < FLAT_STD
    bright = grey[inside] / cheeks
    return MouthLook(float(flat.mean()), float((flat & (bright < DARK_SHARE)).mean()), _teeth(picture[inside], bright))


def _teeth(pixels: np.ndarray, bright: np.ndarray) -> bool:
    """pixels: (N, 3) uint8 between the lips; bright: (N,) luma over the cheeks'."""
    high, low = pixels.max(axis=1).astype(np.float32), pixels.min(axis=1).astype(np.float32)
    saturation = (high - low) / np.maximum(high, 1.0)
    tooth = (bright > TOOTH_LUMA[0]) & (bright < TOOTH_LUMA[1]) & (saturation < TOOTH_SATURATION)
    return bool(tooth.mean() > TOOTH_AREA)


def _local_deviation(grey: np.ndarray) -> np.ndarray:
    side = (FLAT_SIDE, FLAT_SIDE)
    mean, squares = cv2.blur(grey, side), cv2.blur(grey * grey, side)
    return np.sqrt(np.maximum(squares - mean * mean, 0))
