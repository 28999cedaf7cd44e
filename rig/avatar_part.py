"""What the avatar is made of: layers of triangles, and the pose that each part follows."""

from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import numpy as np

from rig.look import Look

WHITE = np.full((1, 1, 3), 255, dtype=np.uint8)
"""A texture for what takes its colour from its vertices alone."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A run of triangles with one texture: faces (F, 3) int32 into the vertices, texture (h, w, 3) uint8 sRGB.

    A texture (h, w, 4) cuts: where its alpha is below one half, nothing is drawn.
    Triangles are counter-clockwise seen from outside; their backs are seen only where two_sided.
    """

    name: str
    faces: np.ndarray
    texture: np.ndarray = field(default_factory=lambda: WHITE)
    two_sided: bool = False

    def shifted(self, first: int) -> Self:
        """The same layer when `first` other vertices come before its own."""
        return replace(self, faces=(self.faces + first).astype(np.int32))


@dataclass(frozen=True, eq=False)
class PosedHead:
    """A rig in one pose, and who looks at it.

    vertices: (V, 3) metres.  head_turn: (3, 3) about neck_pivot (3,).  eye_turns: (2, 3, 3) about eye_pivots (2, 3),
    which have moved with the head.  viewer: (3,) position of the camera.  look: the light.
    """

    vertices: np.ndarray
    head_turn: np.ndarray
    neck_pivot: np.ndarray
    eye_turns: np.ndarray
    eye_pivots: np.ndarray
    viewer: np.ndarray
    look: Look


class Part(Protocol):
    """A part of the avatar: its layers index its own vertices, of which uv has one (u, v) each."""

    layers: tuple[Layer, ...]
    uv: np.ndarray

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 3) in metres and colours (N, 3): sRGB factors of the texture, which may be over 1."""
        ...
