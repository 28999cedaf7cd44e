"""What each emotion looks like at its apex: FACS action units written as ARKit shapes.

The action units of each emotion follow the usual EMFACS list (Ekman and Friesen): happy 6+12, sad 1+4+15, angry
4+5+7+23, fear 1+2+4+5+20+26, disgusted 9+10+17, surprised 1+2+5+26, contempt R12+R14. People differ, so every emotion
has several variants. A name without a side stands for both sides; the model mirrors one-sided variants at random.

Mouth shapes stay below what a face can do, because speech needs the same lips (`compose` joins the two).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rig.arkit import INDEX, NAMES


@dataclass(frozen=True)
class Prototype:
    """One way to show an emotion, at full intensity.

    name: of the variant, such as "open-smile".
    shapes: ARKit name (without a side: both sides) -> weight in [0, 1] at the apex.
    late: the shapes that set in only above some intensity in [0, 1), such as bared teeth.
    posture_deg: head pitch, yaw, roll at the apex in degrees, signs as in rig.rotation.
    gaze_deg: where the eyes tend to, pitch and yaw in degrees away from the viewer.
    """

    name: str
    shapes: Mapping[str, float]
    late: Mapping[str, float] = field(default_factory=dict)
    posture_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze_deg: tuple[float, float] = (0.0, 0.0)

    def apex(self) -> np.ndarray:
        """Weights at full intensity, (52,) float64 in [0, 1]."""
        return _columns(self.shapes)

    def thresholds(self) -> np.ndarray:
        """Intensity above which each shape sets in, (52,) float64 in [0, 1)."""
        return _columns(self.late)


def _columns(values: Mapping[str, float]) -> np.ndarray:
    columns = np.zeros(len(NAMES))
    for name, value in values.items():
        for full in (name,) if name in INDEX else (name + "Left", name + "Right"):
            columns[INDEX[full]] = value
    return columns


_TEETH = {"mouthUpperUp": 0.3, "mouthLowerDown": 0.35, "jawOpen": 0.35}

PROTOTYPES: Mapping[str, tuple[Prototype, ...]] = {
    "neutral": (
        Prototype("attentive", {"browInnerUp": 0.04, "browOuterUp": 0.03, "eyeWide": 0.04}),
        Prototype("relaxed", {"eyeSquint": 0.05, "mouthShrugLower": 0.03}, posture_deg=(0.5, 0.0, 1.0)),
        Prototype("composed", {"mouthPress": 0.06, "eyeSquint": 0.04}, posture_deg=(-0.5, 1.0, 0.0)),
        Prototype("kind", {"mouthSmile": 0.07, "cheekSquint": 0.04, "eyeSquint": 0.03}, posture_deg=(0.0, 0.0, 1.5)),
        Prototype("sober", {"browDown": 0.06, "mouthRollLower": 0.04}, posture_deg=(1.0, 0.0, 0.0)),
    ),
    "happy": (
        Prototype(
            "open-smile",
            {"mouthSmile": 0.8, "cheekSquint": 0.6, "eyeSquint": 0.22, "mouthUpperUp": 0.3, "mouthLowerDown": 0.26,
             "jawOpen": 0.09, "mouthDimple": 0.08, "browInnerUp": 0.06, "browOuterUp": 0.12},
            late=_TEETH, posture_deg=(-1.5, 0.0, 3.0),
        ),
        Prototype(
            "closed-smile",
            {"mouthSmile": 0.78, "cheekSquint": 0.55, "eyeSquint": 0.22, "mouthDimple": 0.15, "browOuterUp": 0.1},
            posture_deg=(1.0, 0.0, 4.0),
        ),
        Prototype(
            "laughing-eyes",
            {"mouthSmile": 0.85, "cheekSquint": 0.8, "eyeSquint": 0.36, "mouthUpperUp": 0.28, "mouthLowerDown": 0.22,
             "jawOpen": 0.08, "noseSneer": 0.06},
            late=_TEETH, posture_deg=(2.0, 0.0, 2.0),
        ),
        Prototype(
            "beaming",
            {"mouthSmile": 0.85, "cheekSquint": 0.55, "eyeSquint": 0.12, "eyeWide": 0.08, "mouthUpperUp": 0.32,
             "mouthLowerDown": 0.32, "jawOpen": 0.13, "browInnerUp": 0.25, "browOuterUp": 0.4},
            late=_TEETH, posture_deg=(-2.5, 0.0, 2.0),
        ),
        Prototype(
            "amused",
            {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.62, "cheekSquintLeft": 0.6, "cheekSquintRight": 0.48,
             "eyeSquint": 0.25, "mouthDimpleLeft": 0.16, "mouthDimpleRight": 0.08, "browOuterUpRight": 0.25,
             "mouthUpperUp": 0.14, "mouthLowerDown": 0.1, "jawOpen": 0.04},
            late=_TEETH, posture_deg=(0.5, 3.0, 4.0),
        ),
    ),
    "sad": (
        Prototype(
            "inner-brow",
            {"browInnerUp": 0.9, "browDown": 0.18, "mouthFrown": 0.85, "mouthShrugLower": 0.3, "eyeSquint": 0.1,
             "eyeBlink": 0.12},
            posture_deg=(4.0, 0.0, 3.0), gaze_deg=(4.0, 0.0),
        ),
        Prototype(
            "downcast",
            {"browInnerUp": 0.8, "browDown": 0.1, "mouthFrown": 0.85, "eyeBlink": 0.14, "mouthShrugLower": 0.2,
             "mouthRollLower": 0.08},
            posture_deg=(6.0, 2.0, 2.0), gaze_deg=(8.0, 3.0),
        ),
        Prototype(
            "pouting",
            {"browInnerUp": 0.85, "browDown": 0.28, "mouthFrown": 0.85, "mouthShrugLower": 0.6, "mouthPucker": 0.1,
             "eyeSquint": 0.12, "eyeBlink": 0.08},
            late={"mouthPucker": 0.25}, posture_deg=(3.5, 0.0, 4.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "grieving",
            {"browInnerUp": 1.0, "browDown": 0.35, "mouthFrown": 0.85, "mouthStretch": 0.22, "eyeSquint": 0.24,
             "cheekSquint": 0.3, "eyeBlink": 0.1, "mouthShrugLower": 0.35, "noseSneer": 0.06},
            late={"mouthStretch": 0.35, "cheekSquint": 0.3}, posture_deg=(3.0, 0.0, 3.0), gaze_deg=(3.0, 2.0),
        ),
        Prototype(
            "resigned",
            {"browInnerUp": 0.8, "mouthFrown": 0.85, "mouthRollLower": 0.2, "mouthRollUpper": 0.1, "eyeBlink": 0.14,
             "mouthShrugLower": 0.15},
            posture_deg=(4.0, 3.0, 3.0), gaze_deg=(5.0, 4.0),
        ),
    ),
    "angry": (
        Prototype(
            "glare",
            {"browDown": 1.0, "eyeWide": 0.3, "eyeSquint": 0.25, "noseSneer": 0.3, "mouthRollUpper": 0.25,
             "mouthRollLower": 0.25, "mouthFrown": 0.5, "mouthShrugLower": 0.2},
            posture_deg=(3.0, 0.0, 0.0),
        ),
        Prototype(
            "lid-tightened",
            {"browDown": 1.0, "eyeSquint": 0.45, "noseSneer": 0.4, "mouthPress": 0.2, "mouthRollLower": 0.4,
             "mouthRollUpper": 0.3, "mouthFrown": 0.5, "jawForward": 0.12},
            posture_deg=(3.0, 0.0, 1.0),
        ),
        Prototype(
            "bared-teeth",
            {"browDown": 1.0, "eyeWide": 0.25, "eyeSquint": 0.35, "noseSneer": 0.6, "mouthUpperUp": 0.3,
             "mouthLowerDown": 0.42, "mouthStretch": 0.18, "jawForward": 0.12, "jawOpen": 0.05, "mouthFrown": 0.4},
            late={"mouthUpperUp": 0.35, "mouthLowerDown": 0.35, "jawOpen": 0.35}, posture_deg=(3.0, 0.0, 0.0),
        ),
        Prototype(
            "jaw-set",
            {"browDown": 0.95, "eyeSquint": 0.32, "jawForward": 0.4, "mouthPress": 0.15, "mouthShrugLower": 0.4,
             "mouthFrown": 0.6, "noseSneer": 0.22},
            posture_deg=(1.5, 2.0, 0.0),
        ),
        Prototype(
            "indignant",
            {"browDown": 0.9, "browOuterUp": 0.25, "eyeWide": 0.5, "eyeSquint": 0.15, "noseSneer": 0.42,
             "mouthFunnel": 0.12, "mouthRollLower": 0.15, "mouthFrown": 0.55},
            posture_deg=(-1.0, 0.0, 2.0),
        ),
    ),
    "fear": (
        Prototype(
            "wide-eyed",
            {"browInnerUp": 1.0, "browOuterUp": 0.35, "browDown": 0.25, "eyeWide": 0.75, "mouthStretch": 0.6,
             "mouthLowerDown": 0.3, "jawOpen": 0.09, "mouthFrown": 0.25},
            late={"jawOpen": 0.35, "mouthLowerDown": 0.3}, posture_deg=(-3.0, 0.0, 1.0),
        ),
        Prototype(
            "tense",
            {"browInnerUp": 0.95, "browDown": 0.35, "eyeWide": 0.65, "eyeSquint": 0.1, "mouthStretch": 0.75,
             "mouthFrown": 0.35, "mouthRollLower": 0.1},
            posture_deg=(-2.0, 2.0, 2.0), gaze_deg=(0.0, 3.0),
        ),
        Prototype(
            "gasping",
            {"browInnerUp": 1.0, "browOuterUp": 0.45, "browDown": 0.15, "eyeWide": 0.8, "mouthStretch": 0.5,
             "jawOpen": 0.14, "mouthLowerDown": 0.25},
            late={"jawOpen": 0.3, "mouthLowerDown": 0.3}, posture_deg=(-4.0, 0.0, 0.0),
        ),
        Prototype(
            "worried",
            {"browInnerUp": 1.0, "browDown": 0.3, "eyeWide": 0.55, "mouthStretch": 0.5, "mouthRollLower": 0.25,
             "mouthFrown": 0.4},
            posture_deg=(1.0, 2.0, 3.0), gaze_deg=(2.0, 4.0),
        ),
        Prototype(
            "shrinking",
            {"browInnerUp": 1.0, "browOuterUp": 0.2, "browDown": 0.25, "eyeWide": 0.7, "mouthStretch": 0.65,
             "mouthLowerDown": 0.22, "jawOpen": 0.05, "mouthShrugLower": 0.1},
            late={"jawOpen": 0.4}, posture_deg=(2.0, 5.0, 2.0), gaze_deg=(-2.0, -3.0),
        ),
    ),
    "disgusted": (
        Prototype(
            "nose-wrinkle",
            {"noseSneer": 1.0, "browDown": 0.45, "eyeSquint": 0.4, "cheekSquint": 0.8, "mouthUpperUp": 0.62,
             "mouthFrown": 0.35, "mouthShrugLower": 0.45},
            posture_deg=(-2.5, 3.0, 2.0),
        ),
        Prototype(
            "lip-raise",
            {"mouthUpperUp": 0.75, "noseSneer": 0.85, "mouthFrown": 0.55, "mouthShrugLower": 0.5, "cheekSquint": 0.65,
             "eyeSquint": 0.32, "browDown": 0.28},
            posture_deg=(-3.5, 2.0, 1.0),
        ),
        Prototype(
            "lip-curl",
            {"noseSneerLeft": 1.0, "noseSneerRight": 0.6, "mouthUpperUpLeft": 0.75, "mouthUpperUpRight": 0.25,
             "cheekSquintLeft": 0.65, "cheekSquintRight": 0.35, "eyeSquint": 0.34, "browDown": 0.32,
             "mouthFrown": 0.35, "mouthShrugLower": 0.25},
            posture_deg=(-2.0, 4.0, 3.0),
        ),
        Prototype(
            "gagging",
            {"noseSneer": 0.85, "mouthUpperUp": 0.4, "mouthLowerDown": 0.42, "mouthFrown": 0.7, "mouthStretch": 0.25,
             "jawOpen": 0.08, "eyeSquint": 0.34, "browDown": 0.45, "cheekSquint": 0.45},
            late={"jawOpen": 0.35, "mouthLowerDown": 0.35, "mouthStretch": 0.3}, posture_deg=(1.0, 3.0, 2.0),
        ),
        Prototype(
            "distaste",
            {"noseSneer": 0.85, "mouthUpperUp": 0.45, "mouthShrugLower": 0.6, "mouthShrugUpper": 0.15,
             "mouthFrown": 0.6, "eyeSquint": 0.32, "browDown": 0.32, "cheekSquint": 0.6},
            posture_deg=(-2.0, 3.0, 3.0),
        ),
    ),
    "surprised": (
        Prototype(
            "jaw-drop",
            {"browInnerUp": 0.9, "browOuterUp": 1.0, "eyeWide": 0.85, "jawOpen": 0.32, "mouthFunnel": 0.05},
            late={"jawOpen": 0.2}, posture_deg=(-3.0, 0.0, 0.0),
        ),
        Prototype(
            "parted-lips",
            {"browInnerUp": 0.85, "browOuterUp": 0.95, "eyeWide": 0.75, "jawOpen": 0.18, "mouthLowerDown": 0.1},
            late={"jawOpen": 0.1}, posture_deg=(-1.5, 0.0, 2.0),
        ),
        Prototype(
            "delighted",
            {"browInnerUp": 0.85, "browOuterUp": 1.0, "eyeWide": 0.7, "jawOpen": 0.25, "mouthSmile": 0.35,
             "mouthUpperUp": 0.15, "cheekSquint": 0.15},
            late={"jawOpen": 0.2, "mouthUpperUp": 0.3}, posture_deg=(-2.5, 0.0, 3.0),
        ),
        Prototype(
            "rounded-lips",
            {"browInnerUp": 0.8, "browOuterUp": 1.0, "eyeWide": 0.75, "jawOpen": 0.22, "mouthFunnel": 0.22,
             "mouthPucker": 0.12},
            late={"jawOpen": 0.2, "mouthFunnel": 0.15}, posture_deg=(-2.0, 0.0, 0.0),
        ),
        Prototype(
            "questioning",
            {"browInnerUp": 0.7, "browOuterUpLeft": 1.0, "browOuterUpRight": 0.6, "eyeWide": 0.7, "jawOpen": 0.16},
            late={"jawOpen": 0.2}, posture_deg=(-1.0, 2.0, 5.0),
        ),
    ),
    "contempt": (
        Prototype(
            "smirk",
            {"mouthSmileLeft": 0.65, "mouthDimpleLeft": 0.4, "mouthPressLeft": 0.15, "cheekSquintLeft": 0.35,
             "eyeSquint": 0.18, "eyeBlink": 0.08, "mouthLeft": 0.08, "browDown": 0.12},
            posture_deg=(-4.0, 2.0, 2.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "sneer",
            {"noseSneerLeft": 0.6, "mouthUpperUpLeft": 0.5, "mouthSmileLeft": 0.4, "mouthDimpleLeft": 0.2,
             "cheekSquintLeft": 0.35, "eyeSquint": 0.2, "eyeBlink": 0.08, "browDown": 0.2},
            posture_deg=(-3.5, 3.0, 2.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "raised-brow",
            {"mouthSmileLeft": 0.55, "mouthDimpleLeft": 0.35, "browOuterUpRight": 0.85, "browInnerUp": 0.1,
             "browDownLeft": 0.35, "eyeSquintLeft": 0.22, "eyeSquintRight": 0.08, "eyeBlink": 0.06,
             "mouthLeft": 0.08},
            posture_deg=(-3.0, 3.0, 4.0), gaze_deg=(2.0, -2.0),
        ),
        Prototype(
            "tight-corner",
            {"mouthDimpleLeft": 0.65, "mouthPressLeft": 0.45, "mouthSmileLeft": 0.35, "mouthShrugLower": 0.25,
             "eyeSquint": 0.18, "eyeBlink": 0.1, "mouthLeft": 0.1},
            posture_deg=(-3.0, 1.0, 1.0), gaze_deg=(3.0, 1.0),
        ),
        Prototype(
            "side-eye",
            {"mouthSmileLeft": 0.58, "mouthDimpleLeft": 0.35, "cheekSquintLeft": 0.3, "eyeSquint": 0.22,
             "eyeBlink": 0.08, "browDown": 0.18, "mouthLeft": 0.1},
            posture_deg=(-3.0, 5.0, 1.0), gaze_deg=(1.0, -5.0),
        ),
    ),
}
"""Emotion -> its variants. The order of the emotions is the order in which they are listed everywhere."""


def variant_names(emotion: str) -> tuple[str, ...]:
    """Names of the variants of one emotion, in order."""
    return tuple(prototype.name for prototype in PROTOTYPES[emotion])
