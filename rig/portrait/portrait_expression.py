"""The expression that a portrait already shows, and how far its lids must travel to close."""

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.correspondence import LID_LOWER, LID_UPPER, FaceCorrespondence
from rig.face_rig import FaceRig

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
LID_OVERLAP = 1.32
"""How far a closing upper lid travels, over the gap that it closes: a real one comes to rest on the lower lid."""
BLINK_GAIN_RANGE = (0.4, 2.4)
SEEN_BROWS = {"browInnerUp": 1.6}
"""How much further brows must go than the rig's before a picture shows what was asked, by MediaPipe's reading."""
LEAST_TRAVEL = 0.25
"""Rims that the rig moves less than this share of its largest travel take their gain from beside them."""


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


def seen_brows(deltas: np.ndarray) -> None:
    """Let the brows of (52, V, 3) deltas go, in place, as far as a picture shows them go."""
    for name, gain in SEEN_BROWS.items():
        deltas[INDEX[name]] *= gain


def blink_gains(
    rig: FaceRig, correspondence: FaceCorrespondence, vertices: np.ndarray, deltas: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Factors (2, V) float32 for eyeBlinkLeft and eyeBlinkRight with which this person's lids meet at weight 1, all
    along their rims.

    vertices: (V, 3) the face as pictured; deltas: (52, V, 3); own: (52,) the expression it already holds.
    """
    height = correspondence.positions(vertices)[:, 1]
    place = correspondence.positions(rig.neutral)[:, 0]
    gains = []
    for side in ("Left", "Right"):
        blink = INDEX[f"eyeBlink{side}"]
        fall = correspondence.positions(deltas[blink])[:, 1]
        upper, lower = LID_UPPER[side.lower()][1:-1], LID_LOWER[side.lower()][1:-1]
        travel = (fall[lower] - fall[upper]) * (1.0 - own[blink])
        gain = LID_OVERLAP * (height[upper] - height[lower]) / np.maximum(travel, 1e-4)
        sure = travel > LEAST_TRAVEL * travel.max()
        x, gain = place[upper][sure], np.clip(gain[sure], *BLINK_GAIN_RANGE)
        order = np.argsort(x)
        gains.append(np.interp(rig.neutral[:, 0], x[order], gain[order]))
    return np.stack(gains).astype(np.float32)
