"""Editing: every operation does what it says, touches nothing else, and gives a valid clip."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rig import GROUPS, INDEX, NAMES, BlendshapeClip, RigError
from rig.editing.regions import REGIONS, region_of
from rig.editing.rotation_mix import composed_angles, mixed_angles, scaled_angles
from rig.lip_gap import lip_gap_mm
from rig.rotation import angles_from_matrix, matrix_from_angles, matrix_from_quaternions, quaternions_from_angles

FIELDS = ("weights", "head_rotation", "eye_rotation", "seen")
FRAMES, SEEDS = st.integers(2, 60), st.integers(0, 99)
some = settings(max_examples=25, deadline=None)


def a_clip(frames: int, seed: int = 0, fps: float = 25.0, eyes: bool = True, marked: bool = True) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    return BlendshapeClip(
        rng.uniform(0, 1, (frames, 52)), rng.normal(0, 0.3, (frames, 3)), fps,
        rng.normal(0, 0.2, (frames, 2, 3)) if eyes else None, rng.random(frames) < 0.8 if marked else None,
    )  # fmt: skip


def assert_same(one: BlendshapeClip, other: BlendshapeClip, but: tuple[str, ...] = ()) -> None:
    assert one.fps == other.fps
    for field in FIELDS:
        if field not in but:
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)


@some
@given(FRAMES, SEEDS, st.floats(0, 1))
def test_two_parts_of_a_clip_joined_are_the_clip(frames, seed, share):
    clip = a_clip(frames, seed)
    cut_s = np.clip(share * clip.duration_s, 1 / clip.fps, clip.duration_s - 1 / clip.fps)
    assert_same(clip.trimmed(0, cut_s).joined(clip.trimmed(cut_s)), clip)


@some
@given(FRAMES, FRAMES, SEEDS, st.floats(0, 1))
def test_a_cross_fade_overlaps_and_leaves_the_rest_as_it_was(frames, others, seed, share):
    first, second = a_clip(frames, seed), a_clip(others, seed + 1)
    fade = round(share * min(frames, others))
    both = first.joined(second, fade / 25)
    assert len(both) == frames + others - fade
    np.testing.assert_array_equal(both.weights[: frames - fade], first.weights[: frames - fade])
    np.testing.assert_array_equal(both.head_rotation[frames:], second.head_rotation[fade:])
    middle = both.weights[frames - fade : frames]
    pair = np.stack([first.weights[frames - fade :], second.weights[:fade]])
    assert (middle >= pair.min(axis=0) - 1e-6).all() and (middle <= pair.max(axis=0) + 1e-6).all()


def test_a_join_takes_the_first_clips_rate_and_fills_eye_angles_from_the_weights():
    joined = a_clip(10, eyes=False, marked=False).joined(a_clip(24, fps=60, marked=False))
    assert (len(joined), joined.fps) == (20, 25)
    np.testing.assert_array_equal(joined.eye_rotation[:10], a_clip(10, eyes=False).eyes())
    assert a_clip(4, eyes=False).joined(a_clip(4, eyes=False)).eye_rotation is None


@some
@given(FRAMES, SEEDS, st.integers(1, 4), st.floats(0, 0.5))
def test_a_loop_has_a_period_and_its_end_leads_to_its_start(frames, seed, count, share):
    clip = a_clip(frames, seed)
    fade = int(share * frames)
    loop, period = clip.looped(count, crossfade_s=fade / 25), frames - fade
    assert len(loop) == count * period
    for field in FIELDS:
        values = getattr(loop, field)
        np.testing.assert_array_equal(values[period:], values[:-period] if count > 1 else values[:0])
    np.testing.assert_array_equal(loop.weights[fade:period], clip.weights[fade:period])


def test_the_seam_of_a_cross_faded_loop_is_no_larger_than_the_fades_steps():
    ramp = np.zeros((50, 52))
    ramp[:, INDEX["jawOpen"]] = np.linspace(0, 1, 50)
    clip = BlendshapeClip(ramp, np.zeros((50, 3)), 25)
    seam = [abs(float(np.diff(clip.looped(2, crossfade_s=s).column("jawOpen")).min())) for s in (0.0, 0.8)]
    assert seam[0] == 1.0 and seam[1] < 0.1


@some
@given(FRAMES, SEEDS, st.floats(0.04, 9))
def test_a_loop_of_a_duration_is_cut_there(frames, seed, duration_s):
    assert abs(a_clip(frames, seed).looped(duration_s=duration_s).duration_s - duration_s) <= 0.02 + 1e-9


@some
@given(FRAMES, SEEDS, st.floats(0.1, 4))
def test_a_stretch_changes_the_length_and_not_the_rate_or_the_range(frames, seed, factor):
    clip = a_clip(frames, seed)
    longer = clip.stretched(factor)
    assert longer.fps == clip.fps and abs(longer.duration_s - max(clip.duration_s * factor, 0.04)) <= 0.02 + 1e-6
    assert longer.weights.max() <= clip.weights.max() and longer.weights.min() >= clip.weights.min()
    assert_same(clip.stretched(1.0), clip)


def test_a_blink_survives_a_faster_take_and_a_given_duration_is_met():
    weights = np.zeros((100, 52))
    weights[31, INDEX["eyeBlinkLeft"]] = 1
    faster = BlendshapeClip(weights, np.zeros((100, 3)), 25).stretched(duration_s=1.6)
    assert faster.duration_s == pytest.approx(1.6) and faster.column("eyeBlinkLeft").max() == 1


@some
@given(FRAMES, SEEDS)
def test_what_is_done_twice_is_undone(frames, seed):
    clip = a_clip(frames, seed)
    assert_same(clip.mirrored().mirrored(), clip)
    assert_same(clip.reversed().reversed(), clip)
    assert_same(clip.shifted(0.4).shifted(-0.4), clip)


def test_a_mirrored_face_turns_and_looks_to_the_other_side():
    weights = np.zeros((1, 52))
    weights[0, INDEX["mouthSmileLeft"]], weights[0, INDEX["jawRight"]] = 0.7, 0.3
    eyes = np.array([[[0.1, 0.2, 0.0], [0.1, 0.3, 0.0]]])
    mirror = BlendshapeClip(weights, [[0.1, 0.2, 0.3]], 25, eyes).mirrored()
    assert mirror.column("mouthSmileRight")[0] == np.float32(0.7) and mirror.column("mouthSmileLeft")[0] == 0
    assert mirror.column("jawLeft")[0] == np.float32(0.3)
    np.testing.assert_allclose(mirror.head_rotation, [[0.1, -0.2, -0.3]], rtol=1e-6)
    np.testing.assert_allclose(mirror.eye_rotation, [[[0.1, -0.3, 0.0], [0.1, -0.2, 0.0]]], rtol=1e-6)


@some
@given(FRAMES, FRAMES, SEEDS, st.sampled_from([*REGIONS, "jawOpen", "EyeBlink_L"]))
def test_a_mixture_has_the_region_of_the_other_and_leaves_all_else_to_the_bit(frames, others, seed, name):
    clip, other = a_clip(frames, seed), a_clip(others, seed + 1)
    mixture, region = clip.mixed(other, [name], fade_s=0), region_of([name])
    until = min(frames, others)
    inside = sorted(region.columns)
    outside = np.setdiff1d(np.arange(52), inside)
    np.testing.assert_array_equal(mixture.weights[:, outside], clip.weights[:, outside])
    np.testing.assert_array_equal(mixture.weights[:until, inside], other.weights[:until, inside])
    np.testing.assert_array_equal(mixture.weights[until:], clip.weights[until:])
    turned = other if region.head else clip
    np.testing.assert_array_equal(mixture.head_rotation[:until], turned.head_rotation[:until])
    for eye in (0, 1):
        looking = other if eye in region.eyes else clip
        np.testing.assert_array_equal(mixture.eye_rotation[:until, eye], looking.eye_rotation[:until, eye])


def test_a_mixture_in_a_range_fades_inside_it():
    clip, other = BlendshapeClip.rest(100, 25), a_clip(100).replaced(weights=np.ones((100, 52)))
    brow = clip.mixed(other, ["brows"], start_s=1, end_s=3, fade_s=0.4).column("browInnerUp")
    assert not brow[:25].any() and not brow[75:].any() and (brow[35:65] == 1).all()
    assert (np.diff(brow[24:36]) > 0).all() and (np.diff(brow[64:76]) < 0).all()
    assert clip.mixed(other, ["brows"], start_s=1, end_s=3, fade_s=0).column("browInnerUp").sum() == 50


def test_a_short_clips_share_fades_out_before_its_end():
    brow = BlendshapeClip.rest(50, 25).mixed(a_clip(25).replaced(weights=np.ones((25, 52))), ["brows"])
    curve = brow.column("browInnerUp")
    assert (curve[:20] == 1).all() and (np.diff(curve[19:26]) < 0).all() and not curve[25:].any()


@some
@given(FRAMES, SEEDS, st.floats(0, 1))
def test_a_blend_lies_between_both_and_is_one_of_them_at_the_ends(frames, seed, share):
    clip, other = a_clip(frames, seed), a_clip(frames, seed + 1)
    assert_same(clip.blended(other, 0), clip)
    assert_same(clip.blended(other, 1), other)
    weights = clip.blended(other, share).weights
    np.testing.assert_allclose(weights, clip.weights * (1 - share) + other.weights * share, atol=1e-6)
    np.testing.assert_array_equal(clip.blended(other, 0.5).seen, clip.seen & other.seen)


def test_layers_replace_or_add():
    clip, other = a_clip(20, 1, marked=False), a_clip(20, 2, marked=False)
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    np.testing.assert_array_equal(clip.with_blinks(other).weights[:, blinks], other.weights[:, blinks])
    added = clip.with_blinks(other, add=True)
    assert (added.weights[:, blinks] >= np.maximum(clip.weights, other.weights)[:, blinks] - 1e-6).all()
    assert_same(added, clip, but=("weights",))
    assert_same(clip.with_head(other), clip, but=("head_rotation",))
    np.testing.assert_array_equal(clip.with_head(other).head_rotation, other.head_rotation)
    both = matrix_from_angles(clip.head_rotation) @ matrix_from_angles(other.head_rotation)
    np.testing.assert_allclose(
        matrix_from_angles(clip.with_head(other, add=True).head_rotation), both, atol=1e-5
    )
    np.testing.assert_array_equal(clip.with_gaze(other).eye_rotation, other.eye_rotation)
    np.testing.assert_allclose(
        clip.with_gaze(other, add=True).eye_rotation, clip.eye_rotation + other.eye_rotation, atol=1e-6
    )


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_blinks_at_given_seconds_shut_both_eyes_there(fps):
    blinking = BlendshapeClip.rest(3 * fps, fps).with_blinks([0.5, 2.013])
    lids = blinking.column("eyeBlinkLeft")
    assert (lids == blinking.column("eyeBlinkRight")).all()
    shut = np.flatnonzero(lids > 0.95) / fps
    assert ((abs(shut - 0.595) < 0.06) | (abs(shut - 2.108) < 0.06)).all() and len(shut) >= 2
    assert lids.sum() / fps == pytest.approx(2 * 0.155, abs=0.02)
    with pytest.raises(RigError, match="outside the clip"):
        blinking.with_blinks([3.1])


def test_smoothing_takes_jitter_and_leaves_slow_motion_blinks_and_closures():
    fps, frames = 60, np.arange(300)
    rng = np.random.default_rng(0)
    slow = 0.5 + 0.3 * np.sin(2 * np.pi * 0.5 * frames / fps)
    weights = np.zeros((300, 52))
    weights[:, INDEX["browInnerUp"]] = slow + rng.normal(0, 0.03, 300)
    for column, middle in (("eyeBlinkLeft", 100), ("eyeBlinkRight", 101)):
        weights[:, INDEX[column]] = 0.1 + 0.85 * np.maximum(1 - np.abs(frames - middle) / 5, 0)
    weights[:, INDEX["jawOpen"]] = 0.3 - 0.3 * np.maximum(1 - np.abs(frames - 200) / 3, 0)
    clip = BlendshapeClip(weights, rng.normal(0, 0.01, (300, 3)), fps)
    smooth = clip.smoothed(4)
    assert np.abs(smooth.column("browInnerUp") - slow).std() < 0.012
    assert smooth.column("eyeBlinkLeft")[100] == clip.column("eyeBlinkLeft")[100]
    assert smooth.column("eyeBlinkRight")[101] == clip.column("eyeBlinkRight")[101]
    assert lip_gap_mm(smooth.weights)[200] == pytest.approx(0, abs=1e-4)
    assert smooth.head_rotation.std() < 0.5 * clip.head_rotation.std()
    assert_same(clip.smoothed(4, ["brows"]), clip, but=("weights",))
    np.testing.assert_array_equal(clip.smoothed(4, ["brows"]).column("jawOpen"), clip.column("jawOpen"))


@some
@given(FRAMES, SEEDS, st.floats(0.5, 20))
def test_smoothing_does_not_lag_or_leave_the_range(frames, seed, cutoff_hz):
    clip = a_clip(frames, seed)
    smooth = clip.smoothed(cutoff_hz)
    assert (smooth.weights <= clip.weights.max(axis=0) + 1e-6).all()
    assert (smooth.weights >= clip.weights.min(axis=0) - 1e-6).all()
    backwards = clip.reversed().smoothed(cutoff_hz).reversed()
    np.testing.assert_allclose(backwards.weights, smooth.weights, atol=1e-6)
    np.testing.assert_allclose(backwards.head_rotation, smooth.head_rotation, atol=1e-6)


def test_angles_smoothed_one_by_one_are_nearly_the_turns_smoothed():
    rng = np.random.default_rng(0)
    slow = np.cumsum(np.cumsum(rng.normal(0, 1, (600, 3)), axis=0), axis=0)
    angles = np.radians(30) * slow / np.abs(slow).max(axis=0) + rng.normal(0, np.radians(0.5), (600, 3))
    clip = BlendshapeClip(np.zeros((600, 52)), angles, 30)
    turns = quaternions_from_angles(clip.head_rotation.astype(np.float64))
    vector = clip.replaced(head_rotation=turns[:, :3]).smoothed(6).head_rotation
    scalar = clip.replaced(head_rotation=np.repeat(turns[:, 3:], 3, axis=1)).smoothed(6).head_rotation[:, :1]
    of_turns = matrix_from_quaternions(np.concatenate([vector, scalar], axis=1).astype(np.float64))
    apart = np.abs(angles_from_matrix(of_turns) - clip.smoothed(6).head_rotation)
    assert np.degrees(apart.max()) < 0.1


def test_the_cut_off_halves_the_power():
    seconds = np.arange(1200) / 60
    head = np.zeros((1200, 3))
    head[:, 1] = 0.1 * np.sin(2 * np.pi * 5 * seconds)
    smooth = BlendshapeClip(np.zeros((1200, 52)), head, 60).smoothed(5).head_rotation[300:900, 1]
    assert (smooth**2).mean() / (head[300:900, 1] ** 2).mean() == pytest.approx(0.5, abs=0.01)


def test_gains_scale_what_they_name():
    clip = a_clip(20)
    louder = clip.scaled({"mouth": 1.5, "head": 0.5, "gaze": 2, "browInnerUp": 0})
    mouth = [INDEX[name] for group in ("jaw", "mouth", "tongue") for name in GROUPS[group]]
    np.testing.assert_allclose(louder.weights[:, mouth], (clip.weights[:, mouth] * 1.5).clip(0, 1), atol=1e-6)
    assert not louder.column("browInnerUp").any()
    np.testing.assert_array_equal(louder.column("cheekPuff"), clip.column("cheekPuff"))
    half = matrix_from_angles(louder.head_rotation.astype(np.float64))
    np.testing.assert_allclose(half @ half, matrix_from_angles(clip.head_rotation.astype(np.float64)), atol=1e-6)
    np.testing.assert_allclose(louder.eye_rotation, 2 * clip.eye_rotation, atol=1e-6)
    assert_same(clip.scaled({name: 1 for name in REGIONS}), clip)


@some
@example((0.0, 0.0, -1.0), (1.0, -1.0, 1.0), 0.5)
@given(st.tuples(*[st.floats(-1.2, 1.2)] * 3), st.tuples(*[st.floats(-1.2, 1.2)] * 3), st.floats(0, 1))
def test_turns_mix_along_the_shortest_arc(first, second, share):
    first, second, share = np.array([first]), np.array([second]), np.array([share])
    angle = [_angle(first, mixed_angles(first, second, at)) for at in (share, np.ones(1))]
    assert angle[0] == pytest.approx(share[0] * angle[1], abs=1e-5)
    twice = composed_angles(scaled_angles(first, 0.5), scaled_angles(first, 0.5))
    np.testing.assert_allclose(matrix_from_angles(twice), matrix_from_angles(first), atol=1e-9)


def _angle(first: np.ndarray, second: np.ndarray) -> float:
    between = matrix_from_angles(first)[0].T @ matrix_from_angles(second)[0]
    # The sine keeps its digits for small turns, where the cosine loses them.
    sine = np.linalg.norm(between - between.T) / np.sqrt(8)
    return float(np.arctan2(sine, (np.trace(between) - 1) / 2))


def test_every_region_is_known_by_its_name_and_each_shape_lies_in_one_that_is_not_the_whole():
    assert region_of(["left eye"]) == region_of(["Left-Eye"]) == REGIONS["left-eye"]
    parts = ("mouth", "brows", "eyes", "cheeks", "nose")
    assert sorted(c for part in parts for c in REGIONS[part].columns) == list(range(len(NAMES)))


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda clip: clip.trimmed(0, 9), "end of the trim is 9 s; give 0 to"),
        (lambda clip: clip.trimmed(-1), "start of the trim"),
        (lambda clip: clip.trimmed(0.5, 0.5), "no frame to keep"),
        (lambda clip: clip.trimmed(float("nan")), "start of the trim"),
        (lambda clip: clip.joined(clip, 1.2), "cross-fade of the join"),
        (lambda clip: clip.looped(2, crossfade_s=0.6), "cross-fade of the loop"),
        (lambda clip: clip.looped(0), "whole number from 1"),
        (lambda clip: clip.looped(), "both or neither"),
        (lambda clip: clip.looped(10**9), "length of the loop"),
        (lambda clip: clip.stretched(0), "stretch by 0"),
        (lambda clip: clip.stretched(2, duration_s=3), "both or neither"),
        (lambda clip: clip.shifted(-1), "leaves no frame"),
        (lambda clip: clip.mixed(clip, ["eyebrows"]), "'eyebrows' is not known"),
        (lambda clip: clip.mixed(clip, []), "No region"),
        (lambda clip: clip.mixed(clip, ["brows"], start_s=0.8, end_s=0.2), "end behind the start"),
        (lambda clip: clip.mixed(clip, ["brows"], start_s=4), "start of the mixture is 4 s"),
        (lambda clip: clip.mixed(clip.trimmed(0, 0.4), ["brows"], start_s=0.6), "nothing of it is left at 0.6 s"),
        (lambda clip: clip.blended(clip, 1.5), "share of the other clip is 1.5"),
        (lambda clip: clip.smoothed(0), "cut-off"),
        (lambda clip: clip.scaled({"mouth": -1}), "gain of mouth is -1"),
        (lambda clip: clip.scaled({"mouth": float("inf")}), "gain of mouth is inf"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(edit, word):
    with pytest.raises(RigError, match=word) as caught:
        edit(a_clip(25))
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
