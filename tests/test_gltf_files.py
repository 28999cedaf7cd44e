"""Any glTF file: what the container, the accessors and the scene reader make of good, odd and hostile ones."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from rig import RigError
from rig.clip_file import read_clip
from rig.formats.glb import read_gltf, write_gltf
from rig.formats.gltf_accessors import COMPONENTS, Accessors
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_nodes import world_matrices
from rig.formats.gltf_scene import read_gltf_scene, vertex_matrices

ASSET = {"asset": {"version": "2.0"}}
POINTS = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
SMALL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(path, document, *pieces):
    write_gltf({**ASSET, **document}, pieces, path)
    return path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_with_bytes_changed_is_read_or_refused(tmp_path, data):
    content = bytearray(small_face(tmp_path / "whole.glb").read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    kept = data.draw(st.just(len(content)) | st.integers(0, len(content)))
    (tmp_path / "a.glb").write_bytes(content[:kept])
    for read in (read_gltf_scene, read_clip):
        try:
            read(tmp_path / "a.glb")
        except RigError as error:
            assert len(str(error)) < 300 and "\n" not in str(error)


def small_face(path):
    """Five points, two morphs, a skin, a picture and an animation."""
    document = GltfDocument()
    position = document.add_array(POINTS, limits=True)
    targets = [{"POSITION": document.add_sparse(POINTS * share)} for share in (0.5, 0)]
    joints = document.add_array(np.zeros((5, 4), np.uint8))
    shares = document.add_array(np.eye(1, 4, dtype=np.float32).repeat(5, axis=0).copy())
    primitive = {
        "attributes": {"POSITION": position, "JOINTS_0": joints, "WEIGHTS_0": shares}, "targets": targets,
        "indices": document.add_array(np.uint16([0, 1, 2, 2, 3, 4])), "material": 0,
    }  # fmt: skip
    texture = document.add_picture(np.zeros((2, 2, 3), np.uint8), "skin")
    document.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": texture}}})
    names = {"targetNames": ["jawOpen", "eyeBlinkLeft"]}
    mesh = document.add("meshes", {"primitives": [primitive], "extras": names})
    document.add("nodes", {"mesh": mesh, "skin": 0})
    document.add("nodes", {"name": "head", "translation": [0, 1, 0]})
    matrices = document.add_array(np.eye(4, dtype=np.float32)[None].copy())
    document.add("skins", {"joints": [1], "inverseBindMatrices": matrices})
    clock, output = (document.add_array(np.float32(array)) for array in ([0, 0.5, 1], [0, 1, 1, 0, 0.5, 0.25]))
    sampler = {"input": clock, "output": output}
    channel = {"sampler": 0, "target": {"node": 0, "path": "weights"}}
    document.add("animations", {"samplers": [sampler], "channels": [channel]})
    document.write(path, {"nodes": [0, 1]})
    return path


def test_a_small_face_is_read_whole(tmp_path):
    scene = read_gltf_scene(small_face(tmp_path / "a.glb"))
    (mesh,) = scene.meshes
    (piece,) = mesh.primitives
    assert mesh.morph_names == ("jawOpen", "eyeBlinkLeft") and piece.triangles.tolist() == [[0, 1, 2], [2, 3, 4]]
    np.testing.assert_array_equal(piece.morphs[0], POINTS / 2)
    assert not piece.morphs[1].any()
    np.testing.assert_allclose(vertex_matrices(scene, 0, 0)[:, :, 3], [[0, 1, 0]] * 5)
    assert scene.images[0].pixels().shape == (2, 2, 4)
    clip = read_clip(tmp_path / "a.glb")
    assert clip.fps == 24 and clip.column("jawOpen")[[0, 12, 24]].tolist() == [0, 1, 0.5]


@st.composite
def stored(draw):
    """An array, and how it lies in the file: component type, stride, offset, normalised or not, sparse or not."""
    component = draw(st.sampled_from(sorted(COMPONENTS)))
    dtype = np.dtype(COMPONENTS[component])
    width = draw(st.sampled_from([1, 2, 3, 4]))
    elements = st.floats(-1e6, 1e6, width=32) if dtype.kind == "f" else st_numpy.from_dtype(dtype)
    array = draw(st_numpy.arrays(dtype, (draw(st.integers(1, 6)), width), elements=elements))
    size = dtype.itemsize * width
    stride = draw(st.sampled_from([0, size + -size % 4, size + -size % 4 + 8]))
    return array, component, stride, draw(st.integers(0, 3)) * 4, draw(st.booleans()), draw(st.booleans())


@SMALL
@given(stored())
def test_accessors_give_what_was_stored(tmp_path, case):
    array, component, stride, offset, normalized, sparse = case
    size = array.itemsize * array.shape[1]
    data = bytearray(offset + (stride or size) * len(array))
    for row, values in enumerate(array):
        start = offset + row * (stride or size)
        data[start : start + size] = values.tobytes()
    kind = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[array.shape[1]]
    accessor = {"bufferView": 0, "byteOffset": offset, "componentType": component, "count": len(array), "type": kind}
    views = [{"buffer": 0, "byteLength": len(data), **({"byteStride": stride} if stride else {})}]
    pieces, wanted = [bytes(data)], array.copy()
    if sparse:
        accessor["sparse"] = {
            "count": 1, "indices": {"bufferView": 1, "componentType": 5121}, "values": {"bufferView": 2}
        }  # fmt: skip
        for piece in (bytes([len(array) - 1]), array[0].tobytes()):
            views.append({"buffer": 0, "byteOffset": sum(map(len, pieces)), "byteLength": len(piece)})
            pieces.append(piece)
        wanted[-1] = array[0]
    document = {"accessors": [accessor | {"normalized": normalized}], "bufferViews": views}
    read = Accessors(read_gltf(write(tmp_path / "a.glb", document, *pieces)))
    values = read.floats(0, kind, "it").reshape(wanted.shape)
    if normalized and array.dtype.kind != "f":
        wanted = np.maximum(wanted / np.float64(np.iinfo(array.dtype).max), -1)
    np.testing.assert_allclose(values, wanted, rtol=1e-6)
    assert not values.flags.writeable
    if array.dtype.kind == "u":
        plain = read.integers(0, kind, "it").reshape(array.shape)
        np.testing.assert_array_equal(plain[:-1] if sparse else plain, array[:-1] if sparse else array)


def test_matrices_are_turned_from_columns_to_rows(tmp_path):
    for component, dtype, padded in ((5126, "<f4", 3), (5121, "u1", 4)):
        columns = np.zeros((2, 3, padded), dtype)
        columns[:, :, :3] = np.arange(18).reshape(2, 3, 3)
        document = {
            "accessors": [{"bufferView": 0, "componentType": component, "count": 2, "type": "MAT3"}],
            "bufferViews": [{"buffer": 0, "byteLength": columns.nbytes}],
        }
        read = Accessors(read_gltf(write(tmp_path / "a.glb", document, columns)))
        np.testing.assert_array_equal(read.floats(0, "MAT3", "it"), np.arange(18).reshape(2, 3, 3).swapaxes(1, 2))


@pytest.mark.parametrize(
    ("mode", "indices", "triangles"),
    [
        (4, None, [[0, 1, 2]]),
        (5, [0, 1, 2, 3, 4], [[0, 1, 2], [2, 1, 3], [2, 3, 4]]),
        (6, [0, 1, 2, 3], [[0, 1, 2], [0, 2, 3]]),
        (5, [0, 1], np.zeros((0, 3))),
        (6, [], np.zeros((0, 3))),
    ],
)
def test_strips_and_fans_become_triangles(tmp_path, mode, indices, triangles):
    document = GltfDocument()
    primitive = {"attributes": {"POSITION": document.add_array(POINTS)}, "mode": mode}
    if indices is not None:
        primitive["indices"] = document.add_array(np.uint8(indices))
    document.add("meshes", {"primitives": [primitive, {"attributes": {}, "mode": 1}]})
    document.write(tmp_path / "a.glb", {})
    (piece,) = read_gltf_scene(tmp_path / "a.glb").meshes[0].primitives
    np.testing.assert_array_equal(piece.triangles, triangles)


def test_nodes_stand_where_their_parents_put_them(tmp_path):
    half = 0.5**0.5
    nodes = [
        {"translation": [1, 0, 0], "scale": [2, 2, 2], "children": [1]},
        {"rotation": [0, 0, half, half], "translation": [0, 3, 0], "children": [2]},
        {"matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]},
    ]
    found = read_gltf_scene(write(tmp_path / "a.glb", {"nodes": nodes})).nodes
    np.testing.assert_allclose(world_matrices(found)[2] @ [0, 0, 0, 1], [1 - 12, 6 + 10, 14, 1])
    np.testing.assert_allclose(found[2].translation, [5, 6, 7])
    assert [node.parent for node in found] == [None, 0, 1]


def test_nodes_beyond_all_bounds_are_refused(tmp_path):
    nodes = [{"scale": [1e300] * 3, "children": [1]}, {"scale": [1e300] * 3, "mesh": 0}]
    write(tmp_path / "a.glb", one_face() | {"nodes": nodes}, np.zeros((3, 3), np.float32))
    with pytest.raises(RigError, match="endlessly large"):
        vertex_matrices(read_gltf_scene(tmp_path / "a.glb"), 1, 0)


def one_face(**changes):
    """A document of one triangle, with entries of its accessor, view, primitive or mesh changed."""
    accessor = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"} | changes.get("accessor", {})
    view = {"buffer": 0, "byteLength": 36} | changes.get("view", {})
    primitive = {"attributes": {"POSITION": 0}} | changes.get("primitive", {})
    return {
        "accessors": [accessor], "bufferViews": [view], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]} | changes.get("mesh", {})],
    } | changes.get("top", {})  # fmt: skip


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"nodes": [{"children": [1]}, {"children": [0]}]}, "own ancestor"),
        ({"nodes": [{"children": [0]}]}, "own ancestor"),
        ({"nodes": [{"children": [2]}, {"children": [2]}, {}]}, "two parents"),
        ({"nodes": [{"children": [7]}]}, "child 7 of 1"),
        ({"nodes": [{"children": ["0"]}]}, "child '0'"),
        ({"nodes": [{"mesh": 0}]}, "mesh 0 of 0"),
        ({"nodes": [{"translation": [0, 0]}]}, "3 numbers"),
        ({"nodes": [{"translation": [0, 0, 10**400]}]}, "3 numbers"),
        ({"nodes": {"0": {}}}, "no list of objects"),
        ({"skins": [{"joints": [3]}]}, "node 3 of 0"),
        ({"skins": [{"joints": []}]}, "no joints"),
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "compression turned off"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "compression turned off"),
        ({"images": [{"bufferView": 0}]}, "bufferView 0 of 0"),
        (one_face(accessor={"count": 4}), "runs past"),
        (one_face(accessor={"count": 10**12}), "more than the file holds"),
        (one_face(accessor={"count": -1}), "whole number"),
        (one_face(accessor={"count": 3.5}), "whole number"),
        (one_face(accessor={"count": 10**12, "bufferView": None} | {"byteOffset": 0}), "counts 1000000000000"),
        (one_face(accessor={"byteOffset": 4}), "runs past"),
        (one_face(accessor={"bufferView": 9}), "bufferView 9 of 1"),
        (one_face(accessor={"type": "VEC2"}), "no VEC3"),
        (one_face(accessor={"componentType": 5130}), "no VEC3"),
        (one_face(accessor={"componentType": []}), "no VEC3"),
        (one_face(accessor={"sparse": {"count": 9, "indices": {}, "values": {}}}), "sparse"),
        (one_face(view={"byteLength": 400}), "runs past"),
        (one_face(view={"byteStride": 4}), "runs past"),
        (one_face(view={"byteStride": 10**9}), "runs past"),
        (one_face(view={"buffer": 2}), "buffer 2 of 1"),
        (one_face(view={"extensions": {"EXT_meshopt_compression": {}}}), "compression turned off"),
        (one_face(primitive={"indices": 0}), "no SCALAR"),
        (one_face(primitive={"material": 0}), "material 0 of 0"),
        (one_face(primitive={"targets": [{"POSITION": 5}]}), "accessor 5 of 1"),
        (one_face(primitive={"extensions": {"KHR_draco_mesh_compression": {}}}), "compression turned off"),
        (one_face(mesh={"primitives": [{"targets": [{}]}, {"targets": []}]}), "unequal morph targets"),
        (one_face(mesh={"primitives": [{"attributes": {}}]}), "accessor None"),
        (one_face(top={"materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 4}}}]}), "texture 4 of 0"),
    ],
)
def test_files_that_contradict_themselves_are_refused_in_one_sentence(tmp_path, document, word):
    triangle = np.zeros((3, 3), np.float32)
    with pytest.raises(RigError, match=word) as refusal:
        read_gltf_scene(write(tmp_path / "a.glb", document, triangle))
    assert "a.glb" in str(refusal.value) and len(str(refusal.value)) < 200


def test_nan_is_refused(tmp_path):
    points = np.float32([[0, 0, 0], [1, np.nan, 0], [0, 1, 0]])
    with pytest.raises(RigError, match="NaN"):
        read_gltf_scene(write(tmp_path / "a.glb", one_face(), points))
    (tmp_path / "b.gltf").write_text('{"asset": {"version": "2.0"}, "nodes": [{"translation": [NaN, 0, 0]}]}')
    with pytest.raises(RigError, match="NaN is no JSON number"):
        read_gltf_scene(tmp_path / "b.gltf")


def test_an_index_beyond_the_vertices_is_refused(tmp_path):
    document = GltfDocument()
    indices = document.add_array(np.uint16([0, 1, 9]))
    primitive = {"attributes": {"POSITION": document.add_array(POINTS)}, "indices": indices}
    document.add("meshes", {"primitives": [primitive]})
    document.write(tmp_path / "a.glb", {})
    with pytest.raises(RigError, match="vertex 9 of 5"):
        read_gltf_scene(tmp_path / "a.glb")


@pytest.mark.parametrize("count", [0, 300])
def test_no_morphs_and_three_hundred(tmp_path, count):
    document = GltfDocument()
    targets = [{"POSITION": document.add_sparse(POINTS * (row + 1))} for row in range(count)]
    primitive = {"attributes": {"POSITION": document.add_array(POINTS)}} | ({"targets": targets} if count else {})
    document.add("meshes", {"primitives": [primitive], "extras": {"targetNames": [f"m{row}" for row in range(count)]}})
    document.write(tmp_path / "a.glb", {})
    (mesh,) = read_gltf_scene(tmp_path / "a.glb").meshes
    assert len(mesh.morph_names) == len(mesh.primitives[0].morphs) == count
    with pytest.raises(RigError, match="no animation of morph targets"):
        read_clip(tmp_path / "a.glb")


def test_many_large_morphs_of_nothing_are_refused_before_memory_is_full(tmp_path):
    count = 100_000
    zero = {"componentType": 5126, "count": count, "type": "VEC3"}
    points = np.zeros((count, 3), np.float32)
    targets = [{"POSITION": index} for index in range(1, 3001)]
    document = {
        "accessors": [{**zero, "bufferView": 0}, *[zero] * 3000],
        "bufferViews": [{"buffer": 0, "byteLength": points.nbytes}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "targets": targets}]}],
    }
    with pytest.raises(RigError, match="more than the file holds or memory should"):
        read_gltf_scene(write(tmp_path / "a.glb", document, points))


def test_a_truncated_file_is_refused_at_every_length(tmp_path):
    content = small_face(tmp_path / "a.glb").read_bytes()
    for length in range(0, len(content), 37):
        (tmp_path / "b.glb").write_bytes(content[:length])
        with pytest.raises(RigError):
            read_clip(tmp_path / "b.glb")


@pytest.mark.parametrize(
    ("times", "output", "changes", "word"),
    [
        ([0, 1, 1], [0, 1, 0], {}, "do not rise"),
        ([0, 1], [0, 1, 0], {}, "3 values for 2 times"),
        ([0, 1], [0, 1, 0, 1], {}, "2 weights a key for 1 morph"),
        ([0, 9e8], [0, 1], {}, "too many"),
        ([0, 1], [0, 1], {"sampler": 4}, "sampler 4 of 1"),
        ([0, 1], [0, 1], {"target": {"node": 5, "path": "weights"}}, "node 5 of 1"),
        ([0, 1], [0, 1], {"target": "face"}, "no object"),
        ([0, 1], [0, 1], {"target": {"node": 0, "path": []}}, "no animation of morph targets"),
    ],
)
def test_animations_that_contradict_themselves_are_refused(tmp_path, times, output, changes, word):
    document = GltfDocument()
    mesh = {"primitives": [{"attributes": {}, "targets": [{}]}], "extras": {"targetNames": ["jawOpen"]}}
    document.add("nodes", {"mesh": document.add("meshes", mesh)})
    clock, curve = (document.add_array(np.float32(array)) for array in (times, output))
    channel = {"sampler": 0, "target": {"node": 0, "path": "weights"}} | changes
    document.add("animations", {"samplers": [{"input": clock, "output": curve}], "channels": [channel]})
    document.write(tmp_path / "a.glb", {"nodes": [0]})
    with pytest.raises(RigError, match=word):
        read_clip(tmp_path / "a.glb")
