"""The CSV of Epic's Live Link Face app, which Unreal, Unity and Blender add-ons read.

Columns go by name: the file has JawRight before JawLeft and MouthRight before MouthLeft, the other way round than the
Unreal enum that rig.arkit follows. Timecodes are hh:mm:ss:ff.fff with ff counted at 60 a second whatever the row rate
and .fff a fraction of such a frame. Angles are radians in Unreal's signs: yaw and roll are the negatives of
rig.rotation's and pitch is equal, as the eye columns of real recordings show (looking out with the left eye, toward
the character's left, has LeftEyeYaw < 0).
"""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.safe_file import written_beside
from rig.timing import frame_times

_log = logging.getLogger(__name__)

TIMECODE_FPS = 60
ANGLE_COLUMNS = tuple(
    f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll")
)
# Columns (yaw, pitch, roll) of the file from (pitch, yaw, roll) of rig.rotation; the same map serves both ways.
_ANGLE_ORDER = [1, 0, 2]
_ANGLE_SIGN = np.array([-1.0, 1.0, -1.0], dtype=np.float32)
_COMMON_FPS = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0)


def _csv_shape_order() -> tuple[str, ...]:
    swapped = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
    return tuple(swapped.get(name, name) for name in NAMES)


SHAPE_COLUMNS: tuple[str, ...] = tuple(name[0].upper() + name[1:] for name in _csv_shape_order())
"""The 52 shape columns in the file's own order."""

HEADER: tuple[str, ...] = ("Timecode", "BlendshapeCount", *SHAPE_COLUMNS, *ANGLE_COLUMNS)
"""The 63 fields of the first line."""


def timecode(time_s: float) -> str:
    """Seconds since the take's midnight -> hh:mm:ss:ff.fff at 60 frames a second; 24 hours wrap."""
    thousandths = round(time_s * TIMECODE_FPS * 1000)
    seconds, rest = divmod(thousandths, TIMECODE_FPS * 1000)
    return (
        f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    )


def seconds_of(code: str) -> float:
    """hh:mm:ss:ff.fff -> seconds. Raises ValueError where the text is no timecode."""
    hours, minutes, seconds, frames = code.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(frames) / TIMECODE_FPS


def write_live_link_csv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a clip as Live Link Face does: 63 columns, one row a frame, values with ten digits.

    Head and eye angles are filled (the eyes from the
    eyeLook weights when the clip has none). The file appears whole or not at all; raises RigError where it cannot.
    """
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(HEADER) + "\n")
        file.writelines(live_link_rows(clip))


def live_link_rows(clip: BlendshapeClip, start_s: float = 0.0) -> Iterator[str]:
    """The lines of such a file below the first, with their line ends; start_s: timecode of the first, in seconds."""
    order = [INDEX[name] for name in _csv_shape_order()]
    head = (clip.head_rotation[:, _ANGLE_ORDER] * _ANGLE_SIGN)[:, None]
    eyes = clip.eyes()[:, :, _ANGLE_ORDER] * _ANGLE_SIGN
    angles = np.concatenate([head, eyes], axis=1).reshape(len(clip), 9) + 0.0  # + 0 turns -0 into 0
    values = np.concatenate([clip.weights[:, order], angles], axis=1)
    row_format = ",".join(["%.10f"] * values.shape[1])
    for time_s, row in zip(frame_times(len(clip), clip.fps) + start_s, values.tolist(), strict=True):
        yield f"{timecode(time_s)},{values.shape[1]},{row_format % tuple(row)}\n"


def _read_rows(path: Path) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Lower-case column name -> index, seconds (N,), values (N, columns); rows without a face left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name a Live Link Face CSV.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RigError(f"{path.name} cannot be read as a text table ({error}); name a Live Link Face CSV.") from None
    columns = {name.strip().lower(): index for index, name in enumerate(rows[0])} if rows else {}
    if "timecode" not in columns or not any(name.lower() in columns for name in SHAPE_COLUMNS):
        raise RigError(f"{path.name} has no Timecode and ARKit columns in its first line; name a Live Link Face CSV.")
    times, values = [], []
    for number, row in enumerate(rows[1:], start=2):
        try:
            if "blendshapecount" in columns and int(float(row[columns["blendshapecount"]])) == 0:
                continue
            times.append(seconds_of(row[columns["timecode"]]))
            values.append([float(cell or "nan") if i != columns["timecode"] else 0.0 for i, cell in enumerate(row)])
        except (ValueError, IndexError):
            raise RigError(
                f"Line {number} of {path.name} holds a cell that is no number or timecode; mend or drop it."
            ) from None
        if len(row) != len(rows[0]):
            raise RigError(
                f"Line {number} of {path.name} has {len(row)} cells where the first line has {len(rows[0])}; "
                "mend or drop it."
            )
    if not times:
        raise RigError(f"{path.name} has no row with a face; name a recording that has one.")
    return columns, np.array(times), np.array(values)


def _frame_positions(times: np.ndarray) -> tuple[float, np.ndarray]:
    """Frames a second, and each row's place on the frame grid (N,), from rising times in seconds.

    Steps are counted in whole frames from row to row, so that a phone's clock, which runs a little off its nominal
    rate, does not shift rows; a take with uneven steps keeps its own fractional places. The mean step is taken to a
    common rate within half a percent of it.
    """
    if len(times) < 2:
        return float(TIMECODE_FPS), np.zeros(len(times))
    step = np.diff(times) / np.median(np.diff(times))
    whole = np.maximum(np.round(step), 1)
    even = bool(np.abs(step - whole).max() < 0.25)
    position = np.concatenate([[0.0], np.cumsum(whole if even else step)])
    fps = position[-1] / (times[-1] - times[0])
    nearest = min(_COMMON_FPS, key=lambda common: abs(common - fps))
    return (nearest if abs(nearest - fps) <= 0.005 * fps else fps), position


def read_live_link_csv(path: str | Path) -> BlendshapeClip:
    """Read any Live Link Face CSV by column names and timecode.

    Rows that the app dropped, or that have no face, are filled by interpolation, so that frame n stands at n / fps.
    Columns that are missing become zeros and are named in a warning; weights outside [0, 1] are clipped likewise.
    Raises RigError where the file is none.
    """
    path = Path(path)
    columns, times, values = _read_rows(path)
    times = np.unwrap(times, period=24 * 3600.0)
    if len(times) > 1 and np.diff(times).min() <= 0:
        raise RigError(f"The timecodes of {path.name} do not rise from row to row; sort or mend them.")
    fps, position = _frame_positions(times)
    grid = np.arange(int(np.floor(position[-1] + 1e-6)) + 1)

    def column(name: str) -> np.ndarray:
        if name.lower() not in columns:
            return np.zeros(len(grid), dtype=np.float32)
        return np.interp(grid, position, values[:, columns[name.lower()]]).astype(np.float32)

    missing = [name for name in SHAPE_COLUMNS if name.lower() not in columns]
    if missing:
        _log.warning("%s has no column %s; taken as 0.", path.name, ", ".join(missing))
    weights = np.stack([column(name[0].upper() + name[1:]) for name in NAMES], axis=1)
    if not np.isfinite(weights).all():
        raise RigError(f"{path.name} has empty or non-finite weights; mend or drop those rows.")
    if weights.min() < 0 or weights.max() > 1:
        _log.warning("%s has weights outside 0 to 1; clipped.", path.name)
    angles = np.stack([column(name) for name in ANGLE_COLUMNS], axis=1).reshape(-1, 3, 3)
    angles = angles[:, :, _ANGLE_ORDER] * _ANGLE_SIGN[_ANGLE_ORDER]
    has_eyes = any(name.lower() in columns for name in ANGLE_COLUMNS[3:])
    return BlendshapeClip(np.clip(weights, 0, 1), angles[:, 0], fps, angles[:, 1:] if has_eyes else None)
