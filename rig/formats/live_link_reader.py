"""Reading Live Link Face CSVs: the app's own, and what other programs take for the same."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.live_link_csv import ANGLE_COLUMNS, ANGLE_ORDER, ANGLE_SIGN
from rig.formats.named_weights import clipped
from rig.formats.row_grid import RowGrid, check_rising, checked, grid_of
from rig.formats.shape_columns import check_numbers, named_columns, shape_places, weights_of
from rig.formats.take_json import take_of
from rig.formats.text_table import TextTable, joined
from rig.formats.timecode import DAY_S, TIMECODE_FPS, frames_of_times, seconds_of_all

_log = logging.getLogger(__name__)


def read_live_link_csv(path: str | Path) -> BlendshapeClip:
    """Read any Live Link Face CSV by column names and timecode.

    Rows that the app dropped, or that have no face, are filled by interpolation, so that frame n stands at n / fps;
    where there was no face, or no row for a quarter of a second, `seen` is False. The rate is that of the take file,
    where the recording has one, or else that of the timecodes. Missing columns become zeros and are named in a warning
    like unknown ones; weights outside [0, 1] are clipped likewise. Raises RigError, naming line and column, where the
    file is none.
    """
    path = Path(path)
    table = TextTable.opened(path)
    known = named_columns(table.header, ("Timecode", "BlendshapeCount", *ANGLE_COLUMNS), path)
    if "Timecode" not in known:
        raise RigError(f"{path.name} has no Timecode column in its first line; name a Live Link Face CSV.")
    times, lines, meant, weights, angles = _columns_of(table, known, shape_places(table.header, path, known))
    if not meant.any():
        raise RigError(f"{path.name} has no row with a face; name a recording that has one.")
    grid = _grid(times, lines, path)
    weights = clipped(path.name, grid.led_across(weights, meant))
    angles = grid.led_across(angles, meant)[:, :, ANGLE_ORDER] * ANGLE_SIGN[ANGLE_ORDER]
    eyes = angles[:, 1:] if set(ANGLE_COLUMNS[3:]) & set(known) else None
    return BlendshapeClip(weights, angles[:, 0], grid.fps, eyes, grid.seen(meant))


def _columns_of(table: TextTable, known: dict[str, int], shapes: dict[str, int]) -> tuple[np.ndarray, ...]:
    """Times shown (N,), line numbers (N,), whether there was a face (N,), weights (N, 52), angles (N, 3, 3)."""
    columns = joined(_blocks(table, known, shapes), table.line_count())
    if not columns:
        raise RigError(f"{table.path.name} has no row with a face; name a recording that has one.")
    return columns


def _blocks(table: TextTable, known: dict[str, int], shapes: dict[str, int]) -> Iterator[tuple[np.ndarray, ...]]:
    present = [place for place, name in enumerate(ANGLE_COLUMNS) if name in known]
    columns = [*shapes.values(), *(known[ANGLE_COLUMNS[place]] for place in present)]
    counted = [known["BlendshapeCount"]] if "BlendshapeCount" in known else []
    names, path = [table.header[place] for place in (*columns, *counted)], table.path
    for rows in table.rows([known["Timecode"]], [*columns, *counted], known.get("BlendshapeCount")):
        times = seconds_of_all(rows.texts.to_series())
        check_numbers(times[:, None], rows.lines, path, ["Timecode"], "timecode hh:mm:ss:ff.fff")
        meant = rows.numbers[:, -1] != 0 if counted else np.ones(len(times), dtype=bool)
        check_numbers(np.where(meant[:, None], rows.numbers, 0), rows.lines, path, names)
        angles = np.zeros((len(times), len(ANGLE_COLUMNS)), dtype=np.float32)
        angles[:, present] = rows.numbers[:, len(shapes) : len(columns)]
        weights = weights_of(rows.numbers[:, : len(shapes)], shapes)
        yield times, rows.lines, meant, weights, angles.reshape(-1, 3, 3)


def _grid(times_s: np.ndarray, lines: np.ndarray, path: Path) -> RowGrid:
    take = take_of(path, times_s[0], times_s[-1])
    times_s = np.unwrap(_true_times(times_s), period=DAY_S)
    check_rising(times_s, lines, path)
    if take is not None and take.rate is not None:
        frames = frames_of_times(times_s, take.rate)
        position = np.round(frames - frames[0])
        if np.abs(frames - frames[0] - position).max() < 0.25 and (np.diff(position) > 0).all():
            return checked(RowGrid(take.rate.fps, position), path)
        _log.warning("%s does not keep to the %g frames a second of its take file.", path.name, take.rate.fps)
    if take is not None and take.target_fps is not None:
        return grid_of(times_s, path, common=(take.target_fps,))
    return grid_of(times_s, path)


def _true_times(times_s: np.ndarray) -> np.ndarray:
    """The same times, unless all of them have milliseconds for the fraction of a frame, as NeuroSync writes them.

    There 00:00:00:01.016 is 16 ms, in frame 1; in a recording of the app the fraction hardly changes from row to row.
    """
    seconds, rest = np.divmod(np.rint(times_s * TIMECODE_FPS * 1000), TIMECODE_FPS * 1000)
    frame, thousandths = np.divmod(rest, 1000)
    if np.ptp(frame) >= 3 and (np.abs(thousandths / 1000 * TIMECODE_FPS - frame) <= 1.1).all():
        return seconds + thousandths / 1000
    return times_s
