"""Speech that comes in pieces -> faces, made in a thread of their own so that sending stays steady."""

import time
from collections.abc import Callable, Iterable
from threading import Thread

from dreamtalk.live.face import Face
from dreamtalk.live.motion_buffer import MotionBuffer
from dreamtalk.motion_stream import StreamedFrame
from rig.gaze import eye_rotation_from_weights

STREAM_FPS = 25.0
_PATIENCE_S = 1.0


class SpeechFeed:
    """Runs a stream of frames into a buffer; `face_at` is what the sender asks."""

    def __init__(
        self,
        frames: Iterable[StreamedFrame],
        buffer: MotionBuffer,
        on_begin: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """on_begin: called once, when the first face is about to be shown; it must not wait."""
        self._frames, self._buffer, self._on_begin, self._clock = frames, buffer, on_begin, clock
        self._begun = False
        self._problem: BaseException | None = None
        self._thread = Thread(target=self._run, name="speech to faces", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Let the stream go; where it waits for sound that never comes, the thread is left to the program's end."""
        self._buffer.end()
        self._thread.join(_PATIENCE_S)

    @property
    def stalls(self) -> int:
        """How often the motion had run out and the face was held."""
        return self._buffer.stalls

    def face_at(self, number: int, deadline_s: float) -> Face | None:
        """The face to show at a moment of the clock; None at the end. Raises what the stream raised."""
        face = self._buffer.at(deadline_s)
        if not self._begun and self._buffer.position_s is not None:
            self._begun = True
            self._on_begin()
        if face is None and self._problem is not None:
            raise self._problem
        return face

    def _run(self) -> None:
        try:
            for frame in self._frames:
                eyes = eye_rotation_from_weights(frame.weights[None])[0]
                face = Face(frame.weights, frame.head_rotation, eyes)
                if not self._buffer.put(frame.index / STREAM_FPS, face, self._clock()):
                    break
        except BaseException as error:  # noqa: BLE001 whatever it is, it belongs to the sender
            self._problem = error
        finally:
            self._buffer.end()
