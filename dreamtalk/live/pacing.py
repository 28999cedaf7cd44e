"""Steady frames: absolute deadlines that never drift, and what came of them.

`time.perf_counter` is the clock: on Windows `time.monotonic` steps by 15.6 ms. Python sleeps by high-resolution timers
on all three systems since 3.11, but wakes a little late; so it sleeps until shortly before a deadline and spins the
rest.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

SPIN_S = 0.001
"""Waited out awake before each deadline: 6 % of a core at 60 frames a second."""
LEAD_S = 0.05
LATE_S = 0.001
"""A frame that leaves this much after its deadline counts as late."""


@dataclass(frozen=True)
class Timing:
    """sent: frames that left.  late: of these, more than LATE_S after their deadline.  dropped: never sent.

    p50_ms, p99_ms, worst_ms: how far after its deadline a frame left.
    """

    sent: int
    late: int
    dropped: int
    p50_ms: float
    p99_ms: float
    worst_ms: float

    def __str__(self) -> str:
        return (
            f"{self.sent} frames sent, {self.late} late, {self.dropped} dropped; "
            f"after the deadline: p50 {self.p50_ms:.3f} ms, p99 {self.p99_ms:.3f} ms, worst {self.worst_ms:.3f} ms"
        )


class Pace:
    """Deadlines n / fps after the start, one after the other.

    A late frame is sent at once and the next deadline stays where it was. Frames whose successor is due already are
    dropped, so that a face never lags behind its sound.
    """

    def __init__(
        self,
        fps: float,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fps, self._clock, self._sleep = fps, clock, sleep
        self._next, self._sent, self._dropped = 0, 0, 0
        self._lateness = _Histogram()
        self.start_s = clock()
        """When frame 0 is due, by the clock."""

    def begin(self) -> None:
        """Frame 0 is due in LEAD_S, so that there is time to make it ready."""
        self.start_s, self._next = self._clock() + LEAD_S, 0

    def next_frame(self) -> int:
        """Number of the frame to make ready now; those it is too late for are left out and counted."""
        due = math.floor((self._clock() - self.start_s) * self._fps + 1e-9)
        if due > self._next:
            self._dropped += due - self._next
            self._next = due
        return self._next

    def deadline_s(self, frame: int) -> float:
        """When a frame is due, by the clock."""
        return self.start_s + frame / self._fps

    def wait_for(self, frame: int) -> None:
        """Return at the frame's deadline, or at once where that has passed; the frame counts as sent."""
        deadline = self.deadline_s(frame)
        left = deadline - self._clock()
        if left > SPIN_S:
            self._sleep(left - SPIN_S)
        while (now := self._clock()) < deadline:
            pass
        self._lateness.add(now - deadline)
        self._sent, self._next = self._sent + 1, frame + 1

    def timing(self) -> Timing:
        """What came of the frames so far."""
        p50, p99 = self._lateness.quantile(0.5), self._lateness.quantile(0.99)
        late = self._lateness.above(LATE_S)
        return Timing(self._sent, late, self._dropped, p50 * 1000, p99 * 1000, self._lateness.worst_s * 1000)


@contextmanager
def prompt_threads() -> Iterator[None]:
    """Let Python pass from thread to thread within half of SPIN_S meanwhile, not 5 ms.

    So a sender that wakes SPIN_S before its deadline gets its turn in time, however busy the model's thread is.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SPIN_S / 2)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Histogram:
    """Seconds counted in bins of 10 us up to 100 ms, so that a stream of days takes no more memory than one frame."""

    BIN_S = 1e-5

    def __init__(self) -> None:
        self._counts = np.zeros(10_001, np.int64)
        self.worst_s = 0.0

    def add(self, seconds: float) -> None:
        self._counts[min(int(seconds / self.BIN_S), len(self._counts) - 1)] += 1
        self.worst_s = max(self.worst_s, seconds)

    def quantile(self, share: float) -> float:
        """The middle of the bin that the share falls in, and never more than the worst; 0 where nothing was added."""
        counted = np.cumsum(self._counts)
        if counted[-1] == 0:
            return 0.0
        place = int(np.searchsorted(counted, share * counted[-1]))
        return min((place + 0.5) * self.BIN_S, self.worst_s) if place < len(self._counts) - 1 else self.worst_s

    def above(self, seconds: float) -> int:
        return int(self._counts[round(seconds / self.BIN_S) :].sum())
