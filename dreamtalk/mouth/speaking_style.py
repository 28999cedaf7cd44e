"""How somebody articulates: how wide, how round, how slurred, how early; drawn anew for every utterance."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rig.arkit import MOUTH, NAMES

_SLUR_S = 0.03
"""Deviation of the smoothing that coarticulation 2 brings."""
_SPEAKERS = (0.2, 1.0)
"""Blends that are drawn: nobody is only the speaker of grid_s1, whose few words say little about others."""


@dataclass(frozen=True)
class SpeakingStyle:
    """A way to speak; the defaults leave the articulation model as it was fitted.

    jaw_gain, lip_gain, rounding, spread: how far jaw, lips, rounded and broad shapes leave their rest, 1 as learned.
    coarticulation: 0 over-articulated, 1 as learned, 2 slurred. speaker: 0 the speaker of grid_s1, 1 that of facegood,
    or anything between. lead_s: seconds by which the mouth is earlier than learned.
    """

    jaw_gain: float = 1.0
    lip_gain: float = 1.0
    rounding: float = 1.0
    spread: float = 1.0
    coarticulation: float = 1.0
    speaker: float = 0.5
    lead_s: float = 0.0

    @classmethod
    def sampled(cls, rng: np.random.Generator) -> Self:
        """A style as people have them; the same generator state gives the same style."""
        jaw, lip, rounding, spread = np.exp(rng.normal(0.0, (0.18, 0.15, 0.18, 0.2))).clip(0.6, 1.6)
        coarticulation = float(np.clip(rng.normal(1.0, 0.25), 0.4, 1.6))
        speaker, lead_s = float(rng.uniform(*_SPEAKERS)), float(np.clip(rng.normal(0.0, 0.008), -0.02, 0.02))
        return cls(float(jaw), float(lip), float(rounding), float(spread), coarticulation, speaker, lead_s)


def styled(mouth: np.ndarray, rest: np.ndarray, style: SpeakingStyle, fps: float) -> np.ndarray:
    """Mouth shapes (T, 27) in [0, 1] articulated in a style about their rest (27,); in [0, 1] again."""
    smooth = gaussian_filter1d(mouth, _SLUR_S * fps, axis=0, mode="nearest")
    spoken = mouth + (style.coarticulation - 1.0) * (smooth - mouth)
    return (rest + _gains(style) * (spoken - rest)).clip(0.0, 1.0).astype(np.float32)


def _gains(style: SpeakingStyle) -> np.ndarray:
    """The gain of each mouth shape, (27,); the jaw and what closes the lips over it go together."""
    groups = {
        "jaw": style.jaw_gain, "mouthClose": style.jaw_gain, "mouthFunnel": style.rounding,
        "mouthPucker": style.rounding, "mouthSmile": style.spread, "mouthStretch": style.spread,
        "mouthDimple": style.spread,
    }  # fmt: skip
    names = [NAMES[column] for column in MOUTH]
    return np.array([next((g for start, g in groups.items() if n.startswith(start)), style.lip_gain) for n in names])
