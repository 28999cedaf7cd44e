"""The 52 ARKit blendshapes: names, order, groups and mirror.

The order is Unreal's enum (EARFaceBlendShape): JawLeft comes before JawRight and MouthLeft before MouthRight, while
the Live Link Face CSV swaps both pairs. Files are therefore always read and written by name, never by position.
"Left" is the character's left, which is the picture's right.
"""

import numpy as np

GROUPS: dict[str, tuple[str, ...]] = {
    "left eye": (
        "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
        "eyeWideLeft",
    ),
    "right eye": (
        "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
        "eyeWideRight",
    ),
    "jaw": ("jawForward", "jawLeft", "jawRight", "jawOpen"),
    "mouth": (
        "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight",
        "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft",
        "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
        "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
        "mouthUpperUpRight",
    ),
    "brows": ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "cheeks": ("cheekPuff", "cheekSquintLeft", "cheekSquintRight"),
    "nose": ("noseSneerLeft", "noseSneerRight"),
    "tongue": ("tongueOut",),
}
"""Group name -> its shapes; the groups in this order make up NAMES."""

NAMES: tuple[str, ...] = tuple(name for group in GROUPS.values() for name in group)
"""The 52 names, in the Unreal enum order."""

INDEX: dict[str, int] = {name: index for index, name in enumerate(NAMES)}
"""Name -> column of a weights array."""


def indices(*names: str) -> np.ndarray:
    """Columns of the given shapes, (len(names),) int64."""
    return np.array([INDEX[name] for name in names], dtype=np.int64)


def stem_and_side(name: str) -> tuple[str, str]:
    """("eyeBlink", "Left") for one of two sides, (name, "") for all others: jawLeft and mouthLeft are directions."""
    for side in ("Left", "Right"):
        stem = name.removesuffix(side)
        if stem != name and stem not in ("jaw", "mouth"):
            return stem, side
    return name, ""


def _mirrored(name: str) -> str:
    if name.endswith("Left"):
        return name.removesuffix("Left") + "Right"
    if name.endswith("Right"):
        return name.removesuffix("Right") + "Left"
    return name


MOUTH: np.ndarray = indices(*GROUPS["jaw"], *GROUPS["mouth"])
"""Columns of the 27 jaw and mouth shapes, which the lip refiner may change, (27,) int64."""

MIRROR: np.ndarray = indices(*(_mirrored(name) for name in NAMES))
"""Permutation that swaps left and right: mirrored weights are weights[..., MIRROR], (52,) int64."""

MOUTH.setflags(write=False)
MIRROR.setflags(write=False)
