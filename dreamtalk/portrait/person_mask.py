"""Which pixels of a portrait are the person: hair and body as well as face.

MediaPipe's selfie segmentation sees the picture at 256x256; a guided filter (He et al. 2010) then lays its outline
along the picture's own edges.
"""

import hashlib
from importlib.resources import files

import cv2
import numpy as np

from dreamtalk.errors import WeightsError
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks
from dreamtalk.face.mediapipe_runtime import media_image, quiet_native_code, without_tensorflow

MODEL = "person.tflite"
MODEL_SHA256 = "8699a072a9d9c32f309f857b7302602d4c3318b6706b950811c52bb99eef6254"
NETWORK_SIDE_PX = 256
LEAST_SHARE, LARGEST_SHARE = 0.03, 0.97
"""A mask outside this share of the picture has failed."""
LEAST_FACE_SHARE = 0.6
"""And so has one that leaves out more of the face."""
FILTER_RADIUS, FILTER_EDGE = 0.05, 0.03
"""Of the guided filter: radius over the face's size, and how strong an edge of the picture counts, of 1."""
SURE = (0.15, 0.75)
"""Shares below and above which a pixel is taken to be ground, or person, altogether."""


def person_mask(picture: np.ndarray, face: FaceLandmarks) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB and its face -> (H, W) float32 in [0, 1], 1 on the person; None where it cannot be told."""
    rough = _segmented(picture)
    oval = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(oval, cv2.convexHull(face.points[FACE_OVAL, :2].round().astype(np.int32)), 1)
    on_face = rough[oval > 0]
    if not LEAST_SHARE < rough.mean() < LARGEST_SHARE or not len(on_face) or on_face.mean() < LEAST_FACE_SHARE:
        return None
    radius = max(2, round(FILTER_RADIUS * face.size_px))
    guide = picture.astype(np.float32) / 255
    fine = cv2.ximgproc.guidedFilter(guide, rough, radius, FILTER_EDGE**2)
    low, high = SURE
    share = np.maximum(np.clip((fine - low) / (high - low), 0, 1), oval)
    return (share * _holding(share > 0, oval)).astype(np.float32)


def _segmented(picture: np.ndarray) -> np.ndarray:
    """(H, W) float32: the network's share of the person at each pixel."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = cv2.copyMakeBorder(picture, 0, side - height, 0, side - width, cv2.BORDER_REPLICATE)
    small = cv2.resize(square, (NETWORK_SIDE_PX,) * 2, interpolation=cv2.INTER_AREA)
    share = _network_shares(small)
    return cv2.resize(share, (side, side), interpolation=cv2.INTER_LINEAR)[:height, :width]


def _network_shares(picture: np.ndarray) -> np.ndarray:
    """(S, S, 3) uint8 RGB -> (S, S) float32, by the shipped network."""
    model = (files("dreamtalk") / "data" / "segmenter" / MODEL).read_bytes()
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise WeightsError(f"The network {MODEL} is altered: install dreamtalk again.")
    with quiet_native_code(), without_tensorflow():
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.ImageSegmenterOptions(
            base_options=BaseOptions(model_asset_buffer=model), output_confidence_masks=True
        )
        with vision.ImageSegmenter.create_from_options(options) as segmenter:
            shares = segmenter.segment(media_image(mediapipe, picture)).confidence_masks[0].numpy_view()
            return np.array(shares, np.float32).reshape(picture.shape[:2])


def _holding(inside: np.ndarray, oval: np.ndarray) -> np.ndarray:
    """(H, W) bool: the connected part of (H, W) bool `inside` that holds most of the face."""
    _, parts = cv2.connectedComponents(inside.astype(np.uint8))
    return parts == np.bincount(parts[oval > 0]).argmax()
