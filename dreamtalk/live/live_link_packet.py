"""The UDP packet of Epic's Live Link Face app, which Unreal and many receivers take on port 11111.

    uint8 6 | id: int32 length, text | subject: int32 length, text | frame: int32, float32 | rate: int32 / int32
    uint8 61 | 61 x float32

All of it big-endian. The values are the 52 shapes in Unreal's order, JawLeft before JawRight (the CSV of the same app
has them the other way round), then yaw, pitch and roll of the head, the left and the right eye in the CSV's signs. A
packet without a face ends after the rate.
"""

import struct
import uuid
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dreamtalk.live.face import Face
from rig.formats.live_link_csv import ANGLE_ORDER, ANGLE_SIGN
from rig.gaze import eye_rotation_from_weights

PORT = 11111
"""Where Unreal listens."""

_VERSION, _COUNT, _SHAPES = 6, 61, 52
_LONGEST_TEXT = 1024  # bytes; a packet that claims more is none


@dataclass(frozen=True, eq=False)
class LiveLinkPacket:
    """subject: the name that the engine shows.  device: 36 characters that tell one sender from another.

    frame: number of the frame, counted at `rate` frames a second; sub_frame: fraction of a frame in [0, 1).
    face: None where the sender had lost it.
    """

    subject: str
    device: str
    frame: int
    sub_frame: float
    rate: Fraction
    face: Face | None


def device_of(subject: str) -> str:
    """36 characters like the id of a phone, always the same for a subject."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dreamtalk:{subject}")).upper()


def encoded(face: Face, frame: int, rate: Fraction, subject: str) -> bytes:
    """One frame as a packet; a face that was not seen gives a packet without values. frame: int32, wraps."""
    texts = b"".join(struct.pack("!i", len(text)) + text for text in (device_of(subject).encode(), subject.encode()))
    frame = (frame + 2**31) % 2**32 - 2**31
    head = bytes([_VERSION]) + texts + struct.pack("!ifii", frame, 0.0, rate.numerator, rate.denominator)
    if not face.seen:
        return head
    angles = np.concatenate([face.head_rotation[None], face.eye_rotation])[:, ANGLE_ORDER] * ANGLE_SIGN
    values = np.concatenate([face.weights, angles.ravel() + 0.0])  # + 0 turns -0 into 0
    return head + bytes([_COUNT]) + values.astype(">f4").tobytes()


def decoded(data: bytes) -> LiveLinkPacket:
    """A packet as it came from the network.

    Weights outside [0, 1] are clipped; eyes that were not filled are taken from the eyeLook weights.
    Raises ValueError with one sentence for bytes that are no such packet.
    """
    try:
        return _decoded(data)
    except struct.error:
        raise ValueError(f"The packet of {len(data)} bytes ends too early.") from None


def _decoded(data: bytes) -> LiveLinkPacket:
    if not data or data[0] != _VERSION:
        raise ValueError(f"The packet begins with {data[:1].hex() or 'nothing'}, not with the version {_VERSION:02x}.")
    device, place = _text(data, 1)
    subject, place = _text(data, place)
    frame, sub_frame, numerator, denominator = struct.unpack_from("!ifii", data, place)
    if numerator <= 0 or denominator <= 0 or not 0 <= sub_frame < 2:
        raise ValueError(f"The packet has the rate {numerator}/{denominator} and the sub-frame {sub_frame:g}.")
    face = _face(data[place + 16 :])
    return LiveLinkPacket(subject, device, frame, float(sub_frame), Fraction(numerator, denominator), face)


def _text(data: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("!i", data, place)
    if not 0 <= length <= _LONGEST_TEXT:
        raise ValueError(f"The packet announces a name of {length} bytes.")
    text = data[place + 4 : place + 4 + length].decode("utf-8", errors="replace")
    return text, place + 4 + length


def _face(data: bytes) -> Face | None:
    if len(data) == 0 or data[0] == 0:
        return None
    if data[0] != _COUNT or len(data) < 1 + 4 * _COUNT:
        raise ValueError(f"The packet announces {data[0]} values and holds {(len(data) - 1) / 4:g}, not {_COUNT}.")
    values = np.frombuffer(data, ">f4", _COUNT, offset=1).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("The packet holds NaN or infinite values.")
    weights = np.clip(values[:_SHAPES], 0, 1)
    angles = values[_SHAPES:].reshape(3, 3)[:, ANGLE_ORDER] * ANGLE_SIGN[ANGLE_ORDER] + np.float32(0)
    eyes = angles[1:] if angles[1:].any() else eye_rotation_from_weights(weights[None])[0]
    return Face(weights, angles[0], eyes)
