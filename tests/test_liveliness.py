"""Blinks, gaze and head range in the manner of a style clip."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.diffusion.motion_space import motion_of
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.liveliness import enlivened, likely_blink_rate, with_head_range
from dreamtalk.measures import blinks, head_band_power
from rig.arkit import INDEX, MOUTH, NAMES
from rig.clip import BlendshapeClip

FPS = 25.0
STYLE = synthesize_expression("neutral", 1.0, 500, np.random.default_rng(1))


def dull(seconds: float = 60.0) -> np.ndarray:
    """Motion with a talking mouth, a still face and a head that hardly moves."""
    motion = motion_of(synthesize_expression("happy", 0.8, round(seconds * FPS), np.random.default_rng(2)))
    motion[:, [INDEX[name] for name in NAMES if name.startswith("eye")]] = 0.05
    motion[:, len(NAMES) :] *= 0.3
    return motion


def test_blinks_come_at_the_styles_rate_with_natural_lengths():
    found = blinks(enlivened(dull(180.0), FPS, STYLE, np.random.default_rng(0))[:, : len(NAMES)], FPS)
    assert found.per_minute == pytest.approx(likely_blink_rate(STYLE), rel=0.35)
    assert 0.10 <= found.length_s <= 0.20


def test_a_short_style_clip_does_not_decide_the_rate_alone():
    still = BlendshapeClip.rest(10, FPS)
    assert likely_blink_rate(still) == pytest.approx(17.0, rel=0.1)
    assert likely_blink_rate(BlendshapeClip.rest(3000, FPS)) == 4.0


def test_the_mouth_is_left_alone_and_the_input_too():
    motion = dull(10.0)
    before = motion.copy()
    lively = enlivened(motion, FPS, STYLE, np.random.default_rng(0))
    assert np.array_equal(lively[:, MOUTH], motion[:, MOUTH]) and np.array_equal(motion, before)
    assert lively[:, : len(NAMES)].min() >= 0 and lively[:, : len(NAMES)].max() <= 1


def test_the_eyes_move_and_the_same_seed_moves_them_alike():
    first, second, other = (enlivened(dull(20.0), FPS, STYLE, np.random.default_rng(seed)) for seed in (3, 3, 4))
    look = INDEX["eyeLookOutLeft"]
    assert np.array_equal(first, second) and not np.array_equal(first, other)
    assert first[:, look].std() > 0.005


def test_the_head_moves_as_widely_as_the_styles_from_where_it_started():
    head = dull()[:, len(NAMES) :]
    wide = with_head_range(head, FPS, STYLE)
    assert np.array_equal(wide[0], head[0])
    assert (wide.std(0) > head.std(0)).all()
    assert head_band_power(wide, FPS)[3] < 0.2


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_clips_and_styles_of_any_length_are_served(count, style_count):
    style = synthesize_expression("sad", 0.7, style_count, np.random.default_rng(0))
    lively = enlivened(dull(count / FPS), FPS, style, np.random.default_rng(0))
    assert np.isfinite(lively).all() and len(lively) == count


def test_dials_of_blinks_gaze_and_head():
    motion = dull(120.0)

    def lively(**dials):
        return enlivened(motion, FPS, STYLE, np.random.default_rng(4), **dials)

    plain, looks = lively(), [INDEX[name] for name in NAMES if name.startswith("eyeLook")]
    same = lively(blink_rate_scale=1.0, gaze_scale=1.0, head_scale=1.0)
    assert np.array_equal(plain, same)
    rates = [blinks(lively(blink_rate_scale=scale)[:, : len(NAMES)], FPS).per_minute for scale in (0.0, 1.0, 2.0)]
    assert rates[0] == 0.0 and rates[2] > 1.5 * rates[1] > 0
    still, plain = lively(head_scale=0.0, gaze_scale=0.0, blink_rate_scale=0.0), lively(blink_rate_scale=0.0)
    assert (still[:, len(NAMES) :] == 0).all() and still[:, looks].std() < 0.2 * plain[:, looks].std()


def test_a_blink_rate_may_change_on_the_way():
    scale = np.repeat([0.0, 2.0], round(90 * FPS))
    found = enlivened(dull(180.0), FPS, STYLE, np.random.default_rng(5), blink_rate_scale=scale)
    halves = [blinks(half[:, : len(NAMES)], FPS).per_minute for half in np.split(found, 2)]
    assert halves[0] <= 1.0 and halves[1] > 1.5 * likely_blink_rate(STYLE)


def test_a_style_that_looks_about_makes_eyes_look_about():
    looking = synthesize_expression("fear", 0.0, 1500, np.random.default_rng(3))
    staring = looking.replaced(weights=np.where([n.startswith("eyeLook") for n in NAMES], 0.0, looking.weights))
    wide, narrow = (enlivened(dull(60.0), FPS, s, np.random.default_rng(4), gaze_scale=1.0) for s in (looking, staring))
    look = [INDEX[name] for name in NAMES if name.startswith(("eyeLookIn", "eyeLookOut"))]
    assert wide[:, look].std() > 1.1 * narrow[:, look].std() > 0
