"""Scores against the truth and against phones, groups of recordings, baselines and systems."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_recordings import FPS, halved, late, talking

from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.evaluation.excerpts import beginning, excerpt, spread, stretches
from dreamtalk.evaluation.motion_report import MADE_TARGETS, chosen, grouped, motion_report
from dreamtalk.evaluation.motion_score import fitting, pooled, score, system_gain
from dreamtalk.evaluation.phone_measures import bilabials_closed, speaking_frames, vowels_falsely_closed
from dreamtalk.evaluation.phone_times import read_phone_times, with_phone_times
from dreamtalk.evaluation.systems import captured_motion, makers, with_settings
from dreamtalk.evaluation.tables import motion_text
from dreamtalk.expression.emotions import EmotionLibrary
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.phones import Phone
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

RIG = FaceRig.load()

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
    assert with_phone_times([talking(seed=3)], read_phone_times(path))[0].phones == talking(seed=3).phones


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
