"""Several passes of the motion model over one stream of speech features, in step, mixed as they come.

The features are made once; each pass hears the stretch it is played for. The pass that is furthest behind goes on
first, so that no more than a window of features waits for anybody.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.expression.style_track import Pass, StyleTrack

Play = Callable[[Iterator[np.ndarray], Pass, np.ndarray | None], Iterator[np.ndarray]]
"""(features (n, F) of the pass, the pass, raw motion (55,) before it or None at the start) -> its motion (n, 55)."""


class SharedFeatures:
    """One stream of rows, read by several readers, each from its own first row to its own last."""

    def __init__(self, pieces: Iterable[np.ndarray], spans: Iterable[Pass]) -> None:
        self._pieces = iter(pieces)
        self._spans = tuple(spans)
        self._waiting: tuple[deque[np.ndarray], ...] = tuple(deque() for _ in self._spans)
        self._given = 0

    def reader(self, index: int) -> Iterator[np.ndarray]:
        """The rows of one span, in pieces of any size."""
        queue, span = self._waiting[index], self._spans[index]
        while queue or self._given < span.stop:
            if queue:
                yield queue.popleft()
            elif not self._pull():
                return

    def _pull(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        for span, queue in zip(self._spans, self._waiting, strict=True):
            rows = piece[max(span.start - self._given, 0) : max(span.stop - self._given, 0)]
            if len(rows):
                queue.append(rows)
        self._given += len(piece)
        return True


def mixed_passes(
    features: Iterable[np.ndarray],
    track: StyleTrack,
    fps: float,
    play: Play,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Raw motion (T, 55) float32 in which every pass of `track` has its share.

    features: consecutive pieces, T rows in all. progress: called with (frames finished, T).
    """
    passes = track.passes(fps)
    shared = SharedFeatures(features, passes)
    motion = np.zeros((len(track), MOTION_SIZE), np.float32)
    done = [run.start for run in passes]
    streams: dict[int, Iterator[np.ndarray]] = {}
    left = set(range(len(passes)))
    while left:
        index = min(left, key=lambda candidate: (done[candidate], candidate))
        run = passes[index]
        if index not in streams:
            streams[index] = play(shared.reader(index), run, motion[run.start - 1].copy() if run.start else None)
        piece = next(streams[index], None)
        if piece is None:
            left.discard(index)
            streams.pop(index)
        else:
            rows = slice(done[index], done[index] + len(piece))
            motion[rows] += track.shares[run.style, rows, None] * piece
            done[index] = rows.stop
        if progress and piece is not None:
            progress(min([done[other] for other in left], default=len(track)), len(track))
    return motion
