"""Teeth, tongue and the dark behind them, as small coloured meshes that follow the jaw."""

from dataclasses import dataclass

import numpy as np

from rig.aperture import strip_faces
from rig.face_rig import FaceRig
from rig.lip_contact import LipLine
from rig.portrait_colours import Palette
from rig.smoothstep import smoothstep

UPPER_WIDTHS_MM = (8.4, 6.6, 7.6, 6.9, 6.6, 9.0)
LOWER_WIDTHS_MM = (5.4, 5.9, 6.8, 7.0, 7.0, 9.5)
"""Crown widths from the middle to the side."""
UPPER_HEIGHTS_MM = (10.3, 9.0, 10.0, 8.6, 8.0, 7.4)
LOWER_HEIGHTS_MM = (8.8, 9.0, 9.8, 8.6, 8.0, 7.4)
UPPER_SHOW_M, LOWER_SHOW_M = -0.0026, -0.0004
"""Height of the edge of the front teeth over the line where the lips touch."""
GUM_MM = 5.0
COLUMNS_PER_TOOTH, ROWS = 10, 14


@dataclass(frozen=True, eq=False)
class Arch:
    """One row of teeth: points (N, 3) metres in the neutral head, colours (N, 4) RGBA in [0, 1], faces (F, 3), and the
    vertices of the rig's own teeth that carry it."""

    points: np.ndarray
    colours: np.ndarray
    faces: np.ndarray
    carriers: np.ndarray


@dataclass(frozen=True, eq=False)
class MouthInside:
    """What a mouth shows when it opens. Build with of_rig()."""

    upper: Arch
    lower: Arch
    tongue_vertices: np.ndarray
    tongue_faces: np.ndarray
    tongue_colour: np.ndarray
    neutral: np.ndarray
    lip_line_z: float

    @classmethod
    def of_rig(cls, rig: FaceRig, palette: Palette) -> "MouthInside":
        """For one person's rig, coloured for one picture."""
        upper_lip, lower_lip = (rim[1] for rim in LipLine.of_rig(rig, 3).rims(rig.neutral))
        contact = float(upper_lip[1] + lower_lip[1]) / 2
        tongue = np.flatnonzero(rig.regions["tongue"])
        faces = rig.faces[rig.regions["tongue"][rig.faces].all(axis=1)]
        return cls(
            _arch(rig, "teeth_upper", UPPER_WIDTHS_MM, UPPER_HEIGHTS_MM, contact + UPPER_SHOW_M, 1.0, palette),
            _arch(rig, "teeth_lower", LOWER_WIDTHS_MM, LOWER_HEIGHTS_MM, contact + LOWER_SHOW_M, -1.0, palette),
            tongue, np.searchsorted(tongue, faces).astype(np.int32), palette.tongue, rig.neutral,
            float(upper_lip[2]),
        )  # fmt: skip

    def posed(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(V, 3) moved head, before its turn -> (points (N, 3), colours (N, 4), faces (F, 3)), to be drawn by depth."""
        points, colours, faces, count = [], [], [], 0
        for arch in (self.upper, self.lower):
            turn, shift = _rigid(self.neutral[arch.carriers], vertices[arch.carriers])
            points.append(arch.points @ turn.T + shift)
            colours.append(arch.colours)
            faces.append(arch.faces + count)
            count += len(arch.points)
        tongue = vertices[self.tongue_vertices]
        points.append(tongue)
        colours.append(self._tongue_colours(tongue))
        faces.append(self.tongue_faces + count)
        return (
            np.concatenate(points).astype(np.float32), np.concatenate(colours).astype(np.float32), np.concatenate(faces)
        )  # fmt: skip

    def _tongue_colours(self, tongue: np.ndarray) -> np.ndarray:
        """Lit from the front and above, darker with depth."""
        corner = tongue[self.tongue_faces]
        flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normal = np.zeros_like(tongue)
        for k in range(3):
            np.add.at(normal, self.tongue_faces[:, k], flat)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        light = 0.35 + 0.65 * np.clip(normal @ np.array([0.0, 0.55, 0.83]), 0, 1)
        light *= 1 - 0.85 * smoothstep(0.004, 0.034, self.lip_line_z - 0.012 - tongue[:, 2])
        return np.column_stack([self.tongue_colour[None] * light[:, None], np.ones(len(tongue))])


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,) that carry source (N, 3) onto target best (Kabsch)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, _, vt = np.linalg.svd((source - a).T.astype(np.float64) @ (target - b))
    turn = vt.T @ np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return turn, b - turn @ a


def _arch(
    rig: FaceRig, part: str, widths_mm: tuple, heights_mm: tuple, edge_y: float, up: float, palette: Palette
) -> Arch:
    """A row of teeth along the front of the rig's own; `up` = +1 for upper teeth, whose gums lie above."""
    carriers = np.flatnonzero(rig.regions[part])
    own = rig.neutral[carriers].astype(np.float64)
    borders = np.cumsum((0.0, *widths_mm))
    half = np.concatenate(
        [np.linspace(a, b, COLUMNS_PER_TOOTH, endpoint=False) for a, b in zip(borders, borders[1:], strict=False)]
    )
    along = np.concatenate([-half[:0:-1], half])  # mm along the arch, 0 = middle
    x, z = _curve(own, along / 1000.0)
    tooth = np.clip(np.searchsorted(borders, np.abs(along), side="right") - 1, 0, len(widths_mm) - 1)
    within = (np.abs(along) - borders[tooth]) / np.array(widths_mm)[tooth]  # 0..1 across the tooth
    height = np.array(heights_mm)[tooth]
    down = np.linspace(0, 1, ROWS)  # 0 at the edge, 1 at the top of the gum
    reach = (height + GUM_MM) / 1000.0
    rise = _edge_shape(tooth, within, up)
    y = edge_y + up * (rise[None] / 1000.0 + down[:, None] * reach[None])
    lean = 0.10 * down[:, None] * reach[None]
    points = np.stack([np.broadcast_to(x, y.shape), y, z[None] - lean], axis=-1)
    colours = _tooth_colours(along, within, height, down, up, palette)
    return Arch(points.reshape(-1, 3), colours.reshape(-1, 4), strip_faces(ROWS, len(along)), carriers)


def _curve(own: np.ndarray, along_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (x, z) of the dental arch at arc lengths from its middle: an ellipse around the rig's own teeth."""
    half_width, front, back = np.abs(own[:, 0]).max(), own[:, 2].max(), own[:, 2].min()
    angle = np.linspace(-np.pi / 2, np.pi / 2, 400)
    x, z = half_width * np.sin(angle), back + (front - back) * np.cos(angle)
    length = np.r_[0, np.cumsum(np.hypot(np.diff(x), np.diff(z)))]
    length -= length[-1] / 2
    return np.interp(along_m, length, x), np.interp(along_m, length, z)


def _edge_shape(tooth: np.ndarray, within: np.ndarray, up: float) -> np.ndarray:
    """How far the biting edge is raised, mm: rounded corners, and the usual rise from tooth to tooth."""
    base = np.array((0.0, 0.6, 0.1, 0.7, 1.2, 1.8) if up > 0 else (0.2, 0.2, 0.0, 0.6, 1.0, 1.5))[tooth]
    corner = np.minimum(within, 1 - within)
    return base + 0.9 * (1 - smoothstep(0.0, 0.22, corner)) ** 2


def _tooth_colours(
    along: np.ndarray, within: np.ndarray, height: np.ndarray, down: np.ndarray, up: float, palette: Palette
) -> np.ndarray:
    """RGBA (ROWS, columns, 4): enamel with soft gaps, gum above, darker to the sides."""
    gap = smoothstep(0.0, 0.13, np.minimum(within, 1 - within))
    millimetres = down[:, None] * (height + GUM_MM)[None]
    neck = height - 1.6 * (2 * within - 1) ** 2  # the gum reaches further down between two teeth
    gum = smoothstep(-0.5, 0.5, millimetres - neck[None])
    form = (0.86 + 0.14 * gap)[None] * (0.92 + 0.08 * smoothstep(0, 2.0, millimetres))
    enamel = palette.teeth[None, None] * form[..., None]
    colour = enamel * (1 - gum[..., None]) + palette.gum * gum[..., None]
    side = 1 - 0.62 * smoothstep(9.0, 30.0, np.abs(along))
    colour = colour * side[None, :, None] * (1.0 if up > 0 else 0.9)
    return np.concatenate([np.clip(colour, 0, 1), np.ones((*colour.shape[:2], 1))], axis=-1)
