"""Styles over time: which stretches are played, how they are mixed, and what that costs."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_motion import STYLE, debug_generator, noise

from dreamtalk.expression.dials import Dials
from dreamtalk.expression.emotion_track import EmotionTrack
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.expression.style_track import AFTER_S, MARGIN_S, Pass, StyleTrack
from dreamtalk.measures import blinks
from dreamtalk.options import AnimationOptions
from dreamtalk.passes import SharedFeatures, mixed_passes
from rig.arkit import INDEX, MOUTH, NAMES
from rig.clip import BlendshapeClip
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments

FPS = 25.0


def track_of(text: str, count: int, transition_s: float = 0.6) -> StyleTrack:
    track = EmotionTrack.parse(text, transition_s)
    return StyleTrack(tuple(STYLE for _ in track.mixes), track.shares(count, FPS))


texts = st.lists(st.sampled_from(EMOTIONS[:4]), min_size=1, max_size=8).map(
    lambda names: ", ".join(f"{index * 1.3}:{name}" for index, name in enumerate(names))
)


@given(texts, st.integers(1, 400), st.floats(0.0, 3.0))
@settings(max_examples=60, deadline=None)
def test_every_share_is_played(text: str, count: int, transition_s: float) -> None:
    track = track_of(text, count, transition_s)
    played = np.zeros_like(track.shares)
    for run in track.passes(FPS):
        assert 0 <= run.start < run.stop <= count
        played[run.style, run.start : run.stop] += 1
    assert played.max() <= 1 and (played[track.shares > 0] == 1).all()


def test_only_the_overlaps_are_played_twice() -> None:
    track = track_of("neutral, 20:happy, 40:sad, 50:happy", 60 * 25)
    played = sum(run.stop - run.start for run in track.passes(FPS))
    assert played <= 60 * 25 + 3 * (0.6 + MARGIN_S + AFTER_S + 0.1) * FPS


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.data())
@settings(max_examples=50, deadline=None)
def test_readers_get_their_rows_once(sizes: list[int], data: st.DataObject) -> None:
    rows = np.arange(sum(sizes))[:, None]
    spans = []
    for style in range(3):
        start = data.draw(st.integers(0, len(rows) - 1))
        spans.append(Pass(style, start, data.draw(st.integers(start + 1, len(rows)))))
    shared = SharedFeatures(np.split(rows, np.cumsum(sizes)[:-1]), spans)
    for index, span in enumerate(spans):
        assert np.concatenate(list(shared.reader(index))).tolist() == rows[span.start : span.stop].tolist()


def test_motion_is_the_mean_by_shares_and_a_pass_knows_what_came_before() -> None:
    starts: list[tuple[int, float | None]] = []

    def play(heard: Iterator[np.ndarray], run: Pass, before: np.ndarray | None) -> Iterator[np.ndarray]:
        starts.append((run.start, None if before is None else float(before[0])))
        for piece in heard:
            yield np.full((len(piece), 55), run.style + 1.0, np.float32)

    track = track_of("neutral, 4:happy, 8:neutral", 300)
    steps: list[int] = []
    pieces = [np.zeros((20, 1), np.float32)] * 15
    motion = mixed_passes(pieces, track, FPS, play, lambda done, total: steps.append(done))
    np.testing.assert_allclose(motion[:, 7], track.shares[0] + 2 * track.shares[1], atol=1e-6)
    assert [start for start, _ in starts] == [0, 4 * 25 - 14 - 25, 8 * 25 - 14 - 25]
    assert [before for _, before in starts] == [None, 1.0, 2.0]
    assert steps == sorted(steps) and steps[-1] == 300


def test_memory_waits_for_nobody() -> None:
    """A style that comes back at the end must not keep the features of an hour waiting."""

    def play(heard: Iterator[np.ndarray], run: Pass, before: np.ndarray | None) -> Iterator[np.ndarray]:
        return (np.zeros((len(piece), 55), np.float32) for piece in heard)

    def peak(seconds: int) -> float:
        count = seconds * 25
        track = track_of(f"neutral, 3:happy, {seconds - 3}:neutral", count)
        pieces = (np.ones((100, 512), np.float32) for _ in range(count // 100))
        tracemalloc.start()
        mixed_passes(pieces, track, FPS, play)
        found = tracemalloc.get_traced_memory()[1] - count * 55 * 4
        tracemalloc.stop()
        return found

    peak(20)
    assert peak(400) < peak(20) + 500_000  # features of 400 s are 20 MB


def generated(style: BlendshapeClip | StyleTrack, **options) -> BlendshapeClip:
    return debug_generator().generate(noise(6.0), style, None, AnimationOptions(steps=1, seed=4, **options))


def bytes_of(clip: BlendshapeClip) -> bytes:
    return clip.weights.tobytes() + clip.head_rotation.tobytes()


def test_a_steady_track_is_the_plain_style_to_the_byte() -> None:
    library, track = EmotionLibrary.load(), EmotionTrack.parse("happy:0.7, 2:happy:0.7, 4:happy:0.7")
    assert bytes_of(generated(track.styles(library, 4, 150, FPS))) == bytes_of(generated(library.clip("happy", 0.7, 4)))


def test_styles_far_from_each_other_are_joined_lawfully() -> None:
    track = EmotionTrack.parse("happy, 2:sad, 3:angry, 3.5:neutral")
    clip = generated(track.styles(EmotionLibrary.load(), 0, 150, FPS))
    assert len(clip) == 150 and np.isfinite(clip.head_rotation).all()
    assert (clip.column("mouthClose") <= clip.column("jawOpen") + 1e-6).all()


def test_blinks_are_whole_while_the_style_changes() -> None:
    """Styles of different blink rates, half of one and half of the other, at all times."""
    library = EmotionLibrary.load()
    styles = (library.clip("happy", 1.0), BlendshapeClip.rest(3000, FPS))
    track = StyleTrack(styles, np.full((2, 1500), 0.5, np.float32))
    clip = debug_generator().generate(noise(60.0), track, None, AnimationOptions(steps=1))
    lids = clip.column("eyeBlinkLeft")
    shut = lids - np.median(lids)
    tops = np.array([shut[at] for at in range(1, 1499) if shut[at] > 0.2 and shut[at] == shut[at - 1 : at + 2].max()])
    assert blinks(clip.weights, FPS).per_minute > 5 and np.mean(tops > 0.6) > 0.7


def test_dials_and_shapes_are_turned_at_the_end() -> None:
    plain = generated(STYLE)
    turned = generated(STYLE, dials=Dials(head=0.0, blink=0.0, gaze=0.0))
    assert not turned.head_rotation.any() and blinks(turned.weights, FPS).per_minute == 0.0
    assert turned.weights[:, MOUTH].tobytes() == plain.weights[:, MOUTH].tobytes()
    shaped = generated(STYLE, shapes=ShapeAdjustments((ShapeAdjustment("browInnerUp", low=0.9),)))
    assert shaped.column("browInnerUp").min() >= np.float32(0.9)
    assert bytes_of(generated(STYLE, dials=Dials(), shapes=ShapeAdjustments())) == bytes_of(plain)


def test_mouth_only_leaves_the_rest_at_rest() -> None:
    plain, alone = generated(STYLE), generated(STYLE, mouth_only=True)
    others = np.setdiff1d(np.arange(len(NAMES)), MOUTH)
    assert alone.weights[:, MOUTH].tobytes() == plain.weights[:, MOUTH].tobytes()
    assert not alone.weights[:, others].any() and not alone.head_rotation.any()


@pytest.fixture(scope="module")
def spoken() -> BlendshapeClip:
    """The shipped weights on the example voice, sad from the middle on."""

    from dreamtalk.pipeline import DreamTalk

    speech = Path(__file__).parents[1] / "examples" / "hello.wav"
    return DreamTalk.load().animate(speech, "happy, 3.2:sad", options=AnimationOptions(steps=3, seed=1)).clip


def test_shipped_weights_change_their_face_by_the_key(spoken: BlendshapeClip) -> None:
    smile, frown = spoken.column("mouthSmileLeft"), spoken.column("mouthFrownLeft")
    assert smile[20:60].mean() > 0.3 > smile[80:].mean() + 0.15
    assert frown[80:].mean() > frown[20:60].mean() + 0.15
    assert spoken.weights[:, INDEX["jawOpen"]].std() > 0.03
