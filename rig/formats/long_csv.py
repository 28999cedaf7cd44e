"""The long table: time_s,name,value with a row for each curve of each frame, for plotting and statistics programs."""

from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.curve_columns import EYES, HEAD, SEEN, TIME, CurveRows, curve_tables, time_column
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.shape_columns import check_numbers, named_columns, shape_places
from rig.formats.text_table import TextTable
from rig.safe_file import written_beside

HEADER = (TIME, "name", "value")
_COLUMNS = (*NAMES, *HEAD, *EYES, SEEN)
_ROWS_AT_ONCE = 512


def write_long_csv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the columns of wide_csv one below the other, frame by frame.

    The file appears whole or not at all; raises RigError where it cannot.
    """
    import polars as pl

    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(HEADER) + "\n")
        for table in curve_tables(clip, options.naming, _ROWS_AT_ONCE):
            curves = table.drop(TIME)
            names = pl.Series("name", curves.columns)
            long = pl.DataFrame(
                [
                    pl.Series(TIME, np.repeat(table[TIME].to_numpy(), len(names))),
                    pl.concat([names] * len(table)),
                    pl.Series("value", curves.cast(pl.Float32).to_numpy().ravel()),
                ]
            )
            file.write(long.write_csv(include_header=False))


def read_long_csv(path: str | Path) -> BlendshapeClip:
    """Read such a table, in any order of its rows; every curve needs a value at every time.

    Raises RigError, naming the line, where it is none.
    """
    table = TextTable.opened(path)
    time, unit_s = time_column(table.header, table.path)
    known = named_columns(table.header, ("name", "value"), table.path)
    if len(known) < 2:
        raise RigError(f"{table.path.name} has no columns name and value; name a long table of curves.")
    times, names = _times_and_names(table, time, known["name"])
    curves, has_eyes = _curves(table, time, known, times, names)
    shapes, turns = curves[:, : len(NAMES)], curves[:, len(NAMES) : -1]
    rows = CurveRows(times * unit_s, np.arange(1, len(times) + 1), curves[:, -1] != 0, shapes, turns)
    return rows.clip(table.path, has_eyes)


def _times_and_names(table: TextTable, time: int, name: int) -> tuple[np.ndarray, list[str]]:
    """All times that occur, rising, and all names, in their order: a first reading, so that the second knows where."""
    times: list[np.ndarray] = []
    names: dict[str, None] = {}
    for rows in table.rows([name], [time]):
        check_numbers(rows.numbers, rows.lines, table.path, [table.header[time]])
        times.append(np.unique(rows.numbers[:, 0]))
        names.update(dict.fromkeys(text or "" for text in rows.texts.to_series().unique(maintain_order=True)))
    if not times:
        raise RigError(f"{table.path.name} has no rows below its first line; name a table that has some.")
    return np.unique(np.concatenate(times)), list(names)


def _curves(
    table: TextTable, time: int, known: dict[str, int], times: np.ndarray, names: list[str]
) -> tuple[np.ndarray, bool]:
    """(T, 62) float32 in the order of _COLUMNS, and whether there are angles of the eyes."""
    import polars as pl

    others = named_columns(names, (*HEAD, *EYES, SEEN), table.path)
    found = {**others, **shape_places(names, table.path, others)}
    place_of = {names[place]: _COLUMNS.index(name) for name, place in found.items()}
    curves = np.zeros((len(times), len(_COLUMNS)), dtype=np.float32)
    curves[:, list(place_of.values())] = np.nan
    curves[:, -1] = np.nan if SEEN in found else 1
    given = 0
    for rows in table.rows([known["name"]], [time, known["value"]]):
        columns = rows.texts.to_series().replace_strict(place_of, default=-1, return_dtype=pl.Int64).to_numpy()
        meant = columns >= 0
        check_numbers(rows.numbers[meant, 1:], rows.lines[meant], table.path, [table.header[known["value"]]])
        curves[np.searchsorted(times, rows.numbers[meant, 0]), columns[meant]] = rows.numbers[meant, 1]
        given += int(meant.sum())
    _check_complete(curves, given, len(found), times, table.path)
    return curves, bool(set(EYES) & set(found))


def _check_complete(curves: np.ndarray, given: int, curve_count: int, times: np.ndarray, path: Path) -> None:
    if np.isnan(curves).any():
        row, column = np.argwhere(np.isnan(curves))[0]
        raise RigError(f"{path.name} has no value of {_COLUMNS[column]} at {times[row]:g}; give every curve each time.")
    if given != len(times) * curve_count:
        raise RigError(f"{path.name} gives a curve twice at one time; keep one value of each.")
