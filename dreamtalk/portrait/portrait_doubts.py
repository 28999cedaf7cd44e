"""What makes a face hard to move, said before it is moved: cut off, covered, asleep, lying, soft or dark."""

import logging
from dataclasses import replace

import cv2
import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import FaceLandmarks
from dreamtalk.portrait.face_search import is_dark
from rig.arkit import INDEX, NAMES
from rig.portrait.portrait_fit import PortraitFit

FEATURES = {
    "the mouth": (61, 291, 0, 17), "the right eye": (33, 133, 159, 145), "the left eye": (263, 362, 386, 374),
}  # fmt: skip
"""Landmarks that must lie in the picture; right and left as the person has them."""
SHUT_EYES = 0.12
"""Gap of the lids over the eye's width; the narrowest of 18 development portraits that are awake have .27."""
LARGEST_ROLL_DEG = 60
COMFORTABLE_FACE_PX = 90
COVERED_COLOUR, COVERED_LINE, COVERED_SPREAD = 5.0, 0.35, 0.13
"""Lips look covered when all three are smaller than this: difference in colour from the skin around (CIELAB, in even
light), darkness of the line between them, and spread of brightness over both. Portraits: over 6, .4 or .15."""
_MOUTH_PX = 128
_LIDS = (((159, 145), (33, 133)), ((386, 374), (362, 263)))
_OUTER = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
_INNER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]
_SHUT_SHAPES = [INDEX[name] for name in NAMES if name.startswith(("eyeBlink", "eyeWide", "eyeLook"))]
_BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

_log = logging.getLogger(__name__)


def refuse_cut_off(face: FaceLandmarks, shape: tuple[int, ...], name: str) -> None:
    """Raise PortraitError where the mouth or an eye lies outside a picture of shape (H, W, ...)."""
    size = np.array(shape[1::-1])
    outside = [
        part for part, marks in FEATURES.items() if (np.abs(face.points[list(marks), :2] / size - 0.5) > 0.5).any()
    ]
    if outside:
        raise PortraitError(
            f"The face in {name} is cut off by the picture's border ({' and '.join(outside)}); "
            "use a picture that shows the whole face."
        )


def warn_of_doubts(picture: np.ndarray, face: FaceLandmarks, size_in_picture_px: float, name: str) -> None:
    """Log a warning, one sentence each, of what will make the video poor.

    picture: (H, W, 3) uint8 RGB.  face: in its pixels.  size_in_picture_px: the face's height in the user's own file.
    """
    roll = abs(float(np.degrees(face.angles[2])))
    if size_in_picture_px < COMFORTABLE_FACE_PX:
        _log.warning("The face in %s is only %.0f pixels high and will look soft; 150 or more is better.",
                     name, size_in_picture_px)  # fmt: skip
    if roll > LARGEST_ROLL_DEG:
        _log.warning("The head in %s is tilted by %.0f degrees; turn the picture upright if it lies.", name, roll)
    if is_dark(picture):
        _log.warning("%s is very dark; the video will be as dark, so brighten it first.", name)
    if eyes_shut(face):
        _log.warning("The eyes in %s are shut and stay shut in the video; use a picture with open eyes.", name)
    if mouth_covered(picture, face):
        _log.warning("The mouth in %s seems to be covered, by a hand or a mask; use a picture that shows it.", name)


def eyes_shut(face: FaceLandmarks) -> bool:
    """Whether both eyes are closed."""
    return all(_distance(face, *lids) < SHUT_EYES * _distance(face, *corners) for lids, corners in _LIDS)


def asleep(fit: PortraitFit) -> PortraitFit:
    """A fit whose lids do not move: what lies behind shut lids the picture does not show."""
    expression, deltas = fit.expression.copy(), fit.deltas.copy()
    expression[_BLINKS] = 1.0
    deltas[_SHUT_SHAPES] = 0.0
    return replace(fit, expression=expression, deltas=deltas)


def mouth_covered(picture: np.ndarray, face: FaceLandmarks) -> bool:
    """Whether no lips are to be seen in (H, W, 3) uint8 where the landmarks have them."""
    patch, marks = _even_mouth(picture, face)
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)
    outer, inner = marks[_OUTER], marks[_INNER]
    lips = _filled(outer, 0.95) & ~_filled(inner, 1.0)
    around = _filled(outer, 1.6) & ~_filled(outer, 1.15)
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    colour = float(np.linalg.norm(np.median(lab[lips], axis=0) - np.median(lab[around], axis=0)))
    x, y = np.clip(np.round((inner[3:8] + inner[17:12:-1]) / 2).astype(int), 8, _MOUTH_PX - 9).T
    beside = (grey[y - 6, x].mean() + grey[y + 6, x].mean()) / 2
    line = (beside - min(grey[y + step, x].mean() for step in (-1, 0, 1))) / max(beside, 1.0)
    spread = grey[_filled(outer, 1.2)].std() / _CHEEK_LUMA
    return colour < COVERED_COLOUR and abs(line) < COVERED_LINE and spread < COVERED_SPREAD


_CHEEK_LUMA = 150.0


def _even_mouth(picture: np.ndarray, face: FaceLandmarks) -> tuple[np.ndarray, np.ndarray]:
    """A square about the mouth, 120 pixels to a face height, its cheeks brought to _CHEEK_LUMA; and the landmarks."""
    points = face.points[:, :2].astype(np.float64)
    scale = 120 / max(_distance(face, 10, 152), 1.0)
    matrix = np.column_stack([np.eye(2) * scale, _MOUTH_PX / 2 - scale * points[13]])
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    patch = cv2.warpAffine(picture, matrix, (_MOUTH_PX, _MOUTH_PX), flags=flag, borderMode=cv2.BORDER_REPLICATE)
    marks = points @ matrix[:, :2].T + matrix[:, 2]
    ring = _filled(marks[_OUTER], 1.6) & ~_filled(marks[_OUTER], 1.15)
    skin = max(float(np.median(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)[ring])), 1.0)
    return np.clip(patch.astype(np.float32) * (_CHEEK_LUMA / skin), 0, 255).astype(np.uint8), marks


def _filled(polygon: np.ndarray, scale: float) -> np.ndarray:
    middle = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    mask = np.zeros((_MOUTH_PX, _MOUTH_PX), np.uint8)
    cv2.fillPoly(mask, [np.round(middle + scale * (polygon - middle)).astype(np.int32)], 1)
    return mask.astype(bool)


def _distance(face: FaceLandmarks, one: int, other: int) -> float:
    return float(np.linalg.norm(face.points[one, :2] - face.points[other, :2]))
