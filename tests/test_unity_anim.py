"""Unity's .anim: judged by a YAML parser against the fields of clips that Unity saved, Unity's axes, round trips."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, BlendshapeClip, RigError
from rig.clip_file import write_clip
from rig.formats import unity_anim_reader
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming
from rig.formats.unity_anim import JOINT_PATHS, MESH_PATH, write_unity_anim
from rig.formats.unity_anim_reader import followed, read_unity_anim
from rig.key_reduction import straight_keys
from rig.rotation import matrix_from_angles

# Fields of clips that Unity 2019 saved (bdunderscore/modular-avatar, UnitTests~), in their order.
CLIP_FIELDS = """m_ObjectHideFlags m_CorrespondingSourceObject m_PrefabInstance m_PrefabAsset m_Name serializedVersion
m_Legacy m_Compressed m_UseHighQualityCurve m_RotationCurves m_CompressedRotationCurves m_EulerCurves m_PositionCurves
m_ScaleCurves m_FloatCurves m_PPtrCurves m_SampleRate m_WrapMode m_Bounds m_ClipBindingConstant m_AnimationClipSettings
m_EditorCurves m_EulerEditorCurves m_HasGenericRootTransform m_HasMotionFloatCurves m_Events""".split()
KEY_FIELDS = "serializedVersion time value inSlope outSlope tangentMode weightedMode inWeight outWeight".split()
SETTINGS = """serializedVersion m_AdditiveReferencePoseClip m_AdditiveReferencePoseTime m_StartTime m_StopTime
m_OrientationOffsetY m_Level m_CycleOffset m_HasAdditiveReferencePose m_LoopTime m_LoopBlend m_LoopBlendOrientation
m_LoopBlendPositionY m_LoopBlendPositionXZ m_KeepOriginalOrientation m_KeepOriginalPositionY m_KeepOriginalPositionXZ
m_HeightFromFeet m_Mirror""".split()
BINDING = "serializedVersion path attribute script typeID customType isPPtrCurve".split()


def smooth_clip(frames: int = 40, fps: float = 60.0, seed: int = 0) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(frames)[:, None] / fps * rng.uniform(1, 12, 52) + rng.uniform(0, 6, 52))
    turns = np.cumsum(rng.normal(0, 0.02, (frames, 3, 3)), axis=0)
    return BlendshapeClip(0.5 + 0.5 * wave, turns[:, 0], fps, turns[:, 1:])


def parsed(path):
    """The clip as PyYAML reads it; Unity's document tag is left to it as plain mapping."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n--- !u!74 &7400000\n")
    loader = type("UnityLoader", (yaml.SafeLoader,), {})
    tag = "tag:unity3d.com,2011:"
    loader.add_multi_constructor(tag, lambda load, suffix, node: load.construct_mapping(node, deep=True))
    return yaml.load(text, loader)["AnimationClip"]


def test_a_yaml_parser_finds_unitys_own_fields(tmp_path):
    clip = smooth_clip()
    write_unity_anim(clip, tmp_path / "face.anim")
    found = parsed(tmp_path / "face.anim")
    assert list(found) == CLIP_FIELDS and list(found["m_AnimationClipSettings"]) == SETTINGS
    assert found["m_Name"] == "face" and found["m_SampleRate"] == 60 and found["m_EditorCurves"] == []
    assert found["m_AnimationClipSettings"]["m_StopTime"] == pytest.approx(39 / 60)
    curve = found["m_FloatCurves"][INDEX["jawOpen"]]
    assert list(curve) == ["curve", "attribute", "path", "classID", "script"]
    assert (curve["attribute"], curve["path"], curve["classID"]) == ("blendShape.jawOpen", "face", 137)
    assert list(curve["curve"]) == "serializedVersion m_Curve m_PreInfinity m_PostInfinity m_RotationOrder".split()
    assert all(list(key) == KEY_FIELDS for key in curve["curve"]["m_Curve"])
    assert len(found["m_FloatCurves"]) == 52
    bindings = found["m_ClipBindingConstant"]["genericBindings"]
    assert all(list(binding) == BINDING for binding in bindings) and len(bindings) == 55
    assert [curve["path"] for curve in found["m_EulerCurves"]][0] == "bust/head"


def test_names_are_hashed_as_in_a_clip_that_unity_saved(tmp_path):
    naming = Naming(mesh_path="Anon_Body", shapes=("jawOpen",), names={"jawOpen": "Breast_flat"})
    write_unity_anim(smooth_clip(), tmp_path / "a.anim", ExportOptions(naming=naming))
    found = parsed(tmp_path / "a.anim")
    binding = found["m_ClipBindingConstant"]["genericBindings"][0]
    assert (binding["path"], binding["attribute"]) == (1159512271, 2664728714)
    assert (binding["typeID"], binding["customType"]) == (137, 20)
    assert found["m_EulerCurves"] == []  # the joints of another model are not known


def test_the_clip_fits_the_nodes_of_our_own_glb(tmp_path):
    write_clip(smooth_clip(2), tmp_path / "a.glb")
    content = (tmp_path / "a.glb").read_bytes()
    nodes = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])["nodes"]
    above = {child: number for number, node in enumerate(nodes) for child in node.get("children", ())}

    def path_of(number: int) -> str:
        return (path_of(above[number]) + "/" if number in above else "") + nodes[number]["name"]

    assert {MESH_PATH, *JOINT_PATHS} <= {path_of(number) for number in range(len(nodes))}


def test_keys_are_joined_by_straight_lines(tmp_path):
    weights = np.zeros((5, 52))
    weights[:, INDEX["jawOpen"]] = [0, 0.25, 0.5, 0.5, 0]
    write_unity_anim(BlendshapeClip(weights, np.zeros((5, 3)), 25), tmp_path / "a.anim")
    curve = parsed(tmp_path / "a.anim")["m_FloatCurves"][INDEX["jawOpen"]]["curve"]["m_Curve"]
    rows = [[key["time"], key["value"], key["inSlope"], key["outSlope"]] for key in curve]
    np.testing.assert_allclose(rows, [(0, 0, 0, 625), (0.08, 50, 625, 0), (0.12, 50, 0, -1250), (0.16, 0, -1250, 0)])
    assert {key["tangentMode"] for key in curve} == {69}  # both sides linear, as Unity numbers it


def test_turns_are_those_of_the_mirrored_head(tmp_path):
    """Unity turns by z, x, y in left-handed axes; its matrix must be ours with x mirrored."""
    clip = smooth_clip(3)
    write_unity_anim(clip, tmp_path / "a.anim")
    keys = parsed(tmp_path / "a.anim")["m_EulerCurves"][0]["curve"]["m_Curve"]
    x, y, z = (np.radians(keys[-1]["value"][axis]) for axis in "xyz")

    def about(axis: int, angle: float) -> np.ndarray:
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[[a, a, b, b], [a, b, a, b]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        return turn

    mirror = np.diag([-1.0, 1, 1])
    wanted = mirror @ matrix_from_angles(clip.head_rotation[-1].astype(float)) @ mirror
    np.testing.assert_allclose(about(1, y) @ about(0, x) @ about(2, z), wanted, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 60), st.sampled_from([23.976, 25.0, 29.97, 60.0]), st.booleans())
def test_a_round_trip_stays_within_a_ten_thousandth(tmp_path_factory, frames, fps, noisy):
    path = tmp_path_factory.mktemp("unity") / "a.anim"
    clip = smooth_clip(frames, fps, frames)
    if noisy:
        clip = clip.replaced(weights=np.random.default_rng(frames).uniform(0, 1, clip.weights.shape))
    write_unity_anim(clip, path)
    back = read_unity_anim(path)
    assert len(back) == frames and back.fps == fps
    np.testing.assert_allclose(back.weights, clip.weights, atol=1.1e-4)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-4)
    np.testing.assert_allclose(back.eye_rotation, clip.eye_rotation, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 80), st.integers(0, 1000), st.floats(1e-3, 1.0))
def test_lines_between_kept_keys_miss_no_frame_by_more_than_told(frames, seed, tolerance):
    values = np.cumsum(np.random.default_rng(seed).normal(0, 0.3, (frames, 3)), axis=0)
    kept = straight_keys(values, tolerance)
    for column in range(3):
        keys = np.flatnonzero(kept[:, column])
        line = np.interp(np.arange(frames), keys, values[keys, column])
        assert np.abs(line - values[:, column]).max() <= tolerance * (1 + 1e-9)


def test_a_straight_line_keeps_only_its_ends():
    assert straight_keys(np.arange(9.0)[:, None], 1e-9).sum() == 2
    assert straight_keys(np.ones((1, 2)), 0.1).all()


def test_names_of_every_kind_come_back(tmp_path):
    naming = Naming("underscore", "ブレンド: ", 'My "avatar"/Body', ("eyeBlinkLeft", "jawOpen"))
    clip = smooth_clip()
    write_unity_anim(clip, tmp_path / "a.anim", ExportOptions(naming=naming))
    curve = parsed(tmp_path / "a.anim")["m_FloatCurves"][0]
    assert (curve["attribute"], curve["path"]) == ("blendShape.ブレンド: eyeBlink_L", 'My "avatar"/Body')
    back = read_unity_anim(tmp_path / "a.anim")
    np.testing.assert_allclose(back.column("eyeBlinkLeft"), clip.column("eyeBlinkLeft"), atol=1.1e-4)


def test_tangents_are_followed_as_unity_does():
    bow = np.array([[0.0, 0, 0, 2], [1, 1, 0, 0], [2, 5, np.inf, np.inf], [3, 7, 0, 0]])
    at = np.array([-1, 0, 0.25, 0.5, 1, 1.5, 2, 2.9, 3, 9])
    share = np.array([0.25, 0.5])
    hermite = (share**3 - 2 * share**2 + share) * 2 + (-2 * share**3 + 3 * share**2)
    np.testing.assert_allclose(followed(bow, at)[:, 0], [0, 0, *hermite, 1, 1, 5, 5, 7, 7])


def anim(curves: str, rate: str = "30") -> str:
    return f"--- !u!74 &7400000\nAnimationClip:\n  m_Name: a\n  m_FloatCurves:\n{curves}  m_SampleRate: {rate}\n"


def curve(name: str, path: str = "", keys: tuple = ((0, 0), (1, 100))) -> str:
    rows = "".join(f"      - time: {t}\n        value: {v}\n        inSlope: 0\n        outSlope: 0\n" for t, v in keys)
    return f"  - curve:\n      m_Curve:\n{rows}    attribute: {name}\n    path: {path}\n    classID: 137\n"


def test_the_mesh_with_most_shapes_is_read_and_the_rest_is_named(tmp_path, caplog):
    body = curve("blendShape.bs.JawOpen", "Body") + curve("blendShape.breath", "Body") + curve("m_IsActive", "Hat")
    (tmp_path / "a.anim").write_bytes(anim(curve("blendShape.crown", "Hat") + body).replace("\n", "\r\n").encode())
    clip = read_unity_anim(tmp_path / "a.anim")
    assert len(clip) == 31 and clip.column("jawOpen")[[0, 15, 30]] == pytest.approx([0, 0.5, 1])
    assert clip.eye_rotation is None and "breath" in caplog.text and "crown" not in caplog.text


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    jaw = curve("blendShape.jawOpen")
    cases = {
        "binary": (b"\x00\xff\xfe", "as text"), "other.anim": (b"--- !u!1\nGameObject:\n", "no AnimationClip"),
        "none": (anim("").encode(), "no blendShape"), "strange": (anim(curve("blendShape.crown")).encode(), "ARKit"),
        "rate": (anim(jaw, "fast").encode(), "m_SampleRate"), "zero": (anim(jaw, "0").encode(), "m_SampleRate"),
        "text": (anim(curve("blendShape.jawOpen", keys=((0, "x"), (1, 1)))).encode(), "no number"),
        "nan": (anim(curve("blendShape.jawOpen", keys=((0, "nan"), (1, 1)))).encode(), "not finite"),
        "back": (anim(curve("blendShape.jawOpen", keys=((1, 0), (0, 1)))).encode(), "rise"),
        "long": (anim(curve("blendShape.jawOpen", keys=((0, 0), (1e9, 1)))).encode(), "frames"),
    }
    for name, (content, word) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RigError, match=word) as caught:
            read_unity_anim(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(RigError, match="no file"):
        read_unity_anim(tmp_path / "gone.anim")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    write_clip(BlendshapeClip.rest(2, 30), tmp_path / "face.anim")
    monkeypatch.setattr(unity_anim_reader, "LARGEST_BYTES", 100)
    with pytest.raises(RigError, match="face.anim is larger than"):
        read_unity_anim(tmp_path / "face.anim")
