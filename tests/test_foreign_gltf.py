"""Heads from glTF and VRM files: bones, nodes, expressions, shared vertices, transparent and broken pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from made_heads import (
    AS_IT_IS,
    BACKWARDS,
    PACK,
    SIDED,
    Z_UP,
    moved,
    new_vrm,
    old_vrm,
    same_names,
    weights_of,
    write_head,
)
from PIL import Image
from scipy.spatial import cKDTree

from rig.errors import RigError
from rig.face_rig import FaceRig


@pytest.mark.parametrize("unit_m", [1.0, 0.01])
@pytest.mark.parametrize("axes", [AS_IT_IS, BACKWARDS], ids=["facing +z", "facing -z"])
def test_a_bound_glb_turns_head_and_eyes_by_its_bones(tmp_path: Path, unit_m: float, axes: np.ndarray) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", same_names(), unit_m, axes))
    head, eyes = np.float32([0.2, -0.4, 0.1]), np.float32([[0.1, 0.3, 0], [0, -0.2, 0]])
    weights = weights_of(jawOpen=0.7, mouthLeft=0.5, browInnerUp=1.0)
    assert np.abs(rig.vertices(weights, head, eyes) - PACK.vertices(weights, head, eyes)).max() < 1e-4
    assert [what for what, _ in rig.bones] == ["head", "left eye", "right eye"]


def test_without_bones_the_head_turns_about_its_neck(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, bones=()))
    turned = rig.vertices(weights_of(), np.float32([0, 0.5, 0]))
    still = PACK.neutral[:, 1] < -0.3
    assert np.abs(turned - rig.neutral)[still].max() < 1e-6
    assert np.abs(turned - PACK.vertices(weights_of(), np.float32([0, 0.5, 0])))[PACK.regions["face"]].max() < 0.01


def test_primitives_that_share_a_list_of_vertices_keep_only_their_own(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, pieces=8))
    assert PACK.vertex_count < rig.vertex_count < 3 * PACK.vertex_count and len(rig.layers) == 8
    _, row = cKDTree(PACK.neutral).query(rig.neutral)
    assert np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0)[row]).max() < 0.01


def test_nodes_turn_and_scale_their_meshes_and_shapes(tmp_path: Path) -> None:
    half = float(np.sqrt(0.5))
    node = {"rotation": [-half, 0, 0, half], "scale": [0.01] * 3, "translation": [0, 1.6, 0]}
    path = write_head(tmp_path / "head.glb", SIDED, 0.01, Z_UP, bones=(), node=node)
    rig = FaceRig.from_gltf(path)
    assert rig.unit == "metres" and np.abs(rig.neutral - PACK.neutral).max() < 0.006
    for shape in ("jawOpen", "mouthLeft"):
        assert np.abs(moved(rig, **{shape: 1.0}) - moved(PACK, **{shape: 1.0})).max() < 0.01


def png(rgba: tuple[int, int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 4), rgba, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("mode", "alpha", "factor", "wanted"),
    [
        ({}, 0, 1.0, (8, 8, 3)), ({"alphaMode": "OPAQUE"}, 10, 0.0, (8, 8, 3)),
        ({"alphaMode": "MASK", "alphaCutoff": 0.25}, 70, 1.0, (8, 8, 4)), ({"alphaMode": "MASK"}, 100, 1.0, None),
        ({"alphaMode": "BLEND"}, 255, 1.0, (8, 8, 3)), ({"alphaMode": "BLEND"}, 200, 1.0, (8, 8, 4)),
        ({"alphaMode": "BLEND"}, 255, 0.2, None),
    ],
)  # fmt: skip
def test_transparent_materials_are_cut_or_left_out(tmp_path: Path, mode, alpha, factor, wanted) -> None:
    surface = {"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 0.2, 0.2, factor]}
    material = {"name": "skin", "pbrMetallicRoughness": surface, **mode}
    path = write_head(tmp_path / "head.glb", SIDED, material=material, picture=png((200, 200, 200, alpha)))
    if wanted is None:
        with pytest.raises(RigError, match="nothing to draw"):
            FaceRig.from_gltf(path)
        return
    (layer,) = FaceRig.from_gltf(path).layers
    assert layer.texture.shape == wanted and layer.texture[0, 0, 0] > 190 > 120 > layer.texture[0, 0, 1]
    assert len(wanted) < 4 or wanted[2] == 3 or layer.texture[0, 0, 3] >= 128


def test_a_picture_that_cannot_be_decoded_gives_way_to_plain_colour(tmp_path: Path, caplog) -> None:
    surface = {"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 0, 0, 1]}
    material = {"name": "skin", "pbrMetallicRoughness": surface}
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, material=material, picture=b"KTX 20"))
    assert rig.layers[0].texture.tolist() == [[[255, 0, 0]]] and "cannot be decoded" in caplog.text


def test_a_vrm_with_presets_alone_speaks_blinks_and_smiles(tmp_path: Path) -> None:
    own = {"A": "jawOpen", "U": "mouthPucker", "BL": "eyeBlinkLeft", "BR": "eyeBlinkRight", "Joy": "mouthSmileLeft",
           "JoyR": "mouthSmileRight", "Angry": "browDownLeft"}  # fmt: skip
    clips = [
        ("A", "a", [(0, 100)]), ("U", "u", [(1, 100)]), ("Blink", "blink", [(2, 100), (3, 100)]),
        ("Joy", "joy", [(4, 50), (5, 50)]), ("Angry", "angry", [(6, 100)]),
    ]  # fmt: skip
    rig = FaceRig.from_vrm(write_head(tmp_path / "old.vrm", own, axes=BACKWARDS, **old_vrm(clips)))
    assert rig.kind == "VRM 0.x" and not rig.fit.found
    assert np.abs(moved(rig, jawOpen=1.0) - 1.2 * moved(PACK, jawOpen=1.0)).max() < 0.01
    blink, lid = moved(rig, eyeBlinkLeft=1.0), np.setdiff1d(PACK.loops["lids_left"], PACK.loops["lids_right"])
    assert np.abs(blink - moved(PACK, eyeBlinkLeft=1.0))[lid].max() < 0.1
    assert not blink[PACK.loops["lids_right"]].any()
    smile = moved(rig, mouthSmileLeft=1.0)
    assert smile[rig.neutral[:, 0] > 0.015].any() and not smile[rig.neutral[:, 0] < -0.01].any()
    brow = moved(rig, browDownLeft=1.0)
    assert brow.any() and not brow[rig.neutral[:, 1] < 0.005].any()


def test_a_rig_with_visemes_and_shapes_without_sides_speaks_too(tmp_path: Path) -> None:
    own = {"mouthOpen": "jawOpen", "eyesClosed": "eyeBlinkLeft", "viseme_U": "mouthPucker"}
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", own))
    assert not rig.fit.found and np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0)).max() < 0.01
    assert moved(rig, mouthPucker=1.0).any() and rig.fit.approximated["eyeBlinkLeft"] == "eyesClosed (left)"


def test_expressions_stand_above_morph_targets_and_take_their_weights(tmp_path: Path) -> None:
    own = {"jawOpen": "mouthPucker", "x": "jawOpen", "y": "mouthSmileLeft"}
    vrm = new_vrm({"blink": [(2, 1.0)]}, {"JawOpen": [(1, 0.5), (2, 0.25)]})
    rig = FaceRig.from_vrm(write_head(tmp_path / "new.vrm", own, **vrm))
    wanted = 0.5 * moved(PACK, jawOpen=1.0) + 0.25 * moved(PACK, mouthSmileLeft=1.0)
    assert np.abs(moved(rig, jawOpen=1.0) - wanted).max() < 0.01


def test_a_map_of_names_stands_above_aliases(tmp_path: Path) -> None:
    path = write_head(tmp_path / "head.glb", {"jawOpen": "mouthPucker", "Mund_Auf": "jawOpen", **{
        key: value for key, value in SIDED.items() if key != "jawOpen"}})  # fmt: skip
    rig = FaceRig.from_gltf(path, {"jawOpen": "mund_auf"})
    assert rig.fit.found["jawOpen"] == "Mund_Auf"
    assert np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0)).max() < 0.01
    with pytest.raises(RigError, match="has no morph 'Mund_Zu'"):
        FaceRig.from_gltf(path, {"mouthClose": "Mund_Zu"})


def test_three_hundred_morphs_are_kept_by_name(tmp_path: Path) -> None:
    names = {f"other{number}": "jawOpen" for number in range(250)} | same_names()
    rig = FaceRig.from_gltf(write_head(tmp_path / "many.glb", names))
    assert len(rig.own_morphs) == 302 and len(rig.fit.found) == 52
    assert np.abs(moved(rig, mouthLeft=1.0) - moved(PACK, mouthLeft=1.0)).max() < 0.01


@pytest.mark.parametrize(
    "extension",
    [
        {"VRMC_vrm": {"expressions": 3, "humanoid": []}},
        {"VRMC_vrm": {"expressions": {"custom": {"jawOpen": {"morphTargetBinds": [{"node": -1, "index": 1e9}, 7]}}}}},
        {"VRM": {"blendShapeMaster": {"blendShapeGroups": [{"binds": [{"mesh": "x"}]}, None]}, "humanoid": 1}},
        {"VRM": {"humanoid": {"humanBones": [{"bone": "head", "node": 10**9}, {}]}}},
        {"VRM": {"humanoid": {"humanBones": [{"bone": "head", "node": True}]}}},
    ],
)
def test_odd_vrm_extensions_leave_the_morph_targets(tmp_path: Path, extension: dict) -> None:
    rig = FaceRig.from_vrm(write_head(tmp_path / "odd.vrm", SIDED, extensions=extension))
    assert set(rig.fit.found) == set(SIDED)


def test_of_a_whole_body_head_and_chest_are_kept(tmp_path: Path) -> None:
    body = PACK.neutral.copy()
    low, wide = PACK.neutral[:, 1] < -0.30, np.abs(PACK.neutral[:, 0]) > 0.26
    body[low, 1] -= 1.2
    body[wide & ~low, 0] *= 3
    rig = FaceRig.from_gltf(write_head(tmp_path / "body.glb", SIDED, points=body))
    assert rig.vertex_count == np.count_nonzero(~low & ~(wide & ~low)) and rig.neutral[:, 1].min() > -0.42
    face = PACK.regions["face"][~low & ~wide]
    assert np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0)[~low & ~wide])[face].max() < 0.01
