"""What lies behind the lips: colours of gums and tongue, painted teeth, and how much light comes in."""

import numpy as np

from rig.face_rig import FaceRig
from rig.noise import smooth_noise

GUM, ENAMEL = np.float32([0.72, 0.42, 0.40]), np.float32([0.90, 0.875, 0.82])
TOOTH_EDGES_MM = {
    "teeth_upper": (0.0, 8.4, 15.0, 22.6, 29.6, 36.4, 46.0, 56.0),
    "teeth_lower": (0.0, 5.4, 11.2, 18.0, 25.0, 32.0, 43.0, 53.0),
}
"""Usual widths of teeth, added up from the middle."""
MAX_ARC_MM = 56.0


def mouth_albedo(rig: FaceRig) -> np.ndarray:
    """(V, 3) float32 linear colour at each vertex of the rig; only what lies in the mouth matters."""
    depth = rig.neutral[rig.loops["lips_inner"], 2].max() - rig.neutral[:, 2]
    albedo = np.zeros((rig.vertex_count, 3), dtype=np.float32)
    fade = 0.04 + 0.96 * np.exp(-np.clip(depth - 0.008, 0, None) / 0.012)[:, None]
    albedo[:] = np.float32([0.34, 0.09, 0.085]) * fade
    tongue = rig.regions["tongue"]
    fade = 0.08 + 0.92 * np.exp(-np.clip(depth[tongue] - 0.024, 0, None) / 0.016)[:, None]
    groove = 1 - 0.25 * np.exp(-((rig.neutral[tongue, 0] / 0.003) ** 2))[:, None]
    albedo[tongue] = np.float32([0.42, 0.13, 0.125]) * fade * groove
    for name in TOOTH_EDGES_MM:
        own = rig.regions[name]
        albedo[own] = 0.95 * np.exp(-np.clip(depth[own] - 0.014, 0, None) / 0.022)[:, None]
    return albedo


def teeth_uv(rig: FaceRig) -> np.ndarray:
    """(V, 2) float32: along the dental arch from the character's right to left, and from the root (0, 1) to the tips
    (0.5); the upper teeth take the upper half. Zero elsewhere."""
    uv = np.zeros((rig.vertex_count, 2), dtype=np.float32)
    for name, tip in (("teeth_upper", -1.0), ("teeth_lower", 1.0)):
        own = np.flatnonzero(rig.regions[name])
        points = rig.neutral[own] * 1000
        centre = np.array([0.0, points[:, 2].max() - 30.0])
        turn = np.arctan2(points[:, 0] - centre[0], points[:, 2] - centre[1])
        uv[own, 0] = 0.5 + np.clip(turn * 24.0 / MAX_ARC_MM, -1, 1) / 2
        height = points[:, 1] * tip
        share = (height - height.min()) / np.ptp(height)
        uv[own, 1] = 1 - share / 2 if tip < 0 else share / 2
    return uv


def paint_teeth(size: int = 512) -> np.ndarray:
    """(S, S, 3) uint8 sRGB texture for teeth_uv."""
    rng = np.random.default_rng(5)
    arc = np.abs((np.arange(size) + 0.5) / size * 2 - 1) * MAX_ARC_MM
    picture = np.empty((size, size, 3), dtype=np.float32)
    half = size // 2
    for name, rows in (("teeth_upper", slice(0, half)), ("teeth_lower", slice(size, half - 1, -1))):
        edges = np.array(TOOTH_EDGES_MM[name])
        tooth = np.clip(np.searchsorted(edges, arc, side="right") - 1, 0, len(edges) - 2)
        inside = np.minimum(arc - edges[tooth], edges[tooth + 1] - arc)
        width = edges[tooth + 1] - edges[tooth]
        bulge = np.clip(1 - (2 * inside / width - 1) ** 2, 0, 1)
        share = (np.arange(half)[:, None] + 0.5) / half  # 0 at the root, 1 at the tip
        gum_line = 0.36 + 0.10 * (1 - bulge)
        gum = np.clip((gum_line - share) / 0.05 + 0.5, 0, 1)[..., None]
        gap = np.exp(-((inside / 0.45) ** 2)) * np.clip((share - gum_line) * 12, 0, 1)
        corner = np.clip((share - 0.86 - 0.12 * np.sqrt(bulge)) / 0.03, 0, 1)
        yellow = np.float32([0, 0.012, 0.035]) * np.clip(tooth, 0, 3)[:, None] / 1.5
        enamel = (ENAMEL - yellow) * (0.90 + 0.10 * bulge)[:, None] * (1 - 0.10 * (1 - share) ** 2)[..., None]
        enamel = enamel * (1 - 0.26 * np.maximum(gap, corner))[..., None]
        blend = gum * GUM + (1 - gum) * enamel
        picture[rows] = blend
    picture *= 1 + 0.012 * smooth_noise(rng, (size, size), 7)[..., None]
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def mouth_light(rig: FaceRig, coarse: np.ndarray) -> np.float32:
    """How much light enters: a closed mouth is dim inside, an open one bright. coarse: (V, 3) posed vertices."""
    upper, lower = coarse[rig.loops["lip_midline"]]
    gap = np.linalg.norm(upper.mean(axis=0) - lower.mean(axis=0))
    ajar, open_wide = np.clip((gap - 0.0012) / 0.002, 0, 1), np.clip((gap - 0.003) / 0.010, 0, 1)
    return np.float32(0.30 + 0.68 * ajar + 0.17 * open_wide)
