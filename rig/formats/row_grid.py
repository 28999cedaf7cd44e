"""Rows with times of their own onto a clip's even frames: the rate, the gaps, and what was led across them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from rig.errors import RigError

COMMON_FPS = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0)
_WHOLE_FPS = tuple(fps for fps in COMMON_FPS if fps == round(fps))
_MOST_FPS = 1000.5
LONGEST_DROPOUT_S = 0.25
"""Rows missing for longer than this are a lost face; for less, a phone that was busy."""


@dataclass(frozen=True)
class RowGrid:
    """fps: frames a second.  position: (N,) float64 rising, each row's place in frames from the first."""

    fps: float
    position: np.ndarray

    def __len__(self) -> int:
        return int(np.floor(self.position[-1] + 1e-6)) + 1

    @property
    def whole(self) -> bool:
        """Whether every frame has a row of its own."""
        return len(self) == len(self.position) and bool((self.position == np.arange(len(self.position))).all())

    def led_across(self, values: np.ndarray, meant: np.ndarray) -> np.ndarray:
        """(N, ...) values of the rows -> (frames, ...) values, interpolated where a row is missing or not `meant`.

        meant: (N,) bool, at least one True.
        """
        if self.whole and meant.all():
            return values
        flat, frames = values.reshape(len(values), -1), np.arange(len(self))
        led = np.empty((len(frames), flat.shape[1]), dtype=values.dtype)
        position = self.position[meant]
        for column in range(flat.shape[1]):
            led[:, column] = np.interp(frames, position, flat[meant, column])
        return led.reshape(len(frames), *values.shape[1:])

    def seen(self, meant: np.ndarray) -> np.ndarray | None:
        """(frames,) bool, False between rows that are not `meant` or lie far apart; None where all are seen."""
        frames = np.arange(len(self))
        before = np.searchsorted(self.position, frames + 1e-6, side="right") - 1
        after = np.minimum(np.searchsorted(self.position, frames - 1e-6), len(self.position) - 1)
        near = self.position[after] - self.position[before] <= max(LONGEST_DROPOUT_S * self.fps, 2)
        seen = meant[before] & meant[after] & near
        return None if seen.all() else seen


def check_rising(times_s: np.ndarray, numbers: np.ndarray, path: Path, what: str = "line") -> None:
    """Raise RigError, naming the line or what it is that has these numbers, unless each time lies behind the last."""
    falls = np.flatnonzero(np.diff(times_s) <= 0)
    if len(falls):
        raise RigError(
            f"The times of {path.name} do not rise from {what} {numbers[falls[0]]} to {what} {numbers[falls[0] + 1]}; "
            "sort or mend them."
        )


def grid_of(times_s: np.ndarray, path: Path, common: Sequence[float] = COMMON_FPS, tolerance: float = 0.005) -> RowGrid:
    """The grid of rising times in seconds, (N,) float64.

    Steps are counted in whole frames from row to row, so that a phone's clock, which runs a little off its nominal
    rate, does not shift rows; a take with uneven steps keeps its own fractional places. The mean step is taken to the
    nearest common rate within `tolerance` of it. Raises RigError where rows are missing by the thousand.
    """
    if len(times_s) < 2:
        return RowGrid(60.0, np.zeros(len(times_s)))
    # One of the steps themselves: the mean of a step and a long gap would be neither.
    step = np.diff(times_s) / np.quantile(np.diff(times_s), 0.5, method="lower")
    whole = np.maximum(np.round(step), 1)
    even = bool(np.abs(step - whole).max() < 0.25)
    position = np.concatenate([[0.0], np.cumsum(whole if even else step)])
    fps = float(position[-1] / (times_s[-1] - times_s[0]))
    nearest = min(common, key=lambda rate: abs(rate - fps))
    return checked(RowGrid(nearest if abs(nearest - fps) <= tolerance * fps else fps, position), path)


def second_grid(times_s: np.ndarray, path: Path) -> RowGrid:
    """The grid of rising times that were written as plain seconds, (N,) float64: as exact as their digits are.

    Times in whole milliseconds tell a common rate only within a millisecond of the clip's length.
    """
    thousandths = times_s * 1000
    rounded = len(times_s) > 1 and bool(np.abs(thousandths - np.round(thousandths)).max() < 1e-6)
    tolerance = min(0.001 / float(times_s[-1] - times_s[0]), 0.02) if rounded else 2e-7
    # Over a short take a millisecond cannot tell 29.97 from 30; the whole rate is then the likelier.
    grid = grid_of(times_s, path, _WHOLE_FPS, tolerance)
    if grid.fps not in _WHOLE_FPS:
        grid = grid_of(times_s, path, tolerance=tolerance)
    for plain in (round(grid.fps, 3), *(Fraction(fps * 1000, 1001) for fps in (24, 30, 48, 60, 120))):
        if abs(plain - grid.fps) <= 2e-7 * grid.fps:
            return RowGrid(float(plain), grid.position)
    return RowGrid(round(grid.fps, 12), grid.position)


def checked(grid: RowGrid, path: Path) -> RowGrid:
    """The same grid. Raises RigError where filling its gaps would make far more frames than there are rows, and where
    rows are nearer to each other than those of any take."""
    if grid.fps > _MOST_FPS:
        raise RigError(f"The times of {path.name} lie {1 / grid.fps:.3g} s apart, as no take is timed; mend them.")
    if grid.position[-1] > 10 * len(grid.position) + 36_000:
        raise RigError(
            f"The times of {path.name} leave gaps of {grid.position[-1] / grid.fps:.0f} s in all between "
            f"{len(grid.position)} rows; cut the takes apart."
        )
    return grid
