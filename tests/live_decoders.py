"""Receivers of the three protocols, written from their descriptions alone; they share no line with the senders."""

import struct
from typing import Any

import numpy as np

UNREAL_ORDER = (
    "EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft EyeBlinkRight "
    "EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight JawForward JawLeft "
    "JawRight JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight "
    "MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight MouthRollLower "
    "MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft "
    "MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft "
    "BrowOuterUpRight CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut HeadYaw "
    "HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll RightEyeYaw RightEyePitch RightEyeRoll"
).split()


def read_live_link(data: bytes) -> dict[str, Any]:
    """Field by field, with the frame's head read as "!if2ib", as receivers in use do."""
    version, id_length = struct.unpack(">Bi", data[:5])
    device, rest = data[5 : 5 + id_length].decode(), data[5 + id_length :]
    (name_length,) = struct.unpack(">i", rest[:4])
    name, rest = rest[4 : 4 + name_length].decode(), rest[4 + name_length :]
    packet = {"version": version, "device": device, "name": name, "values": None}
    if len(rest) == 16:
        frame, sub_frame, numerator, denominator = struct.unpack(">ifii", rest)
    else:
        frame, sub_frame, numerator, denominator, count = struct.unpack("!if2ib", rest[:17])
        values = struct.unpack(f">{count}f", rest[17:])
        packet["values"] = dict(zip(UNREAL_ORDER, values, strict=True))
    return packet | {"frame": frame, "sub_frame": sub_frame, "rate": (numerator, denominator)}


def read_osc(data: bytes) -> list[tuple[str, str, tuple]]:
    """OSC 1.0: every message of a bundle as address, type tags and values."""
    if data[:8] != b"#bundle\0":
        return [_osc_message(data)]
    messages, place = [], 16  # behind the time tag
    while place < len(data):
        (size,) = struct.unpack_from(">i", data, place)
        assert size % 4 == 0
        messages += read_osc(data[place + 4 : place + 4 + size])
        place += 4 + size
    assert place == len(data)
    return messages


def _osc_message(data: bytes) -> tuple[str, str, tuple]:
    address, place = _osc_string(data, 0)
    tags, place = _osc_string(data, place)
    values: list[Any] = []
    for tag in tags[1:]:
        if tag == "s":
            value, place = _osc_string(data, place)
        else:
            (value,) = struct.unpack_from({"i": ">i", "f": ">f"}[tag], data, place)
            place += 4
        values.append(value)
    assert place == len(data)
    return address, tags, tuple(values)


def _osc_string(data: bytes, place: int) -> tuple[str, int]:
    end = data.index(b"\0", place)
    return data[place:end].decode("ascii"), (end // 4 + 1) * 4


def read_ifacialmocap(data: bytes, separator: str) -> tuple[dict[str, int], dict[str, list[float]]]:
    """Weights and blocks of angles; split at "=" first, as one receiver in use does, and only whole weights taken."""
    shapes_text, blocks_text = data.decode("ascii").split("=")
    shapes = {}
    for part in shapes_text.split("|"):
        if part:
            name, value = part.split(separator)
            assert value.isdigit()
            shapes[name] = int(value)
    assert blocks_text.endswith("|")
    blocks = (part.split("#") for part in blocks_text[:-1].split("|"))
    return shapes, {name: [float(number) for number in numbers.split(",")] for name, numbers in blocks}


def unity_turned(quaternion: tuple[float, float, float, float], point: np.ndarray) -> np.ndarray:
    """A point in Unity's axes, turned by a quaternion x, y, z, w: v + 2 u x (u x v + w v), the same in either hand."""
    x, y, z, w = quaternion
    axis = np.array([x, y, z])
    return point + 2 * np.cross(axis, np.cross(axis, point) + w * point)
