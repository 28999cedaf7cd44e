"""Eyelashes as thin curved triangles that stand on the rims of the lids."""

import numpy as np

from rig.avatar_part import Layer, PosedHead
from rig.face_rig import FaceRig
from rig.lighting import unit
from rig.look import Look

UPPER_COUNT, LOWER_COUNT = 40, 20
FACES = np.array([[0, 1, 3], [0, 3, 2], [2, 3, 4]])


class Lashes:
    """5 vertices a lash: two at the root, two half way, the tip.  colours: (N, 3) float32 sRGB in [0, 1]."""

    def __init__(self, rig: FaceRig, look: Look) -> None:
        rng = np.random.default_rng(look.seed + 4)
        self._rows = [_Row(rig, side, upper, rng) for side in (0, 1) for upper in (True, False)]
        count = sum(row.count for row in self._rows)
        faces = (np.arange(count)[:, None, None] * 5 + FACES).reshape(-1, 3)
        self.layers = (Layer("lashes", faces, two_sided=True),)
        self.uv = np.zeros((5 * count, 2), dtype=np.float32)
        dark = np.float32(look.brows) / 255 * 0.42
        pale = np.float32(look.skin) / 255 * 0.8
        colours = [np.tile(pale + row.strength * (dark - pale), (5 * row.count, 1)) for row in self._rows]
        self.colours = np.concatenate(colours)

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (N, 3) each."""
        return np.concatenate([row.pose(head) for row in self._rows]), self.colours


class _Row:
    def __init__(self, rig: FaceRig, side: int, upper: bool, rng: np.random.Generator) -> None:
        loop = rig.loops[("lids_left", "lids_right")[side]]
        points = rig.neutral[loop]
        corners = sorted((int(np.argmin(points[:, 0])), int(np.argmax(points[:, 0]))))
        arcs = (loop[corners[0] : corners[1] + 1], np.concatenate([loop[corners[1] :], loop[: corners[0] + 1]]))
        arc = max(arcs, key=lambda a: rig.neutral[a, 1].mean() * (1 if upper else -1))
        if abs(rig.neutral[arc[0], 0]) > abs(rig.neutral[arc[-1], 0]):
            arc = arc[::-1]  # from the nose outward
        self.count = UPPER_COUNT if upper else LOWER_COUNT
        self.strength = 0.9 if upper else 0.35
        place = np.linspace(0.14, 0.95 if upper else 0.85, self.count) * (len(arc) - 1)
        place += rng.uniform(-0.1, 0.1, self.count)
        place = np.clip(place, 0, len(arc) - 1.001)
        self._near, self._far = arc[place.astype(int)], arc[place.astype(int) + 1]
        self._share = (place % 1)[:, None].astype(np.float32)
        outward = place / (len(arc) - 1)
        length = (0.0036 + 0.0036 * outward * (1.25 - outward) / 0.6) if upper else np.full(self.count, 0.0022)
        self._length = (length * rng.uniform(0.8, 1.1, self.count))[:, None].astype(np.float32)
        sign = 1.0 if side == 0 else -1.0
        lean = (outward - 0.35) * 0.9 + rng.normal(0, 0.08, self.count)
        rise = np.full(self.count, 0.55 if upper else -0.55)
        self._lean = np.stack([sign * lean, rise, 0 * lean], axis=1).astype(np.float32)
        self._curl = np.float32([0, 0.9 if upper else -0.1, 0])
        self._width = np.float32(0.00030 if upper else 0.0002)
        self._side = side

    def pose(self, head: PosedHead) -> np.ndarray:
        near, far, turn = head.vertices[self._near], head.vertices[self._far], head.head_turn.T
        root = near + self._share * (far - near)
        along = unit(far - near) * self._width
        radial = unit(root - head.eye_pivots[self._side])
        # on a closed lid the lashes point down and forward, on an open one forward and up
        first = unit(radial + self._lean @ turn)
        second = unit(first + self._curl @ turn)
        root = root - 0.0004 * radial
        middle = root + 0.55 * self._length * first
        tip = middle + 0.5 * self._length * second
        points = np.stack([root - along, root + along, middle - 0.7 * along, middle + 0.7 * along, tip], axis=1)
        return points.reshape(-1, 3)
