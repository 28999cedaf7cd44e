"""The console script: what each command takes, writes and prints."""

import importlib
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from apps import doctor, train
from apps.cli import build_parser, main
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.options import AnimationOptions
from rig.clip_file import read_clip, write_clip


def test_animate_writes_every_output_named(stub_talk, speech: Path, tmp_path: Path, capsys) -> None:
    outputs = [tmp_path / name for name in ("a.csv", "a.npz", "a.mp4", "avatar.mp4")]
    names = [part for path in outputs[:3] for part in ("-o", str(path))]
    assert main(["animate", str(speech), "--emotion", "happy:0.6", *names, "--avatar", str(outputs[3])]) == 0
    assert all(path.stat().st_size > 0 for path in outputs)
    assert [line.removeprefix("wrote ") for line in capsys.readouterr().out.splitlines()] == [str(p) for p in outputs]
    assert len(read_clip(outputs[0])) == len(read_clip(outputs[1])) == 25
    (request,) = stub_talk.requests
    assert (request.emotion.shown(), request.intensity, request.style) == ("happy:0.6", 1.0, None)


def test_animate_passes_every_dial(stub_talk, speech: Path, tmp_path: Path) -> None:
    dials = "--seed 7 --steps 5 --guidance 2.5 --audio-guidance 1.25 --fps 30".split()
    assert main(["animate", str(speech), *dials, "-o", str(tmp_path / "a.csv")]) == 0
    wanted = AnimationOptions(seed=7, steps=5, style_guidance=2.5, audio_guidance=1.25, fps=30)
    assert stub_talk.requests[0].options == wanted


def test_animate_without_dials_takes_the_defaults(stub_talk, speech: Path, tmp_path: Path) -> None:
    assert main(["animate", str(speech), "-o", str(tmp_path / "a.csv")]) == 0
    assert stub_talk.requests[0].options == AnimationOptions()


def test_a_performance_starts_from_the_portraits_own_face(stub_talk, speech: Path, tmp_path: Path, monkeypatch) -> None:
    smile = np.linspace(0, 1, 52, dtype=np.float32)
    portrait = SimpleNamespace(fit=SimpleNamespace(expression=smile), frame="square", limited=lambda size: size)
    monkeypatch.setattr("dreamtalk.portrait.portrait.load_portrait", lambda path, **named: portrait)
    assert main(["animate", str(speech), "-o", str(tmp_path / "a.mp4")]) == 0
    assert main(["animate", str(speech), "--portrait", "me.png", "-o", str(tmp_path / "b.mp4")]) == 0
    without, with_portrait = (request.initial for request in stub_talk.requests)
    assert without is None and np.array_equal(with_portrait, smile)


def test_quiet_prints_nothing(stub_talk, speech: Path, tmp_path: Path, capsys) -> None:
    assert main(["animate", str(speech), "--quiet", "-o", str(tmp_path / "a.mp4")]) == 0
    assert capsys.readouterr() == ("", "")


def test_render_shows_a_curve_file_with_sound(stub_talk, speech: Path, tmp_path: Path) -> None:
    clip, film = tmp_path / "a.csv", tmp_path / "a.mp4"
    assert main(["animate", str(speech), "-o", str(clip)]) == 0
    assert main(["render", str(clip), "--audio", str(speech), "-o", str(film)]) == 0
    import av

    with av.open(str(film)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_suffix_may_be_in_capitals(stub_talk, speech: Path, tmp_path: Path) -> None:
    assert main(["animate", str(speech), "-o", str(tmp_path / "A.CSV")]) == 0
    assert (tmp_path / "A.CSV").exists()


def test_emotions_lists_the_eight_and_their_variants(capsys) -> None:
    assert main(["emotions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:8]] == list(EMOTIONS)
    assert all(line.split()[1].startswith(f"{line.split()[0]}/") for line in lines[:8])


@pytest.mark.parametrize("network", train.TRAINERS)
def test_train_hands_everything_to_the_trainer(network: str, tmp_path: Path, monkeypatch) -> None:
    calls = []
    trainer = SimpleNamespace(train=lambda *folders, **named: calls.append((folders, named)))
    monkeypatch.setitem(sys.modules, f"dreamtalk.training.{train.TRAINERS[network].module}", trainer)
    words = ["train", network, str(tmp_path), "--out", str(tmp_path / "out"), "--seed", "3", "--steps", "9", "--resume"]
    assert main(words) == 0
    ((folders, named),) = calls
    assert folders == (tmp_path, tmp_path / "out")
    assert (named["seed"], named["steps"], named["resume"]) == (3, 9, True)


def test_trainers_take_what_the_command_hands_them() -> None:
    for trainer in train.TRAINERS.values():
        module = importlib.import_module(f"dreamtalk.training.{trainer.module}")
        parameters = set(inspect.signature(module.train).parameters)
        assert {"steps", "seed", "resume", "progress", *trainer.extras} <= parameters, trainer.module


def test_interrupt_ends_with_one_sentence(stub_talk, monkeypatch, speech: Path, tmp_path: Path, capsys) -> None:
    def interrupted(*rest: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stub_talk, "animate", interrupted)
    assert main(["animate", str(speech), "-o", str(tmp_path / "a.csv")]) == 130
    assert capsys.readouterr().err.splitlines() == ["dreamtalk: stopped; outputs not finished were not written."]
    assert list(tmp_path.iterdir()) == [speech]


def test_every_command_has_help(capsys) -> None:
    for words in ([], ["animate"], ["render"], ["emotions"], ["shapes"], ["doctor"]):
        with pytest.raises(SystemExit) as ended:
            build_parser().parse_args([*words, "--help"])
        assert ended.value.code == 0
        assert "usage: dreamtalk" in capsys.readouterr().out


def test_doctor_fails_on_an_essential_part_only(monkeypatch, capsys) -> None:
    def broken() -> tuple[str, str]:
        raise OSError("libEGL.so.1 is missing")

    fine = ("Python", True, lambda: ("3.11", ""))
    monkeypatch.setattr(doctor, "CHECKS", (fine, ("gradio", False, broken)))
    assert doctor.run(SimpleNamespace()) == 0
    monkeypatch.setattr(doctor, "CHECKS", (fine, ("drawing", True, broken)))
    assert doctor.run(SimpleNamespace()) == 1
    report = capsys.readouterr().out
    assert "absent  gradio" in report and "problem drawing: libEGL.so.1 is missing -> " in report


def test_doctor_examines_the_basics_here() -> None:
    for name, essential, check in doctor.CHECKS:
        if name in ("Python", "PyTorch", "video encoders", "write access"):
            assert doctor.examine(name, essential, check).mend == "", name


def test_real_weights_same_seed_same_bytes(speech: Path, tmp_path: Path) -> None:
    def curves(name: str, *words: str) -> bytes:
        assert main(["animate", str(speech), "--quiet", *words, "-o", str(tmp_path / name)]) == 0
        return (tmp_path / name).read_bytes()

    happy = curves("a.npz", "--emotion", "happy", "--seed", "5")
    assert curves("b.npz", "--emotion", "happy", "--seed", "5") == happy
    assert curves("c.npz", "--emotion", "happy", "--seed", "6") != happy


def test_real_weights_follow_a_style_clip_at_another_rate(speech: Path, tmp_path: Path) -> None:
    style = tmp_path / "take.csv"
    write_clip(EmotionLibrary.load().clip("angry", 1.0).resampled(60), style)
    assert main(["animate", str(speech), "--style", str(style), "--fps", "30", "-o", str(tmp_path / "a.csv")]) == 0
    clip = read_clip(tmp_path / "a.csv")
    assert (clip.fps, len(clip)) == (30, 30)
