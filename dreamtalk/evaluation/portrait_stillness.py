"""What ought to stay still in a portrait's video: the background, and the frame at rest."""

import cv2
import numpy as np

from dreamtalk.evaluation.face_regions import luma
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks
from rig.polygon import signed_distance

FAR_WIDTHS = 0.6
"""The background begins this many face widths beside the face."""
PERSON_MARGIN = 0.06
"""And as many off the person's outline, where that is known."""
_STEP = 4


def background_region(face: FaceLandmarks, shape: tuple[int, ...], person: np.ndarray | None = None) -> np.ndarray:
    """(H, W) bool: beside and above the head, above the chin, and off the person, (H, W) in [0, 1], if given."""
    outline = face.points[FACE_OVAL, :2].astype(np.float64)
    width = float(np.ptp(outline[:, 0]))
    y, x = np.mgrid[: shape[0] : _STEP, : shape[1] : _STEP]
    points = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    far = signed_distance(points, outline) < -FAR_WIDTHS * width
    far &= points[:, 1] < outline[:, 1].max()
    region = np.kron(far.reshape(x.shape), np.ones((_STEP, _STEP), bool))[: shape[0], : shape[1]]
    if person is not None:
        side = 2 * round(PERSON_MARGIN * width) + 1
        region &= cv2.dilate((person > 0.05).astype(np.uint8), np.ones((side, side), np.uint8)) == 0
    return region


class Stillness:
    """Running figures of how a region changes over time; holds a few pictures, however long the video.

    source: (H, W, 3) uint8 RGB, the portrait.  region: (H, W) bool, what ought to be still.
    """

    def __init__(self, source: np.ndarray, region: np.ndarray) -> None:
        self._source, self._region = source[region], region
        size = int(region.sum())
        self._sum, self._squares, self._bends = np.zeros(size), np.zeros(size), np.zeros(size)
        self._changed = np.zeros(size, bool)
        self._last: list[np.ndarray] = []
        self._count = 0

    def add(self, frame: np.ndarray) -> None:
        """The next frame, (H, W, 3) uint8 RGB."""
        seen = frame[self._region]
        grey = luma(seen).astype(np.float64)
        self._changed |= (seen != self._source).any(axis=-1)
        self._sum += grey
        self._squares += grey**2
        if len(self._last) == 2:
            self._bends += np.abs(grey - 2 * self._last[1] + self._last[0])
        self._last = [*self._last[-1:], grey]
        self._count += 1

    @property
    def deviation(self) -> float:
        """Standard deviation over time in grey levels, mean over the pixels; nan for an empty region."""
        if not self._count or not len(self._sum):
            return float("nan")
        mean = self._sum / self._count
        return float(np.sqrt(np.maximum(self._squares / self._count - mean**2, 0)).mean())

    @property
    def flicker(self) -> float:
        """Mean absolute second difference in time, grey levels."""
        return float(self._bends.mean() / (self._count - 2)) if self._count > 2 and len(self._sum) else float("nan")

    @property
    def changed(self) -> float:
        """Share of the pixels that differ from the source, by a bit, in any frame."""
        return float(self._changed.mean()) if len(self._changed) else float("nan")


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Of two uint8 pictures, in dB; 99 for the same."""
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(min(10 * np.log10(255.0**2 / max(error, 1e-12)), 99.0))
