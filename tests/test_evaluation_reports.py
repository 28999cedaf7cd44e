"""Reports of emotions and styles, tables, pictures and the command, without networks."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_recordings import FPS, halved, late, talking

from apps.cli import main
from dreamtalk.evaluation.confusion_picture import draw_confusion_picture
from dreamtalk.evaluation.curves_picture import draw_curves_picture
from dreamtalk.evaluation.emotion_report import Speech, emotion_report
from dreamtalk.evaluation.recognition import confusion, nearest_centroid, side_free
from dreamtalk.evaluation.style_report import style_report
from dreamtalk.evaluation.tables import emotion_text, style_text, write_csv
from dreamtalk.evaluation.typical_sentence import typical_sentence
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.speech.audio import Waveform
from rig.arkit import INDEX, MIRROR, MOUTH, NAMES
from rig.clip import BlendshapeClip


def test_a_guess_never_rests_on_the_same_seed_or_speech() -> None:
    truth = np.array(["a", "b"] * 4)
    seeds, speeches = np.repeat([0, 1], 4), np.tile([0, 0, 1, 1], 2)
    told = np.where(truth == "b", 1.0, 0.0)[:, None]
    assert (nearest_centroid(told, truth, (seeds, speeches)) == truth).all()
    own_only = np.where(seeds == 0, told[:, 0], 1 - told[:, 0])[:, None]
    assert (nearest_centroid(own_only, truth, (seeds,)) != truth).all()


def test_recognition_does_not_tell_left_from_right() -> None:
    scores = np.random.default_rng(0).random((3, 52))
    assert np.allclose(side_free(scores), side_free(scores[:, MIRROR]))


def test_confusions_are_counted_row_by_row() -> None:
    found = confusion(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]), ("a", "b"))
    assert found.counts.tolist() == [[1, 1], [0, 1]] and found.accuracy == pytest.approx(2 / 3)
    assert found.as_dict() == {"a": {"a": 1, "b": 1}, "b": {"b": 1}}
    picture = draw_confusion_picture({"one": found, "two": found})
    assert picture.mode == "RGB" and picture.width > picture.height


class Player:
    """A DreamTalk that plays the style clip and opens the jaw in a rhythm."""

    def animate(self, speech, emotion=None, intensity=1.0, *, style=None, seed=0):
        count = round(speech.duration_s * FPS)
        manner = style or EmotionLibrary.load().clip(emotion, intensity, seed)
        rows = np.arange(count) % len(manner)
        weights = manner.weights[rows].copy()
        weights[:, MOUTH] *= 0.2
        jaw = 0.3 * np.clip(np.sin(np.arange(count) / FPS * 2 * np.pi * 1.3), 0, 1)
        weights[:, INDEX["jawOpen"]] = jaw
        weights[:, INDEX["mouthClose"]] = 0
        return SimpleNamespace(clip=BlendshapeClip(weights, manner.head_rotation[rows], FPS))


SPEECH = Speech("a", Waveform(np.random.default_rng(0).standard_normal(64_000).astype(np.float32) * 0.1))


def test_the_emotion_report_compares_with_neutral() -> None:
    steps = []
    found = emotion_report(Player(), [SPEECH], seeds=3, avatar=False, progress=lambda *at: steps.append(at))
    assert len(found.rows) == 7 * 4 + 1 and steps[-1] == (2 * 29 + 8, 2 * 29 + 8)
    rows = {(row.emotion, row.intensity): row for row in found.rows}
    assert rows["neutral", 1.0].aperture_r == pytest.approx(1) and rows["neutral", 1.0].upper_face_shift == 0
    assert rows["happy", 1.0].upper_face_shift > rows["happy", 0.25].upper_face_shift > 0
    assert rows["happy", 1.0].clips == 3 and rows["happy", 0.25].clips == 2
    assert found.monotone == 1.0 and found.by_avatar is None
    assert found.by_curves.counts.sum(axis=1).tolist() == [3] * len(EMOTIONS) and found.by_curves.accuracy > 0.5
    assert "happy 0.25" in emotion_text(found)


def test_the_style_report_finds_a_copied_mouth() -> None:
    style = EmotionLibrary.load().clip("happy")
    found = style_report(Player(), "happy.csv", style, [SPEECH])
    eyes = next(row for row in found.regions if row.region == "brows")
    assert eyes.own_mean == pytest.approx(eyes.clip_mean, abs=0.05) and eyes.shape_r > 0.9
    assert found.neutral_r > 0.5 and "happy.csv" in style_text(found)
    assert found.clip_head_deg == pytest.approx(found.own_head_deg, rel=0.5)

    class Copier(Player):
        def animate(self, speech, emotion=None, intensity=1.0, *, style=None, seed=0):
            return SimpleNamespace(clip=style) if style else super().animate(speech, emotion, intensity, seed=seed)

    rng = np.random.default_rng(1)
    weights = np.zeros((100, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = rng.random(100)
    copied = style_report(Copier(), "copy", BlendshapeClip(weights, np.zeros((100, 3)), FPS), [SPEECH])
    assert copied.mouth_r == pytest.approx(1) and abs(copied.chance_r) < 0.4


def test_the_picture_shows_a_middling_sentence() -> None:
    recordings = [talking(5.0, seed) for seed in range(3)]
    sentence = typical_sentence({"halved": halved, "late": late(3)}, recordings)
    assert "the median of 3" in sentence.title and list(sentence.motions) == ["halved", "late"]
    first, second = (np.asarray(draw_curves_picture([sentence, sentence])) for _ in range(2))
    assert first.shape[1:] == (1400, 3) and (first == second).all()


def test_csv_has_a_heading_and_empty_cells(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"name": "x", "r": 0.123456}, {"name": "y", "r": float("nan")}])
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert rows == [{"name": "x", "r": "0.1235"}, {"name": "y", "r": ""}]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A FACEGOOD folder with one recording for training and the one that is set aside."""
    from scipy.io import wavfile

    (tmp_path / "data" / "facegood" / "audio").mkdir(parents=True)
    (tmp_path / "data" / "facegood" / "curves").mkdir()
    for seed, name in enumerate(("2_01", "2_04")):
        recording = talking(6.0, seed)
        curves = np.full((180, 52), np.nan, np.float32)
        curves[:, MOUTH] = np.repeat(recording.weights, 6, axis=0)[::5][:, MOUTH]
        captured = np.isin(np.arange(52), MOUTH)
        np.savez(tmp_path / "data" / "facegood" / "curves" / f"{name}.npz", curves=curves, names=np.array(NAMES),
                 captured=captured, fps=30.0, curve_delay_s=1 / 30)  # fmt: skip
        samples = (recording.samples.clip(-1, 1) * 32767).astype(np.int16)
        wavfile.write(tmp_path / "data" / "facegood" / "audio" / f"{name}.flac", 16_000, samples)
    return tmp_path / "data"


def test_the_command_prints_tables_and_writes_files(data: Path, tmp_path: Path, capsys) -> None:
    phones = tmp_path / "phones.json"
    phones.write_text(json.dumps({"facegood/2_04": [[0.9, 1.0, "m"]]}))
    systems = ["--systems", "truth", "loudness", "--phones", str(phones), "--out", str(tmp_path)]
    assert main(["evaluate", str(data), *systems]) == 0
    printed = capsys.readouterr().out
    assert "facegood, 1 clip" in printed and "p b m closed" in printed and "motion.csv" in printed
    assert "| truth | 1.00 |" in (tmp_path / "motion.md").read_text()
    rows = list(csv.DictReader((tmp_path / "motion.csv").open()))
    assert [row["system"] for row in rows] == ["truth", "loudness"] and float(rows[0]["jaw_r"]) == 1.0
    assert main(["evaluate", str(data), "--json", *systems]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [json.loads(line) for line in (tmp_path / "motion.jsonl").read_text().splitlines()]


def test_the_command_draws_curves(data: Path, tmp_path: Path) -> None:
    picture = ["--report", "curves", "--systems", "loudness", "--out", str(tmp_path), "--quiet"]
    assert main(["evaluate", str(data), *picture]) == 0
    assert (tmp_path / "curves.png").stat().st_size > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        [".", "--limit", "0"],
        [".", "--report", "emotions", "--seeds", "1"],
        [".", "--report", "curves"],
        [".", "--out", "nowhere"],
        [".", "--systems", "syncnet"],
        [".", "--emotion", "happy:2"],
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(arguments: list[str], tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *arguments]) == 2
    complaint = capsys.readouterr().err.strip()
    assert complaint.startswith("dreamtalk: ") and "\n" not in complaint and complaint.endswith(".")
