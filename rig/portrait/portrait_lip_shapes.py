"""Lip shapes as pictures show them, where the rig's own would not be believed. The avatar keeps the rig's.

Pucker: seen from the front, lips that come forward hardly look different; what tells a pucker is that the mouth is a
third narrower and its red part taller. Jaw: the rig's lower lip falls in a V; a jaw carries it down in a U.
"""

import numpy as np

from rig.face_rig import FaceRig
from rig.lip_contact import LipLine
from rig.smoothstep import smoothstep

NARROWER = 1.42
"""How much further the corners come together than on the rig."""
UPPER_SWELL_M, LOWER_SWELL_M = 0.0028, 0.0016
"""How far the outer borders of the lips move away from the line where they touch."""
LIP_M, FADE_M = 0.009, 0.019
"""Distance from that line at which the swelling is largest, and over which it fades beyond."""
REACH = 1.15
"""How far to the sides it goes, in half widths of the mouth."""
COLUMNS = 41
JAW_ROUND_POWER, JAW_FADE_M = 0.8, 0.020
"""The lower lip falls like (1 - x^2)^power between the corners, x = -1 and 1; how far below the lip that reaches."""


def seen_pucker(rig: FaceRig, delta: np.ndarray) -> np.ndarray:
    """The rig's own pucker, (V, 3) metres -> the one that portraits move by, (V, 3). The lip line opens no further."""
    fuller = delta.copy()
    fuller[:, 0] *= NARROWER
    fuller[:, 1] += _swell(rig)
    return fuller


def seen_jaw(rig: FaceRig, delta: np.ndarray) -> np.ndarray:
    """The rig's own jawOpen, (V, 3) metres -> one whose lower lip is round, (V, 3); the middle falls as far."""
    line = LipLine.of_rig(rig, COLUMNS)
    place, fall = line.rims(rig.neutral)[1], line.rims(delta)[1][:, 1]
    across = (place[:, 0] - place[:, 0].mean()) / (np.ptp(place[:, 0]) / 2)
    round_share = np.maximum(1 - across**2, 0.0) ** JAW_ROUND_POWER
    corner = (fall[0] + fall[-1]) / 2
    lower = np.minimum(corner + (fall[COLUMNS // 2] - corner) * round_share - fall, 0.0)
    below = np.interp(rig.neutral[:, 0], place[:, 0], place[:, 1]) - rig.neutral[:, 1]
    share = np.where(below >= 0, np.exp(-((below / JAW_FADE_M) ** 2)), 0.0)
    share[line.lower], share[line.upper] = 1.0, 0.0
    share[~(rig.regions["skin"] & ~rig.regions["mouth_inside"])] = 0.0
    rounder = delta.copy()
    rounder[:, 1] += (share * np.interp(rig.neutral[:, 0], place[:, 0], lower, 0.0, 0.0)).astype(np.float32)
    return rounder


def _swell(rig: FaceRig) -> np.ndarray:
    """(V,) float32 metres upward: zero where the lips touch."""
    upper, lower = LipLine.of_rig(rig, COLUMNS).rims(rig.neutral)
    middle = (upper + lower) / 2
    centre, half_width = middle[:, 0].mean(), np.ptp(middle[:, 0]) / 2
    x, y = rig.neutral[:, 0], rig.neutral[:, 1]
    above = y - np.interp(x, middle[:, 0], middle[:, 1])  # the columns run from the character's right to the left
    away = np.abs(above)
    profile = smoothstep(0.0, LIP_M, away) * (1 - smoothstep(LIP_M, LIP_M + FADE_M, away))
    profile *= np.cos(np.pi / 2 * np.clip(np.abs(x - centre) / (REACH * half_width), 0, 1))
    profile[~(rig.regions["skin"] & ~rig.regions["mouth_inside"])] = 0.0
    return (np.where(above >= 0, UPPER_SWELL_M, -LOWER_SWELL_M) * profile).astype(np.float32)
