"""Pictures of a camera on this computer, at a steady rate, as they come."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.video_frames import LONGEST_SIDE_PX, VideoTiming

FPS = 30.0


class Webcam:
    """An open camera. Use as a context manager; iterate once; Ctrl-C ends the recording and keeps what was recorded.

    Picture n is the newest one at n / 30 seconds after the first; where the camera, or the tracking, is slower than
    that, the very same array comes again, so that a second of the recording is a second.
    """

    def __init__(
        self,
        number: int = 0,
        seconds: float | None = None,
        *,
        open_camera: Callable[[int], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """number: which camera, from 0.  seconds: when to stop; None = at Ctrl-C.  open_camera, clock: for tests.

        Raises OptionError where there is no such camera, or it gives no picture.
        """
        self.name = f"camera {number}"
        self.timing = VideoTiming(FPS, 0 if seconds is None else round(seconds * FPS))
        self._clock = clock
        self._camera = (open_camera or _opencv_camera)(number)
        if not self._camera.isOpened() or not self._camera.read()[0]:
            self._camera.release()
            raise OptionError(f"There is no camera {number}, or another program holds it; try --camera with another.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._camera.release()

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 RGB, the longer side at most 960 pixels."""
        start, given, most = self._clock(), 0, self.timing.frame_count or math.inf
        try:
            while given < most:
                there, picture = self._camera.read()
                if not there:
                    return  # the camera was taken away; what was recorded stands
                picture = _rgb(picture)
                due = 1 + int((self._clock() - start) * FPS)
                while given < min(due, most):
                    yield picture
                    given += 1
        except KeyboardInterrupt:
            return


def _opencv_camera(number: int) -> Any:
    import cv2

    log = cv2.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)  # a camera that is missing is said in one sentence, not in ten lines
    try:
        return cv2.VideoCapture(number)
    finally:
        log.setLogLevel(level)


def _rgb(picture: np.ndarray) -> np.ndarray:
    """OpenCV's blue, green, red -> RGB, small enough."""
    step = -(-max(picture.shape[:2]) // LONGEST_SIDE_PX)
    return np.ascontiguousarray(picture[::step, ::step, ::-1])
