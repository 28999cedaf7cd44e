"""Windows over a stream of frames of unknown length, with memory for no more than a window.

    carried windows (EmoDiff): each starts with the last `carry` frames of the one before, already known
      window 0  |--------------------|
      window 1                    |cc|----------------|
"""

from collections.abc import Iterable, Iterator

import numpy as np


def rebatched(pieces: Iterable[np.ndarray], first: int, count: int) -> Iterator[np.ndarray]:
    """Consecutive rows in pieces of any size -> a piece of `first` rows, then pieces of `count` rows.

    The last one may be shorter, never empty.
    """
    held: list[np.ndarray] = []
    size, wanted = 0, first
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size >= wanted:
            joined = np.concatenate(held)
            yield joined[:wanted]
            held, size, wanted = [joined[wanted:]], size - wanted, count
    if size:
        yield np.concatenate(held)


def edge_padded(rows: np.ndarray, before: int, after: int) -> np.ndarray:
    """`rows` (T, ...) with the first and last row repeated."""
    return np.concatenate([rows[:1].repeat(before, 0), rows, rows[-1:].repeat(after, 0)])
