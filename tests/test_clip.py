"""BlendshapeClip, names, timing and rotations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import GROUPS, INDEX, MIRROR, MOUTH, NAMES, BlendshapeClip, RigError
from rig.rotation import angles_from_matrix, matrix_from_angles
from rig.timing import frame_count, frame_times, resample


def random_clip(frames: int = 20, fps: float = 25.0, seed: int = 0) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.2, (frames, 3)), fps)


def test_names_are_the_52_in_unreal_order():
    assert len(NAMES) == len(set(NAMES)) == 52
    assert INDEX["jawLeft"] == 15 and INDEX["jawRight"] == 16 and INDEX["jawOpen"] == 17
    assert INDEX["mouthLeft"] == 21 and INDEX["mouthRight"] == 22 and INDEX["tongueOut"] == 51
    assert sum(len(names) for names in GROUPS.values()) == 52


def test_mouth_is_jaw_and_mouth_without_tongue():
    assert len(MOUTH) == 27
    assert {NAMES[i][:3] for i in MOUTH} == {"jaw", "mou"}


def test_mirror_twice_is_identity_and_swaps_sides():
    assert (MIRROR[MIRROR] == np.arange(52)).all()
    assert NAMES[MIRROR[INDEX["eyeBlinkLeft"]]] == "eyeBlinkRight"
    assert MIRROR[INDEX["jawOpen"]] == INDEX["jawOpen"]


def test_clip_copies_and_freezes_its_arrays():
    weights = np.zeros((3, 52))
    clip = BlendshapeClip(weights, np.zeros((3, 3)), 25)
    weights[0, 0] = 1
    assert clip.weights[0, 0] == 0
    with pytest.raises(ValueError):
        clip.weights[0, 0] = 1


@pytest.mark.parametrize(
    ("weights", "head", "fps", "word"),
    [
        (np.zeros((3, 51)), np.zeros((3, 3)), 25, "52"),
        (np.zeros((0, 52)), np.zeros((0, 3)), 25, "no frames"),
        (np.full((3, 52), 1.2), np.zeros((3, 3)), 25, "between 0 and 1"),
        (np.full((3, 52), np.nan), np.zeros((3, 3)), 25, "NaN"),
        (np.zeros((3, 52)), np.zeros((2, 3)), 25, "head_rotation"),
        (np.zeros((3, 52)), np.zeros((3, 3)), 0, "above 0"),
    ],
)
def test_a_bad_clip_says_what_is_wrong(weights, head, fps, word):
    with pytest.raises(RigError, match=word):
        BlendshapeClip(weights, head, fps)


def test_unknown_column_is_refused():
    with pytest.raises(RigError, match="jawDrop"):
        random_clip().column("jawDrop")


@given(st.floats(0, 4000), st.sampled_from([24.0, 25.0, 30.0, 60.0]))
def test_frame_count_rounds_half_up(duration_s, fps):
    count = frame_count(duration_s, fps)
    assert count == 1 or abs(count - duration_s * fps) <= 0.5 + 1e-6


def test_frame_count_at_the_half():
    assert frame_count(0.58, 25) == 15  # 14.5 frames
    assert frame_count(0.0, 25) == 1


@settings(deadline=None)
@given(st.integers(1, 200), st.sampled_from([(25, 30), (25, 60), (30, 25), (60, 25)]))
def test_resampling_keeps_duration_and_range(frames, rates):
    clip = random_clip(frames, rates[0])
    other = clip.resampled(rates[1])
    assert len(other) == 1 or abs(other.duration_s - clip.duration_s) <= 0.5 / rates[1] + 1e-9
    assert other.weights.min() >= clip.weights.min() - 1e-6 and other.weights.max() <= clip.weights.max() + 1e-6


def test_resampling_a_line_gives_the_line():
    values = frame_times(50, 25)[:, None].astype(np.float32)
    at_60 = resample(values, 25, 60)
    np.testing.assert_allclose(at_60[:-3, 0], frame_times(len(at_60), 60)[:-3], atol=1e-6)
    assert resample(values, 25, 25) is not values


def test_signs_of_the_angles():
    face = np.array([0.0, 0.0, 1.0])  # a nose that points to the viewer
    yaw, pitch, roll = np.array([0, 0.3, 0]), np.array([0.3, 0, 0]), np.array([0, 0, 0.3])
    assert (matrix_from_angles(yaw) @ face)[0] > 0  # to the picture's right
    assert (matrix_from_angles(pitch) @ face)[1] < 0  # down
    assert (matrix_from_angles(roll) @ np.array([1.0, 0, 0]))[1] > 0  # counter-clockwise


@given(st.tuples(*[st.floats(-1.5, 1.5)] * 3))
def test_angles_survive_the_matrix(angles):
    matrix = matrix_from_angles(np.array(angles))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(angles_from_matrix(matrix), angles, atol=1e-6)


def test_eyes_derived_from_weights_look_where_they_say():
    weights = np.zeros((1, 52))
    weights[0, INDEX["eyeLookOutLeft"]] = weights[0, INDEX["eyeLookInRight"]] = 1
    eyes = BlendshapeClip(weights, np.zeros((1, 3)), 25).eyes()
    assert eyes[0, 0, 1] == pytest.approx(eyes[0, 1, 1]) and eyes[0, 0, 1] > 0.5
