"""Frames that come in bursts -> the face of any moment, at a stated delay.

    waiting --(a frame has come, delay_s later)--> playing --(no frame is left)--> held --> eased to rest --> waiting

The model gives four frames of 25 a second at once and takes its time over them; the buffer plays them evenly.
"""

from collections import deque
from threading import Condition

from dreamtalk.live.face import REST, Face, mixed
from rig.smoothstep import smoothstep

HOLD_S = 0.25
"""How long the last face stands when nothing comes any more, before it eases to rest."""
EASE_S = 0.5
"""How long that takes."""
FADE_S = 0.12
"""From what was shown while waiting into the motion that has come."""
CATCH_UP = 1.25
"""Speed at which a live source's motion is played while more of it waits than should."""
_SLACK_S = 0.2  # a burst of frames, and a little


class MotionBuffer:
    """Filled by one thread, read by another. Times are seconds of the reader's clock, `now`."""

    def __init__(self, delay_s: float, catch_up: bool, longest_s: float = 2.0) -> None:
        """delay_s: how long motion waits after it has come, so that a model that is late now and then is not noticed.

        catch_up: for sources that go on in real time whatever happens here (a microphone): what has piled up is played
        faster. Other sources are later by what they were late. longest_s: motion that may wait; then `put` waits.
        """
        self._delay_s, self._catch_up, self._longest_s = delay_s, catch_up, longest_s
        self._frames: deque[tuple[float, Face]] = deque()
        self._changed = Condition()
        self._ended = False
        self._position: float | None = None  # second of the motion that is shown; None while waiting
        self._starts_at: float | None = None
        self._read_at = 0.0
        self._stalled_at = self._resumed_at = float("-inf")
        self._before = self._shown = REST  # what stood when the motion came or ran out, and what stands now
        self.stalls = 0
        self.position_s: float | None = None
        """Second of the motion that was last shown, or None before the first."""

    def put(self, time_s: float, face: Face, now: float) -> bool:
        """The motion's face at its second `time_s`, rising; waits while more than longest_s is waiting already.

        False where the buffer has ended and nothing more is wanted.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting_s() < self._longest_s)
            if self._ended:
                return False
            self._frames.append((time_s, face))
            if self._position is None and self._starts_at is None:
                self._starts_at = now + self._delay_s
            return True

    def end(self) -> None:
        """No more frames will come, or are wanted."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def at(self, now: float) -> Face | None:
        """The face to show at `now`, rising from call to call; None once the motion has ended and been shown."""
        with self._changed:
            self._move_to(now)
            if self._position is None and self._ended and not self._frames:
                return None
            self._shown = self._waiting_face(now) if self._position is None else self._playing_face(now)
            self._changed.notify_all()
            return self._shown

    def _waiting_s(self) -> float:
        return self._frames[-1][0] - self._frames[0][0] if self._frames else 0.0

    def _move_to(self, now: float) -> None:
        passed, self._read_at = now - self._read_at, now
        if self._position is not None:
            self._position += passed * self._speed()
        elif self._starts_at is not None and now >= self._starts_at:
            self._position, self._starts_at = self._frames[0][0] + now - self._starts_at, None
            self._before, self._resumed_at = self._shown, now
        if self._position is None:
            return
        while len(self._frames) > 1 and self._frames[1][0] <= self._position:
            self._frames.popleft()
        self.position_s = min(self._position, self._frames[-1][0])
        if self._position > self._frames[-1][0]:
            self._run_dry(now)

    def _run_dry(self, now: float) -> None:
        self._before, self._stalled_at, self._position = self._frames[-1][1], now, None
        self._frames.clear()
        self.stalls += not self._ended

    def _speed(self) -> float:
        waiting = self._frames[-1][0] - self._position
        return CATCH_UP if self._catch_up and waiting > self._delay_s + _SLACK_S else 1.0

    def _waiting_face(self, now: float) -> Face:
        gone = float(smoothstep(0, EASE_S, now - self._stalled_at - HOLD_S))
        return mixed(self._before, REST, gone)

    def _playing_face(self, now: float) -> Face:
        time_s, face = self._frames[0]
        if len(self._frames) > 1:
            later_s, later = self._frames[1]
            face = mixed(face, later, (self._position - time_s) / (later_s - time_s))
        come = float(smoothstep(0, FADE_S, now - self._resumed_at))
        return face if come == 1.0 else mixed(self._before, face, come)
