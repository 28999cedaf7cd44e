"""MediaPipe's expression scores -> ARKit weights, for any person.

Raw scores are no ARKit curves: some shapes come squeezed into hundredths, some follow another movement, some
(cheekPuff, cheekSquint, noseSneer, jawForward) hardly ever move, and every face has a level of its own at rest. So each
weight is taken from the scores that carry it, less this person's own rest level, and stretched. The gains are a
compromise between 71,000 frames of a tracked GRID speaker and renders of the avatar with known weights
(docs/expression.md). The gap of the inner lips and the height of the brows come from landmarks, which see them better
than any score.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from dreamtalk.corpus.grid_corpus import FACE_HEIGHT_MM, with_aperture
from rig.arkit import INDEX, NAMES, indices
from rig.face_rig import FaceRig


@dataclass(frozen=True)
class _Source:
    """rest: highest level that can be a face at rest (relaxed lips score a pucker of up to .7); what lies above it is
    expression, however long it lasts. scores: score -> gain."""

    rest: float
    scores: Mapping[str, float]


_MOUTH: dict[str, _Source] = {
    "jawOpen": _Source(0.04, {"jawOpen": 1.2}),
    "mouthFunnel": _Source(0.04, {"mouthFunnel": 9.0}),
    "mouthPucker": _Source(0.70, {"mouthPucker": 1.0}),
    "mouthLowerDown": _Source(0.01, {"mouthLowerDown": 3.5}),
    "mouthUpperUp": _Source(0.01, {"mouthLowerDown": 1.5, "mouthUpperUp": 3.0}),
    "mouthStretch": _Source(0.05, {"mouthStretch": 9.0}),
    "mouthDimple": _Source(0.01, {"mouthDimple": 2.5}),
    "mouthPress": _Source(0.10, {"mouthPress": 1.2}),
    "mouthRollLower": _Source(0.10, {"mouthRollLower": 8.0}),
    "mouthRollUpper": _Source(0.10, {"mouthRollLower": 5.0}),
    "mouthShrugLower": _Source(0.08, {"mouthShrugLower": 8.0}),
    "mouthShrugUpper": _Source(0.08, {"mouthShrugLower": 4.0}),
    "mouthSmile": _Source(0.04, {"mouthSmile": 1.1}),
    "mouthFrown": _Source(0.005, {"mouthFrown": 12.0}),
    "mouthLeft": _Source(0.02, {"mouthLeft": 1.5}),
    "mouthRight": _Source(0.02, {"mouthRight": 1.5}),
}
_UPPER: dict[str, _Source] = {
    "browDown": _Source(0.20, {"browDown": 1.3}),
    "browInnerUp": _Source(0.05, {"browInnerUp": 1.5}),
    "eyeSquint": _Source(0.47, {"eyeSquint": 1.0}),
    "eyeWide": _Source(0.03, {"eyeWide": 10.0}),
    "cheekSquint": _Source(0.04, {"mouthSmile": 0.5, "cheekSquint": 2.0}),
    "noseSneer": _Source(0.02, {"noseSneer": 3.0}),
}
_REST_PERCENTILE = 10.0
_OWN_SIDE = {"browDown": 0.5, "mouthSmile": 0.5, "mouthFrown": 0.5, "mouthDimple": 0.5, "cheekSquint": 0.5}
"""How far the two sides may differ; most of the difference in the scores is the camera's angle."""

BROW_TRAVEL = 0.05
"""How far browOuterUp = 1 lifts the outer brow, over the distance of the outer eye corners."""
_BROW_REST = 0.27  # outer brows higher than this are raised, however long
_LIP_REST = 0.008
_LIDS_OPEN_MOST, _LIDS_SHUT = 0.25, (0.5, 0.85)
_LID_SQUINT, _LID_DIP = 0.25, 0.62  # what a blink adds to the scores of eyeSquint and eyeLookDown
_LID_POWER = 1.25  # half-closed lids score as nearly shut
_GAZE_REST, _GAZE_GAIN = 0.25, 0.9
_KNEE = 0.7
_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")
_SMOOTHING_S = {
    "brow": 0.05, "cheek": 0.05, "nose": 0.05, "eyeSquint": 0.04, "eyeWide": 0.04, "mouth": 0.016, "jaw": 0.016,
}  # fmt: skip


def calibrated_weights(
    scores: np.ndarray,
    lip: np.ndarray,
    brows: np.ndarray,
    seen: np.ndarray,
    fps: float,
    neutral: np.ndarray | None = None,
) -> np.ndarray:
    """ARKit weights (T, 52) float32 in [0, 1] of one person.

    scores: (T, 52) MediaPipe's, in the order of rig.arkit.NAMES. lip: (T,) gap of the inner lips over the face height.
    brows: (T, 2) height of the left and right outer brow over the eyes, in distances of the outer eye corners.
    seen: (T,) bool, the frames that tell the rest levels. neutral: (T,) bool, frames of which it is known that the face
    is at rest there; its levels in them are then zero, whatever they are. Blinks are kept as they are; the rest is
    smoothed by 16 ms at the mouth and up to 50 ms at brows and cheeks.
    """
    weights, rest = np.zeros(scores.shape, np.float64), _Rest(seen, neutral)
    for shape, source in (_MOUTH | _UPPER).items():
        _write_shape(weights, shape, source, scores, rest)
    closure = _write_lids(weights, scores, rest)
    squint = indices("eyeSquintLeft", "eyeSquintRight")
    weights[:, squint] = np.maximum(weights[:, squint] - _LID_SQUINT * closure[:, None], 0.0)
    _write_brows(weights, brows, rest)
    _write_gaze(weights, scores, rest, closure)
    weights = _smoothed(_limited(weights), fps)
    gap = lip - rest.level(lip, 5, _LIP_REST)
    return with_aperture(weights.astype(np.float32), FACE_HEIGHT_MM * np.maximum(gap, 0.0), FaceRig.load())


@dataclass(frozen=True, eq=False)
class _Rest:
    """Which frames were seen, and in which the face is known to be neutral, (T,) bool each."""

    seen: np.ndarray
    neutral: np.ndarray | None

    def level(self, values: np.ndarray, percentile: float, highest: float = np.inf) -> np.ndarray:
        """Of values (T, ...): their middle in the neutral frames, or else a percentile, at most `highest`."""
        if self.neutral is not None:
            return np.median(values[self.neutral], axis=0)
        return np.minimum(np.percentile(values[self.seen], percentile, axis=0), highest)


def _write_shape(weights: np.ndarray, shape: str, source: _Source, scores: np.ndarray, rest: _Rest) -> None:
    """One shape, or the two sides of one: gains times what lies above the rest levels."""
    sides = ("",) if shape in INDEX else ("Left", "Right")
    found = []
    for side in sides:
        total = np.zeros(len(scores))
        for name, gain in source.scores.items():
            column = INDEX[name + side] if name + side in INDEX else INDEX[name]
            level = rest.level(scores[:, column], _REST_PERCENTILE, source.rest)
            total += gain * np.maximum(scores[:, column] - level, 0.0)
        found.append(total)
    mean, own = np.mean(found, axis=0), _OWN_SIDE.get(shape, 0.0)
    for side, total in zip(sides, found, strict=True):
        weights[:, INDEX[shape + side]] = mean + own * (total - mean)


def _write_lids(weights: np.ndarray, scores: np.ndarray, rest: _Rest) -> np.ndarray:
    """Lids from open to shut as this person's are; returns the closure (T,)."""
    lids = scores[:, _BLINK].astype(np.float64)
    opened = rest.level(lids, 25, _LIDS_OPEN_MOST)
    shut = np.percentile(lids[rest.seen], 99.5, axis=0)
    shut = np.where(shut - opened > 0.3, np.clip(shut, *_LIDS_SHUT), 0.75)
    sides = np.clip((lids - opened) / (shut - opened), 0.0, 1.0) ** _LID_POWER
    mean = sides.mean(axis=1, keepdims=True)
    # Lids go together but in a wink; small differences are the camera's.
    apart = np.clip((np.abs(sides - mean) - 0.15) / 0.15, 0.0, 1.0)
    weights[:, _BLINK] = mean + apart * (sides - mean)
    return mean[:, 0]


def _write_brows(weights: np.ndarray, brows: np.ndarray, rest: _Rest) -> None:
    """Outer brows from their height over the eyes."""
    lifted = np.maximum(brows - rest.level(brows, 20, _BROW_REST), 0.0) / BROW_TRAVEL
    mean = lifted.mean(axis=1, keepdims=True)
    weights[:, indices("browOuterUpLeft", "browOuterUpRight")] = mean + 0.5 * (lifted - mean)


def _write_gaze(weights: np.ndarray, scores: np.ndarray, rest: _Rest, closure: np.ndarray) -> None:
    """Both eyes look the same way; a constant offset is where the camera stands."""

    def mean(*names: str) -> np.ndarray:
        return scores[:, indices(*names)].mean(axis=1)

    down = mean("eyeLookDownLeft", "eyeLookDownRight") - _LID_DIP * closure
    pitch = down - mean("eyeLookUpLeft", "eyeLookUpRight")
    yaw = mean("eyeLookOutLeft", "eyeLookInRight") - mean("eyeLookInLeft", "eyeLookOutRight")
    for angle, plus, minus in (
        (pitch, ("eyeLookDownLeft", "eyeLookDownRight"), ("eyeLookUpLeft", "eyeLookUpRight")),
        (yaw, ("eyeLookOutLeft", "eyeLookInRight"), ("eyeLookInLeft", "eyeLookOutRight")),
    ):
        offset = np.clip(rest.level(angle, 50), -_GAZE_REST, _GAZE_REST)
        turned = _GAZE_GAIN * (median_filter(angle, size=3, mode="nearest") - offset)
        weights[:, indices(*plus)] = np.maximum(turned, 0.0)[:, None]
        weights[:, indices(*minus)] = np.maximum(-turned, 0.0)[:, None]


def _limited(weights: np.ndarray) -> np.ndarray:
    """Weights as they are up to 0.7, above it led smoothly to 1."""
    above = np.maximum(weights - _KNEE, 0.0) / (1.0 - _KNEE)
    limited = np.where(weights < _KNEE, weights, _KNEE + (1.0 - _KNEE) * np.tanh(above))
    limited[:, _BLINK] = weights[:, _BLINK]
    return np.clip(limited, 0.0, 1.0)


def _smoothed(weights: np.ndarray, fps: float) -> np.ndarray:
    """Each region smoothed as far as its movements allow; lids and gaze not at all."""
    smooth = weights.copy()
    for start, length_s in _SMOOTHING_S.items():
        columns = [INDEX[name] for name in NAMES if name.startswith(start)]
        smooth[:, columns] = gaussian_filter1d(weights[:, columns], length_s * fps, axis=0, mode="nearest")
    return smooth
