"""Which pixels of a portrait are the person: hair and body as well as face."""

import cv2
import numpy as np

from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks

WORKING_SIDE_PX = 192
ROUNDS = 4
SOFTNESS_PX = 1.5
LEAST_SHARE, LARGEST_SHARE = 0.06, 0.93
"""A mask outside this share of the picture has failed."""


def person_mask(picture: np.ndarray, face: FaceLandmarks) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB and its face -> (H, W) float32 in [0, 1], 1 on the person; None where it cannot be told.

    GrabCut (Rother et al. 2004), started from the face, a head around it and shoulders below it.
    """
    height, width = picture.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    labels = _first_guess(small.shape[:2], face.points[FACE_OVAL, :2] * scale)
    cv2.setRNGSeed(0)  # GrabCut draws its first clusters at random
    try:
        cv2.grabCut(small, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # one colour all over
        return None
    inside = _holding(np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)), face.points[1, :2] * scale)
    if not LEAST_SHARE < inside.mean() < LARGEST_SHARE:
        return None
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), SOFTNESS_PX)
    return cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)


def _first_guess(shape: tuple[int, int], oval: np.ndarray) -> np.ndarray:
    """GrabCut's labels: the face is the person, the far sides above the chin are not, the rest is to be told."""
    low, high = oval.min(axis=0), oval.max(axis=0)
    middle, size = (low + high) / 2, high - low
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    across, along = (x - middle[0]) / size[0], (y - middle[1]) / size[1]
    labels = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    labels[np.hypot(across / 0.75, (along + 0.12) / 0.80) < 1] = cv2.GC_PR_FGD
    body = along - 0.5  # below the chin, in face heights
    labels[(body > 0) & (np.abs(across) < 0.35 + 1.3 * np.clip(body, 0, 0.6))] = cv2.GC_PR_FGD
    beyond = (np.abs(across) > 1.25) & (body < 0)
    above = along < -1.35
    labels[beyond | above] = cv2.GC_BGD
    cv2.fillConvexPoly(labels, cv2.convexHull(oval.round().astype(np.int32)), cv2.GC_FGD)
    return labels


def _holding(inside: np.ndarray, nose: np.ndarray) -> np.ndarray:
    """The part that holds the face, its holes filled."""
    _, parts = cv2.connectedComponents(inside.astype(np.uint8))
    x, y = np.clip(nose.round().astype(int), 0, np.array(inside.shape[::-1]) - 1)
    own = parts == parts[y, x]
    _, outside = cv2.connectedComponents((~np.pad(own, 1)).astype(np.uint8))
    return (outside != outside[0, 0])[1:-1, 1:-1]
