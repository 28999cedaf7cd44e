"""Eye rotation from the eyeLook weights, for clips whose source filled no eye angles."""

import math

import numpy as np

from rig.arkit import INDEX

LOOK_RANGE_RAD = math.radians(35)
"""Turn of an eye at weight 1 in every direction, in radians, as Live Link Face recordings have it (0.61)."""


def eye_rotation_from_weights(weights: np.ndarray) -> np.ndarray:
    """(T, 52) weights -> (T, 2, 3) radians: left and right eye, each (pitch, yaw, roll = 0), signs as in rig.rotation.

    The left eye looks out toward the character's left, which is +yaw; the right eye toward -yaw.
    """
    rotation = np.zeros((len(weights), 2, 3), dtype=np.float32)
    for eye, (side, outward) in enumerate((("Left", 1.0), ("Right", -1.0))):
        look = {way: weights[:, INDEX[f"eyeLook{way}{side}"]] * LOOK_RANGE_RAD for way in ("In", "Out", "Up", "Down")}
        rotation[:, eye, 0] = look["Down"] - look["Up"]
        rotation[:, eye, 1] = outward * (look["Out"] - look["In"])
    return rotation
