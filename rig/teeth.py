"""A row of teeth as a small coloured mesh: crowns with rounded edges, gaps between them, gum above."""

from dataclasses import dataclass

import numpy as np

from rig.aperture import strip_faces
from rig.portrait.portrait_colours import Palette
from rig.smoothstep import smoothstep

UPPER_WIDTHS_MM = (8.4, 6.6, 7.6, 6.9, 6.6, 9.0)
LOWER_WIDTHS_MM = (5.4, 5.9, 6.8, 7.0, 7.0, 9.5)
"""Crown widths from the middle to the side."""
UPPER_HEIGHTS_MM = (10.3, 9.0, 10.0, 8.6, 8.0, 7.4)
LOWER_HEIGHTS_MM = (8.8, 9.0, 9.8, 8.6, 8.0, 7.4)
GUM_MM = 5.0
COLUMNS_PER_TOOTH, ROWS = 10, 14
LOWER_LIGHT = 0.84
"""Light on lower teeth over that on upper ones."""


@dataclass(frozen=True, eq=False)
class Arch:
    """points (N, 3) metres in the resting head, colours (N, 4) RGBA in [0, 1], faces (F, 3)."""

    points: np.ndarray
    colours: np.ndarray
    faces: np.ndarray


def tooth_row(own: np.ndarray, edge_y: float, upper: bool, palette: Palette) -> Arch:
    """Along the front of the rig's own teeth, (N, 3) metres; edge_y: height of the front teeth's biting edge."""
    up = 1.0 if upper else -1.0
    widths_mm, heights_mm = (
        (UPPER_WIDTHS_MM, UPPER_HEIGHTS_MM) if upper else (LOWER_WIDTHS_MM, LOWER_HEIGHTS_MM)
    )  # fmt: skip
    borders = np.cumsum((0.0, *widths_mm))
    half = np.concatenate(
        [np.linspace(a, b, COLUMNS_PER_TOOTH, endpoint=False) for a, b in zip(borders, borders[1:], strict=False)]
    )
    along = np.concatenate([-half[:0:-1], half])  # mm along the arch, 0 = middle
    x, z = _curve(own.astype(np.float64), along / 1000.0)
    tooth = np.clip(np.searchsorted(borders, np.abs(along), side="right") - 1, 0, len(widths_mm) - 1)
    within = (np.abs(along) - borders[tooth]) / np.array(widths_mm)[tooth]  # 0..1 across the tooth
    height = np.array(heights_mm)[tooth]
    down = np.linspace(0, 1, ROWS)  # 0 at the edge, 1 at the top of the gum
    reach = (height + GUM_MM) / 1000.0
    rise = _edge_shape(tooth, within, upper)
    y = edge_y + up * (rise[None] / 1000.0 + down[:, None] * reach[None])
    lean = 0.10 * down[:, None] * reach[None]
    points = np.stack([np.broadcast_to(x, y.shape), y, z[None] - lean], axis=-1)
    colours = _colours(along, within, height, down, palette)
    colours[..., :3] *= 1.0 if upper else LOWER_LIGHT
    return Arch(
        points.reshape(-1, 3).astype(np.float32), colours.reshape(-1, 4).astype(np.float32),
        strip_faces(ROWS, len(along)),
    )  # fmt: skip


def _curve(own: np.ndarray, along_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (x, z) of the dental arch at arc lengths from its middle: an ellipse around the rig's own teeth."""
    middle = (own[:, 0].max() + own[:, 0].min()) / 2
    half_width, front, back = np.ptp(own[:, 0]) / 2, own[:, 2].max(), own[:, 2].min()
    angle = np.linspace(-np.pi / 2, np.pi / 2, 400)
    x, z = middle + half_width * np.sin(angle), back + (front - back) * np.cos(angle)
    length = np.r_[0, np.cumsum(np.hypot(np.diff(x), np.diff(z)))]
    length -= length[-1] / 2
    return np.interp(along_m, length, x), np.interp(along_m, length, z)


def _edge_shape(tooth: np.ndarray, within: np.ndarray, upper: bool) -> np.ndarray:
    """How far the biting edge is raised, mm: rounded corners, and the usual rise from tooth to tooth."""
    base = np.array((0.0, 0.6, 0.1, 0.7, 1.2, 1.8) if upper else (0.2, 0.2, 0.0, 0.6, 1.0, 1.5))[tooth]
    corner = np.minimum(within, 1 - within)
    return base + 0.9 * (1 - smoothstep(0.0, 0.22, corner)) ** 2


def _colours(
    along: np.ndarray, within: np.ndarray, height: np.ndarray, down: np.ndarray, palette: Palette
) -> np.ndarray:
    """RGBA (ROWS, columns, 4): rounded crowns with soft gaps, glassy edges, gum above, darker to the sides."""
    millimetres = down[:, None] * (height + GUM_MM)[None]
    corner = np.minimum(within, 1 - within)[None]
    neck = height - 1.6 * (2 * within - 1) ** 2  # the gum reaches further down between two teeth
    gum = smoothstep(-0.5, 0.5, millimetres - neck[None])[..., None]
    crown = (0.74 + 0.26 * smoothstep(0.0, 0.11, corner)) * (0.93 + 0.07 * smoothstep(0.1, 0.45, corner))
    crown = crown * (0.88 + 0.12 * smoothstep(0.0, 1.6, millimetres)) * (1 - 0.10 * smoothstep(5.0, 10.0, millimetres))
    colour = palette.teeth * crown[..., None] * (1 - gum) + palette.gum * gum
    side = 1 - 0.66 * smoothstep(8.0, 30.0, np.abs(along))
    colour = colour * side[None, :, None]
    return np.concatenate([np.clip(colour, 0, 1), np.ones((*colour.shape[:2], 1))], axis=-1)
