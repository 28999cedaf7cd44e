"""Morph: the vertices that one shape moves, and how far."""

from dataclasses import dataclass
from typing import Self

import numpy as np

STILL = 1e-5
"""Shifts below this share of the largest are dust that exporters leave."""


@dataclass(frozen=True, eq=False)
class Morph:
    """Whole bodies have faces that are a tenth of their vertices, so only those that move are kept.

    index: (K,) int32 vertices, each once.  offsets: (K, 3) float32, their shift at weight 1.
    """

    index: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of_dense(cls, offsets: np.ndarray) -> Self:
        """(V, 3) shifts, most of them zero."""
        length = np.abs(offsets).max(axis=1, initial=0.0)
        index = np.flatnonzero(length > STILL * length.max(initial=0.0)).astype(np.int32)
        return cls(index, offsets[index].astype(np.float32))

    def dense(self, vertex_count: int) -> np.ndarray:
        """(V, 3) float32."""
        offsets = np.zeros((vertex_count, 3), dtype=np.float32)
        offsets[self.index] = self.offsets
        return offsets

    def add_to(self, points: np.ndarray, weight: float) -> None:
        """Shift points (V, 3) in place."""
        points[self.index] += np.float32(weight) * self.offsets

    def masked(self, share: np.ndarray) -> Self:
        """The same where share (V,) is 1, nothing where it is 0."""
        kept = share[self.index] > 0
        index = self.index[kept]
        return type(self)(index, self.offsets[kept] * share[index, None].astype(np.float32))

    def at(self, vertices: np.ndarray) -> Self:
        """On a mesh that has only `vertices` (N,) of this one's, in that order."""
        place = np.full(max(int(vertices.max(initial=-1)), int(self.index.max(initial=-1))) + 1, -1, dtype=np.int32)
        place[vertices] = np.arange(len(vertices), dtype=np.int32)
        kept = place[self.index] >= 0
        return type(self)(place[self.index[kept]], self.offsets[kept])

    def middle(self, points: np.ndarray) -> np.ndarray:
        """(3,): where among points (V, 3) it moves most."""
        length = np.linalg.norm(self.offsets, axis=1)
        return (points[self.index] * length[:, None]).sum(axis=0) / max(float(length.sum()), 1e-30)


def combined(parts: list[tuple[float, Morph]], vertex_count: int) -> Morph:
    """The sum of factor * morph."""
    total = np.zeros((vertex_count, 3), dtype=np.float32)
    for factor, morph in parts:
        morph.add_to(total, factor)
    return Morph.of_dense(total)
