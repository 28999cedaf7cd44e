"""Blender judges: what it makes of our USD and GLB, of the generated script, and of the FBX that the script saves.

Blender (bpy, GPL) runs in a Python of its own: .venv-bpy, made by scripts/setup_bpy.py, or DREAMTALK_BPY_PYTHON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rig import NAMES, BlendshapeClip
from rig.clip_file import read_clip, write_clip
from rig.face_rig import FaceRig, drawable_weights
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles

ROOT = Path(__file__).resolve().parent.parent
SIDE = Path(__file__).with_name("blender_side.py")
OWN = ROOT / ".venv-bpy" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
PYTHON = os.environ.get("DREAMTALK_BPY_PYTHON") or (str(OWN) if OWN.exists() else None)
pytestmark = pytest.mark.skipif(PYTHON is None, reason="no Blender: scripts/setup_bpy.py makes .venv-bpy (375 MB)")

FRAMES = [0, 7, 19]


def in_blender(tmp_path: Path, *arguments: object) -> dict:
    """Run blender_side.py there; "ANSWER" among the arguments stands for the file of its answer, which is given."""
    answer = tmp_path / "answer.json"
    command = [PYTHON, SIDE, *(answer if argument == "ANSWER" else argument for argument in arguments)]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(answer.read_text(encoding="utf-8")) if "ANSWER" in arguments else {}


def seen(tmp_path: Path, file: Path, fps: float, frames: list[int]) -> dict:
    return in_blender(tmp_path, "see", file, fps, ",".join(map(str, frames)), "ANSWER")


def moving_clip(fps: float = 30.0) -> BlendshapeClip:
    rng = np.random.default_rng(3)
    weights = drawable_weights(rng.uniform(0, 1, (20, 52)) ** 3)
    return BlendshapeClip(weights, rng.normal(0, 0.2, (20, 3)), fps, rng.normal(0, 0.1, (20, 2, 3)))


def values_of(report: dict) -> np.ndarray:
    """(frames, 52) in the order of rig.NAMES."""
    assert sorted(report["names"]) == sorted(NAMES)
    return np.array(report["values"])[:, [report["names"].index(name) for name in NAMES]]


def check(report: dict, clip: BlendshapeClip, frames: list[int], tolerance: float) -> None:
    np.testing.assert_allclose(values_of(report), clip.weights[frames], atol=tolerance)
    turns = matrix_from_angles(clip.head_rotation[frames].astype(np.float64))
    np.testing.assert_allclose(report["turns"], turns, atol=max(tolerance, 2e-6))


def test_usd_poses_in_blender_as_the_rig_does(tmp_path):
    clip, rig = moving_clip(), FaceRig.load()
    write_clip(clip, tmp_path / "a.usdc")
    report = seen(tmp_path, tmp_path / "a.usdc", 30, FRAMES)
    check(report, clip, FRAMES, 0)
    assert report["range"] == [0, 19]
    for frame, vertices in zip(FRAMES, report["vertices"], strict=True):
        wanted = rig.vertices(clip.weights[frame], clip.head_rotation[frame], clip.eye_rotation[frame])
        assert np.abs(np.array(vertices) - wanted).max() < 2e-6


def test_glb_comes_in_with_its_shapes_and_the_head_turns(tmp_path):
    clip = moving_clip()
    write_clip(clip, tmp_path / "a.glb")
    check(seen(tmp_path, tmp_path / "a.glb", 30, FRAMES), clip, FRAMES, 2e-5)  # its key times are float32 seconds


@pytest.mark.parametrize("suffix", [".usdc", ".glb"])
def test_what_blender_exports_is_read(tmp_path, suffix):
    clip = moving_clip()
    write_clip(clip, tmp_path / f"a{suffix}")
    in_blender(tmp_path, "export", tmp_path / f"a{suffix}", 30, 19, tmp_path / f"b{suffix}")
    back = read_clip(tmp_path / f"b{suffix}")
    assert (back.fps, len(back)) == (30, 20)
    np.testing.assert_allclose(back.weights, clip.weights, atol=2e-5)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=2e-5)
    np.testing.assert_allclose(back.eye_rotation, clip.eye_rotation, atol=2e-5)


def test_the_script_keys_a_head_and_saves_an_fbx_that_holds_it(tmp_path):
    clip = moving_clip()
    sound = tmp_path / "speech.wav"
    sound.write_bytes((ROOT / "examples" / "hello.wav").read_bytes())
    write_clip(BlendshapeClip.rest(1, 24), tmp_path / "head.usdc")
    write_clip(clip, tmp_path / "face.blender.py", ExportOptions(sound=sound))
    report = in_blender(
        tmp_path, "key", tmp_path / "face.blender.py", tmp_path / "head.usdc", "ANSWER",
        "--first-frame", "101", "--fbx", tmp_path / "face.fbx", "--save", tmp_path / "face.blend",
    )  # fmt: skip
    frames = [0, 10, 19]
    check(report, clip, frames, 0)
    assert report["range"] == [101, 120] and report["fps"] == 30
    assert [Path(name).name for name in report["sounds"]] == ["speech.wav"] and (tmp_path / "face.blend").exists()
    rig = FaceRig.load()
    for frame, vertices in zip(frames, report["vertices"], strict=True):
        wanted = rig.vertices(clip.weights[frame], clip.head_rotation[frame], clip.eye_rotation[frame])
        assert np.abs(np.array(vertices) - wanted).max() < 2e-6

    again = seen(tmp_path, tmp_path / "face.fbx", 30, [101 + frame for frame in frames])
    check(again, clip, frames, 2e-5)


def test_the_script_knows_shapes_by_other_names_and_television_rates(tmp_path):
    clip = moving_clip(30000 / 1001)
    head = ExportOptions(naming=Naming(style="underscore", prefix="bs1."))
    write_clip(BlendshapeClip.rest(1, 24), tmp_path / "head.usda", head)
    write_clip(clip, tmp_path / "face.blender.py", ExportOptions(naming=Naming(shapes=("jawOpen", "eyeBlinkLeft"))))
    report = in_blender(tmp_path, "key", tmp_path / "face.blender.py", tmp_path / "head.usda", "ANSWER", "--no-turns")
    assert report["fps"] == pytest.approx(30000 / 1001, rel=1e-6)
    values = np.array(report["values"])
    for name, written in (("jawOpen", "bs1.jawOpen"), ("eyeBlinkLeft", "bs1.eyeBlink_L")):
        np.testing.assert_array_equal(values[:, report["names"].index(written)], clip.column(name)[[0, 10, 19]])
    assert (values != 0).any(axis=0).sum() == 2
    np.testing.assert_allclose(report["turns"], np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-6)


def test_a_scene_without_a_head_is_told_in_one_sentence(tmp_path):
    write_clip(moving_clip(), tmp_path / "face.blender.py")
    report = in_blender(tmp_path, "key", tmp_path / "face.blender.py", "-", "ANSWER")
    assert "import your head first" in report["error"] and "\n" not in report["error"]
