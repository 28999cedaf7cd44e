"""Speech and emotion in one face: the upper face adds up, the mouth is shared.

Articulation has the right of way. Where speech closes the lips (p, b, m), whatever would part them gives way, while the
corners keep smiling; where speech opens them, whatever would press them together gives way, and the jaw makes up for
what a broad smile takes from the opening; rounded vowels pull a smile in. In a pause the lips nearly close.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from dreamtalk.errors import DreamTalkError
from rig.arkit import INDEX, NAMES
from rig.lip_gap import APERTURE_MM
from rig.smoothstep import smoothstep

CLOSED_MM, OPEN_MM = 0.6, 3.5
"""Up to the first aperture speech counts as closed, from the second on as open; between, the change is smooth."""

REST_SHARE = 0.25
"""How much of an emotion's own lip opening a pause keeps."""

SPEAKING_JAW = 0.6
"""How much of an emotion's own jaw opening open speech keeps: the jaw is busy."""

PAUSE_S = 0.5
"""A closure longer than this is a pause, a shorter one belongs to a consonant."""


def _columns(*names: str) -> np.ndarray:
    found = [INDEX[full] for name in names for full in (name, name + "Left", name + "Right") if full in INDEX]
    return np.array(found, dtype=np.int64)


_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES])
_PARTING = _columns("jawOpen", "mouthFunnel", "mouthShrugUpper", "mouthUpperUp", "mouthLowerDown")
_PRESSING = _columns("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthClose")
_SPREADING = _columns("mouthSmile", "mouthDimple", "mouthStretch")
_ROUNDING = _columns("mouthPucker", "mouthFunnel")
_LOWERING = _columns("mouthFrown")
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def add_expression(speech_weights: np.ndarray, expression: np.ndarray, fps: float = 25.0) -> np.ndarray:
    """Speech with an emotional face, (T, 52) float32 in [0, 1], mouthClose <= jawOpen.

    speech_weights: (T, 52) in [0, 1], articulation; its upper face may be empty or hold a captured one.
    expression: (T, 52) in [0, 1], such as the weights of synthesize_expression.
    fps: frames a second of both; pauses are told from consonants by their length.

    Where the expression is zero, speech comes back as it was (but for mouthClose <= jawOpen). Raises DreamTalkError
    where the shapes differ.
    """
    speech, emotion = (np.array(weights, dtype=np.float64) for weights in (speech_weights, expression))
    if speech.shape != emotion.shape or speech.ndim != 2 or speech.shape[1] != len(NAMES):
        raise DreamTalkError(
            f"Speech weights {speech.shape} and expression {emotion.shape} must both be frames x {len(NAMES)}."
        )
    speech[:, _CLOSE] = np.minimum(speech[:, _CLOSE], speech[:, _JAW])
    opening = smoothstep(CLOSED_MM, OPEN_MM, speech @ _GAP_MM)
    emotion = _yielding(speech, emotion, opening, fps)
    joined = 1.0 - (1.0 - speech) * (1.0 - emotion)
    joined[:, _JAW] += opening * np.maximum(-(emotion @ np.minimum(_GAP_MM, 0.0)), 0.0) / APERTURE_MM["jawOpen"]
    joined[:, _CLOSE] = speech[:, _CLOSE]
    return np.clip(joined, 0.0, 1.0).astype(np.float32)


def _yielding(speech: np.ndarray, emotion: np.ndarray, opening: np.ndarray, fps: float) -> np.ndarray:
    """The expression with its mouth held back where articulation needs the lips, (T, 52)."""
    yielding = emotion.copy()
    at_rest = REST_SHARE * _pause(opening, fps)
    yielding[:, _PARTING] *= np.maximum(opening, at_rest)[:, None]
    yielding[:, _JAW] = emotion[:, _JAW] * np.maximum(SPEAKING_JAW * opening, at_rest)
    yielding[:, _PRESSING] *= (1.0 - opening)[:, None]
    rounded = np.minimum(speech[:, _ROUNDING].sum(axis=1), 1.0)
    spread = np.minimum(speech[:, _SPREADING].max(axis=1) * 1.5, 1.0)
    yielding[:, _SPREADING] *= (1.0 - 0.55 * rounded)[:, None]
    yielding[:, _ROUNDING] *= (1.0 - 0.7 * spread)[:, None]
    yielding[:, _LOWERING] *= (1.0 - 0.5 * spread)[:, None]
    return yielding


def _pause(opening: np.ndarray, fps: float) -> np.ndarray:
    """1 in the middle of long closures and 0 in consonants, (T,), with soft edges."""
    closed = minimum_filter1d(1.0 - opening, size=2 * round(PAUSE_S / 2 * fps) + 1, mode="nearest")
    return gaussian_filter1d(closed, 0.08 * fps, mode="nearest")
