"""Weights for another rig that give its lips and lids the geometry that ours have.

The same curve opens one rig's mouth by 34 mm and another's by 20, and closes one eye and not the other. A rig answers
weights linearly, so its lips and lids, in parts of its own mouth and eye, are F @ weights; retargeting solves

    min |F_target w - F_source w0|^2 + tie |w - w0|^2,   0 <= w <= 1, mouthClose <= jawOpen

for every frame, for the shapes that move lips and lids on the target; all others stay as they are.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from rig.arkit import GROUPS, INDEX, NAMES, indices
from rig.clip import BlendshapeClip
from rig.face_rig import drawable_weights
from rig.lip_and_lid_pairs import Pairs, lid_pairs, lip_pairs

_TIE = 0.2
_GAP, _PLACE, _LID = 15.0, 1.0, 1.5
"""How much the opening of the lips, their place, and the opening of the lids count; the opening is what eyes see."""
_STEPS, _FRAMES_AT_ONCE = 200, 8192
_EYES = tuple(name for side in ("left eye", "right eye") for name in GROUPS[side] if "Look" not in name)
_SOLVED = indices(*GROUPS["jaw"], *GROUPS["mouth"], *_EYES)


class Posable(Protocol):
    """A FaceRig or a ForeignRig: neutral (V, 3) float32 metres, deltas (52, V, 3), skin (V,) bool."""

    neutral: np.ndarray
    deltas: np.ndarray

    @property
    def skin(self) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class LipsAndLids:
    """features: (F, 52) float64, what each weight does to lips and lids, in parts of the rig's own mouth and eyes.

    lip_gap: (52,), opening of the lips at the midline as a share of the mouth's width.  lid_gap: (2, 52), opening of
    the left and right eye as a share of its opening at rest.
    """

    features: np.ndarray
    lip_gap: np.ndarray
    lid_gap: np.ndarray

    @classmethod
    def of(cls, rig: Posable, file: str = "the rig") -> Self:
        """Measure a rig. Raises RigError where its lips do not part or its lids do not meet."""
        neutral, deltas = rig.neutral.astype(np.float64), rig.deltas
        lips = lip_pairs(neutral, deltas, file, rig.skin)
        lids = [lid_pairs(neutral, deltas, side, file, rig.skin) for side in ("Left", "Right")]
        shares = [_lid_share(neutral, deltas, pairs) for pairs in lids]
        parts = [_lip_features(deltas, lips) / lips.width_m, *(_LID * share for share in shares)]
        features = np.concatenate(parts, axis=1).T.astype(np.float64)
        middle = len(lips.upper) // 2
        gap = deltas[:, lips.upper[middle], 1] - deltas[:, lips.lower[middle], 1]
        return cls(features, gap / lips.width_m, np.stack([share.mean(axis=1) for share in shares]))


def _lip_features(deltas: np.ndarray, lips: Pairs) -> np.ndarray:
    """(52, 10) metres: opening in the middle, left and right of it; corners across and up; lips forward; mouth aside.

    Few and plain, each a thing that an eye sees: the whole outline would trade the closure of the middle, which is
    seen most, for corners that two heads never have alike.
    """
    upper, lower = deltas[:, lips.upper], deltas[:, lips.lower]
    opening, thirds = (upper - lower)[..., 1], np.array_split(np.arange(len(lips.upper)), 3)
    both = (upper + lower) / 2
    right, left = both[:, 0], both[:, -1]
    parts = [
        *(_GAP * opening[:, third].mean(axis=1) for third in thirds),
        _PLACE * (left[:, 0] - right[:, 0]), _PLACE * (left[:, 0] + right[:, 0]) / 2,
        _PLACE * left[:, 1], _PLACE * right[:, 1], _PLACE * both[:, len(lips.upper) // 2, 1],
        _PLACE * upper[..., 2].mean(axis=1), _PLACE * lower[..., 2].mean(axis=1),
    ]  # fmt: skip
    return np.stack(parts, axis=1)


def _lid_share(neutral: np.ndarray, deltas: np.ndarray, pairs: Pairs) -> np.ndarray:
    """(52, K): change of the eye's opening at each pair, as a share of the opening at rest."""
    rest = neutral[pairs.upper, 1] - neutral[pairs.lower, 1]
    return (deltas[:, pairs.upper, 1] - deltas[:, pairs.lower, 1]) / np.maximum(rest, 0.001)


@dataclass(frozen=True, eq=False)
class Retarget:
    """From the curves of one rig to those of another; made by Retarget.between."""

    source: LipsAndLids
    target: LipsAndLids

    @classmethod
    def between(cls, source: Posable, target: Posable, file: str = "the rig") -> Self:
        """file: what to call the target in an error. Raises RigError where it has no lips or lids to solve for."""
        return cls(LipsAndLids.of(source, "the source"), LipsAndLids.of(target, file))

    def weights(self, weights: np.ndarray) -> np.ndarray:
        """(T, 52) weights of the source -> (T, 52) float32 of the target, in [0, 1]."""
        solved = weights.astype(np.float32)
        for start in range(0, len(solved), _FRAMES_AT_ONCE):
            block = slice(start, start + _FRAMES_AT_ONCE)
            solved[block] = self._solved(weights[block].astype(np.float64))
        return solved

    def applied(self, clip: BlendshapeClip) -> BlendshapeClip:
        """The clip with the target's weights; head, eyes and everything but lips and lids stay as they are."""
        return clip.replaced(weights=self.weights(clip.weights))

    def _solved(self, given: np.ndarray) -> np.ndarray:
        """Projected gradient with momentum: a small convex problem, the same for all frames but its right side."""
        free = _SOLVED[np.abs(self.target.features[:, _SOLVED]).max(axis=0) > 1e-4]
        ours = self.target.features[:, free]
        fixed = np.setdiff1d(np.arange(len(NAMES)), free)
        wanted = drawable_weights(given) @ self.source.features.T - given[:, fixed] @ self.target.features[:, fixed].T
        curvature = ours.T @ ours + _TIE * np.eye(len(free))
        pull = wanted @ ours + _TIE * given[:, free]
        step = 1.0 / np.linalg.eigvalsh(curvature)[-1]
        point = ahead = given[:, free]
        for number in range(_STEPS):
            moved = _allowed(ahead - step * (ahead @ curvature - pull), free)
            ahead = moved + number / (number + 3) * (moved - point)
            point = moved
        result = given.copy()
        result[:, free] = point
        return drawable_weights(result)


def _allowed(weights: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The nearest weights (T, K) of some columns in [0, 1] with mouthClose <= jawOpen."""
    close, jaw = (np.flatnonzero(columns == INDEX[name]) for name in ("mouthClose", "jawOpen"))
    if len(close) and len(jaw):
        over = np.maximum(weights[:, close] - weights[:, jaw], 0.0) / 2
        weights[:, close] -= over
        weights[:, jaw] += over
    return np.clip(weights, 0.0, 1.0)
