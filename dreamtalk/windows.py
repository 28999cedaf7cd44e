"""Windows over a stream of frames of unknown length, with memory for no more than a window.

    carried windows (EmoDiff): each starts with the last `carry` frames of the one before, already known
      window 0  |--------------------|
      window 1                    |cc|----------------|
    sliding windows (lip refiner): hop 2, length 8, context c on either side that is seen and not answered for
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


def sliding(rows: np.ndarray, length: int, hop: int) -> np.ndarray:
    """All windows of `length` rows every `hop` rows: (T, ...) -> (W, length, ...), a view where possible."""
    starts = np.arange(0, len(rows) - length + 1, hop)
    return rows[starts[:, None] + np.arange(length)]


def overlap_mean(windows: np.ndarray, hop: int) -> np.ndarray:
    """Windows (W, L, ...) that start every `hop` rows -> the mean at every row, ((W - 1) hop + L, ...)."""
    count, length = windows.shape[:2]
    total = np.zeros(((count - 1) * hop + length, *windows.shape[2:]), np.float64)
    weight = np.zeros((len(total), *[1] * (windows.ndim - 2)))
    for offset in range(length):
        rows = slice(offset, offset + (count - 1) * hop + 1, hop)
        total[rows] += windows[:, offset]
        weight[rows] += 1
    return (total / weight).astype(windows.dtype)
