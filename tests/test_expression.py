"""The expression model: emotions, blinks, gaze and head as a living face has them."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import OptionError
from dreamtalk.expression.blinks import blink_curves, blink_times, close_lids, pauses
from dreamtalk.expression.expression_model import FPS, synthesize_expression
from dreamtalk.expression.facs_prototypes import PROTOTYPES
from dreamtalk.expression.gaze import gaze_angles, look_weights
from dreamtalk.expression.head_motion import accent_times
from dreamtalk.expression.smooth_noise import smooth_noise
from dreamtalk.expression.temperament import TEMPERAMENTS
from dreamtalk.measures import head_band_power
from rig.arkit import GROUPS, INDEX, NAMES, indices

EYES = indices(*GROUPS["left eye"], *GROUPS["right eye"])
FELT = np.setdiff1d(np.arange(len(NAMES)), EYES)
"""Columns that only the emotion moves: lids and gaze also follow blinks and the head."""

emotions = st.sampled_from(tuple(PROTOTYPES))
seeds = st.integers(0, 2**32)


def draw(emotion="happy", intensity=1.0, count=175, seed=0, **more):
    return synthesize_expression(emotion, intensity, count, np.random.default_rng(seed), **more)


def half_height_lengths_s(curve, fps):
    """Length of each blink at half its height, by linear interpolation between frames."""
    lengths = []
    above = np.diff(np.concatenate([[0], (curve > 0.3).astype(int), [0]]))
    for start, stop in zip(np.flatnonzero(above > 0), np.flatnonzero(above < 0), strict=True):
        peak = start + int(np.argmax(curve[start:stop]))
        half, left, right = curve[peak] / 2, peak, peak
        while left > 0 and curve[left] > half:
            left -= 1
        while right < len(curve) - 1 and curve[right] > half:
            right += 1
        if curve[left] <= half and curve[right] <= half:
            before = (half - curve[left]) / (curve[left + 1] - curve[left])
            after = (half - curve[right]) / (curve[right - 1] - curve[right])
            lengths.append((right - after - left - before) / fps)
    return np.array(lengths)


def test_every_emotion_has_variants_and_a_temperament():
    assert tuple(PROTOTYPES) == tuple(TEMPERAMENTS)
    assert len(PROTOTYPES) == 8
    for prototypes in PROTOTYPES.values():
        assert len(prototypes) >= 4
        for prototype in prototypes:
            assert 0 <= prototype.apex().min() and prototype.apex().max() <= 1
            assert set(prototype.late) <= {*prototype.shapes, "mouthUpperUp", "mouthLowerDown", "jawOpen"}


def test_a_prototype_with_a_misspelt_shape_is_caught():
    from dreamtalk.expression.facs_prototypes import Prototype

    with pytest.raises(KeyError):
        Prototype("odd", {"mouthSmyle": 1.0}).apex()


@settings(max_examples=25, deadline=None)
@given(emotions, st.floats(0, 1), st.integers(1, 120), seeds, st.booleans())
def test_any_draw_is_a_valid_clip(emotion, intensity, count, seed, edges):
    clip = draw(emotion, intensity, count, seed, edges=edges)
    assert len(clip) == count and clip.fps == FPS
    assert clip.weights[:, INDEX["mouthClose"]].max() == 0
    assert np.abs(np.degrees(clip.head_rotation)).max() < 25


@settings(max_examples=25, deadline=None)
@given(emotions, seeds, st.floats(0, 1), st.floats(0, 1))
def test_every_shape_grows_with_intensity(emotion, seed, one, other):
    weak, strong = (draw(emotion, level, 100, seed).weights for level in sorted((one, other)))
    assert (strong[:, FELT] >= weak[:, FELT] - 1e-6).all()


def test_no_intensity_is_a_neutral_face_that_still_lives():
    for emotion in PROTOTYPES:
        clip = draw(emotion, 0.0, 500, seed=3)
        brows = indices(*GROUPS["brows"])
        assert clip.weights[:, np.setdiff1d(FELT, brows)].max() < 0.12
        assert np.median(clip.weights[:, brows]) < 0.05
        assert clip.column("eyeBlinkLeft").max() > 0.5


def test_same_seed_same_bytes_other_seed_other_motion():
    one, again, other = draw(seed=5), draw(seed=5), draw(seed=6)
    assert one.weights.tobytes() == again.weights.tobytes()
    assert one.head_rotation.tobytes() == again.head_rotation.tobytes()
    assert np.abs(one.weights - other.weights).max() > 0.1


def test_nothing_loops():
    head = draw("neutral", 1.0, 1500, seed=2).head_rotation[:, 0]
    head = head - head.mean()
    power = np.abs(np.fft.rfft(head, 3000)) ** 2
    correlation = np.fft.irfft(power)[: len(head)] / (head**2).sum()
    assert np.abs(correlation[50:]).max() < 0.7


def test_edges_rise_from_neutral_and_fade():
    for emotion in ("happy", "angry", "surprised"):
        felt = draw(emotion, 1.0, 175, seed=1, edges=True).weights[:, FELT].sum(axis=1)
        middle = np.median(felt[60:120])
        assert felt[0] < 0.15 * middle
        assert felt[-1] < 0.6 * middle


def test_surprise_comes_faster_than_sadness():
    def onset_s(emotion):
        felt = np.mean([draw(emotion, 1.0, 100, seed, edges=True).weights[:, FELT].sum(1) for seed in range(6)], axis=0)
        felt = felt / felt[40:].mean()
        return (np.argmax(felt > 0.8) - np.argmax(felt > 0.1)) / FPS

    assert onset_s("surprised") < 0.6 * onset_s("sad")


def test_blinks_come_at_human_rates_and_lengths():
    rng = np.random.default_rng(0)
    starts = blink_times(rng, 6000.0, 17.0)
    gaps = np.diff(starts)
    assert 14.5 < len(starts) / 100 < 19.5
    assert gaps.std() / gaps.mean() > 0.4  # a metronome would have 0
    curves = blink_curves(rng, starts, int(6000 * 25), 25.0)
    lengths = half_height_lengths_s(curves.mean(axis=1), 25.0)
    assert len(lengths) > 0.9 * len(starts)
    assert 0.10 < np.percentile(lengths, 5) and np.percentile(lengths, 95) < 0.20
    apart = np.abs(curves[:, 0] - curves[:, 1])
    assert 0.0 < apart.max() < 0.5


def test_lids_close_faster_than_they_open():
    rng = np.random.default_rng(1)
    curve = blink_curves(rng, np.array([1.0]), 2000, 1000.0)[:, 0]
    peak = int(np.argmax(curve))
    assert peak - np.argmax(curve > 0.05) < 0.7 * (np.flatnonzero(curve > 0.05)[-1] - peak)


def phrases(count: int) -> np.ndarray:
    """Loudness (T,) of syllables in phrases of 1.2 to 3.5 s with pauses of 0.3 to 0.8 s."""
    rng, speaking = np.random.default_rng(11), []
    while len(speaking) < count:
        speaking += [1.0] * int(rng.uniform(30, 88)) + [0.0] * int(rng.uniform(8, 20))
    return np.array(speaking[:count]) * (0.6 + 0.4 * np.sin(np.arange(count) * 2 * np.pi * 4.1 / FPS))


def test_pauses_are_found_in_any_unit_and_not_in_a_hum():
    energy = phrases(3000)
    found = pauses(energy, FPS)
    assert len(found) > 20 and (np.diff(found, axis=1) >= 0.2).all()
    np.testing.assert_allclose(pauses(1000 * energy, FPS), found)
    assert len(pauses(np.full(500, 0.3), FPS)) == len(pauses(np.zeros(500), FPS)) == 0


def test_blinks_prefer_pauses_and_keep_their_rate():
    energy = phrases(25 * 1200)
    quiet = pauses(energy, FPS)
    quiet_share = np.diff(quiet, axis=1).sum() / 1200

    def at_pauses(starts):
        return np.mean([((quiet[:, 0] - 0.1 <= s) & (s <= quiet[:, 1] + 0.1)).any() for s in starts])

    free = blink_times(np.random.default_rng(0), 1200.0, 17.0)
    drawn = blink_times(np.random.default_rng(0), 1200.0, 17.0, energy, FPS)
    assert quiet_share < 0.3 and at_pauses(free) < 0.45
    assert at_pauses(drawn) > 0.6
    assert len(drawn) > 0.93 * len(free) and np.diff(drawn).min() > 0.25


def test_a_blink_narrows_the_eye_and_leaves_the_rest():
    weights = np.full((1, 52), 0.2)
    close_lids(weights, np.ones((1, 2)))
    assert weights[0, INDEX["eyeBlinkLeft"]] == 1.0 and weights[0, INDEX["eyeWideRight"]] == 0.0
    assert weights[0, INDEX["eyeSquintLeft"]] > 0.2 and weights[0, INDEX["browInnerUp"]] == 0.2


def test_brows_speak_with_the_voice():
    energy = phrases(25 * 120)
    clip = draw("neutral", 0.5, 25 * 120, 3, energy=energy)
    brows = clip.column("browInnerUp")
    assert 0.03 < brows.std() < 0.12 and np.percentile(brows, 99) < 0.5
    raised = np.flatnonzero((brows[1:] > 0.1) & (brows[:-1] <= 0.1)) / FPS
    accents, _ = accent_times(np.random.default_rng(0), len(energy), FPS, energy)
    near = [np.abs(accents - start).min() < 0.4 for start in raised]
    assert len(raised) >= 8 and np.mean(near) > 0.7


@pytest.mark.parametrize("emotion", PROTOTYPES)
def test_each_emotion_blinks_and_moves_its_head_plausibly(emotion):
    blinks, spread = 0, []
    for seed in range(30):
        clip = draw(emotion, 1.0, 250, seed)
        closure = clip.weights[:, indices("eyeBlinkLeft", "eyeBlinkRight")].mean(axis=1)
        closed = closure > np.median(closure) + 0.3
        blinks += int((np.diff(closed.astype(int)) > 0).sum())
        spread.append(np.degrees(clip.head_rotation).std(axis=0))
    assert 12 <= blinks / (30 * 10 / 60) <= 25
    assert (np.mean(spread, axis=0) > 0.5).all() and (np.mean(spread, axis=0) < 1.5).all()


def test_head_power_falls_with_frequency():
    head = np.degrees(draw("neutral", 1.0, 20000, seed=4).head_rotation)
    power = np.abs(np.fft.rfft(head - head.mean(axis=0), axis=0)) ** 2
    frequency = np.fft.rfftfreq(len(head), 1 / FPS)
    bands = [power[(frequency >= low) & (frequency < high)].mean() for low, high in ((0.3, 1), (1, 2), (2, 4), (4, 8))]
    assert all(slow > 2 * fast for slow, fast in zip(bands, bands[1:], strict=False))


def test_the_head_has_the_spectrum_of_a_tracked_speaker():
    """Yaw and roll of GRID speaker 1 in pieces of 3 s: .74, .19, .06, .01 of the power (docs/expression.md)."""
    pieces = [draw("neutral", 0.5, 75, seed, energy=phrases(75)).head_rotation for seed in range(120)]
    shares = np.mean([head_band_power(piece, FPS) for piece in pieces], axis=0)
    assert np.abs(shares - (0.70, 0.23, 0.06, 0.01)).max() < 0.05


def test_smooth_noise_has_unit_variance():
    noise = smooth_noise(np.random.default_rng(0), 4000, 50, 25.0, corner_hz=0.5)
    assert noise.std() == pytest.approx(1.0, rel=0.05)


def test_gaze_rests_and_jumps():
    gaze, _ = gaze_angles(np.random.default_rng(0), 5000, 25.0, fixation_s=1.2, glance_share=0.15)
    speed = np.linalg.norm(np.diff(gaze, axis=0), axis=1) * 25
    assert np.median(speed) < 5  # degrees a second while it rests
    assert speed.max() > 100
    assert np.percentile(np.abs(gaze), 60) < 2 and np.abs(gaze).max() > 5


def test_eyes_turn_together_and_lids_follow():
    weights = np.zeros((3, 52))
    look_weights(np.array([[10.0, 0.0], [-10.0, 0.0], [0.0, 8.0]]), weights)
    assert weights[0, INDEX["eyeLookDownLeft"]] == weights[0, INDEX["eyeLookDownRight"]] > 0.2
    assert weights[0, INDEX["eyeBlinkLeft"]] > 0 and weights[1, INDEX["eyeWideLeft"]] > 0
    assert weights[2, INDEX["eyeLookOutLeft"]] == weights[2, INDEX["eyeLookInRight"]] > 0.2
    assert weights[2, INDEX["eyeLookInLeft"]] == 0


def test_eyes_make_up_for_the_head():
    clip = draw("neutral", 1.0, 3000, seed=8)
    eyes = clip.eyes()[:, 0, 1]
    assert np.corrcoef(eyes, clip.head_rotation[:, 1])[0, 1] < -0.1


def test_head_and_brows_follow_the_energy_of_speech():
    times_s = np.arange(500) / FPS
    energy = np.where((times_s % 2.0) < 0.2, 1.0, 0.05) * 1000.0
    starts, strengths = accent_times(np.random.default_rng(0), 500, FPS, energy)
    assert np.abs((starts - 0.1 + 1.0) % 2.0 - 1.0).max() < 0.2
    assert len(starts) >= 8 and strengths.min() > 0.5
    quiet, loud = (
        np.mean([
            np.diff(draw("neutral", 1.0, 500, seed, energy=level).head_rotation, axis=0).std() for seed in range(8)
        ])
        for level in (np.zeros(500), energy)
    )
    assert loud > 1.15 * quiet


def test_sadness_lowers_and_contempt_lifts_the_head():
    pitch = {e: np.mean([draw(e, 1.0, 100, s).head_rotation[:, 0].mean() for s in range(10)]) for e in PROTOTYPES}
    assert np.degrees(pitch["sad"]) > 1.5 and np.degrees(pitch["contempt"]) < -1.0


def test_contempt_is_one_sided_and_on_either_side():
    corners = indices("mouthSmileLeft", "mouthSmileRight")
    sides = [draw("contempt", 1.0, 50, seed, variant="smirk").weights[:, corners].mean(axis=0) for seed in range(12)]
    leaning = np.sign([left - right for left, right in sides])
    assert min(abs(left - right) for left, right in sides) > 0.2
    assert set(leaning) == {-1.0, 1.0}


def test_it_is_fast_enough_for_training():
    draw(count=300)
    began = time.perf_counter()
    for seed in range(10):
        draw("fear", 0.7, 300, seed)
    # 3 ms on an idle core; the aim is 20 ms, and a busy machine may be slow.
    assert (time.perf_counter() - began) / 10 < 0.1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"emotion": "bored"}, "neutral, happy"),
        ({"intensity": 1.1}, "from 0 .* to 1"),
        ({"intensity": float("nan")}, "from 0 .* to 1"),
        ({"count": 0}, "at least one"),
        ({"variant": "grim"}, "open-smile"),
        ({"energy": np.ones(3)}, "175 finite values"),
        ({"energy": -np.ones(175)}, "175 finite values"),
    ],
)
def test_bad_requests_get_one_sentence(more, words):
    with pytest.raises(OptionError, match=words) as caught:
        draw(**more)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
