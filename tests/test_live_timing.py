"""When frames leave and what they show, by a clock that the tests turn themselves."""

import re
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.live import sender
from dreamtalk.live.clip_feed import ClipFeed
from dreamtalk.live.face import REST, Face
from dreamtalk.live.motion_buffer import EASE_S, HOLD_S, MotionBuffer
from dreamtalk.live.pacing import Pace
from dreamtalk.live.speech_feed import SpeechFeed
from rig.clip import BlendshapeClip


class Clock:
    """Seconds that pass only by sleeping, and ten millionths each time that somebody looks."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        self.now_s += 1e-5
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds + 2e-4  # as systems do: a little too long

    def pace(self, fps: float) -> Pace:
        return Pace(fps, self, self.sleep)


class Heard:
    """A receiver that keeps what it is sent, with the time."""

    def __init__(self, clock: Clock, slow_s: float = 0.0) -> None:
        self.clock, self.slow_s, self.failed = clock, slow_s, 0
        self.faces: list[tuple[float, int, float]] = []

    def datagram(self, face: Face, number: int, time_s: float) -> tuple[int, float]:
        self.clock.now_s += self.slow_s
        return number, float(face.weights[0])

    def send(self, datagram: tuple[int, float]) -> None:
        self.faces.append((self.clock.now_s, *datagram))


def face(value: float) -> Face:
    return Face(np.full(52, value, np.float32), REST.head_rotation, REST.eye_rotation)


# Deadlines


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 240), st.integers(1, 300))
def test_frames_leave_on_time_and_never_drift(fps: float, count: int) -> None:
    clock = Clock()
    heard, pace = Heard(clock), clock.pace(fps)
    sender.send(lambda number, _: face(0.5) if number < count else None, [heard], fps, pace)
    times, numbers, _ = zip(*heard.faces, strict=True)
    assert list(numbers) == list(range(len(numbers)))
    after = np.array(times) - pace.start_s - np.arange(len(times)) / fps
    assert after.min() >= 0 and after.max() < 1e-3


def test_what_takes_time_before_a_deadline_does_not_move_the_frame() -> None:
    clock = Clock()
    heard, pace = Heard(clock, slow_s=0.010), clock.pace(60)
    timing = sender.send(lambda number, _: face(0.5) if number < 30 else None, [heard], 60, pace)
    assert timing.dropped == timing.late == 0 and timing.worst_ms < 0.1


def test_a_late_frame_leaves_at_once_and_frames_it_is_too_late_for_are_dropped() -> None:
    clock = Clock()
    heard, pace = Heard(clock), clock.pace(100)

    def face_at(number: int, deadline_s: float) -> Face | None:
        if number == 10:
            clock.now_s = deadline_s + 0.035  # the computer was busy
        return face(0.5) if number < 20 else None

    timing = sender.send(face_at, [heard], 100, pace)
    numbers = [number for _, number, _ in heard.faces]
    assert numbers[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13]
    assert timing.dropped == 2 and timing.late == 2  # 10, and 13, which was due 5 ms before
    assert 34 < timing.worst_ms < 36
    assert heard.faces[12][0] - pace.start_s == pytest.approx(0.14, abs=1e-3)


def test_the_limit_counts_seconds() -> None:
    clock = Clock()
    heard = Heard(clock)
    sender.send(lambda number, _: face(1), [heard], 50, clock.pace(50), limit_s=2)
    assert [value for _, _, value in heard.faces].count(1.0) == 100


def test_the_report_is_one_line_of_figures() -> None:
    clock = Clock()
    timing = sender.send(lambda number, _: face(1), [Heard(clock)], 50, clock.pace(50), limit_s=0.1)
    counts, figures = str(timing).split("; after the deadline: ")
    assert counts == "20 frames sent, 0 late, 0 dropped"
    assert re.fullmatch(r"p50 0\.0\d\d ms, p99 0\.0\d\d ms, worst 0\.0\d\d ms", figures)


# The end


def test_the_face_eases_to_rest_at_the_end() -> None:
    clock = Clock()
    heard = Heard(clock)
    sender.send(lambda number, _: face(1) if number < 5 else None, [heard], 30, clock.pace(30))
    values = [value for _, _, value in heard.faces]
    assert values[4] == 1 and values[-1] == 0 and values[4:] == sorted(values[4:], reverse=True)
    assert len(values) == 5 + round(sender.EASE_S * 30)


def test_ctrl_c_eases_to_rest_and_returns() -> None:
    clock = Clock()
    heard = Heard(clock)

    def face_at(number: int, _: float) -> Face:
        if number == 7:
            raise KeyboardInterrupt
        return face(1)

    assert sender.send(face_at, [heard], 60, clock.pace(60)).sent == 7 + round(sender.EASE_S * 60)
    assert heard.faces[-1][2] == 0


def test_an_error_on_the_way_is_raised_after_the_face_has_eased_to_rest() -> None:
    clock = Clock()
    heard = Heard(clock)

    def face_at(number: int, _: float) -> Face:
        if number == 7:
            raise ValueError("the sound broke off")
        return face(1)

    with pytest.raises(ValueError, match="the sound broke off"):
        sender.send(face_at, [heard], 60, clock.pace(60))
    assert heard.faces[-1][2] == 0


# Clips


def ramp(count: int, fps: float = 60) -> BlendshapeClip:
    weights = np.zeros((count, 52))
    weights[:, 0] = np.arange(count) / count
    return BlendshapeClip(weights, np.zeros((count, 3)), fps)


def test_a_clip_is_sent_frame_by_frame_and_ends() -> None:
    feed = ClipFeed(ramp(4))
    values = [feed.face_at(number, 0.0) for number in range(5)]
    assert [float(value.weights[0]) for value in values[:4]] == [0, 0.25, 0.5, 0.75] and values[4] is None


def test_a_looped_clip_begins_anew_even_where_its_first_frame_was_dropped() -> None:
    begun = []
    feed = ClipFeed(ramp(4), loop=True, on_begin=lambda: begun.append(1))
    assert [float(feed.face_at(number, 0.0).weights[0]) for number in (0, 3, 5, 6, 8)] == [0, 0.75, 0.25, 0.5, 0]
    assert len(begun) == 3


# The buffer


def filled(delay_s: float = 0.1, catch_up: bool = False) -> MotionBuffer:
    """One second of motion at 25 frames a second, come at second 0; its value is the time."""
    buffer = MotionBuffer(delay_s, catch_up)
    for index in range(26):
        buffer.put(index / 25, face(index / 25), 0.0)
    return buffer


def shown(buffer: MotionBuffer, times: np.ndarray) -> np.ndarray:
    return np.array([float(buffer.at(float(now)).weights[0]) for now in times])


def test_motion_is_played_at_the_stated_delay_and_evenly() -> None:
    times = np.arange(0, 1.1, 1 / 60)
    values = shown(filled(delay_s=0.1), times)
    settled = times > 0.1 + 0.13
    assert np.abs(values[settled] - (times[settled] - 0.1)).max() < 1e-4
    assert values[times < 0.1].max() == 0


def test_the_first_motion_fades_in_from_rest() -> None:
    buffer = MotionBuffer(0.0, False)
    for index in range(10):
        buffer.put(index / 25, face(1.0), 0.0)
    values = shown(buffer, np.arange(0, 0.2, 0.01))
    assert values[0] == 0 and values[-1] == 1 and np.diff(values).max() < 0.2


def test_a_stalled_source_is_held_then_eased_to_rest_then_goes_on() -> None:
    buffer = filled(delay_s=0.1)
    shown(buffer, np.arange(0, 1.2, 0.01))
    stalled = np.arange(1.2, 2.5, 0.01)
    values = shown(buffer, stalled)
    assert buffer.stalls == 1 and values[: round(HOLD_S * 100) - 12].min() == 1
    assert values[stalled > 1.12 + HOLD_S + EASE_S].max() == 0 and np.diff(values).max() <= 0
    for index in range(26, 60):
        buffer.put(index / 25, face(0.5), 2.5)
    resumed = shown(buffer, np.arange(2.5, 3.5, 0.01))
    assert resumed[:10].max() == 0 and resumed[40] == 0.5 and buffer.stalls == 1
    assert np.abs(np.diff(resumed)).max() < 0.1


def test_a_microphone_that_was_kept_waiting_is_caught_up_with() -> None:
    def delay_after(catch_up: bool) -> float:
        buffer = MotionBuffer(0.1, catch_up)
        now, put = 0.0, 0
        while now < 12:
            # Frames come as they are spoken, but for a second in which the computer was busy.
            while put / 25 <= now and not 3 < now < 4:
                buffer.put(put / 25, face(0.5), now)
                put += 1
            buffer.at(now)
            now += 1 / 60
        return now - buffer.position_s

    assert 1.0 < delay_after(catch_up=False) < 1.3
    assert delay_after(catch_up=True) < 0.4


def test_the_buffer_ends_when_the_last_frame_was_shown() -> None:
    buffer = filled(delay_s=0.0)
    buffer.end()
    assert buffer.at(0.9) is not None and buffer.at(2.5) is None and buffer.stalls == 0
    assert buffer.put(2.0, face(0), 3.0) is False


def test_nothing_but_rest_is_shown_before_anything_has_come() -> None:
    buffer = MotionBuffer(0.1, False)
    assert shown(buffer, np.arange(0, 2, 0.1)).max() == 0 and buffer.position_s is None
    buffer.end()
    assert buffer.at(2.1) is None


def test_a_source_that_is_ahead_is_kept_waiting() -> None:
    buffer = MotionBuffer(0.0, False, longest_s=1.0)

    def fill() -> None:
        for index in range(100):
            buffer.put(index / 25, face(0.5), 0.0)
        buffer.end()

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()  # a second of motion waits, three more do not fit
    for now in np.arange(0, 5, 0.02):
        buffer.at(float(now))
        if not thread.is_alive():
            break
        thread.join(0.001)
    thread.join(5)
    assert not thread.is_alive()


# Speech


def streamed(count: int) -> Iterator[SimpleNamespace]:
    for index in range(count):
        yield SimpleNamespace(index=index, weights=np.full(52, 0.5, np.float32), head_rotation=np.zeros(3, np.float32))


def played(feed: SpeechFeed, buffer: MotionBuffer) -> list[Face]:
    """Everything a feed shows, by a clock of 60 frames a second that begins once all has come."""
    feed.start()
    feed._thread.join(5)
    found, now = [], 0.0
    while (one := feed.face_at(len(found), now)) is not None:
        found.append(one)
        now += 1 / 60
    return found


def test_a_stream_becomes_faces_and_says_when_it_begins() -> None:
    begun, buffer = [], MotionBuffer(0.05, False)
    feed = SpeechFeed(streamed(25), buffer, lambda: begun.append(1), clock=lambda: 0.0)
    found = played(feed, buffer)
    assert len(found) == pytest.approx((0.05 + 24 / 25) * 60, abs=2) and len(begun) == 1
    assert found[-1].weights[0] == 0.5 and found[0].weights[0] == 0
    feed.close()
    assert feed.stalls == 0


def test_what_goes_wrong_in_the_stream_is_raised_where_faces_are_asked_for() -> None:
    def broken() -> Iterator[SimpleNamespace]:
        yield from streamed(5)
        raise ValueError("the file is cut off")

    buffer = MotionBuffer(0.0, False)
    with pytest.raises(ValueError, match="the file is cut off"):
        played(SpeechFeed(broken(), buffer, clock=lambda: 0.0), buffer)
