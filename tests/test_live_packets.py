"""What goes over the wire, read by receivers that were written apart from the senders."""

import re
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_decoders import UNREAL_ORDER, read_ifacialmocap, read_live_link, read_osc, unity_turned

from dreamtalk.live import ifacialmocap, vmc
from dreamtalk.live.face import REST, ClipFaces, Face, mixed
from dreamtalk.live.live_link_packet import decoded, device_of, encoded
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.rotation import matrix_from_angles

SIXTY = Fraction(60)


def some_face(seed: int = 0, seen: bool = True) -> Face:
    rng = np.random.default_rng(seed)
    turns = rng.uniform(-0.6, 0.6, (3, 3)).astype(np.float32)
    return Face(rng.random(52).astype(np.float32), turns[0], turns[1:], seen)


faces = st.integers(0, 2**32 - 1).map(some_face)


# Live Link Face


@settings(max_examples=40, deadline=None)
@given(faces, st.integers(0, 2**31 - 1), st.sampled_from([SIXTY, Fraction(30000, 1001), Fraction(24)]))
def test_an_independent_receiver_reads_every_live_link_value(face: Face, frame: int, rate: Fraction) -> None:
    packet = read_live_link(encoded(face, frame, rate, "Actor"))
    assert packet["version"] == 6 and packet["name"] == "Actor"
    assert packet["frame"] == frame and packet["sub_frame"] == 0
    assert packet["rate"] == (rate.numerator, rate.denominator)
    weights = [packet["values"][name[0].upper() + name[1:]] for name in NAMES]
    assert np.array_equal(np.float32(weights), face.weights)
    assert packet["values"]["HeadPitch"] == face.head_rotation[0]
    assert packet["values"]["HeadYaw"] == -face.head_rotation[1]
    assert packet["values"]["RightEyeRoll"] == -face.eye_rotation[1, 2]


def test_the_bytes_of_a_live_link_packet_are_these() -> None:
    data = encoded(REST, 258, SIXTY, "Jo")
    assert data[:5] == bytes.fromhex("0600000024") and len(data[5:41]) == 36
    assert data[41:47] == b"\0\0\0\x02Jo"
    assert data[47:63] == struct.pack(">ifii", 258, 0.0, 60, 1)
    assert data[63] == 61 and data[64:] == bytes(4 * 61)


def test_jaw_left_stands_before_jaw_right_in_the_packet() -> None:
    weights = np.zeros(52, np.float32)
    weights[INDEX["jawLeft"]], weights[INDEX["mouthRight"]] = 0.25, 0.75
    values = read_live_link(encoded(Face(weights, REST.head_rotation, REST.eye_rotation), 0, SIXTY, "x"))["values"]
    assert {name: value for name, value in values.items() if value} == {"JawLeft": 0.25, "MouthRight": 0.75}
    assert UNREAL_ORDER.index("JawLeft") + 1 == UNREAL_ORDER.index("JawRight")


def test_a_look_to_the_characters_left_has_the_sign_of_the_csv() -> None:
    weights = np.zeros((1, 52))
    weights[0, INDEX["eyeLookOutLeft"]] = 1
    face = ClipFaces(BlendshapeClip(weights, np.zeros((1, 3)), 60))[0]
    assert read_live_link(encoded(face, 0, SIXTY, "x"))["values"]["LeftEyeYaw"] < 0


def test_a_lost_face_is_a_packet_that_ends_after_the_rate() -> None:
    data = encoded(some_face(seen=False), 5, SIXTY, "Actor")
    assert len(data) == 1 + 4 + 36 + 4 + 5 + 16
    assert read_live_link(data)["values"] is None and decoded(data).face is None


def test_a_subject_is_any_text_and_its_device_always_the_same() -> None:
    packet = read_live_link(encoded(REST, 0, SIXTY, "Zoë 口"))
    assert packet["name"] == "Zoë 口" and packet["device"] == device_of("Zoë 口") != device_of("Zoe")
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", packet["device"])


@settings(max_examples=40, deadline=None)
@given(faces)
def test_live_link_packets_come_back_as_they_were(face: Face) -> None:
    packet = decoded(encoded(face, 77, Fraction(30000, 1001), "Actor"))
    assert (packet.subject, packet.frame, packet.rate) == ("Actor", 77, Fraction(30000, 1001))
    assert np.array_equal(packet.face.weights, face.weights)
    assert np.array_equal(packet.face.head_rotation, face.head_rotation)
    assert np.array_equal(packet.face.eye_rotation, face.eye_rotation)


def test_eyes_that_a_phone_leaves_empty_come_from_the_look_weights() -> None:
    weights = np.zeros(52, np.float32)
    weights[INDEX["eyeLookUpRight"]] = 1
    face = decoded(encoded(Face(weights, REST.head_rotation, REST.eye_rotation), 0, SIXTY, "x")).face
    assert face.eye_rotation[1, 0] < -0.5 and face.eye_rotation[0, 0] == 0


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 314), st.integers(0, 255))
def test_any_bytes_are_a_packet_or_a_value_error(noise: bytes, place: int, value: int) -> None:
    whole = bytearray(encoded(some_face(), 9, SIXTY, "dreamtalk"))
    whole[place] = value
    for data in (noise, b"\6" + noise, bytes(whole), bytes(whole[:place])):
        try:
            packet = decoded(data)
        except ValueError:
            continue
        assert packet.rate > 0
        assert packet.face is None or (packet.face.weights.min() >= 0 and packet.face.weights.max() <= 1)


def test_a_packet_of_nan_is_refused() -> None:
    data = bytearray(encoded(REST, 9, SIXTY, "x"))
    data[-4:] = struct.pack(">f", np.nan)
    with pytest.raises(ValueError, match="NaN"):
        decoded(bytes(data))


# VMC


def vmc_bundle(face: Face, names: tuple[str, ...] = NAMES) -> list:
    return read_osc(vmc.bundle(vmc.perfect_sync(face, names), face.head_rotation, 1.5))


@settings(max_examples=20, deadline=None)
@given(faces)
def test_an_independent_receiver_reads_every_vmc_value(face: Face) -> None:
    messages = vmc_bundle(face)
    values = {text: weight for address, _, (text, weight, *_) in messages[:52]}
    assert {address for address, *_ in messages[:52]} == {"/VMC/Ext/Blend/Val"}
    assert np.array_equal(np.float32([values[name] for name in NAMES]), face.weights)
    assert [message[:2] for message in messages[52:]] == [
        ("/VMC/Ext/Blend/Apply", ","),
        ("/VMC/Ext/Bone/Pos", ",sfffffff"),
        ("/VMC/Ext/OK", ",i"),
        ("/VMC/Ext/T", ",f"),
    ]
    assert messages[54][2] == (1,) and messages[55][2] == (1.5,)


@settings(max_examples=40, deadline=None)
@given(faces)
def test_the_head_in_unity_looks_where_ours_looks(face: Face) -> None:
    name, *numbers = vmc_bundle(face)[53][2]
    assert name == "Head" and numbers[:3] == [0, 0, 0]
    ours = matrix_from_angles(face.head_rotation)
    for point in np.eye(3):
        # Unity's x points to the character's right, ours to the left.
        expected = (ours @ (point * [-1, 1, 1])) * [-1, 1, 1]
        assert np.allclose(unity_turned(tuple(numbers[3:]), point), expected, atol=1e-5)


def test_a_nod_goes_down_and_a_turn_to_the_left_to_unitys_minus_x() -> None:
    nose = np.array([0.0, 0.0, 1.0])
    assert unity_turned(vmc.unity_quaternion(np.float32([0.3, 0, 0])), nose)[1] < -0.2
    assert unity_turned(vmc.unity_quaternion(np.float32([0, 0.3, 0])), nose)[0] < -0.2


def test_presets_of_vrm_stand_in_for_avatars_without_perfect_sync() -> None:
    weights = np.zeros(52, np.float32)
    weights[[INDEX["eyeBlinkLeft"], INDEX["jawOpen"]]] = 1.0, 0.6
    face = Face(weights, REST.head_rotation, REST.eye_rotation)
    new, old = dict(vmc.presets(face, 1)), dict(vmc.presets(face, 0))
    assert new["blinkLeft"] == old["Blink_L"] > 0.9 and new["blinkRight"] < 0.1
    assert new["aa"] == old["A"] > 0.5 > max(new["ou"], new["ih"], new["happy"])
    assert len(new) == len(old) == 11


def test_vmc_without_python_osc_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pythonosc.osc_bundle_builder", None)
    with pytest.raises(ValueError, match=r'pip install "dreamtalk\[live\]"'):
        vmc.check_python_osc()


# iFacialMocap


@settings(max_examples=40, deadline=None)
@given(faces, st.sampled_from([1, 2]))
def test_an_independent_receiver_reads_every_ifacialmocap_value(face: Face, version: int) -> None:
    shapes, blocks = read_ifacialmocap(ifacialmocap.message(face, version), ifacialmocap.SEPARATORS[version])
    assert len(shapes) == 52 and set(blocks) == {"head", "rightEye", "leftEye"}
    for name, weight in shapes.items():
        own = re.sub("_([LR])$", lambda side: {"L": "Left", "R": "Right"}[side[1]], name)
        assert abs(weight / 100 - face.weights[INDEX[own]]) <= 0.00501
    assert np.allclose(np.radians(blocks["head"][:3]), face.head_rotation, atol=2e-6) and len(blocks["head"]) == 6
    assert np.allclose(np.radians(blocks["leftEye"]), face.eye_rotation[0], atol=2e-6)
    assert np.allclose(np.radians(blocks["rightEye"]), face.eye_rotation[1], atol=2e-6)


def test_ifacialmocap_writes_sides_short_and_directions_in_full() -> None:
    text = ifacialmocap.message(REST).decode()
    assert "|eyeBlink_R-0|" in text and "|jawLeft-0|" in text and "|mouthRight-0|" in text
    assert text.count("=") == 1 and text.endswith("|leftEye#0.0000,0.0000,0.0000|")


# Faces


def test_mixing_is_linear_and_keeps_the_nearer_ones_mark() -> None:
    face = some_face(seen=False)
    quarter = mixed(REST, face, 0.25)
    assert np.allclose(quarter.weights, face.weights / 4) and quarter.seen
    assert np.allclose(quarter.eye_rotation, face.eye_rotation / 4) and not mixed(REST, face, 0.75).seen


def test_faces_of_a_clip_know_whether_they_were_seen() -> None:
    clip = BlendshapeClip(np.zeros((3, 52)), np.zeros((3, 3)), 60, seen=[True, False, True])
    assert [face.seen for face in ClipFaces(clip)] == [True, False, True]
