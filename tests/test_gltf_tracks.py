"""Animations of other programs' glTF files: keys at any times, all three interpolations, and the frame rate behind."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation, Slerp

from rig.clip_file import read_clip
from rig.errors import RigError
from rig.formats.glb import read_gltf
from rig.formats.gltf_accessors import Accessors
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_tracks import GltfTrack, frame_grid, read_tracks
from rig.rotation import quaternions_from_angles

KEYS = np.float32([0.0, 0.1, 0.15, 0.9])
BETWEEN = np.linspace(-0.2, 1.1, 40)


def track(values: object, interpolation: str = "LINEAR", path: str = "translation") -> GltfTrack:
    return GltfTrack(0, path, KEYS, np.float32(values), interpolation)


def test_straight_lines_between_keys_and_held_outside() -> None:
    values = np.random.default_rng(0).normal(size=(4, 3))
    expected = np.stack([np.interp(BETWEEN, KEYS, column) for column in values.T], axis=1)
    np.testing.assert_allclose(track(values).at(BETWEEN), expected, atol=1e-6)


def test_steps_hold_the_key_before() -> None:
    found = track([[1, 0, 0], [2, 0, 0], [3, 0, 0], [4, 0, 0]], "STEP").at(np.array([0.05, 0.1, 0.14, 0.5, 0.9]))
    assert found[:, 0].tolist() == [1, 2, 2, 3, 4]


def test_splines_are_hermite() -> None:
    values = np.random.default_rng(1).normal(size=(4, 3, 2)).astype(np.float32)
    found = track(values, "CUBICSPLINE", "weights").at(np.linspace(0, 0.9, 60))
    for left in range(3):  # the tangents into and out of a key differ, so each span is a spline of its own
        slopes = (values[left, 2], values[left + 1, 0])
        spline = CubicHermiteSpline(KEYS[left : left + 2], values[left : left + 2, 1], slopes)
        inside = (np.linspace(0, 0.9, 60) > KEYS[left]) & (np.linspace(0, 0.9, 60) < KEYS[left + 1])
        np.testing.assert_allclose(found[inside], spline(np.linspace(0, 0.9, 60)[inside]), atol=1e-5)


def test_rotations_take_the_shorter_arc() -> None:
    angles = np.random.default_rng(2).uniform(-1, 1, (4, 3))
    quaternions = quaternions_from_angles(angles)
    quaternions[1] *= -1  # the same turn
    inside = np.linspace(0, 0.89, 30)
    expected = Slerp(KEYS.astype(float), Rotation.from_quat(quaternions))(inside)
    found = Rotation.from_quat(track(quaternions, path="rotation").at(inside))
    np.testing.assert_allclose((found * expected.inv()).magnitude(), 0, atol=1e-5)


def test_a_quaternion_of_no_length_is_no_turn() -> None:
    found = track(np.zeros((4, 4)), path="rotation").at(BETWEEN)
    np.testing.assert_array_equal(found, np.tile(np.float32([0, 0, 0, 1]), (len(BETWEEN), 1)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([23.976, 24.0, 25.0, 29.97, 30.0, 37.5, 59.94, 60.0, 120.0]), st.integers(2, 4000))
def test_frames_at_any_rate_are_found_and_kept(fps: float, count: int) -> None:
    """Times are float32 in the file; the values of frames must come back untouched all the same."""
    exact = {23.976: 24000 / 1001, 29.97: 30000 / 1001, 59.94: 60000 / 1001}.get(fps, fps)
    values = np.random.default_rng(count).uniform(size=(count, 1)).astype(np.float32)
    keyed = GltfTrack(0, "weights", (np.arange(count) / exact).astype(np.float32), values, "LINEAR")
    found_fps, times = frame_grid([keyed], None, "x.glb")
    assert found_fps == pytest.approx(exact, rel=1e-9)
    np.testing.assert_array_equal(keyed.at(times), values)


def test_a_file_cannot_ask_for_endless_frames() -> None:
    keyed = GltfTrack(0, "weights", np.float32([0, 1e9]), np.zeros((2, 1), np.float32), "LINEAR")
    with pytest.raises(RigError, match="^x.glb has keys up to 1e.09 s"):
        frame_grid([keyed], 60.0, "x.glb")


def test_uneven_keys_give_the_usual_step() -> None:
    times = np.float32([0, 1, 2, 3, 7, 8, 9, 30, 31]) / 24
    fps, grid = frame_grid([GltfTrack(0, "weights", times, np.zeros((9, 1), np.float32), "LINEAR")], None, "x.glb")
    assert fps == 24 and len(grid) == 32


def written(path: Path, times: object, values: object, **sampler: object) -> Path:
    """A .vrma as another program might write it: the spine rests turned, and the head's rest is turned on that."""
    document = GltfDocument()
    spine, head = quaternions_from_angles(np.array([[0.3, 0.5, -0.2], [-0.4, 0.1, 0.6]]))
    document.add("nodes", {"name": "spine", "rotation": spine.tolist(), "children": [1]})
    document.add("nodes", {"name": "head", "rotation": head.tolist()})
    document.add("nodes", {"name": "jawOpen"})
    clock = document.add_array(np.float32(times), limits=True)
    jaw = document.add_array(np.float32([[0, 9, 9], [0.5, 9, 9], [2.0, 9, 9]]))
    samplers = [{"input": clock, "output": document.add_array(np.float32(values)), **sampler},
                {"input": clock, "output": jaw}]  # fmt: skip
    channels = [{"sampler": 0, "target": {"node": 1, "path": "rotation"}},
                {"sampler": 1, "target": {"node": 2, "path": "translation"}}]  # fmt: skip
    document.add("animations", {"samplers": samplers, "channels": channels})
    extension = {
        "specVersion": "1.0", "humanoid": {"humanBones": {"head": {"node": 1}}},
        "expressions": {"custom": {"jawOpen": {"node": 2}}},
    }  # fmt: skip
    document.write(path, {"nodes": [0, 2]}, extensions={"VRMC_vrm_animation": extension})
    return path


def test_the_head_turns_away_from_its_rest(tmp_path: Path) -> None:
    """Whatever way the bones of a file rest; the turn is seen in the world's axes, as rig.rotation has it."""
    wanted = np.float32([[0, 0, 0], [0.2, -0.5, 0.1], [-0.3, 0.4, 0.2]])
    spine, head = Rotation.from_quat(quaternions_from_angles(np.array([[0.3, 0.5, -0.2], [-0.4, 0.1, 0.6]])))
    turned = spine.inv() * Rotation.from_quat(quaternions_from_angles(wanted)) * spine * head
    clip = read_clip(written(tmp_path / "x.vrma", [0, 0.04, 0.08], turned.as_quat()))
    np.testing.assert_allclose(clip.head_rotation, wanted, atol=1e-5)
    assert clip.fps == 25 and clip.column("jawOpen").tolist() == [0, 0.5, 1]  # VRM clamps weights


@pytest.mark.parametrize(
    ("times", "sampler", "says"),
    [
        ([0, 0.1, 0.1], {}, "do not rise"),
        ([0, 0.1], {}, "3 values for 2 times"),
        ([0, 0.1, 0.2], {"interpolation": "SMOOTH"}, "in none of the ways"),
        ([0, 0.1, 0.2], {"interpolation": "CUBICSPLINE"}, "3 values for 3 times"),
        ([0, 0.1, 0.2], {"input": 99}, "accessor 99 of"),
        ([0, 0.1, 0.2], {"output": 0}, "that are no VEC4"),
    ],
)
def test_broken_samplers_are_refused(tmp_path: Path, times: list[float], sampler: dict, says: str) -> None:
    path = written(tmp_path / "x.vrma", times, np.tile([0, 0, 0, 1], (3, 1)), **sampler)
    with pytest.raises(RigError, match="x.vrma") as caught:
        read_clip(path)
    assert says in str(caught.value)


def test_channels_of_extensions_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "x.vrma", [0, 0.1, 0.2], np.tile([0, 0, 0, 1], (3, 1)))
    container = read_gltf(path)
    container.document["animations"][0]["channels"] += [{"target": {"path": "pointer"}}, {"target": {}}]
    assert [found.path for found in read_tracks(container, Accessors(container))] == ["rotation", "translation"]
