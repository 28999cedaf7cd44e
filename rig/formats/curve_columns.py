"""The columns of this program's own tables, wide and long CSV and Parquet: time, shapes, head, eyes, lost faces."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.named_weights import clipped
from rig.formats.naming import Naming
from rig.formats.row_grid import RowGrid, check_rising, second_grid
from rig.timing import frame_times

if TYPE_CHECKING:
    import polars

TIME = "time_s"
SEEN = "seen"
HEAD = ("head_pitch_rad", "head_yaw_rad", "head_roll_rad")
EYES = tuple(f"{side}_eye_{angle}_rad" for side in ("left", "right") for angle in ("pitch", "yaw", "roll"))
"""Angles as in rig.rotation: pitch turns down, yaw and roll are positive toward the character's left."""

TIME_UNITS_S = {
    TIME: 1.0, "time": 1.0, "times": 1.0, "seconds": 1.0, "t": 1.0, "timecode": 1.0,
    "time_ms": 0.001, "ms": 0.001, "milliseconds": 0.001,
}  # fmt: skip
"""Names that a column of times may have when it is read, and what 1 means in it."""


def curve_tables(clip: BlendshapeClip, naming: Naming, rows_at_once: int) -> "Iterator[polars.DataFrame]":
    """The clip as tables of so many rows: float64 seconds, float32 curves, and int8 `seen` where the clip has it."""
    import polars as pl

    columns, names, times = naming.columns(), naming.cells(), frame_times(len(clip), clip.fps)
    for first in range(0, len(clip), rows_at_once):
        block = slice(first, first + rows_at_once)
        parts = [
            pl.DataFrame({TIME: times[block]}),
            pl.DataFrame(clip.weights[block][:, columns], schema=list(names), orient="row"),
            pl.DataFrame(clip.head_rotation[block], schema=list(HEAD), orient="row"),
        ]
        if clip.eye_rotation is not None:
            parts.append(pl.DataFrame(clip.eye_rotation[block].reshape(-1, 6), schema=list(EYES), orient="row"))
        if clip.seen is not None:
            parts.append(pl.DataFrame({SEEN: clip.seen[block].astype(np.int8)}))
        yield pl.concat(parts, how="horizontal")


def time_column(header: tuple[str, ...], path: Path) -> tuple[int, float]:
    """Place of the column of times, and seconds for 1 in it. Raises RigError where there is none, or two."""
    places = [place for place, cell in enumerate(header) if cell.lower() in TIME_UNITS_S]
    if len(places) != 1:
        if places:
            raise RigError(f"{path.name} has more than one column of times; let it have one, called time_s.")
        raise RigError(
            f"{path.name} has no Timecode and no column of times in its first line, so that its rate is not known; "
            "name a table of curves, or give it a column time_s."
        )
    return places[0], TIME_UNITS_S[header[places[0]].lower()]


@dataclass(frozen=True)
class CurveRows:
    """Rows with times of their own, as they come from a table.

    times_s: (N,) float64.  lines: (N,) numbers of the rows, for messages.  meant: (N,) bool, False where the face was
    lost.  weights: (N, 52) float32.  turns: (N, 9) float32, HEAD and EYES.
    """

    times_s: np.ndarray
    lines: np.ndarray
    meant: np.ndarray
    weights: np.ndarray
    turns: np.ndarray

    def clip(self, path: Path, has_eyes: bool, fps: float | None = None) -> BlendshapeClip:
        """The clip; fps: its rate where the file told it, None = as the times say.

        Raises RigError where times do not rise or no row is meant.
        """
        if not self.meant.any():
            raise RigError(f"{path.name} has no row with a face; name a table that has one.")
        check_rising(self.times_s, self.lines, path)
        grid = second_grid(self.times_s, path)
        if fps is not None and (len(self.times_s) == 1 or abs(fps - grid.fps) <= 0.005 * fps):
            grid = RowGrid(fps, grid.position)
        turns = grid.led_across(self.turns, self.meant)
        eyes = turns[:, 3:].reshape(-1, 2, 3) if has_eyes else None
        weights = clipped(path.name, grid.led_across(self.weights, self.meant))
        return BlendshapeClip(weights, turns[:, :3], grid.fps, eyes, grid.seen(self.meant))
