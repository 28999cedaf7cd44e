"""USD: judged by OpenUSD itself (its validators, its own skinning), round trips, foreign and bad files."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, BlendshapeClip, RigError
from rig.face_rig import FaceRig, drawable_weights
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming
from rig.formats.usd import write_usd
from rig.formats.usd_crate import sizes_fit
from rig.formats.usd_reader import read_usd
from rig.rotation import angles_from_matrix, matrix_from_angles

pytest.importorskip("pxr", reason="OpenUSD (usd-core) is not installed")
from pxr import Gf, Usd, UsdGeom, UsdMedia, UsdSkel, UsdValidation, Vt  # noqa: E402

PLAIN = replace(FaceRig.load(), loops={})  # the head unpainted, which is half the time of a small file
FEW = ExportOptions(naming=Naming(shapes=("jawOpen", "eyeBlinkLeft")), rig=PLAIN)


def random_clip(frames: int = 8, fps: float = 30.0, seed: int = 0, eyes: bool = True) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    eye = rng.normal(0, 0.1, (frames, 2, 3)) if eyes else None
    return BlendshapeClip(drawable_weights(rng.uniform(0, 1, (frames, 52))), rng.normal(0, 0.3, (frames, 3)), fps, eye)


def skinned_by_usd(stage: Usd.Stage, time: float) -> np.ndarray:
    """(V, 3) metres: the mesh as OpenUSD's own blend shape and skinning queries pose it."""
    root = UsdSkel.Root(stage.GetDefaultPrim())
    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    mesh = next(prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh))
    query = cache.GetSkinningQuery(mesh)
    skeleton = cache.GetSkelQuery(UsdSkel.BindingAPI(mesh).GetInheritedSkeleton())
    animation = skeleton.GetAnimQuery()
    weights = query.GetBlendShapeMapper().Remap(animation.ComputeBlendShapeWeights(time))
    shapes = UsdSkel.BlendShapeQuery(UsdSkel.BindingAPI(mesh))
    weights, numbers, subs = shapes.ComputeSubShapeWeights(weights)
    points = UsdGeom.Mesh(mesh).GetPointsAttr().Get()
    assert shapes.ComputeDeformedPoints(
        weights, numbers, subs, shapes.ComputeBlendShapePointIndices(), shapes.ComputeSubShapePointOffsets(), points
    )
    assert query.ComputeSkinnedPoints(skeleton.ComputeSkinningTransforms(time), points, time)
    return np.array(points)


@pytest.mark.parametrize("suffix", ["usda", "usdc", "usd"])
def test_openusd_finds_no_fault(tmp_path, suffix):
    (tmp_path / "speech.wav").write_bytes(b"RIFF")
    write_usd(random_clip(), tmp_path / f"a.{suffix}", ExportOptions(sound=tmp_path / "speech.wav"))
    stage = Usd.Stage.Open(str(tmp_path / f"a.{suffix}"))
    rules = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert [error.GetMessage() for error in UsdValidation.ValidationContext(rules).Validate(stage)] == []
    assert len(rules) > 15


def test_openusd_poses_the_head_as_the_rig_does(tmp_path):
    clip, rig = random_clip(), FaceRig.load()
    write_usd(clip, tmp_path / "a.usdc")
    stage = Usd.Stage.Open(str(tmp_path / "a.usdc"))
    for frame in (0, 3, 7):
        wanted = rig.vertices(clip.weights[frame], clip.head_rotation[frame], clip.eye_rotation[frame])
        assert np.abs(skinned_by_usd(stage, frame) - wanted).max() < 2e-6


def test_the_stage_says_units_axes_rate_range_start_and_sound(tmp_path):
    options = ExportOptions(start="01:00:00:12", subject="Ada L.", sound=tmp_path / "a.wav", rig=PLAIN)
    write_usd(random_clip(10, 24000 / 1001), tmp_path / "a.usda", options)
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    assert UsdGeom.GetStageUpAxis(stage) == "Y" and UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert stage.GetTimeCodesPerSecond() == stage.GetFramesPerSecond() == 24000 / 1001
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0, 9)
    assert stage.GetDefaultPrim().GetName() == "Ada_L_" and stage.GetDefaultPrim().IsA(UsdSkel.Root)
    assert dict(stage.GetRootLayer().customLayerData) == {"startTimecode": "01:00:00:12", "subject": "Ada L."}
    assert UsdMedia.SpatialAudio(stage.GetPrimAtPath("/Ada_L_/Sound")).GetFilePathAttr().Get().path == "./a.wav"


def test_a_sound_that_usd_cannot_name_is_refused(tmp_path):
    with pytest.raises(RigError, match="rename it"):
        write_usd(random_clip(), tmp_path / "a.usda", ExportOptions(sound=tmp_path / "a\nb.wav", rig=PLAIN))
    assert not list(tmp_path.iterdir())


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 12), st.sampled_from([23.976, 24.0, 29.97, 60.0]), st.sampled_from(["usda", "usdc", "usd"]))
def test_a_round_trip_is_exact_to_float32(tmp_path_factory, frames, fps, suffix):
    path = tmp_path_factory.mktemp("usd") / f"a.{suffix}"
    clip = random_clip(frames, fps, frames)
    write_usd(clip, path, ExportOptions(rig=PLAIN))
    back = read_usd(path)
    assert back.fps == fps
    np.testing.assert_array_equal(back.weights, clip.weights)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=5e-7)
    np.testing.assert_allclose(back.eye_rotation, clip.eye_rotation, atol=5e-7)


def test_the_same_clip_gives_the_same_bytes(tmp_path):
    for name in ("a.usdc", "b.usdc", "a.usda", "b.usda"):
        write_usd(random_clip(), tmp_path / name, ExportOptions(rig=PLAIN))
    assert (tmp_path / "a.usdc").read_bytes() == (tmp_path / "b.usdc").read_bytes()
    assert (tmp_path / "a.usda").read_bytes() == (tmp_path / "b.usda").read_bytes()


def test_any_name_is_kept_as_a_token_and_read_again(tmp_path):
    naming = Naming(
        style="underscore", prefix="Head 1.", mesh_path="Skeleton/face mesh",
        shapes=("eyeBlinkLeft", "jawOpen", "jawLeft"), names={"jawLeft": "skin"},
    )  # fmt: skip
    clip = random_clip()
    write_usd(clip, tmp_path / "a.usda", ExportOptions(naming=naming, rig=PLAIN))
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    mesh = stage.GetPrimAtPath("/dreamtalk/Skeleton_/face_mesh")
    binding = UsdSkel.BindingAPI(mesh)
    assert list(binding.GetBlendShapesAttr().Get()) == ["Head 1.eyeBlink_L", "Head 1.jawOpen", "skin"]
    targets = [path.name for path in binding.GetBlendShapeTargetsRel().GetTargets()]
    assert targets == ["Head_1_eyeBlink_L", "Head_1_jawOpen", "skin_"]
    assert all(UsdSkel.BlendShape(mesh.GetChild(name)) for name in targets)
    back = read_usd(tmp_path / "a.usda")
    np.testing.assert_array_equal(back.column("eyeBlinkLeft"), clip.column("eyeBlinkLeft"))
    assert back.column("mouthClose").max() == 0


def foreign_file(path, times, up="Y", joint="rig/mixamorig:Head", tokens=("Jaw_Open", "mouthSmile_L", "bulge")):
    """Another program's layout: no mesh, odd times, a head joint whose own axes are turned."""
    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, up)
    stage.SetTimeCodesPerSecond(24)
    frame = matrix_from_angles(np.array([0.3, -1.2, 2.0]))
    turned = Gf.Matrix4d(1)
    turned.SetRotateOnly(Gf.Matrix3d(*frame.T.ravel().tolist()))
    joints = ["rig", joint]
    skeleton = UsdSkel.Skeleton.Define(stage, "/A/Skeleton")
    skeleton.CreateJointsAttr(joints)
    skeleton.CreateBindTransformsAttr(Vt.Matrix4dArray([turned, turned]))
    skeleton.CreateRestTransformsAttr(Vt.Matrix4dArray([turned, Gf.Matrix4d(1)]))
    animation = UsdSkel.Animation.Define(stage, "/A/Anim")
    animation.CreateBlendShapesAttr(list(tokens))
    animation.CreateJointsAttr(joints)
    for time in times:
        animation.CreateBlendShapeWeightsAttr().Set([time / 10, 0.25, 0.5][: len(tokens)], time)
        yaw = matrix_from_angles(np.array([0.0, time / 20, 0.0]))
        if up == "Z":
            yaw = Z_UP.T @ yaw @ Z_UP
        own = Gf.Matrix3d(*(frame.T @ yaw @ frame).T.ravel().tolist()).ExtractRotation().GetQuat()
        animation.CreateRotationsAttr().Set(Vt.QuatfArray([Gf.Quatf(1), Gf.Quatf(own)]), time)
    stage.Save()


Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@pytest.mark.parametrize("up", ["Y", "Z"])
def test_a_foreign_file_is_read_by_names_times_and_rest(tmp_path, caplog, up):
    foreign_file(tmp_path / "a.usda", [1, 2, 4], up)
    clip = read_usd(tmp_path / "a.usda")
    assert clip.fps == 24 and len(clip) == 4 and "bulge" in caplog.text
    np.testing.assert_allclose(clip.column("jawOpen"), [0.1, 0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(clip.column("mouthSmileLeft"), 0.25)
    np.testing.assert_allclose(clip.head_rotation[:, 1], [0.05, 0.1, 0.15, 0.2], atol=1e-6)
    np.testing.assert_allclose(clip.head_rotation[:, [0, 2]], 0, atol=1e-6)


@pytest.mark.parametrize("kind", ["rotateXYZ", "rotateZYX", "rotateX", "orient", "transform"])
def test_a_skeleton_that_lies_in_a_turned_object_is_read_as_it_stands(tmp_path, kind):
    """Blender's own export stands a Y-up skeleton up in a Z-up stage this way."""
    foreign_file(tmp_path / "a.usda", [0, 5])
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    turned = UsdGeom.Xform.Define(stage, "/A")
    degrees = Gf.Vec3f(30, -50, 70)
    if kind == "orient":
        turned.AddOrientOp().Set(Gf.Quatf(0.5, 0.5, -0.5, 0.5))
    elif kind == "transform":
        turned.AddTransformOp().Set(Gf.Matrix4d().SetRotate(Gf.Rotation((1, 2, 3), 40)) * Gf.Matrix4d().SetScale(2))
    else:
        getattr(turned, f"Add{kind[0].upper()}{kind[1:]}Op")().Set(degrees if len(kind) > 7 else 30.0)
    stage.Save()
    own = np.array(UsdGeom.Xformable(turned).GetLocalTransformation().RemoveScaleShear())[:3, :3].T
    yaw = matrix_from_angles(np.array([0, 5 / 20, 0]))
    wanted = angles_from_matrix(own @ yaw @ own.T)
    np.testing.assert_allclose(read_usd(tmp_path / "a.usda").head_rotation[5], wanted, atol=1e-6)


def test_samples_between_time_codes_make_the_rate(tmp_path):
    foreign_file(tmp_path / "a.usda", [0, 0.4, 0.8, 1.2])
    clip = read_usd(tmp_path / "a.usda")
    assert clip.fps == pytest.approx(60) and len(clip) == 4


def test_bad_files_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "text.usda").write_text("not usd")
    (tmp_path / "deep.usda").write_text('#usda 1.0\ndef "A" { int a = ' + "(" * 100_000)
    (tmp_path / "empty.usd").write_bytes(b"")
    (tmp_path / "crate.usdc").write_bytes(b"PXR-USDC" + bytes(80))
    foreign_file(tmp_path / "unknown.usda", [1], tokens=("a", "b", "c"))
    foreign_file(tmp_path / "long.usda", [0, 1, 1e9])
    (tmp_path / "short.usda").write_text(
        '#usda 1.0\ndef SkelAnimation "A" {\n uniform token[] blendShapes = ["jawOpen", "jawLeft"]\n'
        " float[] blendShapeWeights.timeSamples = { 0: [0, 1], 1: [0] }\n}\n"
    )
    (tmp_path / "still.usda").write_text(
        '#usda 1.0\ndef SkelAnimation "A" {\n uniform token[] blendShapes = ["jawOpen"]\n}\n'
    )
    (tmp_path / "nan.usda").write_text(
        '#usda 1.0\ndef SkelAnimation "A" {\n uniform token[] blendShapes = ["jawOpen"]\n'
        " float[] blendShapeWeights.timeSamples = { 0: [0], 1: [nan] }\n}\n"
    )
    (tmp_path / "away.usda").write_text('#usda 1.0\n(subLayers = [@/etc/a.usda@])\n')
    for name, word in (
        ("text.usda", "cannot be read"), ("deep.usda", "cannot be read"),
        ("empty.usd", "cannot be read"), ("crate.usdc", "cannot be read"), ("none.usda", "no file"),
        ("unknown.usda", "no SkelAnimation"), ("away.usda", "flatten"), ("long.usda", "frames"),
        ("short.usda", "time code 1"), ("nan.usda", "not finite at time code 1"),
        ("still.usda", "no blendShapeWeights"),
    ):  # fmt: skip
        with pytest.raises(RigError, match=word) as caught:
            read_usd(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_without_openusd_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pxr", None)
    with pytest.raises(RigError, match=r"dreamtalk\[usd\]"):
        write_usd(random_clip(1), tmp_path / "a.usdc", FEW)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_harms_nothing(tmp_path):
    with pytest.raises(RigError, match="does not exist"):
        write_usd(random_clip(1), tmp_path / "none" / "a.usdc", FEW)


def test_another_person_goes_into_the_file(tmp_path):
    person = FaceRig.load().with_identity(np.array([1.0, -1.0]))
    clip = BlendshapeClip(np.eye(52)[[INDEX["jawOpen"]]], np.zeros((1, 3)), 25)
    write_usd(clip, tmp_path / "a.usdc", ExportOptions(rig=person))
    stage = Usd.Stage.Open(str(tmp_path / "a.usdc"))
    assert np.abs(skinned_by_usd(stage, 0) - person.vertices(clip.weights[0])).max() < 1e-6


def test_binary_files_whose_sizes_lie_are_refused_at_once(tmp_path):
    """OpenUSD itself would set gigabytes aside for them first."""
    write_usd(random_clip(2), tmp_path / "a.usdc", FEW)
    whole = (tmp_path / "a.usdc").read_bytes()
    assert sizes_fit(whole) and not sizes_fit(whole[:-1])
    start = int.from_bytes(whole[16:24], "little")
    names = [whole[place : place + 16].rstrip(b"\0") for place in range(start + 8, len(whole) - 31, 32)]
    for section in (b"TOKENS", b"FIELDS", b"PATHS", b"SPECS"):
        entry = start + 8 + 32 * names.index(section)
        place = int.from_bytes(whole[entry + 16 : entry + 24], "little")
        for offset in (0, 8, 16):
            lie = whole[: place + offset] + (1 << 40).to_bytes(8, "little") + whole[place + offset + 8 :]
            if (section, offset) not in ((b"FIELDS", 16), (b"SPECS", 16), (b"PATHS", 8)):  # data, and a second count
                assert not sizes_fit(lie), (section, offset)
