"""Heads of other makers: found by name in any unit and any axes, posed as they should be, refused in one sentence."""

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    write_obj_folder,
)
from scipy.spatial import cKDTree

from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.foreign import obj_file
from rig.foreign.rig_file import read_rig
from rig.foreign.stand_ins import STAND_INS
from rig.lip_and_lid_pairs import Pairs, lid_pairs, lip_pairs

ICT = Path(__file__).parents[2] / "shared" / "data" / "rigs" / "ict_light.npz"
needs_ict = pytest.mark.skipif(not ICT.is_file(), reason="the ICT-FaceKit head is not here")


def gaps(pairs: Pairs, vertices: np.ndarray) -> np.ndarray:
    """(K,) mm from the lower edge up to the upper."""
    return (vertices[pairs.upper, 1] - vertices[pairs.lower, 1]) * 1000


# Our own head, written by our own writers, as a judge of every reader


def test_our_own_glb_poses_as_the_rig_it_was_written_from(tmp_path: Path) -> None:
    write_clip(BlendshapeClip.rest(2, 30), tmp_path / "own.glb")
    rig = FaceRig.from_gltf(tmp_path / "own.glb")
    skin = np.unique(np.concatenate([layer.faces for layer in rig.layers if layer.name.endswith(("skin", "mouth"))]))
    apart, row = cKDTree(PACK.neutral).query(rig.neutral[skin])
    same = apart < 1e-6  # the shirt stands off the skin
    assert same.sum() > 4000 and not rig.missing and not rig.fit.approximated
    rng = np.random.default_rng(3)
    for _ in range(5):
        weights = (rng.random(52) ** 3).astype(np.float32)
        head, eyes = rng.uniform(-0.5, 0.5, 3), rng.uniform(-0.3, 0.3, (2, 3))
        ours, theirs = PACK.vertices(weights, head, eyes), rig.vertices(weights, head, eyes)
        assert np.abs(theirs[skin][same] - ours[row[same]]).max() < 1e-4
        assert np.allclose(rig.eye_pivots, PACK.eye_pivots, atol=1e-5)


@pytest.mark.parametrize("unit_m", [1.0, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("axes", [AS_IT_IS, BACKWARDS, Z_UP], ids=["facing +z", "facing -z", "z up"])
def test_unit_and_axes_are_found_in_obj_folders(tmp_path: Path, unit_m: float, axes: np.ndarray) -> None:
    rig = FaceRig.from_obj_folder(write_obj_folder(tmp_path / "head", SIDED, unit_m, axes))
    for shape in SIDED:
        assert np.abs(moved(rig, **{shape: 1.0}) - moved(PACK, **{shape: 1.0})).max() < 0.1
    assert np.abs(rig.neutral - PACK.neutral).max() < 0.006  # where the eyes are is guessed from the lids


def test_a_head_in_no_known_unit_gets_the_size_of_a_head(tmp_path: Path) -> None:
    rig = FaceRig.from_obj_folder(write_obj_folder(tmp_path / "head", SIDED, unit_m=5.0))
    assert rig.unit == "units of its own"
    assert np.ptp(rig.neutral[:, 1]) == pytest.approx(np.ptp(PACK.neutral[:, 1]), rel=0.2)


@pytest.mark.parametrize("neutral", ["Neutral", "_neutral", "generic_neutral_mesh", "Basis"])
def test_the_file_at_rest_has_many_names(tmp_path: Path, neutral: str) -> None:
    names = {"eyeBlink_L": "eyeBlinkLeft", "EyeBlinkRight": "eyeBlinkRight", "jaw_open": "jawOpen"}
    folder = write_obj_folder(tmp_path / "head", names, neutral=neutral)
    (folder / "identity000.obj").write_text("v 0 0 0\n")
    rig = read_rig(folder)
    assert rig.kind == ("ICT-FaceKit" if neutral == "generic_neutral_mesh" else "OBJ folder")
    assert dict(rig.fit.found) == {shape: own for own, shape in names.items()}


def files_of_every_kind(folder: Path) -> list[Path]:
    vrm = new_vrm({}, {name: [(number, 1.0)] for number, name in enumerate(NAMES)})
    clips = [(name, "unknown", [(number, 100)]) for number, name in enumerate(NAMES)]
    plain = {f"m{number}": name for number, name in enumerate(NAMES)}
    return [
        write_obj_folder(folder / "obj", same_names("mouthLeft", *SIDED)),
        write_head(folder / "head.glb", same_names()),
        write_head(folder / "new.vrm", plain, **vrm),
        write_head(folder / "old.vrm", plain, axes=BACKWARDS, **old_vrm(clips)),
        *([ICT] if ICT.is_file() else []),
    ]


def test_left_is_the_characters_left_on_rigs_of_every_kind(tmp_path: Path) -> None:
    for path in files_of_every_kind(tmp_path):
        rig = read_rig(path)
        assert moved(rig, mouthLeft=1.0)[:, 0].sum() > 100, path
        for shape in ("eyeBlinkLeft", "mouthSmileLeft"):
            length = np.linalg.norm(moved(rig, **{shape: 1.0}), axis=1)
            assert (length * rig.neutral[:, 0]).sum() / length.sum() > 15e-3, path
        assert moved(rig, jawOpen=1.0)[:, 1].min() < -15, path
        if rig.eye_weight.any():
            assert moved(rig, eyeLookOutLeft=1.0)[rig.eye_weight[0] > 0.5, 0].max() > 3, path
        assert (rig.neutral[rig.deltas[INDEX["mouthSmileLeft"]].any(axis=1), 2]).max() > 0.02, path


def test_left_and_right_swapped_in_a_file_stay_and_are_told(tmp_path: Path, caplog) -> None:
    swapped = {name: name.replace("Left", "R").replace("Right", "L").replace("R", "Right").replace("L", "Left")
               for name in ("eyeBlinkLeft", "eyeBlinkRight")}  # fmt: skip
    assert swapped == {"eyeBlinkLeft": "eyeBlinkRight", "eyeBlinkRight": "eyeBlinkLeft"}
    rig = FaceRig.from_obj_folder(write_obj_folder(tmp_path / "head", {**swapped, "jawOpen": "jawOpen"}))
    assert "left shapes on the right" in caplog.text
    assert np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0)).max() < 0.1


# What stands in


def test_sides_make_up_the_whole_and_the_whole_gives_its_halves(tmp_path: Path, caplog) -> None:
    names = {
        "eyeBlink_L": "eyeBlinkLeft", "eyeBlink_R": "eyeBlinkRight", "jawOpen": "jawOpen",
        "browInnerUp_L": "browOuterUpLeft", "browInnerUp_R": "browOuterUpRight", "head.cheekSquint": "browInnerUp",
    }  # fmt: skip
    with caplog.at_level(logging.WARNING):
        rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", names))
    both = moved(PACK, browOuterUpLeft=1.0) + moved(PACK, browOuterUpRight=1.0)
    assert np.abs(moved(rig, browInnerUp=1.0) - both).max() < 0.01
    left, right = moved(rig, cheekSquintLeft=1.0), moved(rig, cheekSquintRight=1.0)
    assert np.abs(left + right - moved(PACK, browInnerUp=1.0)).max() < 0.01
    assert not left[rig.neutral[:, 0] < -0.01].any() and left[rig.neutral[:, 0] > 0.01].any()
    assert rig.fit.approximated["browInnerUp"] == "browInnerUpLeft + browInnerUpRight"
    told = [record for record in caplog.records if record.name == "rig.foreign.foreign_fit"]
    assert len(told) == 1 and "lacks jawForward" in told[0].getMessage()


def test_a_rig_without_mouth_close_shuts_its_lips_by_its_jaw(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED))
    assert np.abs(moved(rig, jawOpen=0.8, mouthClose=0.8)).max() < 1e-3
    assert moved(rig, jawOpen=0.8, mouthClose=0.3)[:, 1].min() < -10


def test_eyeballs_that_turn_need_no_look_shapes(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED))
    assert rig.fit.approximated["eyeLookUpLeft"] == "the eyeball turns" and "eyeLookUpLeft" not in rig.missing
    eye = PACK.regions["eye_left"]
    up = moved(rig, eyeLookUpLeft=1.0)
    assert up[eye, 1].max() > 3 and not up[~eye].any()


# The second head


@needs_ict
def test_the_ict_head_opens_its_lips_and_shuts_its_lids() -> None:
    rig = FaceRig.from_ict(ICT)
    assert rig.unit == "centimetres" and rig.missing == ("tongueOut",) and not rig.fit.approximated
    lips = lip_pairs(rig.neutral, rig.deltas)
    rest, open_ = rig.vertices(weights_of()), rig.vertices(weights_of(jawOpen=1.0))
    assert np.abs(gaps(lips, rest)).max() < 1.5 and gaps(lips, open_).max() > 25
    for side in ("Left", "Right"):
        lids = lid_pairs(rig.neutral, rig.deltas, side)
        shut = rig.vertices(weights_of(**{f"eyeBlink{side}": 1.0}))
        assert gaps(lids, rest).max() > 8 and np.abs(gaps(lids, shut)).max() < 2


@needs_ict
def test_the_ict_head_looks_where_its_eyes_turn() -> None:
    rig = FaceRig.from_ict(ICT)
    left = rig.eye_weight[0] > 0
    out = moved(rig, eyeLookOutLeft=1.0)
    front = left & (rig.neutral[:, 2] > 0.011)
    assert out[front, 0].min() > 4 and np.abs(np.linalg.norm(rig.eye_pivots[0] - rig.eye_pivots[1]) - 0.0619) < 1e-3


# Odd and hostile input


def one_sentence(refused: pytest.ExceptionInfo) -> bool:
    text = str(refused.value)
    return text.endswith(".") and "\n" not in text


def test_files_without_usable_shapes(tmp_path: Path) -> None:
    for path, part in [
        (write_head(tmp_path / "none.glb", {}), "no morph targets"),
        (write_head(tmp_path / "odd.glb", {"Mund": "jawOpen"}), "no morph by an ARKit name"),
        (write_head(tmp_path / "plain.vrm", SIDED), "no VRM"),
    ]:
        with pytest.raises(RigError, match=part) as refused:
            read_rig(path)
        assert one_sentence(refused)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("jawOpen.obj", "v 0 0 0\n", "has 1 vertices and neutral.obj 6031"),
        ("jawOpen.obj", "v 0 zero 0\n", "Line 1 of jawOpen.obj"), ("jawOpen.obj", "v 0 0\n", "Line 1 of jawOpen.obj"),
        ("jawOpen.obj", "v 0 0 nan\n", "Line 1"), ("jawOpen.obj", "", "no vertices"),
        ("neutral.obj", "v 0 0 0\n", "no faces"), ("neutral.obj", "v 0 0 0\nf 1 2 3\n", "not there"),
        ("neutral.obj", "v 0 0 0\nf a b c\n", "whole numbers"), ("neutral.obj", "\xff\xfe", "no vertices"),
    ],
)  # fmt: skip
def test_odd_obj_files(tmp_path: Path, name: str, text: str, part: str) -> None:
    folder = write_obj_folder(tmp_path / "head", same_names("eyeBlinkLeft"))
    (folder / name).write_text(text, encoding="latin-1")
    with pytest.raises(RigError, match=part) as refused:
        FaceRig.from_obj_folder(folder)
    assert one_sentence(refused)


def test_wrong_folders_and_files(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "a.npz").write_bytes(b"PK\3\4 no pack")
    np.savez(tmp_path / "b.npz", neutral=np.zeros((3, 3)))
    for path, part in [
        (tmp_path, "no neutral.obj"), (tmp_path / "gone", "no rig"), (tmp_path / "a.txt", "is no rig"),
        (tmp_path / "a.npz", "cannot be read"), (tmp_path / "b.npz", "no array tris"),
        (tmp_path / "x.obj", "name its folder"), (tmp_path / "gone.npz", "no file"), (tmp_path / "gone.vrm", "no file"),
    ]:  # fmt: skip
        with pytest.raises(RigError, match=part) as refused:
            read_rig(path)
        assert one_sentence(refused)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RigError, match=f"{tmp_path.name} holds no neutral"):
        read_rig(".")
    with pytest.raises(RigError, match="no folder"):
        FaceRig.from_obj_folder(tmp_path / "a.txt")
    folder = write_obj_folder(tmp_path / "head", SIDED)
    monkeypatch.setattr(obj_file, "LARGEST_BYTES", 1000)
    with pytest.raises(RigError, match="too large"):
        FaceRig.from_obj_folder(folder)


def ict_arrays() -> dict[str, np.ndarray]:
    """Arrays as in the packed head of ICT-FaceKit: ours, in centimetres."""
    names = list(SIDED)
    return {
        "neutral": PACK.neutral * 100, "tris": PACK.faces.astype(np.uint16), "materials": np.array(["M_Face"]),
        "tri_material": np.zeros(len(PACK.faces), np.uint8), "expr_names": np.array(names),
        "expr": (PACK.deltas[[INDEX[name] for name in names]] * 100).astype(np.float16),
        "extra_names": np.array([], dtype="U5"), "extra": np.zeros((0, PACK.vertex_count, 3), np.float16),
        "eye_centre": PACK.eye_pivots * 100, "eye_vertex_range": np.array([[0, 10], [10, 20]], np.int32),
    }  # fmt: skip


def test_a_packed_ict_head_is_read_by_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "head.npz", **ict_arrays())
    rig = read_rig(tmp_path / "head.npz")
    assert rig.kind == "ICT-FaceKit" and rig.unit == "centimetres"
    assert np.abs(moved(rig, jawOpen=1.0) - moved(PACK, jawOpen=1.0))[30:].max() < 0.05


@pytest.mark.parametrize(
    ("name", "array", "part"),
    [
        ("neutral", np.array("text"), "another kind"), ("neutral", np.zeros((3, 3)), "expr of the shape"),
        ("expr", np.full((6, PACK.vertex_count, 3), np.nan), "NaN"), ("tris", np.array([[0, 1, 9999]]), "tri_material"),
        ("tris", np.full(PACK.faces.shape, 60_000), "does not have"), ("expr_names", np.array([1, 2]), "another kind"),
        ("materials", np.array([{}], dtype=object), "cannot be read"), ("eye_centre", np.zeros((3, 3)), "eye_centre"),
    ],
)  # fmt: skip
def test_odd_ict_heads(tmp_path: Path, name: str, array: np.ndarray, part: str) -> None:
    np.savez(tmp_path / "head.npz", **{**ict_arrays(), name: array})
    with pytest.raises(RigError, match=part) as refused:
        FaceRig.from_ict(tmp_path / "head.npz")
    assert one_sentence(refused)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_an_obj_or_refused(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "neutral.obj"
    path.write_bytes(b"v 0 0 0\nv 1 0 0\nv 0 1 0\n" + content)
    try:
        obj_file.read_obj(path)
    except RigError as error:
        assert str(error).endswith(".")


def test_the_documented_table_of_stand_ins_is_the_one_in_use() -> None:
    text = (Path(__file__).parents[1] / "docs" / "rigs.md").read_text(encoding="utf-8")
    for pattern, sums in STAND_INS:
        words = {"Side": "Left", "side": "left", "Other": "Right"}
        cells = "; else ".join(f"`{each.format(**words)}`" for each in sums)
        assert f"| {pattern.format(**words)} | {cells} |" in text, pattern
