"""Clips as glTF: what other readers say, where vertices go, and how any animation comes back."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import gltf_report
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.face_rig import FaceRig
from rig.formats.export_options import ExportOptions
from rig.formats.glb import write_gltf
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_nodes import world_matrices
from rig.formats.gltf_scene import read_gltf_scene, vertex_matrices
from rig.formats.joint_names import part_of
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles, quaternions_from_angles

COMPONENTS = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def random_clip(frames=12, fps=30.0, seed=0) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, (frames, 52)) * (rng.random((frames, 52)) < 0.2)
    weights[:, INDEX["mouthClose"]] = 0.5 * weights[:, INDEX["jawOpen"]]  # as the rig draws it
    return BlendshapeClip(weights, rng.normal(0, 0.25, (frames, 3)), fps, rng.normal(0, 0.15, (frames, 2, 3)))


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> tuple[BlendshapeClip, Path]:
    """A clip and the .glb that it was written to."""
    path = tmp_path_factory.mktemp("gltf") / "head.glb"
    clip = random_clip()
    write_clip(clip, path, ExportOptions(subject="Ann", sound=path.parent / "sound" / "ann.wav"))
    return clip, path


@pytest.fixture(scope="module")
def lean_head(tmp_path_factory) -> Path:
    """Three renamed shapes under a path in the hierarchy, as .gltf with its .bin."""
    path = tmp_path_factory.mktemp("gltf") / "lean.gltf"
    naming = Naming(prefix="face.", style="underscore", shapes=("eyeBlinkRight", "jawOpen", "jawLeft"))
    write_clip(random_clip(3), path, ExportOptions(naming=naming))
    return path


def test_khronos_validator_finds_nothing(head, lean_head):
    for path in (head[1], lean_head):
        report = gltf_report(path)
        assert (report.errors, report.warnings) == (0, 0), report.messages


def parts(path: Path) -> tuple[dict, bytes]:
    """JSON and binary chunk of a .glb, by a reader that shares nothing with ours."""
    content = path.read_bytes()
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def values(document: dict, data: bytes, index: int) -> np.ndarray:
    accessor = document["accessors"][index]
    dtype, width = np.dtype(COMPONENTS[accessor["componentType"]]), WIDTHS[accessor["type"]]

    def packed(view: int, dtype: np.dtype, count: int) -> np.ndarray:
        start = document["bufferViews"][view]["byteOffset"]
        return np.frombuffer(data, dtype, count, start)

    if "bufferView" in accessor:
        return packed(accessor["bufferView"], dtype, accessor["count"] * width).reshape(-1, width)
    array = np.zeros((accessor["count"], width), dtype)
    if "sparse" in accessor:
        sparse, count = accessor["sparse"], accessor["sparse"]["count"]
        rows = packed(sparse["indices"]["bufferView"], COMPONENTS[sparse["indices"]["componentType"]], count)
        array[rows] = packed(sparse["values"]["bufferView"], dtype, count * width).reshape(-1, width)
    return array


def test_the_file_says_what_it_is(head):
    document, _ = parts(head[1])
    assert document["asset"] == {"version": "2.0", "generator": "dreamtalk"}
    (scene,) = document["scenes"]
    assert scene["name"] == "Ann" and scene["extras"] == {"sound": "sound/ann.wav"}
    (mesh,) = [mesh for mesh in document["meshes"] if "extras" in mesh]
    assert mesh["extras"]["targetNames"] == list(NAMES)
    assert all(len(primitive["targets"]) == 52 for primitive in mesh["primitives"])
    (animation,) = document["animations"]
    assert animation["name"] == "Ann" and animation["extras"]["fps"] == 30
    weights = next(channel for channel in animation["channels"] if channel["target"]["path"] == "weights")
    sampler = animation["samplers"][weights["sampler"]]
    times, output = (document["accessors"][sampler[key]] for key in ("input", "output"))
    assert times["min"] == [0.0] and times["max"] == [float(np.float32(11 / 30))]
    assert output["count"] == 12 * 52 and output["type"] == "SCALAR"


def rotation_of(quaternion: np.ndarray) -> np.ndarray:
    x, y, z, w = quaternion
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross


def test_vertices_stand_where_the_rig_has_them(head):
    clip, path = head
    document, data = parts(path)
    rig = FaceRig.load()
    names = [node.get("name") for node in document["nodes"]]
    face = document["nodes"][names.index("face")]
    skin = document["skins"][face["skin"]]
    assert [names[joint] for joint in skin["joints"]] == ["bust", "head", "eye_left", "eye_right"]
    output = {}
    for channel in document["animations"][0]["channels"]:
        sampler = document["animations"][0]["samplers"][channel["sampler"]]
        output[names[channel["target"]["node"]], channel["target"]["path"]] = values(document, data, sampler["output"])
    place = cKDTree(rig.neutral)
    compared = 0
    for frame in (0, 5, 11):
        wanted = rig.vertices(clip.weights[frame], clip.head_rotation[frame], clip.eye_rotation[frame])
        weights = output["face", "weights"].reshape(12, 52)[frame]
        neck = np.array(document["nodes"][names.index("head")]["translation"])
        turn = rotation_of(output["head", "rotation"][frame])
        for primitive in document["meshes"][face["mesh"]]["primitives"]:
            rest, share, joints = (
                values(document, data, primitive["attributes"][key]) for key in ("POSITION", "WEIGHTS_0", "JOINTS_0")
            )
            moved = rest + sum(
                w * values(document, data, target["POSITION"])
                for w, target in zip(weights, primitive["targets"], strict=True)
                if w
            )
            headed = (share * (joints == 1)).sum(axis=1, keepdims=True)
            posed = moved + headed * ((moved - neck) @ turn.T + neck - moved)
            distance, row = place.query(rest)
            same = distance < 1e-7
            compared += same.sum()
            np.testing.assert_allclose(posed[same], wanted[row[same]], atol=1e-4)
        for name in ("eye_left", "eye_right"):
            node = document["nodes"][names.index(name)]
            (child,) = node["children"]
            primitive = document["meshes"][document["nodes"][child]["mesh"]]["primitives"][0]
            ball = values(document, data, primitive["attributes"]["POSITION"])
            own, centre = rig.regions[name], np.add(neck, node["translation"])
            np.testing.assert_allclose(np.abs(ball).max(axis=0), np.ptp(rig.neutral[own], axis=0) / 2, rtol=0.01)
            in_head = (rig.neutral[own] - centre) @ rotation_of(output[name, "rotation"][frame]).T + node["translation"]
            np.testing.assert_allclose(in_head @ turn.T + neck, wanted[own], atol=1e-4)
    assert compared > 3 * 4000


def test_our_scene_reader_poses_it_alike(head):
    clip, path = head
    scene, rig = read_gltf_scene(path), FaceRig.load()
    node = next(index for index, node in enumerate(scene.nodes) if node.name == "face")
    joint = next(index for index, node in enumerate(scene.nodes) if node.name == "head")
    world = world_matrices(scene.nodes, {joint: matrix_from_angles(clip.head_rotation[3])})
    mesh = scene.meshes[scene.nodes[node].mesh]
    assert mesh.morph_names == NAMES and len(mesh.primitives) == 4
    wanted = rig.vertices(clip.weights[3], clip.head_rotation[3], np.zeros((2, 3)))
    for number, piece in enumerate(mesh.primitives):
        moved = piece.positions + np.tensordot(clip.weights[3], np.stack(piece.morphs), axes=1)
        matrices = vertex_matrices(scene, node, number, world)
        posed = np.einsum("vij,vj->vi", matrices[:, :, :3], moved) + matrices[:, :, 3]
        distance, row = cKDTree(rig.neutral).query(piece.positions)
        same = distance < 1e-7
        np.testing.assert_allclose(posed[same], wanted[row[same]], atol=1e-4)
    assert scene.images[scene.materials[mesh.primitives[0].material].image].pixels().shape == (1152, 768, 4)


def test_curves_come_back_exactly(head):
    clip, path = head
    back = read_clip(path)
    assert back.fps == clip.fps
    np.testing.assert_array_equal(back.weights, clip.weights)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-6)
    np.testing.assert_allclose(back.eye_rotation, clip.eye_rotation, atol=1e-6)


def test_names_and_subset_are_kept(lean_head, caplog):
    document = json.loads(lean_head.read_text("utf-8"))
    names = next(mesh["extras"]["targetNames"] for mesh in document["meshes"] if "extras" in mesh)
    assert names == ["face.eyeBlink_R", "face.jawOpen", "face.jawLeft"]
    assert document["buffers"][0]["uri"] == "lean.bin" and (lean_head.parent / "lean.bin").stat().st_size
    back, clip = read_clip(lean_head), random_clip(3)
    for name in ("eyeBlinkRight", "jawOpen", "jawLeft"):
        np.testing.assert_array_equal(back.column(name), clip.column(name))
    assert back.column("mouthFunnel").max() == 0 and "lean.gltf has no" in caplog.text


def test_a_mesh_path_becomes_groups_and_a_person_the_head(tmp_path):
    rig = FaceRig.load().with_identity(np.array([2.0, -1.0]))
    still = BlendshapeClip.rest(7, 25)
    write_clip(still, tmp_path / "a.glb", ExportOptions(naming=Naming(mesh_path="Body/Face"), rig=rig))
    scene = read_gltf_scene(tmp_path / "a.glb")
    names = [node.name for node in scene.nodes]
    assert scene.nodes[names.index("Face")].parent == names.index("Body")
    np.testing.assert_allclose(scene.nodes[names.index("head")].translation, rig.neck_pivot)
    skin = scene.meshes[scene.nodes[names.index("Face")].mesh].primitives[0]
    assert (cKDTree(rig.neutral).query(skin.positions)[0] < 1e-6).sum() > 3000
    back = read_clip(tmp_path / "a.glb")
    assert len(back) == 7 and back.fps == 25 and not back.weights.any() and not back.head_rotation.any()


def test_the_same_clip_gives_the_same_bytes(head, tmp_path):
    clip, path = head
    write_clip(clip, tmp_path / "again.glb", ExportOptions(subject="Ann", sound=tmp_path / "sound" / "ann.wav"))
    assert (tmp_path / "again.glb").read_bytes() == path.read_bytes()


def test_a_gltf_takes_no_place_of_another_files_buffer(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"mine")
    with pytest.raises(RigError, match="a.bin stands where"):
        write_clip(random_clip(2), tmp_path / "a.gltf")
    assert (tmp_path / "a.bin").read_bytes() == b"mine" and len(list(tmp_path.iterdir())) == 1


def write_face(path: Path, times, output, names=("jawOpen",), mode="LINEAR", fps=None, nodes=(), turns=()) -> Path:
    """A file with one mesh of nothing but named targets, its animation, and turns: (node, quaternions)."""
    document = GltfDocument()
    mesh = {"primitives": [{"attributes": {}, "targets": [{} for _ in names]}], "extras": {"targetNames": list(names)}}
    document.add("nodes", {"mesh": document.add("meshes", mesh)})
    for node in nodes:
        document.add("nodes", node)
    clock = document.add_array(np.asarray(times, np.float32), limits=True)
    samplers, channels = [], []
    for node, kind, array in ((0, "weights", np.ravel(output)), *((node, "rotation", array) for node, array in turns)):
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": kind}})
        accessor = document.add_array(np.ascontiguousarray(array, dtype=np.float32))
        samplers.append({"input": clock, "output": accessor, "interpolation": mode if kind == "weights" else "LINEAR"})
    extras = {} if fps is None else {"extras": {"fps": fps}}
    document.add("animations", {"channels": channels, "samplers": samplers, **extras})
    document.write(path, {"nodes": [0]})
    return path


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 200), st.sampled_from([12.0, 23.976, 24, 25, 29.97, 30, 48, 59.94, 60, 90, 120, 240]), st.booleans()
)
def test_frames_are_found_at_any_rate(tmp_path_factory, frames, fps, stated):
    rate = {23.976: 24000 / 1001, 29.97: 30000 / 1001, 59.94: 60000 / 1001}.get(fps, fps)
    weights = np.random.default_rng(frames).random((frames, 1), dtype=np.float32)
    path = tmp_path_factory.mktemp("rate") / "a.glb"
    back = read_clip(write_face(path, np.arange(frames) / rate, weights, fps=rate if stated else None))
    np.testing.assert_array_equal(back.column("jawOpen"), weights[:, 0])
    if stated or frames > 60:  # fewer float32 times cannot tell 29.97 from 30
        assert back.fps == rate


@pytest.mark.parametrize(
    ("mode", "output", "wanted"),
    [
        ("LINEAR", [0, 1, 0.5], [0, 0.25, 0.5, 0.75, 1, 0.875, 0.75, 0.625, 0.5]),
        ("STEP", [0, 1, 0.5], [0, 0, 0, 0, 1, 1, 1, 1, 0.5]),
        # flat tangents: the ease of 3 s^2 - 2 s^3
        ("CUBICSPLINE", [0, 0, 0, 0, 1, 0, 0, 0.5, 0], [0, 0.15625, 0.5, 0.84375, 1, 0.921875, 0.75, 0.578125, 0.5]),
        # a straight line by its tangents, which count in units a second
        ("CUBICSPLINE", [0, 0, 4, 4, 0.4, 4, 4, 0.8, 4], [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
    ],
)
def test_keys_are_joined_as_the_file_says(tmp_path, mode, output, wanted):
    path = write_face(tmp_path / "a.glb", [0, 0.1, 0.2], output, mode=mode, fps=40)
    np.testing.assert_allclose(read_clip(path).column("jawOpen"), wanted, atol=1e-6)


def test_keys_set_by_hand_get_frames(tmp_path):
    back = read_clip(write_face(tmp_path / "a.glb", [0, 1, 2.5], [0, 1, 0]))
    assert back.fps == 24 and len(back) == 61 and back.column("jawOpen")[24] == 1
    back = read_clip(write_face(tmp_path / "b.glb", [0, 0.777, 3.21], [0, 1, 0]))
    assert back.fps == 60 and back.column("jawOpen").max() > 0.98


def test_the_mesh_with_most_known_names_counts(tmp_path):
    document = GltfDocument()
    clock = document.add_array(np.float32([0, 0.04]), limits=True)
    channels, samplers = [], []
    for names, level in ((("Fcl_A", "jawOpen"), 0.2), (("mouthSmile_L", "EyeBlinkLeft", "Jaw_Open"), 0.7)):
        primitive = {"attributes": {}, "targets": [{}] * len(names), "extras": {"targetNames": list(names)}}
        node = document.add("nodes", {"mesh": document.add("meshes", {"primitives": [primitive]})})
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": "weights"}})
        output = document.add_array(np.full(2 * len(names), level, np.float32))
        samplers.append({"input": clock, "output": output})
    document.add("animations", {"channels": channels, "samplers": samplers})
    document.write(tmp_path / "a.glb", {"nodes": [0, 1]})
    back = read_clip(tmp_path / "a.glb")
    for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft"):
        np.testing.assert_allclose(back.column(name), 0.7)


def test_a_head_bone_turns_in_the_worlds_axes(tmp_path):
    angles = np.array([[0, 0, 0], [0.1, 0.3, -0.2]])
    parent = matrix_from_angles(np.array([0.4, -1.2, 0.7]))
    rest = quaternions_from_angles(np.array([0.0, 0.5, 0.0]))
    turned = parent.T @ matrix_from_angles(angles) @ parent @ matrix_from_angles(np.array([0.0, 0.5, 0.0]))
    neck = np.eye(4)
    neck[:3, :3], neck[:3, 3] = 2 * parent, 1
    nodes = (
        {"name": "neck", "matrix": neck.T.ravel().tolist(), "children": [2]},
        {"name": "mixamorig:Head", "rotation": rest.tolist()},
    )
    turns = ((2, Rotation.from_matrix(turned).as_quat()),)
    back = read_clip(write_face(tmp_path / "a.glb", [0, 0.04], [0, 1], nodes=nodes, turns=turns))
    np.testing.assert_allclose(back.head_rotation, angles, atol=1e-6)
    assert back.eye_rotation is None


@pytest.mark.parametrize(("heads", "turned"), [(1, 0.3), (2, 0.0)])
def test_a_head_that_turns_in_the_only_other_animation_comes_along(tmp_path, heads, turned):
    quaternions = quaternions_from_angles(np.array([[0, 0, 0], [0, 0.3, 0]]))
    write_face(tmp_path / "a.glb", [0, 0.04], [0, 1], nodes=({"name": "Head"},), turns=((1, quaternions),))
    document, data = parts(tmp_path / "a.glb")
    (both,) = document["animations"]
    face, head = ([channel] for channel in both["channels"])
    document["animations"] = [both | {"channels": face}, *[both | {"channels": head}] * heads]
    document.pop("buffers")
    write_gltf(document, [data], tmp_path / "b.glb")
    assert read_clip(tmp_path / "b.glb").head_rotation[1, 1] == pytest.approx(turned)


@pytest.mark.parametrize(
    ("joint", "part"),
    [
        ("rig/bust/head", "head"), ("mixamorig:Head", "head"), ("J_Bip_C_Head", "head"), ("LeftEye", "eye_left"),
        ("eye.R", "eye_right"), ("CC_Base_L_Eye", "eye_left"), ("leye", "eye_left"), ("HeadTop_End", None),
        ("eyelid_left", None), ("EyeLid.L", None), ("eye", None), ("", None), ("forehead", None),
    ],
)  # fmt: skip
def test_joints_are_known_by_name(joint, part):
    assert part_of(joint) == part
