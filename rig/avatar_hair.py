"""The avatar's hair: it turns with the head, and its light runs across the strands."""

import numpy as np

from rig.avatar_part import Layer, PosedHead
from rig.face_rig import FaceRig
from rig.hair import Hair, grow_hair
from rig.lighting import GAMMA, Surface, lit, unit
from rig.look import Look


class HairPiece:
    """The hair of a look that is not shaved.

    hair: as it grows on the resting head.  albedo: (N, 3) float32 linear colour of its vertices.
    """

    def __init__(self, rig: FaceRig, look: Look) -> None:
        self.hair = grow_hair(rig, look)
        self.layers = (Layer("hair", self.hair.faces, two_sided=look.hair == "bob"),)
        self.uv = np.zeros((len(self.hair.points), 2), dtype=np.float32)
        self._surface = _surface(self.hair, look)
        self.albedo = self._surface.albedo
        self._tint = self.albedo ** np.float32(GAMMA)

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (N, 3) each."""
        hair, turn = self.hair, head.head_turn.T
        points = (hair.points - head.neck_pivot) @ turn + head.neck_pivot
        light = lit(self._surface, hair.normals @ turn, unit(head.viewer - points), head.look, hair.tangents @ turn)
        return points, light * self._tint


def _surface(hair: Hair, look: Look) -> Surface:
    count = len(hair.shade)
    base = (np.float32(look.hair_colour) / 255) ** np.float32(1 / GAMMA)
    return Surface(
        albedo=base * hair.shade[:, None] ** np.float32(1.6), wrap=np.full((count, 3), 0.35, dtype=np.float32),
        gloss=0.10 * hair.shade, sharpness=np.full(count, 28.0, dtype=np.float32),
        sky=np.clip(0.85 * hair.shade, 0, 1),
    )
