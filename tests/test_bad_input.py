"""Bad input, through the whole command line: one sentence, a failing status, nothing half-written, nothing harmed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from broken_sounds import SPEECHES
from PIL import Image

from apps.cli import main
from dreamtalk import weights
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def refused(capfd, tmp_path: Path) -> Callable[..., str]:
    """Run the command line, which must refuse with one sentence and leave the folder as it was; gives that sentence."""

    def run(*arguments: object) -> str:
        before = snapshot(tmp_path)
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        assert status == 2
        assert printed.out == ""
        (sentence,) = printed.err.splitlines()
        assert sentence.startswith("dreamtalk: ") and sentence.endswith(".")
        assert snapshot(tmp_path) == before
        return sentence

    return run


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


# Speech


@pytest.mark.parametrize("name", SPEECHES)
def test_speech(name: str, stub_talk, refused, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    sentence = refused("animate", SPEECHES[name](tmp_path / name), "-o", tmp_path / "out" / "a.csv")
    assert name in sentence


def test_sound_of_render(stub_talk, refused, tmp_path: Path) -> None:
    write_clip(BlendshapeClip.rest(5, 25), tmp_path / "a.csv")
    assert "gone.wav" in refused(
        "render", tmp_path / "a.csv", "--audio", tmp_path / "gone.wav", "-o", tmp_path / "a.mp4"
    )


# Options


def test_unknown_emotion_lists_the_known_ones(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    sentence = refused("animate", speech, "--emotion", "hapy", "-o", tmp_path / "a.csv")
    assert "'hapy'" in sentence and "neutral, happy" in sentence


@pytest.mark.parametrize("strength", ["1.5", "-0.1", "nan", "strong", "", "0.5:0.5"])
def test_intensity(strength: str, stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    assert "0 to 1" in refused("animate", speech, "--emotion", f"happy:{strength}", "-o", tmp_path / "a.csv")
    assert stub_talk.requests == []


def test_names_and_rooms_are_looked_at_before_the_work(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    for words, part in (
        (["--only", "smirk"], "smirk"), (["--person", "elf", "-o", tmp_path / "a.glb"], "elf"),
        (["--take", "-o", tmp_path / "a.npz"], "--take is given, and no output has room"),
    ):  # fmt: skip
        output = [] if "-o" in words else ["-o", tmp_path / "a.csv"]
        assert part in refused("animate", speech, *words, *output)
    assert stub_talk.requests == [] and list(tmp_path.glob("a.*")) == []


def test_emotion_and_style_exclude_each_other(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    sentence = refused("animate", speech, "--emotion", "happy", "--style", "take.csv", "-o", tmp_path / "a.csv")
    assert "--emotion and --style exclude each other" in sentence


@pytest.mark.parametrize(
    "dial",
    ["--steps 0", "--steps 1.5", "--seed -1", "--seed x", "--guidance nan", "--guidance 11", "--fps 0", "--fps inf"],
)
def test_dials(dial: str, stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    refused("animate", speech, *dial.split(), "-o", tmp_path / "a.csv")
    assert stub_talk.requests == []


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["animate"],
        ["animate", "a.wav"],
        ["animate", "a.wav", "-o", "a.csv", "--emotoin", "happy"],
        ["animate", "a.wav", "-o", "a.csv", "--emo", "happy"],
        ["animate", "a.wav", "-o", "a.mp4", "--renderer", "crayon"],
        ["render", "a.csv"],
        ["emotions", "all"],
    ],
    ids=" ".join,
)
def test_command_line(words: list[str], refused) -> None:
    assert "--help" in refused(*words)


# Outputs: refused before any work is done


@pytest.mark.parametrize("name", ["a.avi", "a", "a.csv.gz", "missing/a.csv", "folder.csv", "file.txt/a.csv"])
def test_outputs(name: str, stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file.txt").write_text("")
    refused("animate", speech, "-o", tmp_path / "fine.csv", "-o", tmp_path / name)
    assert stub_talk.requests == []


def test_avatar_is_a_video(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    assert ".mp4" in refused("animate", speech, "-o", tmp_path / "a.csv", "--avatar", tmp_path / "avatar.png")


def test_same_output_twice(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    assert "twice" in refused("animate", speech, "-o", tmp_path / "a.csv", "-o", tmp_path / "b" / ".." / "a.csv")
    assert "input" in refused("animate", speech, "-o", tmp_path / "a.mp4", "--avatar", tmp_path / "a.mp4")


def test_inputs_are_not_overwritten(stub_talk, refused, speech: Path, tmp_path: Path) -> None:
    portrait, clip = tmp_path / "me.png", tmp_path / "take.csv"
    portrait.write_bytes(b"a picture")
    write_clip(BlendshapeClip.rest(5, 25), clip)
    assert "input" in refused("animate", speech, "--portrait", portrait, "-o", portrait)
    assert "input" in refused("animate", speech, "--style", clip, "-o", clip)


def test_folder_that_cannot_be_written(stub_talk, refused, speech: Path, tmp_path: Path, monkeypatch) -> None:
    def denied(*rest: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Not by chmod: root, who runs the tests in a container, may write anywhere.
    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    assert "cannot be written (Permission denied)" in refused("animate", speech, "-o", tmp_path / "a.csv")
    assert stub_talk.requests == []


def test_failure_leaves_the_old_output_alone(stub_talk, refused, speech: Path, tmp_path: Path, monkeypatch) -> None:
    old = tmp_path / "a.mp4"
    old.write_bytes(b"yesterday's film")

    def full(*rest: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert "No space left on device" in refused("animate", speech, "-o", old)


# Portraits: that odd but good ones are taken is tested with load_portrait


def test_portrait_that_is_missing_or_no_picture(stub_motion, refused, speech: Path, tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("no picture")
    for name in ("gone.png", "words.png"):
        assert name in refused("animate", speech, "--portrait", tmp_path / name, "-o", tmp_path / "a.mp4")


@pytest.mark.parametrize(("side", "part"), [(300, "No face"), (20, "20x20")])
def test_portrait_without_a_usable_face(
    side: int, part: str, stub_motion, refused, speech: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (side, side, 3), np.uint8)).save(tmp_path / "noise.png")
    outputs = ("-o", tmp_path / "a.csv", "-o", tmp_path / "a.mp4")
    sentence = refused("animate", speech, "--portrait", tmp_path / "noise.png", *outputs)
    assert part in sentence and "noise.png" in sentence


# What the installation must bring


def test_no_opengl_names_the_line_that_brings_it(
    stub_motion, refused, speech: Path, tmp_path: Path, monkeypatch
) -> None:
    def no_driver(*rest: object, **named: object) -> None:
        raise Exception("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr("moderngl.create_context", no_driver)
    monkeypatch.setattr("moderngl.create_standalone_context", no_driver)
    assert "apt-get install" in refused("animate", speech, "-o", tmp_path / "a.mp4")


@pytest.mark.parametrize(("damage", "part"), [("altered", "SHA-256"), ("missing", "lack")])
def test_weights(damage: str, part: str, refused, speech: Path, tmp_path: Path, monkeypatch) -> None:
    shipped = tmp_path / "weights"
    shutil.copytree(weights.shipped_folder(), shipped)
    file = shipped / "emodiff" / "model.safetensors"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    monkeypatch.setattr(weights, "shipped_folder", lambda: shipped)
    sentence = refused("animate", speech, "-o", tmp_path / "a.csv")
    assert part in sentence and "emodiff" in sentence


# Training


def test_training_folders(refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert "gone" in refused("train", "emodiff", tmp_path / "gone", "--out", tmp_path / "out")
    assert "missing" in refused("train", "emodiff", tmp_path / "data", "--out", tmp_path / "no" / "out")
    assert "data folder" in refused("train", "emodiff", tmp_path / "data", "--out", tmp_path / "data")
    assert "--steps" in refused("train", "emodiff", tmp_path / "data", "--out", tmp_path / "out", "--steps", "0")


# Curve files


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("words.csv", b"hello, world\n1, 2\n"),
        ("binary.csv", bytes(range(256))),
        ("broken.npz", b"PK\x03\x04 broken"),
        ("take.txt", b"Timecode"),
    ],
)
def test_curve_file(name: str, content: bytes | None, stub_talk, refused, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert name in refused("render", tmp_path / name, "-o", tmp_path / "a.mp4")


# The program itself, as a user starts it


def test_the_process_ends_with_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "apps.cli", "animate", "gone.wav", "-o", str(tmp_path / "a.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == "" and "Traceback" not in done.stderr
    (sentence,) = done.stderr.splitlines()
    assert "gone.wav" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("head") is None or os.name == "nt", reason="needs a pipe that closes early")
def test_closed_pipe_is_no_error() -> None:
    command = f"'{sys.executable}' -m apps.cli --help | head -n 0"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
