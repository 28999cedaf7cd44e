"""What the iPhone app iFacialMocap sends, which many VTuber apps take on port 49983: one line of text a frame."""

import numpy as np

from dreamtalk.live.face import Face
from rig.arkit import NAMES
from rig.formats.naming import styled

PORT = 49983
"""Where receivers on a PC listen."""

SEPARATORS = {1: "-", 2: "&"}
"""What stands between a name and its value, by the version of the protocol."""

_NAMES = tuple(styled(name, "underscore") for name in NAMES)


def message(face: Face, version: int = 1) -> bytes:
    """One frame: whole weights from 0 to 100, then head and eyes in degrees.

    The app sends ARKit's own axes, which are those of rig.rotation: +x looks down, +y to the character's left. The
    place of the head is not known and left at 0.
    """
    separator = SEPARATORS[version]
    weights = np.rint(face.weights * 100).astype(int).tolist()
    shapes = "|".join(f"{name}{separator}{weight}" for name, weight in zip(_NAMES, weights, strict=True))
    head, left, right = (_degrees(angles) for angles in (face.head_rotation, *face.eye_rotation))
    # Exactly one "=" and a bar at the end: some receivers split by the one and count on the other.
    return f"{shapes}|=head#{head},0,0,0|rightEye#{right}|leftEye#{left}|".encode("ascii")


def _degrees(angles: np.ndarray) -> str:
    return ",".join(f"{angle:.4f}" for angle in (np.degrees(angles.astype(np.float64)) + 0.0).tolist())
