"""Rows at the times of a clock to frames at an even rate."""

from dataclasses import dataclass

import numpy as np

from rig.errors import RigError

_WHOLE_FPS = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 90.0, 100.0, 120.0, 240.0)
_FILM_FPS = (24000 / 1001, 30000 / 1001, 60000 / 1001)
_LONGEST_GAP = 100  # frames that one row may stand for, on average: more is a broken clock, not a take
_LARGEST_TIME_S = 1e9
_LARGEST_FPS = 1000.0


@dataclass(frozen=True)
class EvenFrames:
    """fps: frames a second.  places: (N,) float64, where rows stand among the frames 0 to count - 1, rising."""

    fps: float
    places: np.ndarray
    count: int

    @property
    def met(self) -> np.ndarray | None:
        """Whether a row stands within half a frame of each frame, (count,) bool, or None where all are met."""
        near = np.zeros(self.count + 1, dtype=bool)
        near[np.round(self.places).astype(np.int64)] = True
        return None if near[: self.count].all() else near[: self.count]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(N, K) values of the rows -> (count, K) of the frames: straight lines between rows, the ends held."""
        grid = np.arange(self.count)
        if self.count == len(rows) and (self.places == grid).all():
            return rows
        return np.stack([np.interp(grid, self.places, column) for column in rows.T], axis=1).astype(rows.dtype)


def even_frames(file_name: str, times_s: np.ndarray, lone_fps: float = 60.0) -> EvenFrames:
    """The frames of rows at (N,) seconds. lone_fps: the rate where a single row shows none.

    Steps are counted in whole frames, so that stamps rounded to milliseconds do not shift rows; a take with uneven
    steps keeps its own places. The rate is taken to a common one within half a percent. Raises RigError, naming the
    file, where times do not rise or leap beyond all sense.
    """
    sound = np.abs(times_s) < _LARGEST_TIME_S
    sound[1:] &= np.diff(np.where(sound, times_s, 0)) > 0
    if not sound.all():
        frame = int(np.argmin(sound))
        raise RigError(f"{file_name}: the time of frame {frame} does not rise above the one before; mend or drop it.")
    if len(times_s) < 2:
        return EvenFrames(lone_fps, np.zeros(len(times_s)), 1)
    steps = np.diff(times_s)
    single_s = steps[steps < 1.5 * np.sort(steps)[(len(steps) - 1) // 2]].mean()
    if single_s < 1 / _LARGEST_FPS or steps.sum() > _LONGEST_GAP * len(times_s) * single_s:
        raise RigError(
            f"{file_name} has times {single_s:.3g} s apart over {steps.sum():.3g} s; no take is timed like that."
        )
    counts = steps / single_s
    whole = np.maximum(np.round(counts), 1)
    if np.abs(counts - whole).max() < 0.35:
        counts = whole
    places = np.concatenate([[0.0], np.cumsum(counts)])
    return EvenFrames(_common_fps(places[-1] / steps.sum(), steps.sum()), places, int(places[-1] + 1e-6) + 1)


def _common_fps(fps: float, duration_s: float) -> float:
    # Over a short take a millisecond cannot tell 29.97 from 30; the whole rate is then the likelier.
    for rates, nearness in ((_WHOLE_FPS, 0.001 / duration_s), (_WHOLE_FPS + _FILM_FPS, 0.005)):
        nearest = min(rates, key=lambda rate: abs(rate - fps))
        if abs(nearest - fps) <= min(nearness, 0.005) * fps:
            return nearest
    return float(fps)
