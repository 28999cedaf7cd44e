"""Foreign rigs drawn and reported: render --rig, and dreamtalk rig."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_heads import PACK, same_names, write_head, write_obj_folder
from PIL import Image
from test_render import needs_gl

from apps.cli import main
from rig.arkit import INDEX, NAMES
from rig.avatar_part import Layer
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.eyeball import eyeball
from rig.face_rig import FaceRig
from rig.foreign.foreign_avatar import framed_camera
from rig.foreign.open_sky import open_sky
from rig.render import render_frames

RED = {"name": "skin", "pbrMetallicRoughness": {"baseColorFactor": [1.0, 0.05, 0.05, 1.0]}}
SIDED = same_names("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthLeft")


def clip_of(*poses: dict[str, float]) -> BlendshapeClip:
    weights = np.zeros((len(poses), len(NAMES)))
    for row, pose in zip(weights, poses, strict=True):
        for name, value in pose.items():
            row[INDEX[name]] = value
    return BlendshapeClip(weights, np.zeros((len(poses), 3)), 25)


@needs_gl
def test_a_foreign_rig_is_drawn_in_its_own_colours_and_left_is_the_pictures_right(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, unit_m=0.01, material=RED))
    clip = clip_of({}, {"eyeBlinkLeft": 1.0}, {"jawOpen": 1.0})
    rest, blink, jaw = (frame.astype(int) for frame in render_frames(rig, clip, 128))
    assert rest.shape == (128, 128, 3)
    middle = rest[56:72, 56:72].mean(axis=(0, 1))
    assert middle[0] > 2 * middle[1]
    assert np.abs(blink - rest)[:, 64:].sum() > 20 * max(1, np.abs(blink - rest)[:, :60].sum())
    rows = np.flatnonzero((np.abs(jaw - rest).max(axis=2) > 40).any(axis=1))
    assert rows.min() > 55  # the mouth lies below the middle of the picture
    again = next(render_frames(rig, clip, 128))
    assert np.array_equal(again, rest)


@needs_gl
def test_a_texture_is_cut_where_its_alpha_is_low(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, material=RED))
    texture = np.dstack([rig.layers[0].texture, np.zeros((1, 1), np.uint8)])
    nothing = (Layer("skin", rig.layers[0].faces, np.repeat(np.repeat(texture, 8, 0), 8, 1)),)
    frame = next(render_frames(replace(rig, layers=nothing), clip_of({}), 64))
    assert (frame[:, :, 0] < frame[:, :, 2] + 10).all()  # the background alone


def test_the_camera_finds_heads_of_any_size(tmp_path: Path) -> None:
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED))
    assert framed_camera(rig) == Camera()
    hair = PACK.neutral[:, 1] > 0.09
    tall = np.where(hair[:, None], PACK.neutral + np.float32([0, 0.3, 0]), PACK.neutral)
    camera = framed_camera(replace(rig, neutral=tall))
    crown = camera.pixels(tall[np.argmax(tall[:, 1])][None], 100, 100)[0]
    assert 0 < crown[1] < 15


@needs_gl
def test_render_takes_a_rig_with_names_and_profile(tmp_path: Path) -> None:
    write_head(tmp_path / "head.glb", {"Blink_A": "eyeBlinkLeft", "Blink_B": "eyeBlinkRight", "Jaw": "jawOpen"})
    (tmp_path / "names.csv").write_text("eyeBlinkLeft,Blink_A\neyeBlinkRight,Blink_B\njawOpen,Jaw\n")
    (tmp_path / "my.toml").write_text("[shapes.jawOpen]\nhigh = 0.0\n")
    write_clip(clip_of({}, {"jawOpen": 1.0}), tmp_path / "clip.npz")
    shown = []
    for name, extra in (("open", ()), ("shut", ("--profile", str(tmp_path / "my.toml")))):
        (tmp_path / name).mkdir()
        status = main([
            "render", str(tmp_path / "clip.npz"), "--rig", str(tmp_path / "head.glb"), "--names",
            str(tmp_path / "names.csv"), *extra, "--size", "64", "--quiet", "-o", f"{tmp_path / name}/",
        ])  # fmt: skip
        assert status == 0
        frames = [np.asarray(Image.open(file)).astype(int) for file in sorted((tmp_path / name).glob("*.png"))]
        shown.append(np.abs(frames[1] - frames[0]).sum())
    assert shown[0] > 1000 and shown[1] == 0


@needs_gl
def test_the_rig_command_reports_and_draws(tmp_path: Path, capsys) -> None:
    folder = write_obj_folder(tmp_path / "head", {"eyeBlink_L": "eyeBlinkLeft", "eyeBlink_R": "eyeBlinkRight",
                                                  "jawOpen": "jawOpen", "Ears": "mouthLeft"}, unit_m=0.01)  # fmt: skip
    sheet, template = tmp_path / "sheet.png", tmp_path / "my.toml"
    arguments = ["rig", str(folder), "-o", str(sheet), "--size", "64", "--profile-template", str(template)]
    assert main(arguments) == 0
    told = " ".join(capsys.readouterr().out.split())
    for part in (
        "head: OBJ folder, counted in centimetres, 6031 vertices, 4 morphs", "found: 3 of 52 shapes",
        "eyeBlinkLeft = eyeBlink_L", "mouthClose = -1 jawOpen", "missing (", "other morphs (1): Ears",
    ):  # fmt: skip
        assert part in told, told
    with Image.open(sheet) as picture:
        assert picture.size == (6 * 72 + 8, 50 + 4 * 94)
    assert template.read_text().count("\n[shapes.") == 8


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        (["--rig", "gone.glb"], "no file"), (["--names", "x.csv"], "without --rig"),
        (["--profile", "x.toml"], "without --rig"), (["--rig", "head.glb", "--portrait", "x.png"], "both given"),
        (["--rig", "head.glb", "--profile", "bad.toml"], "bad.toml"), (["--rig", "clip.npz"], "no array neutral"),
        (["--rig", "head.glb", "--names", "bad.csv"], "bad.csv"),
    ],
)  # fmt: skip
def test_render_refuses_in_one_sentence(extra: list[str], part: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(clip_of({}), tmp_path / "clip.npz")
    write_head(tmp_path / "head.glb", SIDED)
    (tmp_path / "bad.toml").write_text("[shapes.jaw]\n")
    (tmp_path / "bad.csv").write_text("jawOpen;Jaw\n")
    assert main(["render", "clip.npz", *extra, "-o", "out.mp4"]) == 2
    complaint = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.search(part, complaint) and complaint.endswith(".") and not (tmp_path / "out.mp4").exists()


def test_the_rig_command_refuses_bad_outputs(tmp_path: Path, capsys) -> None:
    head = str(write_head(tmp_path / "head.glb", SIDED))
    for arguments in (["-o", str(tmp_path / "a.gif")], ["--profile-template", str(tmp_path / "a.yaml")],
                      ["--size", "9", "-o", str(tmp_path / "a.png")]):  # fmt: skip
        assert main(["rig", head, *arguments]) == 2
        assert capsys.readouterr().err.strip().endswith(".")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head.glb"]


@needs_gl
def test_the_open_sky_is_whole_on_a_ball_and_little_within_it() -> None:
    ball = eyeball()
    assert open_sky(ball.normals, ball.faces, ball.normals).min() > 0.9
    assert open_sky(ball.normals, ball.faces[:, ::-1], -ball.normals).max() < 0.5


@needs_gl
def test_pyrender_draws_foreign_rigs_alike(tmp_path: Path) -> None:
    pytest.importorskip("pyrender")
    rig = FaceRig.from_gltf(write_head(tmp_path / "head.glb", SIDED, material=RED))
    one, other = (next(render_frames(rig, clip_of({"jawOpen": 1.0}), 64, backend=name)).astype(int)
                  for name in ("moderngl", "pyrender"))  # fmt: skip
    assert np.abs(one - other).mean() < 2
