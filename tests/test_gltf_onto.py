"""A clip put into a head of one's own: what was there stays, and plays."""

import json
from pathlib import Path

import numpy as np
import pytest
from judging import gltf_report
from PIL import Image

from rig import NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.glb import read_gltf, write_gltf
from rig.formats.gltf_nodes import world_matrices
from rig.formats.gltf_onto import write_onto
from rig.formats.gltf_scene import read_gltf_scene
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles, quaternions_from_angles


def random_clip(frames=9, seed=0) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    turns = rng.normal(0, 0.2, (frames, 3)), rng.normal(0, 0.1, (frames, 2, 3))
    return BlendshapeClip(rng.random((frames, 52)), turns[0], 24.0, turns[1])


@pytest.fixture(scope="module")
def own_head(tmp_path_factory) -> Path:
    """A leaning neck, a matrix for a head bone, buffer and picture beside the file, and an old animation."""
    folder = tmp_path_factory.mktemp("own")
    write_clip(BlendshapeClip.rest(2, 30), folder / "head.gltf", ExportOptions(subject="idle"))
    document = json.loads((folder / "head.gltf").read_text("utf-8"))
    names = [node["name"] for node in document["nodes"]]
    bust, head = (document["nodes"][names.index(name)] for name in ("bust", "head"))
    bust |= {"rotation": quaternions_from_angles(np.array([0.2, -0.1, 0.3])).tolist(), "name": "Neck"}
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = matrix_from_angles(np.array([-0.1, 0.2, 0.0])), head.pop("translation")
    head |= {"matrix": matrix.T.ravel().tolist(), "name": "mixamorig:Head"}
    Image.new("RGB", (4, 4)).save(folder / "skin.png")
    document["images"][0] = {"uri": "skin.png"}
    document["animations"][0]["channels"] = document["animations"][0]["channels"][:1]
    (folder / "head.gltf").write_text(json.dumps(document), "utf-8")
    return folder / "head.gltf"


def test_the_clip_is_the_first_animation_of_a_whole_file(own_head, tmp_path):
    clip = random_clip()
    write_onto(clip, own_head, tmp_path / "a.glb", ExportOptions(subject="hello", sound=tmp_path / "hello.wav"))
    report = gltf_report(tmp_path / "a.glb")
    assert (report.errors, report.warnings) == (0, 0), report.messages
    document = read_gltf(tmp_path / "a.glb").document
    assert [animation["name"] for animation in document["animations"]] == ["hello", "idle"]
    assert document["scenes"][0]["extras"]["sound"] == "hello.wav" and "uri" not in document["images"][0]
    back = read_clip(tmp_path / "a.glb")
    np.testing.assert_array_equal(back.weights, clip.weights)
    np.testing.assert_allclose(back.head_rotation, clip.head_rotation, atol=1e-6)
    np.testing.assert_allclose(back.eye_rotation, clip.eye_rotation, atol=1e-6)


def test_what_was_there_stays(own_head, tmp_path):
    write_onto(random_clip(), own_head, tmp_path / "a.glb")
    before, after = (read_gltf_scene(path) for path in (own_head, tmp_path / "a.glb"))
    np.testing.assert_allclose(world_matrices(after.nodes), world_matrices(before.nodes), atol=1e-12)
    for old, new in zip(before.meshes, after.meshes, strict=True):
        for first, second in zip(old.primitives, new.primitives, strict=True):
            np.testing.assert_array_equal(first.positions, second.positions)
            for morph, same in zip(first.morphs, second.morphs, strict=True):
                np.testing.assert_array_equal(morph, same)
    assert [bytes(image.data) for image in before.images] == [bytes(image.data) for image in after.images]


def test_other_targets_stay_as_they_rest_and_odd_names_are_mapped(own_head, tmp_path):
    document = dict(read_gltf(own_head).document)
    mesh = next(mesh for mesh in document["meshes"] if "extras" in mesh)
    odd = ["Mouth_A" if name == "jawOpen" else "slim" if name == "tongueOut" else name for name in NAMES]
    mesh["extras"]["targetNames"] = odd
    mesh["weights"][NAMES.index("tongueOut")] = 0.25
    buffers = read_gltf(own_head).buffers
    document.pop("buffers")
    (tmp_path / "skin.png").write_bytes((own_head.parent / "skin.png").read_bytes())
    write_gltf(document, buffers, tmp_path / "odd.glb")
    clip = random_clip()
    naming = Naming(names={"jawOpen": "Mouth_A"})
    write_onto(clip, tmp_path / "odd.glb", tmp_path / "a.glb", ExportOptions(naming=naming))
    container = read_gltf(tmp_path / "a.glb")
    first = container.document["animations"][0]
    output = container.document["accessors"][first["samplers"][0]["output"]]
    view = container.document["bufferViews"][output["bufferView"]]
    weights = np.frombuffer(container.buffers[0], "<f4", 9 * 52, view["byteOffset"]).reshape(9, 52)
    np.testing.assert_array_equal(weights[:, NAMES.index("jawOpen")], clip.column("jawOpen"))
    assert (weights[:, NAMES.index("tongueOut")] == np.float32(0.25)).all()


def test_a_vrm_of_the_old_kind_looks_the_other_way(own_head, tmp_path):
    container = read_gltf(own_head)
    document = {key: value for key, value in container.document.items() if key != "buffers"}
    (tmp_path / "skin.png").write_bytes((own_head.parent / "skin.png").read_bytes())
    write_gltf(document | {"extensions": {"VRM": {}}}, container.buffers, tmp_path / "old.vrm")
    clip = BlendshapeClip(np.zeros((2, 52)), [[0, 0, 0], [0.3, 0.2, 0]], 30)
    write_onto(clip, tmp_path / "old.vrm", tmp_path / "a.glb")
    np.testing.assert_allclose(read_clip(tmp_path / "a.glb").head_rotation[1], [0.3, 0.2, 0], atol=1e-6)
    written = read_gltf(tmp_path / "a.glb")
    plain = {key: value for key, value in written.document.items() if key not in ("buffers", "extensions")}
    write_gltf(plain, written.buffers, tmp_path / "b.glb")
    in_the_world = read_clip(tmp_path / "b.glb").head_rotation[1]
    np.testing.assert_allclose(in_the_world, [-0.3, 0.2, 0], atol=1e-6)


def test_a_file_without_known_shapes_is_refused(tmp_path):
    write_gltf({"asset": {"version": "2.0"}, "nodes": [{"name": "head"}]}, [], tmp_path / "a.glb")
    with pytest.raises(RigError, match="a.glb has no morph targets with ARKit names"):
        write_onto(random_clip(), tmp_path / "a.glb", tmp_path / "b.glb")
    assert not (tmp_path / "b.glb").exists()
