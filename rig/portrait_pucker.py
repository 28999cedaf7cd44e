"""The pucker as a picture shows it: narrower and fuller than the rig's own, whose lips mostly come forward.

Seen from the front, lips that come forward hardly look different; what tells a pucker is that the mouth is a third
narrower and its red part taller. The avatar keeps the rig's own shape.
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


def seen_pucker(rig: FaceRig, delta: np.ndarray) -> np.ndarray:
    """The rig's own pucker, (V, 3) metres -> the one that portraits move by, (V, 3). The lip line opens no further."""
    fuller = delta.copy()
    fuller[:, 0] *= NARROWER
    fuller[:, 1] += _swell(rig)
    return fuller


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
