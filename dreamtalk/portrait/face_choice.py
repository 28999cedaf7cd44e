"""Which of a picture's faces is the portrait's, and whether it will do."""

import logging

import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceDetector, FaceLandmarks, faces_in_tiles
from dreamtalk.portrait.face_search import find_faces, is_dark, reduced, scaled

LEAST_FACE_PX = 64
LARGEST_YAW_DEG = 50
SAME_FACE = 0.6
"""Two findings nearer than this, over the larger one's size, are one face."""

_log = logging.getLogger(__name__)


def chosen_face(picture: np.ndarray, name: str, number: int | None = None) -> FaceLandmarks:
    """The face with the given number in (H, W, 3) uint8 RGB, counted from 1, left to right; None = the largest.

    name: what the picture is called in messages. Raises PortraitError where there is no such face, or where it is too
    small or turned too far.
    """
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_FACE_PX:
        raise PortraitError(
            f"{name} is only {width}x{height} pixels; its face must be at least {LEAST_FACE_PX} pixels high, "
            "better 150 or more."
        )
    faces = find_faces(picture)
    if number is not None or len(faces) > 1:
        small, shrink = reduced(picture)
        faces = scaled(every_face(small, scaled(faces, shrink)), 1 / shrink)
    # What is too small to speak does not count, unless there is nothing else.
    faces = tuple(face for face in faces if face.size_px >= LEAST_FACE_PX) or faces
    if not faces:
        dark = ", which is very dark" if is_dark(picture) else ""
        raise PortraitError(
            f"No face was found in {name}{dark}; use a picture that shows one human face from the front, "
            "eyes and mouth in sight, 150 pixels high or more."
        )
    face = _picked(faces, name, number)
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


def every_face(picture: np.ndarray, found: tuple[FaceLandmarks, ...]) -> tuple[FaceLandmarks, ...]:
    """Those already found in (H, W, 3) uint8, and those that only a nearer look shows, from left to right.

    The detector sees small faces only from near, so squares of the picture are searched as well.
    """
    faces = list(found)
    with FaceDetector() as detector:
        for parts in (1, 2, 4):
            for face in faces_in_tiles(detector, picture, parts):
                if all(_apart(face, other) for other in faces):
                    faces.append(face)
    return tuple(sorted(faces, key=lambda face: _middle(face)[0]))


def _picked(faces: tuple[FaceLandmarks, ...], name: str, number: int | None) -> FaceLandmarks:
    largest = max(faces, key=lambda face: face.size_px)
    listed = _listed(faces)
    if number is None:
        if len(faces) > 1:
            _log.warning(
                "%d faces were found in %s, from left to right: %s; the largest, %d, is used (--face takes another).",
                len(faces), name, listed, faces.index(largest) + 1,
            )  # fmt: skip
        return largest
    if not 1 <= number <= len(faces):
        there = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise PortraitError(f"There is no face {number} in {name}: {there} found, from left to right: {listed}.")
    return faces[number - 1]


def _listed(faces: tuple[FaceLandmarks, ...]) -> str:
    places = ((number, face.size_px, *_middle(face)) for number, face in enumerate(faces, start=1))
    return ", ".join(f"{number} ({size:.0f} pixels high at {x:.0f}, {y:.0f})" for number, size, x, y in places)


def _middle(face: FaceLandmarks) -> np.ndarray:
    return face.points[FACE_OVAL, :2].mean(axis=0)


def _apart(one: FaceLandmarks, other: FaceLandmarks) -> bool:
    return np.linalg.norm(_middle(one) - _middle(other)) > SAME_FACE * max(one.size_px, other.size_px)
