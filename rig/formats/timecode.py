"""Timecodes of the Live Link Face app: hh:mm:ss:ff.fff with ff counted at 60 a second whatever the frame rate, and .fff
a fraction of such a frame. A timecode is held here as the seconds since midnight that it shows.
"""

import re
from typing import TYPE_CHECKING

import numpy as np

from rig.errors import RigError
from rig.formats.frame_rate import FrameRate
from rig.timing import frame_times

if TYPE_CHECKING:
    import polars

TIMECODE_FPS = 60
DAY_S = 24 * 3600.0
_TIMECODE = r"^([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})[:;]([0-9]{1,2}(?:\.[0-9]*)?)$"


def timecode(time_s: float) -> str:
    """Seconds since the take's midnight -> hh:mm:ss:ff.fff at 60 frames a second; 24 hours wrap."""
    seconds, rest = divmod(round(time_s * TIMECODE_FPS * 1000), TIMECODE_FPS * 1000)
    return (
        f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    )


def timecodes(times_s: np.ndarray) -> "polars.Series":
    """(N,) float64 seconds -> N timecodes, as timecode() makes them, but all at once."""
    import polars as pl

    thousandths = np.rint(times_s * TIMECODE_FPS * 1000).astype(np.int64)
    seconds, rest = np.divmod(thousandths, TIMECODE_FPS * 1000)
    parts = (seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, rest // 1000, rest % 1000)
    table = pl.DataFrame({str(place): part for place, part in enumerate(parts)}).cast(pl.String)
    hours_to_frames = pl.concat_str([pl.col(str(place)).str.zfill(2) for place in range(4)], separator=":")
    return table.select(pl.concat_str([hours_to_frames, pl.col("4").str.zfill(3)], separator=".")).to_series()


def seconds_of(code: str) -> float:
    """hh:mm:ss:ff.fff -> seconds. Raises ValueError where the text is no timecode."""
    parts = re.match(_TIMECODE, code.strip())
    if parts is None or int(parts[2]) > 59 or int(parts[3]) > 59 or float(parts[4]) > TIMECODE_FPS:
        raise ValueError(f"{code!r} is no timecode hh:mm:ss:ff.fff")
    return int(parts[1]) * 3600 + int(parts[2]) * 60 + int(parts[3]) + float(parts[4]) / TIMECODE_FPS


def seconds_of_all(codes: "polars.Series") -> np.ndarray:
    """N timecodes -> (N,) float64 seconds, NaN where a text is none."""
    import polars as pl

    parts = codes.str.extract_groups(_TIMECODE).struct.unnest().cast(pl.Float64)
    hours, minutes, seconds, frames = (column.fill_null(np.nan).to_numpy() for column in parts)
    with np.errstate(invalid="ignore"):
        wrong = (minutes > 59) | (seconds > 59) | (frames > TIMECODE_FPS)
    return np.where(wrong, np.nan, hours * 3600 + minutes * 60 + seconds + frames / TIMECODE_FPS)


def start_seconds(text: str) -> float:
    """What a user gave as the start: a timecode at 60 frames a second, or plain seconds.

    Raises RigError for anything else, and outside one day.
    """
    try:
        start_s = seconds_of(text) if ":" in text else float(text)
    except ValueError:
        start_s = np.nan
    if not 0 <= start_s < DAY_S:
        raise RigError(f"{text!r} is no start; write a timecode such as 01:00:00:00 (60 frames a second) or seconds.")
    return start_s


def shown_times(count: int, fps: float, rate: FrameRate | None, start_s: float) -> np.ndarray:
    """Seconds that the timecodes of `count` frames show, the first showing start_s, (count,) float64.

    rate: how they count; None = by the clock at `fps`. Raises RigError where drop-frame has no such start.
    """
    if rate is None or rate.count == "clock":
        return frame_times(count, fps) + start_s
    numbers = np.arange(count)
    if rate.count == "non-drop":
        return start_s + numbers / rate.nominal
    # A start between two frames keeps its fraction all along.
    whole, fraction = divmod(round(start_s * rate.nominal * 1000), 1000)
    first = frames_of_labels(np.array([whole]), rate.nominal)
    if labels_of_frames(first, rate.nominal)[0] != whole:
        next_s = start_s // 60 * 60 + rate.nominal // 15 / rate.nominal
        raise RigError(f"Drop-frame timecode leaves out {timecode(start_s)}; start at {timecode(next_s)}, the next.")
    return (labels_of_frames(first + numbers, rate.nominal) + fraction / 1000) / rate.nominal


def frames_of_times(times_s: np.ndarray, rate: FrameRate) -> np.ndarray:
    """Seconds that timecodes show, not wrapped -> frames since midnight, (N,) float64; undoes shown_times."""
    if rate.count == "clock":
        return times_s * rate.fps
    labels = times_s * rate.nominal
    if rate.count == "non-drop":
        return labels
    whole = np.floor(labels + 1e-3)
    return frames_of_labels(whole, rate.nominal) + (labels - whole)


def labels_of_frames(frames: np.ndarray, nominal: int) -> np.ndarray:
    """Frames since midnight -> drop-frame label numbers, which leave out two of 30 a second each minute but the tenth.

    nominal: 30 or 60, which leaves out four.
    """
    left_out, in_minute = nominal // 15, nominal * 60
    in_ten = 10 * in_minute - 9 * left_out
    tens, rest = np.divmod(frames, in_ten)
    minutes = np.where(rest < in_minute, 0, 1 + (rest - in_minute) // (in_minute - left_out))
    return frames + left_out * (9 * tens + minutes)


def frames_of_labels(labels: np.ndarray, nominal: int) -> np.ndarray:
    """Drop-frame label numbers -> frames since midnight; undoes labels_of_frames."""
    minutes = labels // (nominal * 60)
    return labels - nominal // 15 * (minutes - minutes // 10)
