"""Colour and darkness of what lies behind the lips: gums, teeth, tongue."""

import numpy as np

from rig.face_rig import FaceRig


def mouth_albedo(rig: FaceRig) -> np.ndarray:
    """(V, 3) float32 linear colour at each vertex of the rig; only what lies in the mouth matters."""
    albedo = np.zeros((rig.vertex_count, 3), dtype=np.float32)
    albedo[:] = (0.36, 0.10, 0.09)
    depth = rig.neutral[rig.loops["lips_inner"], 2].max() - rig.neutral[:, 2]
    bag = rig.regions["mouth_inside"]
    fade = np.exp(-np.clip(depth[bag] - 0.012, 0, None) / 0.018)
    albedo[bag] *= (0.06 + 0.94 * fade)[:, None]
    for name, edge in (("teeth_upper", -1.0), ("teeth_lower", 1.0)):
        own = rig.regions[name]
        height = rig.neutral[own, 1] * edge
        toward_tip = (height - height.min()) / np.ptp(height)
        gum = np.clip((0.34 - toward_tip) / 0.12, 0, 1)[:, None]
        back = np.exp(-np.clip(depth[own] - 0.016, 0, None) / 0.025)[:, None]
        enamel = np.float32([0.82, 0.77, 0.68])
        albedo[own] = ((1 - gum) * enamel + gum * np.float32([0.50, 0.17, 0.16])) * back
    tongue = rig.regions["tongue"]
    fade = np.exp(-np.clip(depth[tongue] - 0.03, 0, None) / 0.03)[:, None]
    albedo[tongue] = np.float32([0.52, 0.17, 0.16]) * (0.15 + 0.85 * fade)
    return albedo


def mouth_light(rig: FaceRig, coarse: np.ndarray) -> np.float32:
    """How much light enters: a closed mouth is dim inside, an open one bright. coarse: (V, 3) posed vertices."""
    upper, lower = coarse[rig.loops["lip_midline"]]
    gap = np.linalg.norm(upper.mean(axis=0) - lower.mean(axis=0))
    return np.float32(0.62 + 0.38 * np.clip((gap - 0.002) / 0.014, 0, 1))
