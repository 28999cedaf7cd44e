"""Timecodes: 60 labels a second, rates that count frames, and drop-frame against SMPTE's known labels."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import RigError
from rig.formats.frame_rate import FrameRate
from rig.formats.timecode import (
    DAY_S,
    frames_of_labels,
    frames_of_times,
    labels_of_frames,
    seconds_of,
    seconds_of_all,
    shown_times,
    start_seconds,
    timecode,
    timecodes,
)

RATES = ("23.976", "23.976ndf", "24", "25", "29.97", "29.97ndf", "29.97df", "30", "59.94df", "59.94ndf", "60")


def label_by_counting(frames: int, nominal: int) -> list[tuple[int, int, int]]:
    """(minutes, seconds, frames) of every frame, by the rule itself: walk on, and skip what is left out."""
    labels, left_out = [], range(nominal // 15)
    minute = second = frame = 0
    while len(labels) < frames:
        if not (frame in left_out and second == 0 and minute % 10):
            labels.append((minute, second, frame))
        frame += 1
        if frame == nominal:
            frame, second = 0, second + 1
        if second == 60:
            second, minute = 0, minute + 1
    return labels


@pytest.mark.parametrize("nominal", [30, 60])
def test_drop_frame_labels_are_those_of_counting_one_by_one(nominal):
    frames = 25 * 60 * nominal
    counted = [(m * 60 + s) * nominal + f for m, s, f in label_by_counting(frames, nominal)]
    np.testing.assert_array_equal(labels_of_frames(np.arange(frames), nominal), counted)


@pytest.mark.parametrize(
    ("frame", "code"),
    [(1799, "00:00:59:58.000"), (1800, "00:01:00:04.000"), (17982, "00:10:00:00.000"), (107892, "01:00:00:00.000")],
)
def test_known_drop_frame_labels_stand_at_twice_their_number_in_sixtieths(frame, code):
    # SMPTE: frame 1800 of 29.97 is 00:01:00;02, frame 17982 is 00:10:00;00.
    times = shown_times(frame + 1, 29.97, FrameRate.parse("29.97df"), 0.0)
    assert timecode(times[frame]) == code


@given(st.integers(0, 10**7), st.sampled_from([30, 60]))
def test_drop_frame_labels_are_undone(frame, nominal):
    assert frames_of_labels(labels_of_frames(np.array([frame]), nominal), nominal)[0] == frame


def test_an_hour_of_2997_reads_short_without_drop_frame_and_right_with_it():
    frames = round(3600 * 30000 / 1001)
    for text, shown in (("29.97", 3600.0), ("29.97ndf", 3596.4), ("29.97df", 3600.0)):
        rate = FrameRate.parse(text)
        assert abs(shown_times(frames + 1, rate.fps, rate, 0.0)[-1] - shown) < 0.04


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(RATES), st.floats(0, DAY_S - 1), st.integers(1, 4000))
def test_frames_come_back_from_the_timecodes_of_every_rate(text, start_s, count):
    rate = FrameRate.parse(text)
    if rate.count == "drop":  # a start that has a label
        start_s = frames_of_labels(np.array([int(start_s * rate.nominal)]), rate.nominal)
        start_s = float(labels_of_frames(start_s, rate.nominal)[0]) / rate.nominal
    codes = timecodes(shown_times(count, rate.fps, rate, start_s))
    times = np.unwrap(seconds_of_all(codes), period=DAY_S)
    frames = frames_of_times(times, rate)
    np.testing.assert_allclose(frames - frames[0], np.arange(count), atol=0.01)


@given(st.floats(0, 86399))
def test_timecode_round_trip(time_s):
    assert abs(seconds_of(timecode(time_s)) - time_s) < 1e-5
    codes = timecodes(np.array([time_s]))
    assert codes[0] == timecode(time_s)
    assert seconds_of_all(codes)[0] == seconds_of(timecode(time_s))


def test_timecode_counts_sixtieths_with_a_fraction_and_wraps_at_midnight():
    assert timecode(0.04) == "00:00:00:02.400"
    assert timecode(0.99999999) == "00:00:01:00.000"
    assert timecode(DAY_S + 3600 * 11 + 54 * 60 + 29 + 19.804 / 60) == "11:54:29:19.804"


def test_texts_that_are_no_timecode_are_told_apart():
    texts = ["01:02:03:04.500", "noon", "1:2:3", "00:60:00:00", "00:00:00:61", "-1:00:00:00", None, ""]
    found = seconds_of_all(pl.Series(texts, dtype=pl.String))
    assert found[0] == 3723 + 4.5 / 60 and np.isnan(found[1:]).all()
    for text in texts[1:]:
        with pytest.raises(ValueError):
            seconds_of(text or "")


def test_starts_are_timecodes_or_seconds():
    assert start_seconds("01:00:00:30") == 3600.5
    assert start_seconds("12.5") == 12.5
    for text in ("noon", "-1", "nan", "24:00:00:00", "00:00:00", "1e9"):
        with pytest.raises(RigError, match="no start"):
            start_seconds(text)


def test_a_start_that_drop_frame_leaves_out_is_refused():
    for text in ("29.97df", "59.94df"):
        rate = FrameRate.parse(text)
        with pytest.raises(RigError, match="leaves out 00:01:00:00.000; start at 00:01:00:04.000"):
            shown_times(5, rate.fps, rate, 60.0)
        assert shown_times(5, rate.fps, rate, seconds_of("00:01:00:04"))[0] == seconds_of("00:01:00:04")
        assert shown_times(5, rate.fps, rate, 600.0)[0] == 600.0
