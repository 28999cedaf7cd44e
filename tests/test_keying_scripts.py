"""Scripts for Blender and Maya: whole and exact; Maya's runs against a small stand-in for maya.cmds."""

import logging
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rig import NAMES, BlendshapeClip, RigError
from rig.clip_file import FORMATS, read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles


def moving_clip(fps: float = 25.0, frames: int = 12) -> BlendshapeClip:
    rng = np.random.default_rng(5)
    return BlendshapeClip(rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.4, (frames, 3)), fps)


class FakeMaya:
    """What the script asks of maya.cmds: blendShape nodes by their targets, joints by their world matrices."""

    def __init__(self, nodes: dict[str, list[str]], joints: dict[str, np.ndarray] | None = None, rates: tuple = ()):
        self.nodes, self.joint_axes, self.rates = nodes, joints or {}, rates
        self.keys: dict[str, dict[float, float]] = {}
        self.unit, self.range, self.sounds, self.undo = "film", None, [], True

    def ls(self, *things, selection=False, type=None):
        if selection:
            return []
        return list(self.nodes) if type == "blendShape" else list(self.joint_axes)

    def listAttr(self, plug, multi):
        assert multi and plug.endswith(".weight")
        return self.nodes[plug.removesuffix(".weight")]

    def currentUnit(self, time):
        if time not in ("film", "pal", "ntsc", "ntscf", *self.rates):
            raise RuntimeError("no such unit")
        self.unit = time

    def playbackOptions(self, minTime, maxTime, animationStartTime, animationEndTime):
        self.range = (minTime, maxTime)

    def undoInfo(self, query=False, state=None, stateWithoutFlush=None):
        self.undo = self.undo if query else stateWithoutFlush
        return self.undo

    def cutKey(self, plug, time, clear):
        self.keys[plug] = {}

    def setKeyframe(self, plug, time, value, inTangentType, outTangentType):
        assert (inTangentType, outTangentType) == ("linear", "linear") and not self.undo
        self.keys[plug][time] = value

    def getAttr(self, plug):
        return [(0.0, 0.0, 0.0)] if plug.endswith(".rotate") else 0

    def xform(self, joint, query, worldSpace, matrix):
        rows = np.eye(4)
        rows[:3, :3] = self.joint_axes[joint]
        return rows.ravel().tolist()

    def workspace(self, query, rootDirectory):
        return None

    def file(self, query, sceneName):
        return ""

    def sound(self, file, offset):
        self.sounds.append((file, offset))


def run_in(maya: FakeMaya, script: Path, monkeypatch) -> None:
    package = ModuleType("maya")
    package.cmds = maya
    monkeypatch.setitem(sys.modules, "maya", package)
    code = compile(script.read_text(encoding="utf-8"), str(script), "exec")
    exec(code, {"__name__": "__main__", "__file__": str(script)})


def keyed(maya: FakeMaya, plug: str, times: np.ndarray) -> np.ndarray:
    at = sorted(maya.keys[plug])
    return np.interp(times, at, [maya.keys[plug][time] for time in at])


def test_maya_gets_every_shape_exactly_at_its_frame(tmp_path, monkeypatch):
    clip = moving_clip()
    (tmp_path / "speech.wav").write_bytes(b"RIFF")
    write_clip(clip, tmp_path / "face.maya.py", ExportOptions(sound=tmp_path / "speech.wav"))
    maya = FakeMaya({"other": ["smirk", "jawOpen"], "head": [*NAMES, "extra"]})
    run_in(maya, tmp_path / "face.maya.py", monkeypatch)
    assert maya.unit == "pal" and maya.range == (1, 12) and maya.undo
    assert sorted(maya.keys) == sorted(f"head.{name}" for name in NAMES)
    for column, name in enumerate(NAMES):
        np.testing.assert_array_equal(keyed(maya, f"head.{name}", np.arange(1, 13)), clip.weights[:, column])
    assert [(Path(file).name, offset) for file, offset in maya.sounds] == [("speech.wav", 1)]


def test_maya_gets_no_key_where_nothing_changes(tmp_path, monkeypatch):
    weights = np.zeros((9, 52))
    weights[4, 0] = 1
    write_clip(BlendshapeClip(weights, np.zeros((9, 3)), 24), tmp_path / "a.maya.py")
    maya = FakeMaya({"head": list(NAMES)})
    run_in(maya, tmp_path / "a.maya.py", monkeypatch)
    assert maya.keys[f"head.{NAMES[0]}"] == {1: 0, 4: 0, 5: 1, 6: 0, 9: 0} and len(maya.keys["head.jawOpen"]) == 2


def test_maya_finds_shapes_by_other_names_and_names_the_missing(tmp_path, monkeypatch, caplog):
    clip = moving_clip()
    naming = Naming(shapes=("jawOpen", "eyeBlinkLeft", "tongueOut"), names={"jawOpen": "open_wide"})
    write_clip(clip, tmp_path / "a.maya.py", ExportOptions(naming=naming))
    maya = FakeMaya({"head": ["open_wide", "Face_EyeBlink_L"]})
    with caplog.at_level(logging.WARNING):
        run_in(maya, tmp_path / "a.maya.py", monkeypatch)
    assert sorted(maya.keys) == ["head.Face_EyeBlink_L", "head.open_wide"] and "tongueOut" in caplog.text


def test_maya_scenes_without_a_head_are_told(tmp_path, monkeypatch):
    write_clip(moving_clip(), tmp_path / "a.maya.py")
    with pytest.raises(RuntimeError, match="open your head's scene first"):
        run_in(FakeMaya({"cape": ["wind"]}), tmp_path / "a.maya.py", monkeypatch)


@pytest.mark.parametrize(("fps", "unit"), [(30000 / 1001, "29.97fps"), (60, "ntscf"), (120, "120fps"), (12.5, "film")])
def test_maya_takes_the_rate_or_keys_between_frames(tmp_path, monkeypatch, fps, unit):
    clip = moving_clip(fps)
    write_clip(clip, tmp_path / "a.maya.py")
    maya = FakeMaya({"head": list(NAMES)}, rates=("29.97fps", "120fps"))
    run_in(maya, tmp_path / "a.maya.py", monkeypatch)
    step = 24 / 12.5 if fps == 12.5 else 1
    assert maya.unit == unit and maya.range[1] == pytest.approx(1 + 11 * step)
    np.testing.assert_allclose(keyed(maya, "head.jawOpen", 1 + np.arange(12) * step), clip.column("jawOpen"), atol=1e-9)


def test_maya_joints_turn_as_the_head_does_whatever_their_axes(tmp_path, monkeypatch):
    clip = moving_clip()
    write_clip(clip, tmp_path / "a.maya.py")
    axes = matrix_from_angles(np.array([0.4, 1.1, -0.7])).T  # rows: the joint's own axes in the world
    maya = FakeMaya({"head": list(NAMES)}, {"rig:Head": axes, "eye_L": np.eye(3), "jaw": np.eye(3)})
    run_in(maya, tmp_path / "a.maya.py", monkeypatch)
    assert not any(plug.startswith("jaw.") for plug in maya.keys) and "eye_L.rotateX" in maya.keys
    for frame in range(12):
        x, y, z = (math.radians(maya.keys[f"rig:Head.rotate{axis}"][frame + 1]) for axis in "XYZ")
        about_x, about_y, about_z = (
            matrix_from_angles(np.array(angles)) for angles in ([x, 0, 0], [0, y, 0], [0, 0, z])
        )
        own = about_z @ about_y @ about_x  # Maya's order xyz turns about x first
        world = axes.T @ own @ axes
        np.testing.assert_allclose(world, matrix_from_angles(clip.head_rotation[frame].astype(float)), atol=1e-5)


@pytest.mark.parametrize("suffix", [".blender.py", ".maya.py"])
def test_scripts_are_whole_python_and_the_same_every_time(tmp_path, suffix):
    clip = moving_clip()
    options = ExportOptions(subject='Ada "L."\\', naming=Naming(prefix="it's "))
    for name in ("a", "b"):
        write_clip(clip, tmp_path / f"{name}{suffix}", options)
    text = (tmp_path / f"a{suffix}").read_text(encoding="utf-8")
    compile(text, "a", "exec")
    assert text == (tmp_path / f"b{suffix}").read_text(encoding="utf-8")
    assert "TAKE: dict = {}" not in text and "keying_common" not in text


def test_scripts_are_only_written(tmp_path):
    write_clip(moving_clip(), tmp_path / "a.blender.py")
    with pytest.raises(RigError, match="no curves to read"):
        read_clip(tmp_path / "a.blender.py")
    assert {format.name for format in FORMATS if format.suffix.endswith(".py")} == {"blender", "maya"}
