"""What each emotion looks like at its apex: FACS action units written as ARKit shapes.

The action units of each emotion follow the usual EMFACS list (Ekman and Friesen): happy 6+12, sad 1+4+15, angry
4+5+7+23, fear 1+2+4+5+20+26, disgusted 9+10+17, surprised 1+2+5+26, contempt R12+R14. People differ, so every emotion
has several variants. A name without a side stands for both sides; the model mirrors one-sided variants at random.

Mouth shapes stay below what a face can do, because speech needs the same lips (dreamtalk.compose joins the two).
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
            {"mouthSmile": 0.68, "cheekSquint": 0.55, "eyeSquint": 0.3, "mouthUpperUp": 0.28, "mouthLowerDown": 0.16,
             "jawOpen": 0.09, "mouthDimple": 0.1, "browInnerUp": 0.08, "browOuterUp": 0.1},
            late=_TEETH, posture_deg=(-1.5, 0.0, 3.0),
        ),
        Prototype(
            "closed-smile",
            {"mouthSmile": 0.66, "cheekSquint": 0.5, "eyeSquint": 0.28, "mouthDimple": 0.28, "mouthPress": 0.12,
             "browOuterUp": 0.08},
            posture_deg=(1.0, 0.0, 4.0),
        ),
        Prototype(
            "laughing-eyes",
            {"mouthSmile": 0.72, "cheekSquint": 0.75, "eyeSquint": 0.48, "mouthUpperUp": 0.22, "mouthLowerDown": 0.12,
             "jawOpen": 0.07, "noseSneer": 0.08},
            late=_TEETH, posture_deg=(2.0, 0.0, 2.0),
        ),
        Prototype(
            "beaming",
            {"mouthSmile": 0.75, "cheekSquint": 0.5, "eyeSquint": 0.18, "eyeWide": 0.1, "mouthUpperUp": 0.32,
             "mouthLowerDown": 0.22, "jawOpen": 0.14, "browInnerUp": 0.22, "browOuterUp": 0.28},
            late=_TEETH, posture_deg=(-2.5, 0.0, 2.0),
        ),
        Prototype(
            "amused",
            {"mouthSmileLeft": 0.68, "mouthSmileRight": 0.5, "cheekSquintLeft": 0.5, "cheekSquintRight": 0.38,
             "eyeSquint": 0.28, "mouthDimpleLeft": 0.25, "mouthDimpleRight": 0.12, "browOuterUpRight": 0.2,
             "mouthUpperUp": 0.1, "jawOpen": 0.03},
            late=_TEETH, posture_deg=(0.5, 3.0, 4.0),
        ),
    ),
    "sad": (
        Prototype(
            "inner-brow",
            {"browInnerUp": 0.72, "browDown": 0.14, "mouthFrown": 0.5, "mouthShrugLower": 0.24, "eyeSquint": 0.12,
             "eyeBlink": 0.14, "mouthPress": 0.08},
            posture_deg=(5.0, 0.0, 3.0), gaze_deg=(5.0, 0.0),
        ),
        Prototype(
            "downcast",
            {"browInnerUp": 0.58, "mouthFrown": 0.42, "eyeBlink": 0.2, "mouthShrugLower": 0.16, "mouthRollLower": 0.08},
            posture_deg=(7.0, 2.0, 2.0), gaze_deg=(10.0, 3.0),
        ),
        Prototype(
            "pouting",
            {"browInnerUp": 0.65, "browDown": 0.2, "mouthFrown": 0.48, "mouthShrugLower": 0.5, "mouthPucker": 0.08,
             "eyeSquint": 0.15, "eyeBlink": 0.1},
            late={"mouthShrugLower": 0.25}, posture_deg=(3.5, 0.0, 4.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "grieving",
            {"browInnerUp": 0.85, "browDown": 0.3, "mouthFrown": 0.5, "mouthStretch": 0.2, "eyeSquint": 0.3,
             "cheekSquint": 0.2, "eyeBlink": 0.12, "mouthShrugLower": 0.25, "noseSneer": 0.06},
            late={"mouthStretch": 0.35, "cheekSquint": 0.3}, posture_deg=(3.0, 0.0, 3.0), gaze_deg=(3.0, 2.0),
        ),
        Prototype(
            "resigned",
            {"browInnerUp": 0.55, "mouthFrown": 0.4, "mouthPress": 0.24, "mouthRollLower": 0.12, "eyeBlink": 0.18,
             "mouthDimple": 0.1},
            posture_deg=(4.0, 3.0, 3.0), gaze_deg=(6.0, 4.0),
        ),
    ),
    "angry": (
        Prototype(
            "glare",
            {"browDown": 0.85, "eyeWide": 0.3, "eyeSquint": 0.35, "noseSneer": 0.22, "mouthPress": 0.4,
             "mouthFrown": 0.2, "mouthShrugLower": 0.12},
            posture_deg=(4.0, 0.0, 0.0),
        ),
        Prototype(
            "lid-tightened",
            {"browDown": 0.9, "eyeSquint": 0.6, "noseSneer": 0.3, "mouthPress": 0.35, "mouthRollLower": 0.22,
             "mouthRollUpper": 0.15, "mouthFrown": 0.15, "jawForward": 0.1},
            posture_deg=(3.0, 0.0, 1.0),
        ),
        Prototype(
            "bared-teeth",
            {"browDown": 0.85, "eyeWide": 0.2, "eyeSquint": 0.45, "noseSneer": 0.5, "mouthUpperUp": 0.32,
             "mouthLowerDown": 0.34, "mouthStretch": 0.16, "jawForward": 0.12, "jawOpen": 0.06, "mouthFrown": 0.15},
            late={"mouthUpperUp": 0.35, "mouthLowerDown": 0.35, "jawOpen": 0.35}, posture_deg=(3.5, 0.0, 0.0),
        ),
        Prototype(
            "jaw-set",
            {"browDown": 0.8, "eyeSquint": 0.42, "jawForward": 0.35, "mouthPress": 0.28, "mouthShrugLower": 0.26,
             "mouthFrown": 0.25, "noseSneer": 0.15},
            posture_deg=(1.5, 2.0, 0.0),
        ),
        Prototype(
            "indignant",
            {"browDown": 0.75, "browOuterUp": 0.2, "eyeWide": 0.45, "eyeSquint": 0.2, "noseSneer": 0.32,
             "mouthFunnel": 0.16, "mouthPress": 0.2, "mouthFrown": 0.18},
            posture_deg=(-1.0, 0.0, 2.0),
        ),
    ),
    "fear": (
        Prototype(
            "wide-eyed",
            {"browInnerUp": 0.8, "browOuterUp": 0.35, "browDown": 0.22, "eyeWide": 0.8, "mouthStretch": 0.42,
             "mouthLowerDown": 0.18, "jawOpen": 0.1, "mouthFrown": 0.1},
            late={"jawOpen": 0.35, "mouthLowerDown": 0.3}, posture_deg=(-3.0, 0.0, 1.0),
        ),
        Prototype(
            "tense",
            {"browInnerUp": 0.7, "browDown": 0.3, "eyeWide": 0.6, "eyeSquint": 0.18, "mouthStretch": 0.55,
             "mouthPress": 0.1, "mouthFrown": 0.2},
            posture_deg=(-2.0, 2.0, 2.0), gaze_deg=(0.0, 3.0),
        ),
        Prototype(
            "gasping",
            {"browInnerUp": 0.85, "browOuterUp": 0.4, "browDown": 0.15, "eyeWide": 0.85, "mouthStretch": 0.32,
             "jawOpen": 0.15, "mouthLowerDown": 0.15},
            late={"jawOpen": 0.3, "mouthLowerDown": 0.3}, posture_deg=(-4.0, 0.0, 0.0),
        ),
        Prototype(
            "worried",
            {"browInnerUp": 0.75, "browDown": 0.25, "eyeWide": 0.5, "mouthStretch": 0.3, "mouthRollLower": 0.15,
             "mouthFrown": 0.22, "mouthPress": 0.12},
            posture_deg=(1.0, 2.0, 3.0), gaze_deg=(2.0, 4.0),
        ),
        Prototype(
            "shrinking",
            {"browInnerUp": 0.8, "browOuterUp": 0.2, "browDown": 0.2, "eyeWide": 0.65, "mouthStretch": 0.45,
             "mouthLowerDown": 0.1, "jawOpen": 0.06, "mouthShrugLower": 0.1},
            late={"jawOpen": 0.4}, posture_deg=(3.0, 5.0, 2.0), gaze_deg=(-2.0, -3.0),
        ),
    ),
    "disgusted": (
        Prototype(
            "nose-wrinkle",
            {"noseSneer": 0.8, "browDown": 0.42, "eyeSquint": 0.42, "cheekSquint": 0.4, "mouthUpperUp": 0.36,
             "mouthFrown": 0.15, "mouthShrugLower": 0.15},
            posture_deg=(-2.5, 3.0, 2.0),
        ),
        Prototype(
            "lip-raise",
            {"mouthUpperUp": 0.48, "noseSneer": 0.5, "mouthFrown": 0.3, "mouthShrugLower": 0.26, "cheekSquint": 0.3,
             "eyeSquint": 0.3, "browDown": 0.25},
            posture_deg=(-3.5, 2.0, 1.0),
        ),
        Prototype(
            "lip-curl",
            {"noseSneerLeft": 0.85, "noseSneerRight": 0.5, "mouthUpperUpLeft": 0.52, "mouthUpperUpRight": 0.2,
             "cheekSquintLeft": 0.42, "cheekSquintRight": 0.22, "eyeSquint": 0.34, "browDown": 0.3,
             "mouthFrown": 0.15},
            posture_deg=(-2.0, 4.0, 3.0),
        ),
        Prototype(
            "gagging",
            {"noseSneer": 0.62, "mouthUpperUp": 0.3, "mouthLowerDown": 0.28, "mouthFrown": 0.42, "mouthStretch": 0.22,
             "jawOpen": 0.09, "eyeSquint": 0.42, "browDown": 0.35, "cheekSquint": 0.25},
            late={"jawOpen": 0.35, "mouthLowerDown": 0.35, "mouthStretch": 0.3}, posture_deg=(1.0, 3.0, 2.0),
        ),
        Prototype(
            "distaste",
            {"noseSneer": 0.6, "mouthUpperUp": 0.25, "mouthShrugLower": 0.4, "mouthShrugUpper": 0.15,
             "mouthFrown": 0.32, "eyeSquint": 0.3, "browDown": 0.28, "cheekSquint": 0.25},
            posture_deg=(-2.0, 3.0, 3.0),
        ),
    ),
    "surprised": (
        Prototype(
            "jaw-drop",
            {"browInnerUp": 0.8, "browOuterUp": 0.85, "eyeWide": 0.7, "jawOpen": 0.26, "mouthFunnel": 0.06},
            late={"jawOpen": 0.2}, posture_deg=(-3.0, 0.0, 0.0),
        ),
        Prototype(
            "parted-lips",
            {"browInnerUp": 0.75, "browOuterUp": 0.75, "eyeWide": 0.62, "jawOpen": 0.13, "mouthLowerDown": 0.08},
            late={"jawOpen": 0.1}, posture_deg=(-1.5, 0.0, 2.0),
        ),
        Prototype(
            "delighted",
            {"browInnerUp": 0.75, "browOuterUp": 0.8, "eyeWide": 0.55, "jawOpen": 0.2, "mouthSmile": 0.26,
             "mouthUpperUp": 0.12, "cheekSquint": 0.12},
            late={"jawOpen": 0.2, "mouthUpperUp": 0.3}, posture_deg=(-2.5, 0.0, 3.0),
        ),
        Prototype(
            "rounded-lips",
            {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.6, "jawOpen": 0.18, "mouthFunnel": 0.26,
             "mouthPucker": 0.1},
            late={"jawOpen": 0.2, "mouthFunnel": 0.15}, posture_deg=(-2.0, 0.0, 0.0),
        ),
        Prototype(
            "questioning",
            {"browInnerUp": 0.6, "browOuterUpLeft": 0.85, "browOuterUpRight": 0.55, "eyeWide": 0.55, "jawOpen": 0.12},
            late={"jawOpen": 0.2}, posture_deg=(-1.0, 2.0, 5.0),
        ),
    ),
    "contempt": (
        Prototype(
            "smirk",
            {"mouthSmileLeft": 0.55, "mouthDimpleLeft": 0.5, "mouthPressLeft": 0.2, "cheekSquintLeft": 0.25,
             "eyeSquint": 0.22, "eyeBlink": 0.1, "mouthLeft": 0.1, "browDown": 0.1},
            posture_deg=(-4.0, 2.0, 2.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "sneer",
            {"noseSneerLeft": 0.42, "mouthUpperUpLeft": 0.38, "mouthSmileLeft": 0.3, "mouthDimpleLeft": 0.3,
             "cheekSquintLeft": 0.25, "eyeSquint": 0.25, "eyeBlink": 0.1, "browDown": 0.16},
            posture_deg=(-3.5, 3.0, 2.0), gaze_deg=(3.0, 0.0),
        ),
        Prototype(
            "raised-brow",
            {"mouthSmileLeft": 0.45, "mouthDimpleLeft": 0.45, "browOuterUpRight": 0.6, "browInnerUp": 0.1,
             "browDownLeft": 0.22, "eyeSquintLeft": 0.28, "eyeSquintRight": 0.1, "eyeBlink": 0.08, "mouthLeft": 0.08},
            posture_deg=(-3.0, 3.0, 4.0), gaze_deg=(2.0, -2.0),
        ),
        Prototype(
            "tight-corner",
            {"mouthDimpleLeft": 0.65, "mouthSmileLeft": 0.32, "mouthPress": 0.22, "mouthShrugLower": 0.14,
             "eyeSquint": 0.2, "eyeBlink": 0.14, "mouthLeft": 0.14},
            posture_deg=(-3.0, 1.0, 1.0), gaze_deg=(3.0, 1.0),
        ),
        Prototype(
            "side-eye",
            {"mouthSmileLeft": 0.48, "mouthDimpleLeft": 0.4, "cheekSquintLeft": 0.2, "eyeSquint": 0.26,
             "eyeBlink": 0.12, "browDown": 0.14, "mouthLeft": 0.1},
            posture_deg=(-3.0, 5.0, 1.0), gaze_deg=(1.0, -5.0),
        ),
    ),
}
"""Emotion -> its variants. The order of the emotions is the order in which they are listed everywhere."""


def variant_names(emotion: str) -> tuple[str, ...]:
    """Names of the variants of one emotion, in order."""
    return tuple(prototype.name for prototype in PROTOTYPES[emotion])
