"""The plain table: one row a frame, time_s first, then a column for each curve. Also NVIDIA's Audio2Face tables."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.curve_columns import EYES, HEAD, SEEN, CurveRows, curve_tables, time_column
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.shape_columns import check_numbers, named_columns, shape_places, weights_of
from rig.formats.text_table import TextTable, joined
from rig.safe_file import written_beside

_ROWS_AT_ONCE = 8192
_FRAME_NUMBERS = ("frame", "frames", "frame_index", "index")


def write_wide_csv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write time_s, the shapes, head_pitch_rad, head_yaw_rad, head_roll_rad, the same of the eyes, and seen.

    Every number has the digits that give it back exactly; the columns of the eyes and `seen` are there when the clip
    has them. The file appears whole or not at all; raises RigError where it cannot.
    """
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(curve_tables(clip, options.naming, _ROWS_AT_ONCE)):
            file.write(table.write_csv(include_header=number == 0))


def read_wide_csv(path: str | Path) -> BlendshapeClip:
    """Read any table with a row for each frame: a column of times (time_s, time, timeCode, time_ms ...) and shapes.

    Names and rates are found as in read_live_link_csv. Raises RigError, naming line and column, where it is none.
    """
    table = TextTable.opened(path)
    time, unit_s = time_column(table.header, table.path)
    known = {
        name: place
        for name, place in named_columns(table.header, (*HEAD, *EYES, SEEN, *_FRAME_NUMBERS), table.path).items()
        if place != time
    }
    shapes = shape_places(table.header, table.path, {**known, "time": time})
    rows = joined(_blocks(table, time, known, shapes), table.line_count())
    if not rows:
        raise RigError(f"{table.path.name} has no rows below its first line; name a table that has some.")
    rows[0][:] *= unit_s
    return CurveRows(*rows).clip(table.path, bool(set(EYES) & set(known)))


def _blocks(
    table: TextTable, time: int, known: dict[str, int], shapes: dict[str, int]
) -> Iterator[tuple[np.ndarray, ...]]:
    turned = [place for place, name in enumerate((*HEAD, *EYES)) if name in known]
    marked = [known[SEEN]] if SEEN in known else []
    columns = [time, *shapes.values(), *(known[(*HEAD, *EYES)[place]] for place in turned), *marked]
    names, curves = [table.header[place] for place in columns], 1 + len(shapes)
    for rows in table.rows([], columns):
        check_numbers(rows.numbers, rows.lines, table.path, names)
        meant = rows.numbers[:, -1] != 0 if marked else np.ones(len(rows.lines), dtype=bool)
        turns = np.zeros((len(meant), 9), dtype=np.float32)
        turns[:, turned] = rows.numbers[:, curves : curves + len(turned)]
        yield rows.numbers[:, 0], rows.lines, meant, weights_of(rows.numbers[:, 1:curves], shapes), turns
