"""Walking over a mesh of quads."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np


class Quads:
    """Who neighbours whom in the skin, to walk along its edge rings."""

    def __init__(self, quads: np.ndarray) -> None:
        self.faces_of: dict[int, set[int]] = defaultdict(set)
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self.quads = quads.tolist()
        for face, quad in enumerate(self.quads):
            for here, there in zip(quad, quad[1:] + quad[:1], strict=True):
                self.faces_of[here].add(face)
                self.neighbours[here].add(there)
                self.neighbours[there].add(here)

    def ring(self, start: int, second: int) -> list[int]:
        """The closed edge ring that runs straight on from `start` through `second`."""
        ring = [start, second]
        while True:
            before, here = ring[-2:]
            shared = self.faces_of[before] & self.faces_of[here]
            beside = {vertex for face in shared for vertex in self.quads[face]}
            (after,) = [vertex for vertex in self.neighbours[here] if vertex not in beside]
            if after == start:
                return ring
            ring.append(after)

    def flood(self, start: int, walls: Iterable[int]) -> list[int]:
        """All vertices that can be reached from `start` without stepping on `walls`."""
        seen, stack, blocked = {start}, [start], set(walls)
        while stack:
            for vertex in self.neighbours[stack.pop()] - seen - blocked:
                seen.add(vertex)
                stack.append(vertex)
        return sorted(seen)
