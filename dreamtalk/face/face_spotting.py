"""Finding the faces of a video's pictures when the detector needs help: small faces, faces that fill the picture."""

import numpy as np

from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks, faces_in_tiles, faces_with_border

_REMEMBERED = 30  # pictures after which the place of a lost face is forgotten
_SEARCH_EVERY = 12  # a picture is searched tile by tile this often while there is no face


class FaceSpotter:
    """Faces of consecutive pictures, largest first.

    Where the detector misses, the place of the last face is looked at from near; without such a place the picture is
    tried with a border around it and, now and then, tile by tile.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._last: FaceLandmarks | None = None
        self._missed = 0

    def __call__(self, picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
        """(H, W, 3) uint8 RGB -> faces, empty where there is none."""
        faces = self._detector(picture) or self._near_last(picture) or self._searched(picture)
        self._missed = 0 if faces else self._missed + 1
        if faces:
            self._last = faces[0]
        elif self._missed >= _REMEMBERED:
            self._last = None
        return faces

    def forget(self) -> None:
        """A cut: the next face may be anywhere."""
        self._last, self._missed = None, 0

    def _near_last(self, picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
        if self._last is None:
            return ()
        centre, size = self._last.points[:, :2].mean(axis=0), self._last.size_px
        height, width = picture.shape[:2]
        left, top = np.maximum(centre - 1.2 * size, 0).astype(int)
        right, bottom = np.minimum(centre + 1.2 * size, (width, height)).astype(int)
        if min(right - left, bottom - top) < 16:
            return ()
        found = self._detector(np.ascontiguousarray(picture[top:bottom, left:right]))
        return tuple(face.moved(1.0, np.array([left, top])) for face in found)

    def _searched(self, picture: np.ndarray) -> tuple[FaceLandmarks, ...]:
        if self._last is not None or self._missed % _SEARCH_EVERY:
            return ()
        return faces_with_border(self._detector, picture) or faces_in_tiles(self._detector, picture, 3)
