"""Weights turned by the dials: the expression about the neutral face, the mouth about closed lips.

With P the opening that parts the lips (jaw, lips raised and lowered, less mouthClose) and O <= 0 what presses them
together, both in mm, the gap is P + O. A mouth dial m scales P by f so that the gap becomes m times what it was:

    f P + O = m (P + O)   where the lips are open,
    f = 1                 where they are shut,

so f lies between 1 and m, closed lips stay closed, and mouthClose <= jawOpen, since both are scaled alike.
"""

import numpy as np

from dreamtalk.expression.dials import Dials
from rig.arkit import GROUPS, INDEX, MOUTH, NAMES, indices
from rig.lip_gap import APERTURE_MM

_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES])
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_PARTING = np.append(np.flatnonzero(_GAP_MM > 0), _CLOSE)
_LIPS = np.setdiff1d(_PARTING, [_JAW, _CLOSE])
_SHAPING = np.setdiff1d(MOUTH, _PARTING)  # corners, pressing, rounding, sideways
_BROWS = indices(*GROUPS["brows"])
_EYES = [name for name in NAMES if name.startswith(("eyeBlink", "eyeLook"))]
_FACE = np.setdiff1d(np.arange(len(NAMES)), [*MOUTH, *_BROWS, *indices(*_EYES)])
_LEAST_PARTING_MM = 1e-3


def dialled(weights: np.ndarray, dials: Dials) -> np.ndarray:
    """Weights (T, 52) in [0, 1], mouthClose <= jawOpen, turned by brows, mouth and strength; the same array at 1.

    Blinks, gaze and head are turned where they are made (dreamtalk.expression.liveliness).
    """
    if dials.brows == dials.mouth == dials.strength == 1.0:
        return weights
    turned = weights.astype(np.float64)
    turned[:, _BROWS] = (turned[:, _BROWS] * dials.brows * dials.strength).clip(0.0, 1.0)
    if dials.strength != 1.0:
        for columns in (_FACE, _SHAPING):
            turned[:, columns] = (turned[:, columns] * dials.strength).clip(0.0, 1.0)
    if dials.mouth != 1.0 or dials.strength != 1.0:
        _open(turned, weights.astype(np.float64) @ _GAP_MM, dials)
    return turned.astype(weights.dtype)


def _open(turned: np.ndarray, gap_mm: np.ndarray, dials: Dials) -> None:
    """Scales what parts the lips in `turned` (T, 52), whose gap was `gap_mm` (T,), to the gap the dials ask for."""
    wanted_mm = gap_mm * dials.strength * np.where(gap_mm > 0, dials.mouth, 1.0)
    parting_mm = turned[:, _PARTING] @ _GAP_MM[_PARTING]
    pressing_mm = turned[:, _SHAPING] @ _GAP_MM[_SHAPING]
    factor = np.ones(len(turned))
    able = parting_mm > _LEAST_PARTING_MM
    factor[able] = np.maximum((wanted_mm - pressing_mm)[able] / parting_mm[able], 0.0)
    turned[:, _LIPS] = (turned[:, _LIPS] * factor[:, None]).clip(0.0, 1.0)
    # Jaw and mouthClose keep their proportion, also where the jaw is as open as it can be.
    both = np.minimum(factor, 1.0 / np.maximum(turned[:, _JAW], 1e-6))
    turned[:, [_JAW, _CLOSE]] *= both[:, None]
