"""Another frame rate loses no blink and no closure, and invents nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.lip_gap import lip_gap_mm
from rig.peaks import peak_heights, trough_depths
from rig.resampling import STANDS_OUT

RATES = st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0])


def wandering_clip(frames: int, fps: float, seed: int, pace: float = 0.2) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    walk = np.abs(np.cumsum(rng.normal(0, pace, (frames, 52)), axis=0) % 2 - 1)
    walk[:, INDEX["mouthClose"]] *= walk[:, INDEX["jawOpen"]]
    head = rng.normal(0, 0.2, (frames, 3))
    return BlendshapeClip(walk, head, fps, rng.normal(0, 0.1, (frames, 2, 3)), rng.random(frames) < 0.9)


def turns(curve: np.ndarray) -> int:
    steps = np.diff(curve)
    return int((np.diff(np.sign(steps[steps != 0])) != 0).sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120), RATES, RATES, st.integers(0, 99))
def test_no_value_leaves_the_range_and_no_extreme_is_new(frames, source, target, seed):
    clip = wandering_clip(frames, source, seed)
    other = clip.resampled(target)
    assert (other.weights >= clip.weights.min(axis=0) - 1e-6).all()
    assert (other.weights <= clip.weights.max(axis=0) + 1e-6).all()
    assert all(turns(other.column(name)) <= turns(clip.column(name)) for name in NAMES)
    assert (other.column("mouthClose") <= other.column("jawOpen") + 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 120), RATES, RATES, st.integers(0, 99))
def test_the_highest_peak_of_every_frames_stretch_survives(frames, source, target, seed):
    if source <= target:
        source, target = target * 1.3, source
    clip = wandering_clip(frames, source, seed)
    step = source / target
    for name in ("browInnerUp", "cheekPuff"):
        curve, shown = clip.column(name), clip.resampled(target).column(name)
        height = np.maximum(*(f(curve, int(np.ceil(step))) for f in (peak_heights, trough_depths)))
        for frame in range(1, len(shown) - 1):
            inside = np.flatnonzero(np.floor(np.arange(frames) / step + 0.5) == frame)
            if height[inside].max() > STANDS_OUT:
                best = inside[height[inside] == height[inside].max()]
                assert shown[frame] in curve[best]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.sampled_from([24.0, 25.0, 29.97, 30.0]), st.integers(2, 4), st.integers(0, 99))
def test_up_by_a_whole_factor_passes_through_the_source_and_comes_back_exactly(frames, fps, factor, seed):
    clip = wandering_clip(frames, fps, seed)
    up = clip.resampled(fps * factor)
    np.testing.assert_array_equal(up.weights[::factor], clip.weights)
    np.testing.assert_array_equal(up.head_rotation[::factor], clip.head_rotation)
    back = up.resampled(fps)
    for field in ("weights", "head_rotation", "eye_rotation", "seen"):
        np.testing.assert_array_equal(getattr(back, field), getattr(clip, field))


@pytest.mark.parametrize("start", range(10, 20))
@pytest.mark.parametrize("target", [24.0, 25.0, 30.0])
def test_a_blink_of_three_frames_at_60_survives(start, target):
    weights = np.zeros((60, 52))
    weights[start : start + 3, INDEX["eyeBlinkLeft"]] = (0.6, 1.0, 0.6)
    clip = BlendshapeClip(weights, np.zeros((60, 3)), 60)
    assert clip.resampled(target).column("eyeBlinkLeft").max() >= 0.98


def test_plain_interpolation_which_loses_that_blink_can_be_asked_for():
    weights = np.zeros((60, 52))
    weights[11, INDEX["eyeBlinkLeft"]] = 1.0
    clip = BlendshapeClip(weights, np.zeros((60, 3)), 60)
    plain = clip.resampled(24, keep_peaks=False).column("eyeBlinkLeft")
    assert plain.max() <= 0.5 < clip.resampled(24).column("eyeBlinkLeft").max() == 1


@pytest.mark.parametrize("middle", range(20, 26))
def test_lips_that_shut_for_one_frame_shut_at_the_other_rate_too(middle):
    weights = np.zeros((60, 52))
    frames = np.arange(60)
    weights[:, INDEX["jawOpen"]] = 0.1 + 0.2 * np.minimum(np.abs(frames - middle) / 3, 1)
    weights[:, INDEX["mouthClose"]] = 0.1 * np.maximum(1 - np.abs(frames - middle) / 2, 0)
    # The lower lip is lowest just after the closure: read on its own, it would part the lips.
    weights[:, INDEX["mouthLowerDownLeft"]] = np.maximum(1 - np.abs(frames - middle - 1), 0)
    clip = BlendshapeClip(weights, np.zeros((60, 3)), 60)
    assert lip_gap_mm(clip.weights).min() < 0.1
    assert lip_gap_mm(clip.resampled(25).weights).min() < 0.1


def test_the_same_rate_changes_nothing_and_seen_is_carried():
    clip = wandering_clip(60, 60, 3)
    assert clip.resampled(60) is clip
    marks = np.ones(60, bool)
    marks[30:33] = False
    at_30 = clip.replaced(seen=marks).resampled(30).seen
    assert at_30.tolist() == [not 15 <= frame <= 16 for frame in range(30)]
    at_120 = clip.replaced(seen=marks).resampled(120).seen
    assert not at_120[59:66].any() and at_120[:59].all() and at_120[66:].all()


def test_instants_behind_the_last_frame_hold_it():
    clip = wandering_clip(3, 25, 0)
    np.testing.assert_array_equal(clip.resampled(100).weights[9:], np.repeat(clip.weights[-1:], 3, axis=0))


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(fps):
    with pytest.raises(RigError, match="give one above 0"):
        wandering_clip(3, 25, 0).resampled(fps)


def test_heights_are_what_a_curve_falls_on_both_sides():
    curve = np.array([0, 0.2, 0.9, 0.9, 0.5, 0.6, 0.1, 0.1, 0.1, 0.1])
    assert peak_heights(curve, 2).tolist() == pytest.approx([0, 0, 0.4, 0.4, 0, 0.1, 0, 0, 0, 0])
    assert trough_depths(curve, 2).tolist() == pytest.approx([0, 0, 0, 0, 0.1, 0, 0, 0, 0, 0])
    assert peak_heights(curve[:1], 5).tolist() == [0]
