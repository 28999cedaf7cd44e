"""Pictures of a video, upright and at a steady rate, one at a time."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from dreamtalk.errors import OptionError

MOST_FPS = 30.0
LONGEST_SIDE_PX = 960
_USUAL_FPS = 25.0


@dataclass(frozen=True)
class VideoTiming:
    """fps: pictures a second that are handed out. frame_count: how many, as the file announces it; 0 = not told."""

    fps: float
    frame_count: int


class VideoFrames:
    """An open video. Use as a context manager; iterate once.

    Yields (H, W, 3) uint8 RGB, turned upright, the longer side at most 960 pixels. Picture n is the one nearest to
    n / fps seconds after the file's start, so that a changing rate or a late first picture keeps its place beside the
    sound; where one picture serves two instants the very same array comes twice. Rates above most_fps are divided by a
    whole number.
    """

    def __init__(self, path: str | Path, most_fps: float = MOST_FPS) -> None:
        path, self._most_fps = Path(path), most_fps
        if not path.is_file():
            raise OptionError(f"There is no video {path}; give an existing file such as talk.mp4.")
        self.name = path.name
        try:
            self._container = av.open(str(path.resolve()), metadata_errors="ignore")
        except (av.FFmpegError, ValueError):
            raise OptionError(f"{path.name} cannot be read as a video; give mp4, mov, mkv, webm or avi.") from None
        if not self._container.streams.video:
            self._container.close()
            raise OptionError(f"{path.name} holds sound but no picture; give a video that shows a face.")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        rate = float(self._stream.average_rate or self._stream.guessed_rate or _USUAL_FPS)
        self._own_fps = rate if 1.0 <= rate <= 1000.0 else _USUAL_FPS
        self.timing = self._timing()

    def _timing(self) -> VideoTiming:
        fps = self._own_fps / np.ceil(self._own_fps / self._most_fps - 1e-3)
        length_s = (self._container.duration or 0) / av.time_base
        return VideoTiming(float(fps), max(0, round(length_s * fps)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[np.ndarray]:
        """Raises OptionError where not one picture can be decoded; a file that breaks off ends there."""
        due, step_s = 0, 1.0 / self.timing.fps
        last: tuple[float, np.ndarray] | None = None
        with closing(self._decoded()) as decoded:
            for second, frame in decoded:
                if last is not None and second <= last[0]:
                    continue
                while last is not None and due * step_s < (last[0] + second) / 2:
                    yield last[1]
                    due += 1
                # Pictures between two instants are passed over before they cost their conversion.
                if last is None or second + step_s > due * step_s:
                    last = (second, _upright(frame))
        if last is None:
            raise OptionError(f"No picture of {self.name} could be decoded; try another file.")
        if due * step_s < last[0] + 0.5 / self._own_fps:
            yield last[1]

    def _decoded(self) -> Iterator[tuple[float, av.VideoFrame]]:
        start_s = (self._container.start_time or 0) / av.time_base
        count = 0
        try:
            for frame in self._container.decode(self._stream):
                yield (count / self._own_fps if frame.time is None else frame.time - start_s), frame
                count += 1
        except av.FFmpegError:
            return  # the end of the file is damaged; what came before it stands


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """(H, W, 3) uint8 of one decoded frame, small enough and turned as the file says."""
    scale = min(1.0, LONGEST_SIDE_PX / max(frame.width, frame.height))
    size = (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
    picture = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
    return np.ascontiguousarray(np.rot90(picture, round((frame.rotation or 0) / 90) % 4))
