"""The expression that a portrait already shows, and how far its lids must travel to close."""

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.correspondence import FaceCorrespondence

DEAD_ZONE = 0.15
VAGUE_DEAD_ZONE, DECEPTIVE_DEAD_ZONE = 0.6, 0.8
VAGUE_SHAPES = (
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "browDownLeft",
    "browDownRight",
)
"""Shapes that MediaPipe sees in calm faces too."""
DECEPTIVE_SHAPES = ("mouthPucker", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
"""Relaxed lips score a pucker of 0.7; drawn or half-covered brows count as raised."""
LID_OVERLAP = 1.04
BLINK_GAIN_RANGE = (0.5, 2.2)
LID_MIDDLES = {"Left": ((385, 386, 387), (380, 374, 373)), "Right": ((160, 159, 158), (144, 145, 153))}
"""Landmarks of the middle of the upper and the lower lid."""


def own_expression(fitted: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """What of the fitted weights is really an expression, (52,) float32 in [0, 1]; zero for a calm face.

    Only what both the fit and MediaPipe's scores see counts, less a dead zone; gaze never counts.
    """
    dead = np.full(len(NAMES), DEAD_ZONE)
    dead[[INDEX[name] for name in VAGUE_SHAPES]] = VAGUE_DEAD_ZONE
    dead[[INDEX[name] for name in DECEPTIVE_SHAPES]] = DECEPTIVE_DEAD_ZONE
    own = np.clip((np.minimum(fitted, scores) - dead) / (1.0 - dead), 0.0, 1.0)
    own[[INDEX[name] for name in NAMES if name.startswith("eyeLook")]] = 0.0
    return own.astype(np.float32)


def blink_gains(
    correspondence: FaceCorrespondence, vertices: np.ndarray, deltas: np.ndarray, own: np.ndarray
) -> tuple[float, float]:
    """Factors for eyeBlinkLeft and eyeBlinkRight with which this person's lids just meet at weight 1.

    vertices: (V, 3) the face as pictured; deltas: (52, V, 3); own: (52,) the expression it already holds.
    """
    height = correspondence.positions(vertices)[:, 1]
    gains = []
    for side, (upper, lower) in LID_MIDDLES.items():
        blink = INDEX[f"eyeBlink{side}"]
        fall = correspondence.positions(deltas[blink])[:, 1]
        gap = (height[list(upper)] - height[list(lower)]).mean()
        travel = (fall[list(lower)] - fall[list(upper)]).mean() * (1.0 - own[blink])
        gains.append(float(np.clip(LID_OVERLAP * gap / max(travel, 1e-4), *BLINK_GAIN_RANGE)))
    return gains[0], gains[1]
