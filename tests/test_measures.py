"""The measures, the loudness and the baselines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk import measures
from dreamtalk.evaluation.baselines import LoudnessGate, MeanCurve
from dreamtalk.evaluation.motion_score import score
from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness, speech_frames
from dreamtalk.training.training_clip import Recording
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

FPS = 25.0


def talking(seconds: float = 6.0, seed: int = 0) -> Recording:
    """Noise bursts with a jaw that follows them."""
    rng = np.random.default_rng(seed)
    count = round(seconds * FPS)
    jaw = np.clip(np.sin(np.arange(count) / FPS * 2 * np.pi * 1.7), 0, 1) * 0.5
    gain = np.interp(np.arange(count * 640) / 640, np.arange(count), jaw)
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = jaw
    noise = rng.standard_normal((2, count * 640))
    samples = (0.2 * gain * noise[0] + 1e-4 * noise[1]).astype(np.float32)
    return Recording("t", "test", samples, weights, np.ones(count, bool), np.zeros((count, 3), np.float32))


def moving(weights: np.ndarray) -> BlendshapeClip:
    return BlendshapeClip(weights, np.zeros((len(weights), 3)), FPS)


def captured_motion(recording: Recording) -> BlendshapeClip:
    return moving(recording.weights)


@given(st.floats(0.1, 5), st.floats(-2, 2), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_correlation_does_not_mind_gain_and_offset(gain, offset, seed):
    curve = np.random.default_rng(seed).standard_normal(50)
    assert measures.correlation(gain * curve + offset, curve) == pytest.approx(1.0)


def test_a_constant_prediction_scores_zero():
    assert np.isnan(measures.best_lag_s(np.ones(50), np.arange(50.0), FPS))
    assert measures.correlation(np.ones(50), np.random.default_rng(0).standard_normal(50)) == 0.0


@pytest.mark.parametrize("frames", [-3, 0, 2])
def test_lag_is_positive_where_the_prediction_is_late(frames):
    rng = np.random.default_rng(0)
    truth = np.convolve(rng.standard_normal(200), np.ones(5) / 5, mode="same")
    assert measures.best_lag_s(np.roll(truth, frames), truth, FPS) == pytest.approx(frames / FPS, abs=0.011)


def test_jitter_and_amplitude_of_a_doubled_curve():
    truth = np.random.default_rng(0).random((60, 52)) * 0.4
    assert measures.jitter(2 * truth, truth) == pytest.approx(2.0)
    assert measures.amplitude(2 * truth[:, 0], truth[:, 0]) == pytest.approx(2.0)


def test_closures_are_dips_between_openings():
    aperture = np.full(100, 10.0)
    aperture[40:43] = 0.0  # a closure
    aperture[60:] = 0.0  # the mouth shuts and stays shut
    assert measures.closures_in_speech(aperture, FPS).tolist() == [40]
    missed = np.full(100, 10.0)
    assert measures.closures_met(missed, aperture, FPS) == (0, 1)
    late = np.full(100, 10.0)
    late[41] = 0.5
    assert measures.closures_met(late, aperture, FPS) == (1, 1)


def test_blinks_are_counted_and_timed():
    weights = np.full((500, 52), 0.05, np.float32)
    for start in (100, 200, 350):
        for eye in ("eyeBlinkLeft", "eyeBlinkRight"):
            weights[start : start + 5, INDEX[eye]] = [0.3, 0.9, 1.0, 0.6, 0.25]
    found = measures.blinks(weights, FPS)
    assert found.per_minute == pytest.approx(9.0) == measures.blink_rate(weights, FPS)
    assert 0.10 < found.length_s < 0.20


def test_head_power_of_a_slow_nod_lies_in_the_slow_band():
    angles = np.zeros((500, 3))
    angles[:, 0] = np.radians(2) * np.sin(2 * np.pi * 0.6 * np.arange(500) / FPS)
    assert measures.head_deviation_deg(angles)[0] == pytest.approx(2 / np.sqrt(2), abs=0.05)
    assert measures.head_band_power(angles, FPS)[0] > 0.9


def test_loudness_tells_speech_from_pauses():
    samples = np.zeros(16_000 * 4, np.float32)
    samples[16_000:32_000] = 0.3 * np.sin(np.arange(16_000) * 0.1)
    level = frame_loudness_db(samples, 100)
    assert level.shape == (100,) and level[51:].max() == pytest.approx(-90)
    speaking = speech_frames(level)
    assert speaking[27:48].all() and not speaking[:23].any() and not speaking[53:].any()
    assert relative_loudness(level).max() == 1.0


def test_digital_silence_has_a_finite_loudness():
    level = frame_loudness_db(np.zeros(100, np.float32), 10)
    assert np.isfinite(level).all() and np.isfinite(relative_loudness(level)).all()


def test_truth_beats_the_gate_and_the_gate_beats_the_mean():
    recordings, rig = [talking(seed=seed) for seed in range(2)], FaceRig.load()
    mean, gate = MeanCurve.fitted(recordings), LoudnessGate.fitted(recordings)
    truth = score(captured_motion, recordings, rig)
    loud = score(lambda r: moving(gate.animate(r.samples, len(r))), recordings, rig)
    still = score(lambda r: moving(mean.animate(r.samples, len(r))), recordings, rig)
    assert truth.jaw_r == pytest.approx(1.0) and truth.lip_vertex_error_mm == 0.0 and truth.closures_met == 1.0
    assert 0.5 < loud.jaw_r < 1.0 and still.jaw_r == 0.0
    assert loud.lip_vertex_error_mm < still.lip_vertex_error_mm
