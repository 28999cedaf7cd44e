"""One table of signs: which way a head and its eyes turn in every format that keeps them, there and back."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rig import BlendshapeClip
from rig.arkit import INDEX
from rig.clip_file import FORMATS, read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.glb import read_gltf
from rig.formats.gltf_accessors import Accessors
from rig.formats.naming import Naming
from rig.rotation import matrix_from_angles, matrix_from_quaternions

TURN_RAD = 0.3
ANGLES = tuple(f"{part} {axis}" for part in ("head", "left eye", "right eye") for axis in ("pitch", "yaw", "roll"))
ALL_TURNED = np.array([(0.3, -0.2, 0.1), (-0.1, 0.25, 0.05), (0.15, -0.05, -0.1)])
FRAMES = len(ANGLES) + 2
FPS = 60.0  # the rate of Azure's files, which know no other
SHAPES = ("jawOpen", "jawLeft", "jawRight", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight")


def turning_clip() -> BlendshapeClip:
    """Frame 0 at rest, frames 1 to 9 each with a single one of ANGLES at +0.3 rad, in frame 10 all of them at once.

    Shapes of the left side alone are up, so that exchanged sides show as well.
    """
    turns = np.zeros((FRAMES, 3, 3))
    for number in range(len(ANGLES)):
        turns[number + 1].flat[number] = TURN_RAD
    turns[-1] = ALL_TURNED
    weights = np.zeros((len(turns), len(INDEX)))
    for name, weight in (("jawOpen", 0.5), ("jawLeft", 0.4), ("mouthSmileLeft", 0.3), ("eyeBlinkLeft", 0.2)):
        weights[:, INDEX[name]] = weight
    return BlendshapeClip(weights, turns[:, 0], FPS, turns[:, 1:])


def turns_of(clip: BlendshapeClip) -> np.ndarray:
    """(T, 3, 3): head, left eye and right eye, each (pitch, yaw, roll) in radians."""
    eyes = np.zeros((len(clip), 2, 3)) if clip.eye_rotation is None else clip.eye_rotation
    return np.concatenate([clip.head_rotation[:, None], eyes], axis=1)


@dataclass(frozen=True)
class Kept:
    """angles: those of ANGLES that a format keeps as they are.  gaze: whether both eyes turn as their mean instead."""

    angles: tuple[str, ...]
    gaze: bool = False

    def of(self, turns: np.ndarray) -> np.ndarray:
        kept = turns.copy()
        if self.gaze:
            kept[:, 1:] = turns[:, 1:].mean(axis=1, keepdims=True)
        return kept * np.isin(ANGLES, self.angles).reshape(3, 3)


NO_EYE_ROLL = tuple(angle for angle in ANGLES if not angle.endswith("eye roll"))
KEPT = {
    ".csv": Kept(ANGLES),
    ".wide.csv": Kept(ANGLES),
    ".long.csv": Kept(ANGLES),
    ".parquet": Kept(ANGLES),
    ".npz": Kept(ANGLES),
    ".json": Kept(ANGLES),
    ".glb": Kept(ANGLES),
    ".gltf": Kept(ANGLES),
    ".usda": Kept(ANGLES),
    ".usdc": Kept(ANGLES),
    ".usd": Kept(ANGLES),
    ".anim": Kept(ANGLES),
    ".txt": Kept(NO_EYE_ROLL),
    ".vrma": Kept(NO_EYE_ROLL, gaze=True),
    ".presets.vrma": Kept(NO_EYE_ROLL, gaze=True),
    ".azure.json": Kept(("head roll", "left eye roll", "right eye roll")),
    ".a2f.csv": Kept(()),
    ".a2f.json": Kept(()),
}


def written(clip: BlendshapeClip, path: Path) -> Path:
    """Few shapes alone, since a head with 52 takes its time."""
    if path.suffix in (".usda", ".usdc", ".usd"):
        pytest.importorskip("pxr")
    write_clip(clip, path, ExportOptions(naming=Naming(shapes=SHAPES)))
    return path


@pytest.fixture(scope="module")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The clip and, behind it, the mirrored clip in each format, written once."""
    folder = tmp_path_factory.mktemp("turns")

    def path_of(suffix: str) -> Path:
        path, clip = folder / f"turns{suffix}", turning_clip()
        return path if path.exists() else written(clip.joined(clip.mirrored()), path)

    return path_of


def test_the_table_has_every_format_that_is_written_and_read() -> None:
    assert set(KEPT) == {format.suffix for format in FORMATS if format.write and format.read}


@pytest.mark.parametrize("suffix", KEPT)
def test_a_turn_comes_back_as_the_same_turn_to_the_same_side(suffix: str, file_of: Callable[[str], Path]) -> None:
    clip, kept = turning_clip(), KEPT[suffix]
    back = turns_of(read_clip(file_of(suffix)))[:FRAMES]
    exact = FRAMES if len(kept.angles) == len(ANGLES) else FRAMES - 1  # the mean of two turns is no turn's angles
    np.testing.assert_allclose(back[:exact], kept.of(turns_of(clip))[:exact], atol=1e-4)


@pytest.mark.parametrize("suffix", [suffix for suffix in KEPT if suffix != ".presets.vrma"])
def test_the_left_side_stays_the_left_side(suffix: str, file_of: Callable[[str], Path]) -> None:
    back = read_clip(file_of(suffix))
    np.testing.assert_allclose(back.weights[:FRAMES], turning_clip().weights, atol=1e-4)
    np.testing.assert_allclose(back.weights[FRAMES:], turning_clip().mirrored().weights, atol=1e-4)


@pytest.mark.parametrize("suffix", [suffix for suffix, kept in KEPT.items() if kept.angles])
def test_a_mirrored_clip_turns_the_other_way_in_every_file(suffix: str, file_of: Callable[[str], Path]) -> None:
    back = read_clip(file_of(suffix))
    np.testing.assert_allclose(turns_of(back)[FRAMES:], turns_of(back.mirrored())[:FRAMES], atol=1e-4)


def test_a_clip_through_every_exact_format_in_turn_is_the_clip(tmp_path: Path) -> None:
    clip = last = turning_clip()
    for suffix in (".csv", ".glb", ".wide.csv", ".usda", ".long.csv", ".anim", ".parquet", ".json", ".npz"):
        last = read_clip(written(last, tmp_path / f"chain{suffix}"))
    np.testing.assert_allclose(turns_of(last), turns_of(clip), atol=1e-4)
    np.testing.assert_allclose(last.weights, clip.weights, atol=1e-4)
    assert last.fps == pytest.approx(clip.fps)


def test_live_link_columns_hold_radians_with_yaw_and_roll_the_other_way(file_of: Callable[[str], Path]) -> None:
    with file_of(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, angle in enumerate(ANGLES):
        column = "".join(word.capitalize() for word in angle.split())
        turn = TURN_RAD if angle.endswith("pitch") else -TURN_RAD
        assert [float(row[column]) for row in rows[:10]] == pytest.approx(
            [turn if frame == number + 1 else 0 for frame in range(10)], abs=1e-6
        )


def test_face_cap_holds_degrees_of_our_sign(file_of: Callable[[str], Path]) -> None:
    lines = file_of(".txt").read_text(encoding="utf-8").splitlines()
    frames = [[float(cell) for cell in line.split(",")[5:12]] for line in lines if line.startswith("k,")]
    for place, angle in enumerate(NO_EYE_ROLL):
        assert frames[1 + ANGLES.index(angle)][place] == pytest.approx(np.degrees(TURN_RAD), abs=1e-4)


@pytest.mark.parametrize("suffix", [".glb", ".vrma"])
def test_gltf_nodes_turn_as_our_axes_have_it(suffix: str, file_of: Callable[[str], Path]) -> None:
    container = read_gltf(file_of(suffix))
    accessors, document = Accessors(container), container.document
    animation = document["animations"][0]
    turned = {"head": 0, "eye_left": 1, "eye_right": 2}
    seen = []
    for channel in animation["channels"]:
        name = document["nodes"][channel["target"]["node"]].get("name")
        if channel["target"]["path"] == "rotation" and name in turned:
            quaternions = accessors.floats(animation["samplers"][channel["sampler"]]["output"], "VEC4", "turns")
            wanted = matrix_from_angles(turns_of(turning_clip())[:, turned[name]])
            np.testing.assert_allclose(matrix_from_quaternions(quaternions[:FRAMES]), wanted, atol=1e-5)
            seen.append(name)
    assert seen and ("eye_left" in seen) == (suffix == ".glb")


def test_unity_turns_yaw_and_roll_the_other_way(file_of: Callable[[str], Path]) -> None:
    text = file_of(".anim").read_text(encoding="utf-8")
    curves = text.partition("m_EulerCurves:")[2].partition("m_PositionCurves:")[0].split("- curve:")[1:]
    for curve in curves:
        (path,) = re.findall(r"path: (\S+)", curve)
        part = ("bust/head", "bust/head/eye_left", "bust/head/eye_right").index(path)
        keys = re.findall(r"time: (\S+)\s+value: \{x: (\S+), y: (\S+), z: (\S+)\}", curve)
        degrees = {round(float(time_s) * FPS): [float(value) for value in values] for time_s, *values in keys}
        for axis, sign in enumerate((1, -1, -1)):
            wanted = sign * np.degrees(TURN_RAD) * np.eye(3)[axis]
            np.testing.assert_allclose(degrees[1 + 3 * part + axis], wanted, atol=1e-2)
    assert len(curves) == 3


def test_lam_json_holds_radians_of_our_sign(file_of: Callable[[str], Path]) -> None:
    document = json.loads(file_of(".json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(document["head_rotation"][1:4], TURN_RAD * np.eye(3), atol=1e-6)
    np.testing.assert_allclose(document["eye_rotation"][4:10], TURN_RAD * np.eye(6), atol=1e-6)
