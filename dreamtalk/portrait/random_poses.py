"""Random poses of a head for training the neural portrait renderer: speech, emotion, blinks, gaze and head turns.

Each pose stands alone. What matters is that the shapes come together as they do in life: a jaw that opens takes the
lips along, lids fall together, brows follow emotions.
"""

import numpy as np

from dreamtalk.expression.facs_prototypes import PROTOTYPES
from rig.arkit import INDEX, NAMES

# Mouth shapes of speech, written as the weights that a vowel or consonant shows at its strongest.
_SPEECH = (
    {"jawOpen": 0.75, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    {"jawOpen": 0.35, "mouthStretch": 0.35, "mouthSmile": 0.25, "mouthLowerDown": 0.35, "mouthUpperUp": 0.25},
    {"jawOpen": 0.15, "mouthSmile": 0.35, "mouthStretch": 0.3, "mouthLowerDown": 0.45, "mouthUpperUp": 0.3},
    {"jawOpen": 0.25, "mouthPucker": 0.7, "mouthFunnel": 0.45},
    {"jawOpen": 0.5, "mouthFunnel": 0.6, "mouthPucker": 0.25},
    {"jawOpen": 0.1, "mouthClose": 0.08, "mouthPress": 0.4, "mouthRollLower": 0.35, "mouthRollUpper": 0.25},
    {"jawOpen": 0.12, "mouthRollLower": 0.5, "mouthUpperUp": 0.25, "mouthShrugUpper": 0.15},
    {"jawOpen": 0.2, "mouthLowerDown": 0.25, "tongueOut": 0.15},
)  # fmt: skip


def random_weights(rng: np.random.Generator) -> np.ndarray:
    """One expression, (52,) float32 in [0, 1]."""
    weights = np.zeros(len(NAMES))
    for prototype, most in ((_speech(rng), 1.0), (_emotion(rng), 0.9)):
        if rng.random() < 0.75:
            weights = np.maximum(weights, prototype * rng.uniform(0.1, most))
    weights *= rng.uniform(0.7, 1.25, len(NAMES))
    stray = rng.integers(0, len(NAMES), 3)
    weights[stray] = np.maximum(weights[stray], rng.uniform(0, 0.35, 3))
    _set_eyes(rng, weights)
    return np.clip(weights, 0, 1).astype(np.float32)


def random_head(rng: np.random.Generator) -> np.ndarray:
    """A head turn, (3,) float32 radians (pitch, yaw, roll): mostly small, now and then up to 25 degrees."""
    wide = 2.0 if rng.random() < 0.2 else 1.0
    degrees = np.clip(rng.normal(0, (5.0, 7.0, 3.5)) * wide, -25, 25)
    return np.radians(degrees).astype(np.float32)


def _speech(rng: np.random.Generator) -> np.ndarray:
    first, second = (_columns(_SPEECH[rng.integers(len(_SPEECH))]) for _ in range(2))
    share = rng.beta(0.5, 0.5)
    return share * first + (1 - share) * second


def _emotion(rng: np.random.Generator) -> np.ndarray:
    variants = PROTOTYPES[str(rng.choice(list(PROTOTYPES)))]
    return variants[rng.integers(len(variants))].apex()


def _set_eyes(rng: np.random.Generator, weights: np.ndarray) -> None:
    """Lids open, closing or closed, both alike; eyes looking somewhere together."""
    lids = rng.choice((0.0, rng.uniform(0, 1), 1.0), p=(0.55, 0.25, 0.2))
    for side in ("Left", "Right"):
        weights[INDEX[f"eyeBlink{side}"]] = np.clip(lids + rng.normal(0, 0.03), 0, 1) if lids else rng.uniform(0, 0.1)
        if lids > 0.5:
            weights[INDEX[f"eyeWide{side}"]] = 0
    if rng.random() < 0.5:
        across, up = rng.uniform(-0.8, 0.8), rng.uniform(-0.6, 0.6)
        vertical = "eyeLookUp" if up > 0 else "eyeLookDown"
        towards_left = ("eyeLookOutLeft", "eyeLookInRight") if across > 0 else ("eyeLookInLeft", "eyeLookOutRight")
        for name in (f"{vertical}Left", f"{vertical}Right"):
            weights[INDEX[name]] = abs(up)
        for name in towards_left:
            weights[INDEX[name]] = abs(across)


def _columns(values: dict[str, float]) -> np.ndarray:
    columns = np.zeros(len(NAMES))
    for name, value in values.items():
        for full in (name,) if name in INDEX else (name + "Left", name + "Right"):
            columns[INDEX[full]] = value
    return columns
