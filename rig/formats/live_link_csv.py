"""The CSV of Epic's Live Link Face app, which Unreal, Unity and Blender add-ons read.

Columns go by name: the file has JawRight before JawLeft and MouthRight before MouthLeft, the other way round than the
Unreal enum that rig.arkit follows. Angles are radians in Unreal's signs: yaw and roll are the negatives of
rig.rotation's and pitch is equal, as the eye columns of real recordings show (looking out with the left eye, toward
the character's left, has LeftEyeYaw < 0). A row whose BlendshapeCount is 0 had no face.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.frame_rate import FrameRate
from rig.formats.naming import Naming, styled
from rig.formats.take_json import take_path, take_text
from rig.formats.timecode import DAY_S, shown_times, start_seconds, timecode, timecodes
from rig.safe_file import written_beside
from rig.timing import frame_times

ANGLE_COLUMNS = tuple(
    f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll")
)
# Columns (yaw, pitch, roll) of the file from (pitch, yaw, roll) of rig.rotation; the same map serves both ways.
ANGLE_ORDER = [1, 0, 2]
ANGLE_SIGN = np.array([-1.0, 1.0, -1.0], dtype=np.float32)
_ROWS_AT_ONCE = 8192


def _csv_shape_order() -> tuple[str, ...]:
    swapped = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
    return tuple(swapped.get(name, name) for name in NAMES)


SHAPE_ORDER: tuple[str, ...] = _csv_shape_order()
"""The 52 shapes in the file's own order."""

HEADER: tuple[str, ...] = (
    "Timecode", "BlendshapeCount", *(styled(name, "pascal") for name in SHAPE_ORDER), *ANGLE_COLUMNS
)  # fmt: skip
"""The 63 fields of the first line."""


def write_live_link_csv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a clip as Live Link Face does: one row a frame, values with ten digits.

    Head and eye angles are filled (the eyes from the eyeLook weights when the clip has none); rows of a lost face have
    the count 0, and keep the values that lead across, since Unreal's importer plays them. The take file is written
    where it is asked for, where the timecodes alone would not tell the rate, and where one is to be renewed. The files
    appear whole or not at all; raises RigError where they cannot, or the start is none.
    """
    path, rate = Path(path), options.rate
    times = shown_times(len(clip), clip.fps, rate, start_seconds(options.start))
    shapes, names = _columns(options.naming)
    counted = rate is not None and rate.count != "clock"
    with contextlib.ExitStack() as files:
        beside = files.enter_context(written_beside(path))
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(",".join([*HEADER[:2], *names, *ANGLE_COLUMNS]) + "\n")
            file.writelines(_rows(clip, times, shapes))
        if options.take_file or counted or take_path(path).exists():
            first, last = timecode(times[0] % DAY_S), timecode(times[-1] % DAY_S)
            text = take_text(options.subject, len(clip), rate or FrameRate.near(clip.fps), first, last)
            files.enter_context(written_beside(take_path(path))).write_text(text, encoding="utf-8", newline="\n")


def live_link_rows(clip: BlendshapeClip, start_s: float = 0.0) -> Iterator[str]:
    """The lines of such a file below the first, with their line ends, one by one as a stream needs them.

    start_s: timecode of the first, in seconds.
    """
    values, counts = _values(clip, clip.eyes(), slice(None), SHAPE_ORDER)
    row_format = ",".join(["%.10f"] * values.shape[1])
    times = frame_times(len(clip), clip.fps) + start_s
    for time_s, count, row in zip(times, counts, values.tolist(), strict=True):
        yield f"{timecode(time_s)},{count},{row_format % tuple(row)}\n"


def _columns(naming: Naming) -> tuple[tuple[str, ...], list[str]]:
    """The shapes in the order they are written, the app's own unless a subset was asked for, and their names."""
    names = dict(zip(naming.shapes, naming.cells("pascal"), strict=True))
    shapes = SHAPE_ORDER if naming.shapes == NAMES else naming.shapes
    return shapes, [names[name] for name in shapes]


def _rows(clip: BlendshapeClip, times_s: np.ndarray, shapes: tuple[str, ...]) -> Iterator[str]:
    """Lines of the file, many at a time: formatting is quick in blocks, and one block is all the memory it takes."""
    import polars as pl

    eyes = clip.eyes()
    for first in range(0, len(clip), _ROWS_AT_ONCE):
        block = slice(first, first + _ROWS_AT_ONCE)
        values, counts = _values(clip, eyes, block, shapes)
        codes = timecodes(times_s[block]).alias("Timecode")
        table = pl.DataFrame([codes, pl.Series("BlendshapeCount", counts)]).hstack(pl.DataFrame(values, orient="row"))
        yield table.write_csv(include_header=False, float_precision=10)


def _values(
    clip: BlendshapeClip, eyes: np.ndarray, block: slice, shapes: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Weights and angles (n, shapes + 9) float32 as the file has them, and BlendshapeCount (n,)."""
    angles = np.concatenate([clip.head_rotation[block, None], eyes[block]], axis=1)
    angles = (angles[:, :, ANGLE_ORDER] * ANGLE_SIGN).reshape(-1, 9) + np.float32(0)  # + 0 turns -0 into 0
    values = np.concatenate([clip.weights[block][:, [INDEX[name] for name in shapes]], angles], axis=1)
    counts = np.full(len(values), values.shape[1])
    if clip.seen is not None:
        counts[~clip.seen[block]] = 0
    return values, counts
