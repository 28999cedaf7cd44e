"""VMC, which VSeeFace, Warudo, VNyan and other VTuber apps listen for: OSC over UDP, one bundle a frame."""

from typing import Any

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.live.face import Face
from rig.arkit import NAMES
from rig.rotation import quaternions_from_angles

PORT = 39539
"""Where the protocol's receivers (Marionettes) listen; those that pass motion on (Performers) listen on 39540."""


def check_python_osc() -> None:
    """Raise OptionError where python-osc is not installed."""
    try:
        import pythonosc.osc_bundle_builder  # noqa: F401
    except ImportError:
        raise OptionError('VMC needs python-osc; install it with pip install "dreamtalk[live]".') from None


def bundle(face: Face, time_s: float, names: tuple[str, ...] = NAMES) -> bytes:
    """One frame: 52 values, Apply, the head bone, and the two messages that keep receivers awake.

    time_s: seconds since the sender began.  names: what the 52 shapes are called, in the order of rig.arkit.NAMES.
    """
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder

    whole = OscBundleBuilder(IMMEDIATELY)
    for name, weight in zip(names, face.weights.tolist(), strict=True):
        whole.add_content(_message("/VMC/Ext/Blend/Val", name, weight))
    whole.add_content(_message("/VMC/Ext/Blend/Apply"))
    # No avatar's neck is known here; receivers take a head's place from their own avatar.
    whole.add_content(_message("/VMC/Ext/Bone/Pos", "Head", 0.0, 0.0, 0.0, *unity_quaternion(face.head_rotation)))
    whole.add_content(_message("/VMC/Ext/OK", 1))
    whole.add_content(_message("/VMC/Ext/T", time_s))
    return whole.build().dgram


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
