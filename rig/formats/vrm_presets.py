"""The preset expressions of VRM, which most avatars have, in terms of the 52 ARKit shapes, and back."""

from types import MappingProxyType

import numpy as np

from rig.arkit import INDEX, NAMES


def _both_sides(**stems: float) -> dict[str, float]:
    return {f"{stem}{side}": weight for stem, weight in stems.items() for side in ("Left", "Right")}


PRESETS = MappingProxyType({
    "aa": {"jawOpen": 0.60} | _both_sides(mouthLowerDown=0.15, mouthUpperUp=0.10),
    "ih": {"jawOpen": 0.10} | _both_sides(mouthStretch=0.40, mouthLowerDown=0.25, mouthUpperUp=0.15),
    "ou": {"jawOpen": 0.12, "mouthPucker": 0.70, "mouthFunnel": 0.25},
    "ee": {"jawOpen": 0.25} | _both_sides(mouthStretch=0.25, mouthLowerDown=0.35, mouthUpperUp=0.25, mouthDimple=0.20),
    "oh": {"jawOpen": 0.45, "mouthFunnel": 0.60, "mouthPucker": 0.20},
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "happy": _both_sides(mouthSmile=0.80, cheekSquint=0.50),
    "angry": _both_sides(browDown=0.80, eyeSquint=0.30, noseSneer=0.30),
    "sad": {"browInnerUp": 0.80, "mouthShrugLower": 0.20} | _both_sides(mouthFrown=0.60),
    "surprised": {"browInnerUp": 0.50} | _both_sides(browOuterUp=0.80, eyeWide=0.80),
})  # fmt: skip
"""Preset -> the ARKit face that it stands for at weight 1. The vowels are those of Japanese: a i u e o.

Left out: blink, since a file that drives it and blinkLeft closes the lids twice; relaxed and neutral, which no shape
tells apart; lookUp and its like, which gaze replaces.
"""

_TABLE = np.zeros((len(PRESETS), len(NAMES)), dtype=np.float32)
for _row, _face in zip(_TABLE, PRESETS.values(), strict=True):
    _row[[INDEX[_name] for _name in _face]] = list(_face.values())
_TABLE.setflags(write=False)

_BLOCK = 4096  # frames worked on at once, so that they stay in the cache
_MOST_ROUNDS = 200
_ENOUGH = 1e-5


def presets_from_weights(weights: np.ndarray) -> np.ndarray:
    """(T, 52) weights -> (T, 11) float32 in [0, 1], columns as PRESETS: the mix whose face is nearest.

    Nearest by the sum of squares over the shapes. Lips that mouthClose holds shut over an open jaw count as shut.
    """
    faces = np.array(weights, dtype=np.float32)
    jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
    faces[:, jaw] = np.maximum(faces[:, jaw] - faces[:, close], 0)
    wanted = faces @ _TABLE.T
    return np.concatenate([_nearest(wanted[first : first + _BLOCK].T).T for first in range(0, len(faces), _BLOCK)])


def weights_from_presets(presets: np.ndarray) -> np.ndarray:
    """(T, 11) preset weights, columns as PRESETS -> the (T, 52) float32 weights of their face, in [0, 1]."""
    return np.clip(np.float32(presets) @ _TABLE, 0, 1)


def _nearest(wanted: np.ndarray) -> np.ndarray:
    """(11, N) products of the presets with each face -> (11, N): least squares within [0, 1], one preset at a time."""
    overlap = _TABLE @ _TABLE.T
    mix = np.zeros_like(wanted)
    for _ in range(_MOST_ROUNDS):
        before = mix.copy()
        for row, own in enumerate(overlap):
            mix[row] = np.clip(mix[row] + (wanted[row] - own @ mix) / own[row], 0, 1)
        if np.abs(mix - before).max() < _ENOUGH:
            break
    return mix
