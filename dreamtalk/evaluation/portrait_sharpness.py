"""How sharp a frame is beside the portrait: variance of the Laplacian, in the face and on the lips."""

import cv2
import numpy as np

from dreamtalk.evaluation.face_regions import face_without_mouth, lips
from dreamtalk.face.face_landmarks import FaceLandmarks


def face_detail(grey: np.ndarray, face: FaceLandmarks) -> float:
    """Variance of the Laplacian of a grey picture (H, W) float32, in the face without its mouth."""
    return _variance(grey, face_without_mouth(grey.shape, face))


def mouth_detail(grey: np.ndarray, face: FaceLandmarks) -> float:
    """The same, on the lips and what is between them."""
    return _variance(grey, lips(grey.shape, face))


def _variance(grey: np.ndarray, mask: np.ndarray) -> float:
    detail = cv2.Laplacian(grey, cv2.CV_32F)[mask]
    return float(detail.var()) if len(detail) else float("nan")
