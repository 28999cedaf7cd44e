"""Brings the fitted head onto the landmarks exactly: what identity and expression could not explain."""

import numpy as np
from scipy.interpolate import RBFInterpolator

from rig.correspondence import LIPS_INNER_LOWER, LIPS_INNER_UPPER, FaceCorrespondence
from rig.face_rig import FaceRig
from rig.portrait.portrait_pose import Pose

SMOOTHING = 0.02
"""Of the linear radial basis functions, whose points are in centimetres."""
ANCHOR_BACK_M, ANCHOR_STEP = -0.06, 12
RIGID_PARTS = {"mouth": ("teeth_upper", "teeth_lower", "tongue"), "left": ("eye_left",), "right": ("eye_right",)}
_LID_LANDMARKS = {
    "left": [362, 384, 386, 388, 263, 390, 374, 381],
    "right": [133, 157, 159, 161, 33, 163, 145, 154],
}


def spread_residual(
    rig: FaceRig,
    correspondence: FaceCorrespondence,
    pose: Pose,
    shaped: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """Move (V, 3) head vertices so that their landmarks meet the target pixels (L, 2).

    Every landmark moves in the plane of the picture; skin follows smoothly, the back of the head and the bust stay,
    and teeth, tongue and eyeballs move rigidly with the lips or lids around them. Returns (V, 3) float32.
    """
    places = correspondence.positions(shaped)
    camera = pose.to_camera(places.astype(np.float64))
    miss = (target - pose.to_pixels(camera)) * (1.0, -1.0) * (-camera[:, 2:] / pose.focal_px)
    moves = np.column_stack([miss, np.zeros(len(miss))]) @ pose.rotation

    skin = rig.regions["skin"]
    still = np.flatnonzero(skin & ((rig.neutral[:, 2] < ANCHOR_BACK_M) | rig.regions["bust"]))[::ANCHOR_STEP]
    points = np.concatenate([places, shaped[still]]) * 100.0
    values = np.concatenate([moves, np.zeros((len(still), 3))])
    interpolate = RBFInterpolator(points, values, kernel="linear", smoothing=SMOOTHING)
    moved = shaped.astype(np.float64)
    moved[skin] += interpolate(shaped[skin] * 100.0)
    lips = np.concatenate([LIPS_INNER_UPPER, LIPS_INNER_LOWER])
    for around, parts in RIGID_PARTS.items():
        shift = moves[lips if around == "mouth" else _LID_LANDMARKS[around]].mean(axis=0)
        for part in parts:
            moved[rig.regions[part]] += shift
    return moved.astype(np.float32)
