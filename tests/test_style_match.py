"""The upper face is led toward the style clip's own level and liveliness; the mouth is left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.diffusion.motion_space import motion_of
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.style_match import MATCHED, MOST_STD, style_matched, style_moments
from rig.arkit import INDEX, MOUTH
from rig.clip import BlendshapeClip

FPS = 25.0


def style_of(emotion="sad", seconds=20.0, seed=5) -> BlendshapeClip:
    return synthesize_expression(emotion, 0.8, round(seconds * FPS), np.random.default_rng(seed))


def dull(seconds: float = 30.0) -> np.ndarray:
    """Motion with a neutral upper face that hardly moves."""
    motion = motion_of(synthesize_expression("neutral", 0.5, round(seconds * FPS), np.random.default_rng(2)))
    motion[:, MATCHED] = motion[:, MATCHED].mean(0) + 0.2 * (motion[:, MATCHED] - motion[:, MATCHED].mean(0))
    return motion.astype(np.float32)


def matched(motion, style, seed=0, **more):
    return style_matched(motion, FPS, style, np.random.default_rng(seed), **more)


@pytest.mark.parametrize("emotion", ["neutral", "happy", "sad", "angry", "surprised"])
def test_level_and_liveliness_come_near_the_styles(emotion):
    style, motion = style_of(emotion), dull()
    mean, std = style_moments(style)
    before, after = motion[25:, MATCHED], matched(motion, style)[25:, MATCHED]
    assert np.abs(after.mean(0) - mean).mean() < 0.35 * np.abs(before.mean(0) - mean).mean() + 0.01
    assert np.abs(after.std(0) - std).mean() < 0.6 * np.abs(before.std(0) - std).mean()
    assert after.std(0).max() < 1.3 * MOST_STD


def test_the_mouth_the_lids_the_start_and_the_input_stay():
    style, motion = style_of("angry"), dull(8.0)
    kept = motion.copy()
    found = matched(motion, style)
    rest = np.setdiff1d(np.arange(motion.shape[1]), MATCHED)
    assert np.array_equal(found[:, rest], motion[:, rest]) and np.array_equal(found[0], motion[0])
    assert np.array_equal(motion, kept) and not set(MOUTH) & set(MATCHED) and INDEX["eyeBlinkLeft"] not in MATCHED
    assert found.dtype == motion.dtype


def test_it_is_smooth():
    found = matched(dull(), style_of("surprised"))
    assert np.abs(np.diff(found[:, MATCHED], axis=0)).max() < 0.12


def test_an_exercise_is_followed_within_bounds():
    wild = np.zeros((1000, 52), np.float32)
    wild[:, INDEX["browInnerUp"]] = np.arange(1000) // 50 % 2
    found = matched(dull(), BlendshapeClip(wild, np.zeros((1000, 3)), FPS))
    assert 0.08 < found[:, INDEX["browInnerUp"]].std() < 0.25


def test_a_style_that_holds_part_of_the_time_is_compared_with_that_part():
    happy = style_of("happy", 40.0)
    motion = motion_of(happy).astype(np.float32)
    motion[:500] = dull(20.0)
    share = (np.arange(1000) >= 500).astype(np.float32)
    whole, part = matched(motion, happy), matched(motion, happy, share=share)
    cheek = INDEX["cheekSquintLeft"]
    true = happy.weights[500:, cheek].mean()
    assert abs(part[500:, cheek].mean() - true) < 0.03 < abs(whole[500:, cheek].mean() - true)


def test_brow_events_come_on_accents():
    energy = np.zeros(750)
    energy[::75] = 1.0
    found = matched(dull(), style_of("neutral"), seed=3, energy=energy) - dull()
    moved = np.abs(np.diff(found[25:, INDEX["browInnerUp"]]))
    near = np.minimum(np.arange(25, 749) % 75, 75 - np.arange(25, 749) % 75) < 12
    assert moved[near].mean() > 1.2 * moved[~near].mean()


def test_the_same_seed_matches_alike():
    assert np.array_equal(matched(dull(4.0), style_of(), 1), matched(dull(4.0), style_of(), 1))


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_any_length_is_served(count, style_count):
    found = matched(dull(40 / FPS)[:count], style_of("fear", style_count / FPS))
    assert found.shape == (count, 55) and np.isfinite(found).all()
    assert found[:, MATCHED].min() >= 0 and found[:, MATCHED].max() <= 1
