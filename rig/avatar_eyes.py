"""The avatar's eyes."""

import numpy as np

from rig.avatar_part import Layer, PosedHead
from rig.eyeball import eyeball, paint_eye
from rig.face_rig import FaceRig
from rig.lighting import Surface, lit, unit
from rig.look import Look


class Eyes:
    """Two fine eyeballs about the rig's pivots, shaded by the upper lid."""

    def __init__(self, rig: FaceRig, look: Look) -> None:
        ball = eyeball()
        self._normals = ball.normals
        faces = np.concatenate([ball.faces, ball.faces + len(ball.normals)])
        self.layers = (Layer("eyes", faces, paint_eye(look)),)
        self.uv = np.concatenate([ball.uv, ball.uv])
        self._rims = [rig.loops[f"lids_{side}"] for side in ("left", "right")]
        self._radii = [np.ptp(rig.neutral[rig.regions[name]], axis=0) / 2 for name in ("eye_left", "eye_right")]
        count = len(ball.normals)
        front = np.clip((ball.uv[:, 0] - 0.5) ** 2 + (ball.uv[:, 1] - 0.5) ** 2, 0, 1)
        albedo = np.where(front[:, None] < 0.034, 0.05, 0.8) * np.ones((count, 3))
        self._surface = Surface(
            albedo.astype(np.float32), np.full((count, 3), 0.3, dtype=np.float32),
            np.where(front < 0.05, 1.5, 0.3).astype(np.float32), np.full(count, 140.0, dtype=np.float32),
            np.full(count, 0.85, dtype=np.float32),
        )

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (N, 3) each."""
        points, colours = [], []
        for rim, radius, pivot, turn in zip(self._rims, self._radii, head.eye_pivots, head.eye_turns, strict=True):
            matrix = (head.head_turn @ turn).T
            normals = self._normals @ matrix
            ball = (self._normals * radius) @ matrix + pivot
            light = lit(self._surface, normals, unit(head.viewer - ball), head.look)
            shade = _lid_shadow((ball - pivot) @ head.head_turn, (head.vertices[rim] - pivot) @ head.head_turn)
            points.append(ball)
            colours.append(light * shade[:, None])
        return np.concatenate(points), np.concatenate(colours)


def _lid_shadow(ball: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """(N,) brightness of the eyeball under the upper lid; all in head space, metres."""
    order = np.argsort(rim[:, 0])
    across, height = rim[order, 0], rim[order, 1]
    upper = np.interp(ball[:, 0], across, np.maximum(height, np.median(height)))
    gap = np.clip(upper - ball[:, 1], 0, None)
    side = np.clip((np.abs(ball[:, 0]) - 0.008) / 0.007, 0, 1)
    return 1 - 0.42 * np.exp(-gap / 0.0022) - 0.14 * side**2
