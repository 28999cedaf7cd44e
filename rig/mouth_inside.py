"""Teeth, tongue and throat, as small coloured meshes that follow the jaw."""

from dataclasses import dataclass

import numpy as np

from rig.face_rig import FaceRig
from rig.lip_contact import LipLine
from rig.mouth_flesh import Throat, Tongue
from rig.portrait.portrait_colours import Palette
from rig.smoothstep import smoothstep
from rig.teeth import Arch, tooth_row

UPPER_SHOW_M, LOWER_SHOW_M = -0.0036, -0.0022
"""Height of the edge of the front teeth over the line where the lips touch."""
FLESH_LIGHT, FLESH_OPENING_M = 0.62, (0.003, 0.020)
"""How bright tongue and throat are in a mouth just open, and over which opening they reach full light."""


@dataclass(frozen=True, eq=False)
class MouthInside:
    """What a mouth shows when it opens. Build with of_head().

    upper, lower: rows of teeth in the resting head, carried by the rig's own teeth: their vertices and resting places.
    line: the lips.  lip_z, edge_y: metres, the lips and the edge of the upper teeth at rest.
    """

    upper: Arch
    lower: Arch
    carriers: tuple[np.ndarray, np.ndarray]
    resting: tuple[np.ndarray, np.ndarray]
    tongue: Tongue
    throat: Throat
    line: LipLine
    lip_z: float
    edge_y: float
    palette: Palette

    @classmethod
    def of_head(cls, rig: FaceRig, resting: np.ndarray, palette: Palette) -> "MouthInside":
        """For one person's (V, 3) calm head, lips closed, coloured for one picture."""
        line = LipLine.of_rig(rig, 3)
        upper_lip, lower_lip = (rim[1] for rim in line.rims(resting))
        contact = float(upper_lip[1] + lower_lip[1]) / 2
        carriers = tuple(np.flatnonzero(rig.regions[part]) for part in ("teeth_upper", "teeth_lower"))
        own = tuple(resting[part].astype(np.float64) for part in carriers)
        edge_y, lip_z = contact + UPPER_SHOW_M, float(upper_lip[2])
        return cls(
            tooth_row(own[0], edge_y, True, palette), tooth_row(own[1], contact + LOWER_SHOW_M, False, palette),
            carriers, own, Tongue.of_rig(rig), Throat.behind(lip_z, edge_y, float(upper_lip[0])), line, lip_z, edge_y,
            palette,
        )  # fmt: skip

    def posed(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(V, 3) moved head, before its turn -> (points (N, 3), colours (N, 4), faces (F, 3)), to be drawn by depth."""
        points, colours, faces, count = [], [], [], 0
        skull, jaw = (
            _rigid(rest, vertices[part]) for rest, part in zip(self.resting, self.carriers, strict=True)
        )  # fmt: skip
        opening = max(float(self.line.gap(vertices).max()), 0.0)
        tongue = self.tongue.posed(vertices, self.lip_z, opening)
        flesh = float(smoothstep(*FLESH_OPENING_M, opening))
        flesh = FLESH_LIGHT + (1 - FLESH_LIGHT) * flesh
        parts = (
            (_carried(self.upper.points, *skull), self.upper.colours, self.upper.faces),
            (_carried(self.lower.points, *jaw), self.lower.colours, self.lower.faces),
            (tongue, _tinted(flesh * self.tongue.lightness(tongue, self.lip_z, self.edge_y), self.palette.tongue),
             self.tongue.faces),
            (_carried(self.throat.points, *skull), _tinted(flesh * self.throat.lightness, self.palette.throat),
             self.throat.faces),
        )  # fmt: skip
        for place, colour, triangles in parts:
            points.append(place)
            colours.append(colour)
            faces.append(triangles + count)
            count += len(place)
        return (
            np.concatenate(points).astype(np.float32), np.concatenate(colours).astype(np.float32), np.concatenate(faces)
        )  # fmt: skip


def _tinted(lightness: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """(N,) and RGB (3,) -> RGBA (N, 4)."""
    return np.column_stack([np.clip(lightness[:, None] * colour[None], 0, 1), np.ones(len(lightness))])


def _carried(points: np.ndarray, turn: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return points @ turn.T + shift


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,) that carry source (N, 3) onto target best (Kabsch)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - a).T.astype(np.float64) @ (target - b))
    turn = vt.T @ np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return turn, b - turn @ a
