"""Which style holds when: style clips with their shares over time, and the stretches each must be played for.

    share of A   |-------------|\\
    share of B                 |/-------------|
    pass of A    |---------------++|               ++ margins: played, but with no share
    pass of B               |++---------------|
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from rig.clip import BlendshapeClip

MARGIN_S = 1.0
"""A pass starts this much before its share rises, so that it has found its own face by then."""
AFTER_S = 0.4
"""A pass goes on this much after its share is gone, so that its last frames still know what follows."""


@dataclass(frozen=True)
class Pass:
    """One run of the motion model: frames `start` to `stop` (exclusive) in the style with the index `style`."""

    style: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class StyleTrack:
    """Styles over the frames of one clip.

    styles: S clips of any length and rate. shares: (S, T) float32 in [0, 1], each column summing to 1.
    """

    styles: tuple[BlendshapeClip, ...]
    shares: np.ndarray

    @classmethod
    def steady(cls, style: BlendshapeClip, frame_count: int) -> Self:
        """One style from the first frame to the last."""
        return cls((style,), np.ones((1, frame_count), np.float32))

    def __len__(self) -> int:
        return self.shares.shape[1]

    def passes(self, fps: float) -> tuple[Pass, ...]:
        """The runs that are needed, in the order of their starts; together hardly longer than the clip."""
        found = [run for style in range(len(self.styles)) for run in self._runs(style, fps)]
        return tuple(sorted(found, key=lambda run: (run.start, run.style)))

    def _runs(self, style: int, fps: float) -> Iterator[Pass]:
        active = np.concatenate([[False], self.shares[style] > 0, [False]])
        edges = np.flatnonzero(np.diff(active.astype(np.int8)))
        before, after = round(MARGIN_S * fps), round(AFTER_S * fps)
        waiting: Pass | None = None
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            start, stop = max(0, first - before), min(len(self), last + after)
            if waiting is not None and start <= waiting.stop:
                start = waiting.start
            elif waiting is not None:
                yield waiting
            waiting = Pass(style, start, stop)
        if waiting is not None:
            yield waiting
