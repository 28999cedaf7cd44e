"""`dreamtalk edit` does what it is asked, in the order asked, and harms nothing where it cannot."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from apps.cli import build_parser, main
from rig import BlendshapeClip
from rig.clip_file import read_clip, write_clip


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BlendshapeClip, BlendshapeClip]:
    """a.npz and b.npz in the working folder, and what they hold."""
    monkeypatch.chdir(tmp_path)
    clips = []
    for seed, name in ((1, "a.npz"), (2, "b.npz")):
        rng = np.random.default_rng(seed)
        eyes = rng.normal(0, 0.1, (50, 2, 3))
        clips.append(BlendshapeClip(rng.uniform(0, 1, (50, 52)), rng.normal(0, 0.2, (50, 3)), 25, eyes))
        write_clip(clips[-1], name)
    return clips[0], clips[1]


def edited(*words: str) -> BlendshapeClip:
    assert main(["edit", "a.npz", *words, "--quiet", "-o", "out.npz"]) == 0
    return read_clip("out.npz")


def assert_same(one: BlendshapeClip, other: BlendshapeClip) -> None:
    assert (one.fps, len(one)) == (other.fps, len(other))
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.head_rotation, other.head_rotation)
    np.testing.assert_array_equal(one.eyes(), other.eyes())


EVERY_OPERATION = (
    ("--trim 0.2:1.2", lambda a, b: a.trimmed(0.2, 1.2)),
    ("--trim :1", lambda a, b: a.trimmed(0, 1)),
    ("--trim 1:", lambda a, b: a.trimmed(1)),
    ("--join b.npz", lambda a, b: a.joined(b)),
    ("--join b.npz --crossfade 0.4", lambda a, b: a.joined(b, 0.4)),
    ("--loop 3 --crossfade 0.2", lambda a, b: a.looped(3, crossfade_s=0.2)),
    ("--loop 3.2s", lambda a, b: a.looped(duration_s=3.2)),
    ("--stretch 0.75", lambda a, b: a.stretched(0.75)),
    ("--stretch 4s", lambda a, b: a.stretched(duration_s=4)),
    ("--reverse", lambda a, b: a.reversed()),
    ("--shift -0.4", lambda a, b: a.shifted(-0.4)),
    ("--mirror", lambda a, b: a.mirrored()),
    ("--mix brows,mouthSmile=b.npz", lambda a, b: a.mixed(b, ["brows", "mouthSmile"])),
    (
        "--mix mouth=b.npz --during 0.4:1.2 --fade 0.1",
        lambda a, b: a.mixed(b, ["mouth"], start_s=0.4, end_s=1.2, fade_s=0.1),
    ),
    ("--blend 0.25=b.npz", lambda a, b: a.blended(b, 0.25)),
    ("--head-of b.npz --add", lambda a, b: a.with_head(b, add=True)),
    ("--gaze-of b.npz", lambda a, b: a.with_gaze(b)),
    ("--blinks-of b.npz", lambda a, b: a.with_blinks(b)),
    ("--blink 0.5,1.2 --add", lambda a, b: a.with_blinks([0.5, 1.2], add=True)),
    ("--smooth 6", lambda a, b: a.smoothed(6)),
    ("--smooth brows,head=3", lambda a, b: a.smoothed(3, ["brows", "head"])),
    ("--scale mouth,brows=1.2", lambda a, b: a.scaled({"mouth": 1.2, "brows": 1.2})),
    ("--fps 24", lambda a, b: a.resampled(24)),
    ("--trim 0:1 --mirror --loop 2 --mirror", lambda a, b: a.trimmed(0, 1).looped(2)),
    ("", lambda a, b: a),
)


@pytest.mark.parametrize(("words", "wanted"), EVERY_OPERATION, ids=[words for words, _ in EVERY_OPERATION])
def test_each_operation_is_the_method_of_the_clip(takes, words, wanted):
    assert_same(edited(*words.split()), wanted(*takes))


def test_operations_are_done_in_their_order(takes):
    clip, other = takes
    assert_same(edited("--stretch", "2", "--trim", "0:1"), clip.stretched(2).trimmed(0, 1))
    assert_same(edited("--trim", "0:1", "--stretch", "2"), clip.trimmed(0, 1).stretched(2))


def test_several_outputs_are_written_and_listed(takes, capsys):
    assert main(["edit", "a.npz", "--mirror", "-o", "out.npz", "-o", "out.csv"]) == 0
    assert capsys.readouterr().out == "wrote out.npz\nwrote out.csv\n"
    np.testing.assert_allclose(read_clip("out.csv").weights, read_clip("out.npz").weights, atol=1e-9)


def test_the_last_rate_counts_the_timecode_as_well(takes, capsys):
    assert main(["edit", "a.npz", "--fps", "24", "--mirror", "--fps", "29.97df", "-o", "out.csv"]) == 0
    assert capsys.readouterr().out == "wrote out.csv\nwrote out.take.json\n"
    assert json.loads(Path("out.take.json").read_text())["timecodeCount"] == "drop"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--trim 5", "START:END"),
        ("--trim 1:x", "'x'; give a number"),
        ("--trim 1:7", "end of the trim is 7 s"),
        ("--mirror --crossfade 1", "behind --join or --loop"),
        ("--add", "right after the one"),
        ("--loop 2.5", "whole number of rounds"),
        ("--loop xs", "give a number"),
        ("--mix brows", "REGIONS=FILE"),
        ("--mix eyebrows=b.npz", "'eyebrows' is not known"),
        ("--blend b.npz", "SHARE=FILE"),
        ("--join none.npz", "no file none.npz"),
        ("--smooth x", "give a number"),
        ("--scale mouth", "REGIONS=GAIN"),
        ("--fps 0", "cannot be used"),
        ("--cut 1", "--cut"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_no_file(takes, capsys, words, said):
    assert main(["edit", "a.npz", *words.split(), "-o", "out.npz"]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1 and not Path("out.npz").exists()


@pytest.mark.parametrize("words", ["-o a.npz", "--join b.npz -o b.npz", "--mix brows=b.npz -o b.npz"])
def test_no_input_is_overwritten(takes, capsys, words):
    before = Path("a.npz").read_bytes(), Path("b.npz").read_bytes()
    assert main(["edit", "a.npz", *words.split()]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert (Path("a.npz").read_bytes(), Path("b.npz").read_bytes()) == before


GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "editing.md").read_text(encoding="utf-8")
TAUGHT = [*re.findall(r"\| `(dreamtalk .*?)` \|", GUIDE), *re.findall(r"^dreamtalk .*", GUIDE, re.MULTILINE)]


def test_every_edit_that_the_guide_teaches_can_be_done(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("hello.csv", "surprised.csv")):
        rng = np.random.default_rng(number)
        write_clip(BlendshapeClip(rng.uniform(0, 1, (162, 52)), rng.normal(0, 0.2, (162, 3)), 25), name)
    edits = [command for command in TAUGHT if command.startswith("dreamtalk edit")]
    assert len(edits) > 15
    for command in edits:
        assert main(shlex.split(command)[1:]) == 0, command
    methods = re.findall(r"`clip\.(\w+)\(", GUIDE)
    assert methods and all(hasattr(BlendshapeClip, method) for method in methods)


@pytest.mark.parametrize("command", [command for command in TAUGHT if not command.startswith("dreamtalk edit")])
def test_every_other_command_of_the_guide_parses(command):
    build_parser().parse_args(shlex.split(command)[1:])
