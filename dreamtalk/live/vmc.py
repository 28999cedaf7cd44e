"""VMC, which VSeeFace, Warudo, VNyan and other VTuber apps listen for: OSC over UDP, one bundle a frame."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.live.face import Face
from rig.arkit import NAMES
from rig.formats.vrm_presets import PRESETS, presets_from_weights
from rig.rotation import quaternions_from_angles

PORT = 39539
"""Where the protocol's receivers (Marionettes) listen; those that pass motion on (Performers) listen on 39540."""

_VRM0_NAMES = MappingProxyType({
    "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O", "blinkLeft": "Blink_L", "blinkRight": "Blink_R",
    "happy": "Joy", "angry": "Angry", "sad": "Sorrow", "surprised": "Surprised",
})  # fmt: skip


def check_python_osc() -> None:
    """Raise OptionError where python-osc is not installed."""
    try:
        import pythonosc.osc_bundle_builder  # noqa: F401
    except ImportError:
        raise OptionError('VMC needs python-osc; install it with pip install "dreamtalk[live]".') from None


def bundle(expressions: Iterable[tuple[str, float]], head_rotation: np.ndarray, time_s: float) -> bytes:
    """One frame: a value for each expression, Apply, the head bone, and two messages that keep receivers awake.

    expressions: names and weights from 0 to 1.  head_rotation: (3,) radians.  time_s: seconds since the sender began.
    """
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder

    whole = OscBundleBuilder(IMMEDIATELY)
    for name, weight in expressions:
        whole.add_content(_message("/VMC/Ext/Blend/Val", name, weight))
    whole.add_content(_message("/VMC/Ext/Blend/Apply"))
    # No avatar's neck is known here; receivers take a head's place from their own avatar.
    whole.add_content(_message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, *unity_quaternion(head_rotation)))
    whole.add_content(_message("/VMC/Ext/OK", 1))
    whole.add_content(_message("/VMC/Ext/T", time_s))
    return whole.build().dgram


def perfect_sync(face: Face, names: tuple[str, ...] = NAMES) -> list[tuple[str, float]]:
    """All 52 shapes, for avatars that have an expression for each. names: in the order of rig.arkit.NAMES."""
    return list(zip(names, face.weights.tolist(), strict=True))


def presets(face: Face, version: int) -> list[tuple[str, float]]:
    """The 11 preset expressions nearest to the face, by their names in VRM 0 or 1, for avatars without perfect sync."""
    names = PRESETS if version == 1 else [_VRM0_NAMES[name] for name in PRESETS]
    return list(zip(names, presets_from_weights(face.weights[None])[0].tolist(), strict=True))


def _message(address: str, *values: str | int | float) -> Any:
    from pythonosc.osc_message_builder import OscMessageBuilder

    message = OscMessageBuilder(address)
    for value in values:
        message.add_arg(value, {str: "s", int: "i", float: "f"}[type(value)])
    return message.build()


def unity_quaternion(angles: np.ndarray) -> tuple[float, float, float, float]:
    """Radians (pitch, yaw, roll) as in rig.rotation -> x, y, z, w in Unity's axes.

    Unity is left-handed: y up, z out of the face, x to the character's right, where ours is its left. So a turn about
    x stays as it is and those about y and z change their sign.
    """
    x, y, z, w = quaternions_from_angles(angles).tolist()
    return x, -y, -z, w
