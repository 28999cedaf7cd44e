"""VRM animations: written for perfect-sync avatars and for those with presets, played by three-vrm, read back."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from browser import in_chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from judging import gltf_report
from made_avatar import NAMING, write_avatar

from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip, write_clip
from rig.errors import RigError
from rig.formats.export_options import ExportOptions
from rig.formats.glb import read_gltf, write_gltf
from rig.formats.naming import Naming
from rig.formats.vrm_presets import PRESETS, presets_from_weights, weights_from_presets
from rig.rotation import quaternions_from_angles


def talking(frame_count: int = 31, fps: float = 30.0) -> BlendshapeClip:
    rng = np.random.default_rng(5)
    weights = rng.uniform(0, 1, (frame_count, 52)).astype(np.float32)
    weights[:, INDEX["tongueOut"]] = 0
    head = rng.uniform(-0.4, 0.4, (frame_count, 3))
    eyes = np.repeat(rng.uniform(-0.3, 0.3, (frame_count, 1, 3)) * (1, 1, 0), 2, axis=1)
    return BlendshapeClip(weights, head, fps, eyes)


def document_of(path: Path) -> dict:
    return read_gltf(path).document


def rewritten(path: Path, change: dict) -> Path:
    """The file with parts of its extension replaced."""
    file = read_gltf(path)
    document = {key: value for key, value in file.document.items() if key != "buffers"}
    document["extensions"]["VRMC_vrm_animation"] |= change
    pieces = [bytes(buffer) for buffer in file.buffers]
    write_gltf(document, pieces, path)
    return path


def test_three_vrm_plays_both_kinds(tmp_path: Path) -> None:
    """Expressions, morphs, head bone and gaze of an avatar that has the 52 as well as the presets; one kind moves."""
    clip, names = talking(), ("face.vrma", "face.presets.vrma")
    for name in names:
        write_clip(clip, tmp_path / name)
    write_avatar(tmp_path / "avatar.vrm")
    report = gltf_report(tmp_path / "avatar.vrm")
    assert (report.errors, report.warnings) == (0, 0), report.messages
    times = {0: 0.0, 7: 7 / 30, 30: 1.0}
    answer = in_chromium(
        "pages/vrma.html", {"files": tmp_path}, avatar="/files/avatar.vrm", times=json.dumps(list(times.values())),
        animations=json.dumps([f"/files/{name}" for name in names]),
    )  # fmt: skip
    assert answer["warnings"] == []
    presets = presets_from_weights(clip.weights)
    faces = presets @ weights_from_presets(np.eye(len(PRESETS)))
    wanted = ((clip.weights, np.zeros_like(presets), clip.weights), (np.zeros_like(clip.weights), presets, faces))
    for played, (custom, preset, morphs) in zip(answer["played"], wanted, strict=True):
        assert played["duration"] == pytest.approx(1.0)
        for frame, seen in zip(times, played["frames"], strict=True):
            expressions = dict(zip([*NAMING.written(), *PRESETS], [*custom[frame], *preset[frame]], strict=True))
            assert seen["expressions"] == pytest.approx(expressions, abs=1e-5)
            assert seen["morphs"] == pytest.approx(dict(zip(NAMING.written(), morphs[frame], strict=True)), abs=1e-5)
            np.testing.assert_allclose(seen["head"], quaternions_from_angles(clip.head_rotation[frame]), atol=1e-5)
            np.testing.assert_allclose(np.radians(seen["gaze"]), clip.eyes()[frame, 0, :2], atol=1e-4)


@pytest.mark.parametrize("name", ["face.vrma", "face.presets.vrma"])
def test_the_validator_finds_nothing(tmp_path: Path, name: str) -> None:
    write_clip(talking(), tmp_path / name)
    report = gltf_report(tmp_path / name)
    assert (report.errors, report.warnings) == (0, 0), report.messages


def test_the_rules_of_the_extension_are_kept(tmp_path: Path) -> None:
    """VRM 1.0's fifteen required bones, no eye bones, no look presets, and translations of expressions only."""
    for name, kind in (("face.vrma", "custom"), ("face.presets.vrma", "preset")):
        write_clip(talking(), tmp_path / name)
        document = document_of(tmp_path / name)
        extension = document["extensions"]["VRMC_vrm_animation"]
        assert extension["specVersion"] == "1.0" and list(extension["expressions"]) == [kind]
        limbs = [f"{side}{bone}" for side in ("left", "right") for bone in
                 ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")]  # fmt: skip
        assert set(extension["humanoid"]["humanBones"]) == {"hips", "spine", "head", *limbs}
        assert not any(expression.startswith("look") for expression in extension["expressions"][kind])
        bones = {bone["node"] for bone in extension["humanoid"]["humanBones"].values()}
        moved = {(c["target"]["node"] in bones, c["target"]["path"]) for c in document["animations"][0]["channels"]}
        assert moved == {(True, "rotation"), (False, "translation"), (False, "rotation")}


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.sampled_from([24.0, 24000 / 1001, 30.0, 60.0, 37.5]), st.data())
def test_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, data: st.DataObject
) -> None:
    weights = data.draw(hnp.arrays(np.float32, (count, 52), elements=st.floats(0, 1, width=32)))
    head = data.draw(hnp.arrays(np.float32, (count, 3), elements=st.floats(-1, 1, width=32)))
    clip = BlendshapeClip(weights, head, fps)
    path = tmp_path_factory.mktemp("vrma") / "face.vrma"
    write_clip(clip, path)
    again = read_clip(path)
    assert again.fps == clip.fps
    np.testing.assert_array_equal(again.weights, clip.weights)
    np.testing.assert_allclose(again.head_rotation, clip.head_rotation, atol=1e-5)
    np.testing.assert_allclose(again.eyes().mean(axis=1), clip.eyes().mean(axis=1), atol=1e-5)


def test_same_clip_same_bytes(tmp_path: Path) -> None:
    for name in ("one.vrma", "two.vrma"):
        write_clip(talking(), tmp_path / name)
    assert (tmp_path / "one.vrma").read_bytes() == (tmp_path / "two.vrma").read_bytes()


def test_names_are_the_users_choice(tmp_path: Path) -> None:
    naming = Naming(style="arkit", prefix="face_", shapes=("jawOpen", "mouthClose"), names={"mouthClose": "Shut"})
    write_clip(talking(), tmp_path / "face.vrma", ExportOptions(naming))
    extension = document_of(tmp_path / "face.vrma")["extensions"]["VRMC_vrm_animation"]
    assert list(extension["expressions"]["custom"]) == ["face_jawOpen", "Shut"]
    with pytest.raises(RigError, match="'aa', which VRM keeps for a preset"):
        write_clip(talking(), tmp_path / "aa.vrma", ExportOptions(Naming(names={"jawOpen": "aa"})))
    assert not (tmp_path / "aa.vrma").exists()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, (3, len(PRESETS)), elements=st.floats(0, 0.375, width=32)))
def test_presets_come_back_from_their_faces(presets: np.ndarray) -> None:
    np.testing.assert_allclose(presets_from_weights(weights_from_presets(presets)), presets, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, (2, 52), elements=st.floats(0, 1, width=32)))
def test_no_mix_of_presets_is_nearer(weights: np.ndarray) -> None:
    weights[:, INDEX["mouthClose"]] = 0
    found = presets_from_weights(weights)
    assert found.min() >= 0 and found.max() <= 1
    table = np.stack([weights_from_presets(row[None])[0] for row in np.eye(len(PRESETS), dtype=np.float32)])
    slope = (found @ table - weights) @ table.T  # of half the squared distance
    assert (slope > -1e-2)[found < 0.999].all() and (slope < 1e-2)[found > 0.001].all()


def test_lips_held_shut_open_no_vowel() -> None:
    weights = np.zeros((1, 52))
    weights[0, [INDEX["jawOpen"], INDEX["mouthClose"]]] = 0.5
    assert presets_from_weights(weights).max() == 0


def test_presets_are_read_as_shapes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Files of others drive blink as well; what no shape stands for is named."""
    weights = np.zeros((5, 52))
    weights[:, INDEX["eyeBlinkLeft"]] = np.linspace(0, 1, 5)
    write_clip(BlendshapeClip(weights, np.zeros((5, 3)), 25), tmp_path / "face.presets.vrma")
    preset = document_of(tmp_path / "face.presets.vrma")["extensions"]["VRMC_vrm_animation"]["expressions"]["preset"]
    change = {"blink": preset["blinkLeft"], "relaxed": preset["blinkLeft"], "aa": preset["aa"]}
    rewritten(tmp_path / "face.presets.vrma", {"expressions": {"preset": change}})
    with caplog.at_level(logging.WARNING):
        clip = read_clip(tmp_path / "face.presets.vrma")
    np.testing.assert_allclose(clip.column("eyeBlinkRight"), np.linspace(0, 1, 5))
    assert caplog.messages == ["face.presets.vrma has expressions that no ARKit shape stands for: relaxed; left out."]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expressions": {}}, "animates no expression"),
        ({"expressions": {"custom": {"jawOpen": {"node": 999}}}}, "refers to jawOpen, node 999 of"),
        ({"expressions": {"custom": {"jawOpen": {"node": "3"}}}}, "refers to jawOpen, node '3' of"),
        ({"expressions": {"custom": []}}, "custom that are no object"),
        ({"lookAt": {"node": []}}, "refers to lookAt, node list of"),
        ({"humanoid": 3}, "humanoid that are no object"),
    ],
)
def test_broken_files_are_refused_in_one_sentence(tmp_path: Path, change: dict, says: str) -> None:
    write_clip(talking(3), tmp_path / "face.vrma")
    with pytest.raises(RigError, match="^face.vrma") as caught:
        read_clip(rewritten(tmp_path / "face.vrma", change))
    assert says in str(caught.value) and str(caught.value).count(".\n") == 0


def test_another_glb_is_no_vrm_animation(tmp_path: Path) -> None:
    write_gltf({"asset": {"version": "2.0"}}, [], tmp_path / "face.vrma")
    with pytest.raises(RigError, match="face.vrma has no VRMC_vrm_animation"):
        read_clip(tmp_path / "face.vrma")
