"""Scores, reports, tables and pictures of the evaluation, without networks."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from apps.cli import main
from dreamtalk.audio import Waveform
from dreamtalk.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.evaluation.confusion_picture import draw_confusion_picture
from dreamtalk.evaluation.curves_picture import draw_curves_picture
from dreamtalk.evaluation.emotion_report import Speech, emotion_report
from dreamtalk.evaluation.excerpts import beginning, excerpt, spread, stretches
from dreamtalk.evaluation.motion_report import MADE_TARGETS, chosen, grouped, motion_report
from dreamtalk.evaluation.motion_score import fitting, pooled, score, system_gain
from dreamtalk.evaluation.phone_measures import bilabials_closed, speaking_frames, vowels_falsely_closed
from dreamtalk.evaluation.phone_times import read_phone_times, with_phone_times
from dreamtalk.evaluation.recognition import confusion, nearest_centroid, side_free
from dreamtalk.evaluation.style_report import style_report
from dreamtalk.evaluation.systems import captured_motion, makers, with_settings
from dreamtalk.evaluation.tables import emotion_text, motion_text, style_text, write_csv
from dreamtalk.evaluation.typical_sentence import typical_sentence
from dreamtalk.options import AnimationOptions
from dreamtalk.phones import Phone
from dreamtalk.training_clip import Recording
from rig.arkit import INDEX, MIRROR, MOUTH, NAMES
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

FPS = 25.0
RIG = FaceRig.load()


def talking(seconds: float = 6.0, seed: int = 0, corpus: str = "test", **fields) -> Recording:
    """Noise bursts with a jaw that follows them; an m at every closing, an a at every opening."""
    rng = np.random.default_rng(seed)
    count = round(seconds * FPS)
    phase = np.arange(count) / FPS * 1.25 + seed * 0.1
    jaw = np.clip(np.sin(2 * np.pi * phase), 0, 1) * (0.3 + 0.1 * np.sin(phase))
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = jaw
    gain = np.interp(np.arange(count * 640) / 640, np.arange(count), jaw)
    samples = ((0.4 * gain + 1e-4) * rng.standard_normal(count * 640)).astype(np.float32)
    peaks = [(cycle + 0.25 - seed * 0.1) / 1.25 for cycle in range(1, int(phase[-1]))]
    phones = [Phone(peak - 0.06, peak + 0.06, "a") for peak in peaks]
    phones += [Phone(peak + 0.36, peak + 0.44, "m") for peak in peaks]
    head = rng.normal(0, 0.01, (count, 3)).astype(np.float32)
    valid = np.ones(count, bool)
    found = Recording(f"{corpus}/{seed}", corpus, samples, weights, valid, head, tuple(phones))
    return replace(found, **fields)


def late(frames: int):
    return lambda r: BlendshapeClip(np.roll(r.weights, frames, axis=0), r.head_rotation, FPS)


def halved(recording: Recording) -> BlendshapeClip:
    return BlendshapeClip(recording.weights * 0.5, recording.head_rotation, FPS)


def test_the_truth_scores_as_the_truth() -> None:
    found = score(captured_motion, [talking(seed=seed) for seed in range(3)], RIG, gain=1.0)
    assert found.jaw_r == pytest.approx(1) and found.aperture_r == pytest.approx(1)
    assert found.jaw_lag_ms == found.aperture_lag_ms == 0
    assert found.lip_vertex_error_mm == found.lip_vertex_error_gain_mm == found.lip_vertex_error_dyn_mm == 0
    assert found.amplitude == pytest.approx(1) and found.jitter == pytest.approx(1)
    assert found.bilabials_closed == 1 and found.vowels_falsely_closed == 0 and found.closures_met == 1
    assert found.clips == 3


@pytest.mark.parametrize("frames", [-3, 2, 4])
def test_a_shifted_truth_is_that_late(frames: int) -> None:
    found = score(late(frames), [talking(seed=seed) for seed in range(3)], RIG)
    assert found.jaw_lag_ms == pytest.approx(frames * 40, abs=11)
    assert found.aperture_lag_ms == pytest.approx(frames * 40, abs=11)


def test_a_halved_truth_is_made_whole_by_its_gain() -> None:
    recordings = [talking(seed=seed) for seed in range(2)]
    gain = system_gain(halved, recordings, RIG)
    found = score(halved, recordings, RIG, gain)
    assert gain == pytest.approx(2, abs=1e-3) and found.gain == gain
    assert found.amplitude == pytest.approx(0.5, abs=0.02)
    assert found.lip_vertex_error_gain_mm < 1e-3 < found.lip_vertex_error_mm


def test_an_offset_costs_no_dynamic_error() -> None:
    recording = talking()
    wider = recording.weights.copy()
    wider[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] += 0.3
    found = score(lambda r: BlendshapeClip(wider, r.head_rotation, FPS), [recording], RIG)
    assert found.lip_vertex_error_dyn_mm < 1e-3 < found.lip_vertex_error_mm


def test_frames_without_a_face_and_shapes_not_captured_do_not_count() -> None:
    recording = talking()
    weights, valid = recording.weights.copy(), recording.valid.copy()
    weights[40:60, INDEX["jawOpen"]] = 0.9
    valid[40:60] = False
    weights[:, INDEX["mouthPucker"]] = np.linspace(0, 1, len(weights))
    captured = recording.captured.copy()
    captured[INDEX["mouthPucker"]] = False
    found = score(lambda _: BlendshapeClip(weights, recording.head_rotation, FPS),
                  [replace(recording, valid=valid, captured=captured)], RIG)  # fmt: skip
    assert found.lip_vertex_error_mm == 0 and found.jaw_r == pytest.approx(1) and found.jitter == pytest.approx(1)
    assert np.isnan(found.upper_face_deviation)


def test_upper_face_is_measured_where_it_was_captured() -> None:
    weights = talking().weights.copy()
    weights[:, INDEX["browInnerUp"]] = np.linspace(0, 0.4, len(weights))
    captured = np.ones(52, bool)
    recording = replace(talking(), weights=weights, captured=captured)
    found = score(halved, [recording], RIG)
    assert found.upper_face_deviation == pytest.approx(np.linspace(0, 0.4, len(weights)).std() / 2 / 24, rel=1e-3)


def test_without_captured_curves_only_phones_and_life_are_measured() -> None:
    recording = replace(talking(), captured=np.zeros(52, bool))
    found = score(captured_motion, [recording], RIG).rounded()
    measured = {name for name, value in found.items() if value is not None}
    assert {"bilabials_closed", "vowels_falsely_closed", "jitter_per_frame", "silence_mm"} <= measured
    assert not measured & {"jaw_r", "aperture_r", "width_r", "lip_vertex_error_mm", "amplitude", "jitter"}


def test_a_bilabial_is_closed_within_forty_milliseconds() -> None:
    aperture = np.full(100, 10.0)
    aperture[50] = 0.5  # at 2.00 s
    for centre, met in ((2.0, 1), (2.04, 1), (1.96, 1), (2.05, 0), (1.9, 0)):
        phones = [Phone(centre - 0.03, centre + 0.03, "p")]
        assert bilabials_closed(aperture, phones, FPS) == (met, 1)
    assert bilabials_closed(aperture, [Phone(9.0, 9.1, "p"), Phone(1.9, 2.1, "a")], FPS) == (0, 0)


def test_an_open_vowel_needs_one_open_frame_in_its_middle_half() -> None:
    aperture = np.full(100, 10.0)
    aperture[50:56] = 0.0  # 2.00 to 2.20 s
    assert vowels_falsely_closed(aperture, [Phone(2.0, 2.2, "a")], FPS) == (1, 1)
    assert vowels_falsely_closed(aperture, [Phone(2.1, 2.4, "a")], FPS) == (0, 1)
    assert vowels_falsely_closed(aperture, [Phone(2.05, 2.1, "a")], FPS) == (0, 0)  # too short to judge
    assert vowels_falsely_closed(aperture, [Phone(2.0, 2.2, "u"), Phone(2.0, 2.2, "s")], FPS) == (0, 0)
    assert vowels_falsely_closed(aperture, [Phone(2.07, 2.132, "a")], FPS) == (1, 1)  # the frame nearest to its centre


def test_silence_is_where_no_phone_is_said() -> None:
    speaking = speaking_frames([Phone(1.0, 2.0, "a"), Phone(2.0, 3.0, "sil")], 100, FPS)
    assert speaking[25:50].all() and not speaking[:25].any() and not speaking[50:].any()


def test_closures_count_phone_by_phone() -> None:
    one, three = {"bilabials_closed": (1.0, 1.0), "jaw_r": (0.5, 1.0)}, {"bilabials_closed": (0.0, 3.0)}
    found = pooled([one, three | {"jaw_r": (0.7, 1.0)}])
    assert found.bilabials_closed == 0.25 and found.jaw_r == pytest.approx(0.6) and np.isnan(found.width_r)


def test_motion_is_brought_to_the_rate_and_length_of_the_recording() -> None:
    recording = talking(2.0)
    faster = captured_motion(recording).resampled(50)
    assert len(fitting(faster, recording)) == 50
    assert len(fitting(captured_motion(talking(1.0)), recording)) == 50


def test_recordings_are_grouped_by_corpus_and_language() -> None:
    recordings = [talking(corpus="speech", language="de"), talking(corpus="speech"), talking(corpus="grid")]
    assert list(grouped(recordings)) == ["grid", "speech/de", "speech/en"]
    assert [each.corpus for each in chosen(recordings, ["grid"])] == ["grid"]
    assert len(spread([talking()] * 9, 4)) == 4 and len(spread([talking()], None)) == 1
    with pytest.raises(OptionError, match="mead"):
        chosen(recordings, ["mead"])
    with pytest.raises(OptionError, match="set aside"):
        chosen([])


def test_baselines_see_the_training_part_of_their_own_corpus() -> None:
    seen = []

    def maker(training):
        seen.append({each.name for each in training})
        return captured_motion

    training = [talking(seed=1), talking(seed=2), talking(seed=3, corpus="other")]
    tests = [talking(seed=7), replace(talking(seed=8, corpus="speech"), captured=np.zeros(52, bool))]
    rows = list(motion_report(training, tests, {"spy": maker}))
    assert [row.group for row in rows] == ["speech", "test"]
    assert {"test/1", "test/2"} in seen and not any("test/7" in names for names in seen)
    assert {"test/1", "test/2", "other/3"} in seen  # a corpus without captures takes them all


def test_the_report_has_a_row_for_each_system_and_corpus() -> None:
    style, options = EmotionLibrary.load().clip("neutral"), AnimationOptions()
    systems = makers(["truth", "loudness", "mean"], style, options)
    made = replace(talking(seed=9, corpus="speech"), captured=np.zeros(52, bool))
    silent = replace(made, corpus="unknown", weights=np.zeros_like(made.weights))
    steps = []
    tests = [talking(seed=2), made, silent]
    rows = list(motion_report([talking(seed=1)], tests, systems, lambda *at: steps.append(at)))
    assert [(row.group, row.system) for row in rows] == [
        ("speech", MADE_TARGETS), ("speech", "loudness"), ("speech", "mean"),
        ("test", "truth"), ("test", "loudness"), ("test", "mean"),
        ("unknown", "loudness"), ("unknown", "mean"),
    ]  # fmt: skip
    assert steps[-1][0] == steps[-1][1] and [at for at, _ in steps] == sorted(at for at, _ in steps)
    assert np.isnan(rows[0].score.jaw_r) and rows[0].score.bilabials_closed == 1
    text = motion_text([row for row in rows if row.group == "test"])
    assert "p b m closed" in text and "FDD" not in text and all(name in text for name in ("truth", "loudness", "mean"))


def test_settings_behind_a_colon_change_the_sampling(tmp_path: Path) -> None:
    assert with_settings(AnimationOptions(seed=4), "steps=2,style_guidance=1.5") == AnimationOptions(
        seed=4, steps=2, style_guidance=1.5
    )
    for wrong in ("stepz=2", "steps=two", "steps=0"):
        with pytest.raises(OptionError):
            with_settings(AnimationOptions(), wrong)
    style = EmotionLibrary.load().clip("neutral")
    assert list(makers([f"{tmp_path}:steps=2", "truth"], style, AnimationOptions())) == [f"{tmp_path}:steps=2", "truth"]
    with pytest.raises(OptionError, match="syncnet"):
        makers(["syncnet"], style, AnimationOptions())


def test_phone_times_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "phones.json"
    path.write_text(json.dumps({"test/0": [[0.1, 0.2, "m"]]}))
    (known, unknown) = with_phone_times(
        [replace(talking(), phones=()), replace(talking(), name="x", phones=())], read_phone_times(path)
    )
    assert known.phones == (Phone(0.1, 0.2, "m"),) and unknown.phones == ()
    assert with_phone_times([talking()], read_phone_times(path))[0].phones == talking().phones


@pytest.mark.parametrize("content", ["[]", "{", '{"a": [[0, 1]]}', '{"a": [[0, 1, "qq"]]}', '{"a": 3}'])
def test_bad_phone_times_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "phones.json"
    path.write_text(content)
    with pytest.raises(DreamTalkError, match="phones.json"):
        read_phone_times(path)
    with pytest.raises(DreamTalkError, match="missing.json"):
        read_phone_times(tmp_path / "missing.json")


def test_an_excerpt_keeps_sound_curves_and_phones_together() -> None:
    recording = talking(6.0)
    piece = excerpt(recording, 50, 100)
    assert len(piece) == 50 and len(piece.samples) == 32_000 == len(beginning(recording, 2.0).samples)
    kept = [phone for phone in recording.phones if phone.start_s >= 2 and phone.end_s <= 4]
    assert [phone.start_s for phone in piece.phones] == pytest.approx([phone.start_s - 2 for phone in kept])
    assert stretches(recording, 2.5) == [(0, 75), (75, 150)]


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
