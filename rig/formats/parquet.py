"""The plain table as Apache Parquet: the columns of wide_csv, exact, with the frame rate in the file's metadata."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.curve_columns import EYES, HEAD, SEEN, CurveRows, curve_tables, time_column
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.shape_columns import check_numbers, named_columns, shape_places
from rig.safe_file import written_beside

if TYPE_CHECKING:
    import polars

_FPS_KEY = "fps"
_ROWS_AT_ONCE = 32_768
_NUMBER = re.compile(r"[1-9][0-9]{0,3}(\.[0-9]{1,20})?")
# A small file can unpack to any number of rows: a day at 240 frames a second is the most that is read.
_MOST_ROWS = 24 * 3600 * 240


def write_parquet(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write float64 time_s and float32 curves; metadata: fps, as the digits that give it back exactly.

    The file appears whole or not at all; raises RigError where it cannot.
    """
    import polars as pl

    with written_beside(path) as beside:
        (table,) = curve_tables(clip, options.naming, len(clip))
        try:
            table.write_parquet(beside, metadata={_FPS_KEY: repr(clip.fps)}, row_group_size=_ROWS_AT_ONCE)
        except pl.exceptions.PolarsError:  # which wraps what the disk says
            raise RigError(f"{path} could not be written; free some space or name another.") from None


def read_parquet(path: str | Path) -> BlendshapeClip:
    """Read such a table, or any with times and shapes by name; fps from the metadata, or else from the times.

    Raises RigError, naming row and column, where it is none.
    """
    import polars as pl

    path = Path(path)
    if not path.is_file():
        raise RigError(f"There is no file {path}; name a table of curves.")
    try:
        scan = pl.scan_parquet(path, glob=False)
        header, count = tuple(scan.collect_schema().names()), scan.select(pl.len()).collect().item()
        if count > _MOST_ROWS:
            raise RigError(f"{path.name} has {count} rows; cut it into takes of less than a day.")
        fps = pl.read_parquet_metadata(path).get(_FPS_KEY, "")
        rows, has_eyes = _rows_of(scan, header, path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else "it is empty"
        raise RigError(f"{path.name} cannot be read as Parquet ({reason}); name a table of curves.") from None
    return rows.clip(path, has_eyes, float(fps) if _NUMBER.fullmatch(fps) else None)


def _rows_of(scan: "polars.LazyFrame", header: tuple[str, ...], path: Path) -> tuple[CurveRows, bool]:
    """The rows, and whether there are columns of the eyes; column by column, for the memory."""
    time, unit_s = time_column(header, path)
    known = named_columns(header, (*HEAD, *EYES, SEEN), path)
    shapes = shape_places(header, path, {**known, "time": time})
    times = _column(scan, header[time], path) * unit_s
    weights = np.zeros((len(times), len(NAMES)), dtype=np.float32)
    turns = np.zeros((len(times), 9), dtype=np.float32)
    for name, place in shapes.items():
        weights[:, INDEX[name]] = _column(scan, header[place], path)
    for angle, name in enumerate((*HEAD, *EYES)):
        if name in known:
            turns[:, angle] = _column(scan, header[known[name]], path)
    meant = _column(scan, header[known[SEEN]], path) != 0 if SEEN in known else np.ones(len(times), dtype=bool)
    return CurveRows(times, np.arange(1, len(times) + 1), meant, weights, turns), bool(set(EYES) & set(known))


def _column(scan: "polars.LazyFrame", name: str, path: Path) -> np.ndarray:
    import polars as pl

    column = scan.select(pl.col(name).cast(pl.Float64, strict=False)).collect().to_series().fill_null(np.nan).to_numpy()
    check_numbers(column[:, None], np.arange(1, len(column) + 1), path, [name])
    return column
