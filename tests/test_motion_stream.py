"""Curves while it is being said: the same frames whatever the chunks, from a bounded memory and a stated look-ahead."""

import itertools
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from conftest import buzzing_syllables
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig
from dreamtalk.diffusion.emodiff import EmoDiff, WindowPlan
from dreamtalk.diffusion.motion_space import MotionSpace
from dreamtalk.errors import OptionError
from dreamtalk.expression.dials import Dials
from dreamtalk.expression.liveliness_stream import LivelinessStream, SealStream
from dreamtalk.measures import blink_rate
from dreamtalk.motion import MotionGenerator
from dreamtalk.motion_stream import MotionStream, stream_motion
from dreamtalk.mouth.closure_stream import ClosureStream
from dreamtalk.mouth.closures import closing_of_shares
from dreamtalk.mouth.lip_refiner import LipNetwork, LipRefiner, LipRefinerConfig
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.hearing import Hearing
from dreamtalk.speech.phones import PHONE_INDEX, PHONES
from rig.arkit import INDEX, MOUTH
from rig.clip import BlendshapeClip
from rig.timing import frame_count

RATE = 16_000
OPTIONS = AnimationOptions(steps=1, seed=3)
STYLE = BlendshapeClip(np.full((60, 52), 0.1), 0.01 * np.sin(np.arange(180)).reshape(60, 3), 30.0)
SYLLABLES = buzzing_syllables(3.0).astype(np.float32)


def debug_generator(refined: bool = True) -> MotionGenerator:
    torch.manual_seed(0)
    space = MotionSpace(np.full(55, 0.2, np.float32), np.full(55, 0.1, np.float32))
    emodiff = EmoDiff(Denoiser(DenoiserConfig.debug()), space, WindowPlan(length=20, carry=4, style_count=3))
    lips = LipRefiner(LipNetwork(LipRefinerConfig.debug())) if refined else None
    return MotionGenerator(Hearing.debug(), emodiff, lips)


GENERATOR = debug_generator()


def cut(samples: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    """The samples in chunks of the given sizes, over and over."""
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(samples):
            return
        yield samples[at : at + size]
        at += size


def motion_of_chunks(
    samples: np.ndarray, sizes: list[int], generator: MotionGenerator = GENERATOR, options: AnimationOptions = OPTIONS
) -> np.ndarray:
    frames = list(stream_motion(generator, cut(samples, sizes), STYLE, options=options))
    assert [frame.index for frame in frames] == list(range(len(frames)))
    return np.array([np.concatenate([frame.weights, frame.head_rotation]) for frame in frames]).reshape(-1, 55)


WHOLE = motion_of_chunks(SYLLABLES, [len(SYLLABLES)])


@given(st.lists(st.integers(1, 3 * RATE), min_size=1, max_size=12))
@settings(max_examples=12, deadline=None)
def test_frames_do_not_depend_on_the_chunks(sizes: list[int]) -> None:
    assert motion_of_chunks(SYLLABLES, sizes).tobytes() == WHOLE.tobytes()


def test_frames_of_single_samples() -> None:
    short = SYLLABLES[:3300]
    assert motion_of_chunks(short, [1]).tobytes() == motion_of_chunks(short, [len(short)]).tobytes()


@pytest.mark.parametrize("refined", [True, False])
@pytest.mark.parametrize("count", [0, 1, 1600, 2561, 16_000, 40_001])
def test_as_many_frames_as_the_sound_has(count: int, refined: bool) -> None:
    motion = motion_of_chunks(SYLLABLES[:count], [1000], debug_generator(refined))
    assert len(motion) == (frame_count(count / RATE, 25) if count else 0)


def test_frames_are_lawful() -> None:
    weights = WHOLE[:, :52]
    assert np.isfinite(WHOLE).all() and weights.min() >= 0 and weights.max() <= 1
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]] + 1e-6).all()


@pytest.mark.parametrize("frame", [0, 1, 7, 20, 33])
def test_a_frame_is_there_in_time_and_hears_nothing_later(frame: int) -> None:
    heard = SYLLABLES[: round((frame / 25 + MotionStream.look_ahead_s(GENERATOR)) * RATE)]
    stream = MotionStream(GENERATOR, STYLE, options=OPTIONS)
    frames = stream.push(heard)
    assert len(frames) > frame
    assert np.array_equal(frames[frame].weights, WHOLE[frame, :52])
    other = MotionStream(GENERATOR, STYLE, options=OPTIONS)
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert np.array_equal(other.push(np.concatenate([heard, noise]))[frame].weights, WHOLE[frame, :52])


def test_the_look_ahead_of_the_shipped_sizes_is_under_four_tenths() -> None:
    generator = debug_generator()
    generator.hearing.encoder.encoder.layers.extend([generator.hearing.encoder.encoder.layers[0]] * 3)
    assert len(generator.hearing.encoder.encoder.layers) == 4
    assert MotionStream.look_ahead_s(generator) < 0.4


def test_memory_does_not_grow() -> None:
    def peak(seconds: int) -> int:
        tracemalloc.start()
        count = sum(1 for _ in stream_motion(GENERATOR, itertools.repeat(SYLLABLES[:RATE], seconds), STYLE))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 25 * seconds
        return found

    peak(2)
    assert peak(60) < peak(10) + 600_000  # a stretch of blinks and glances drawn ahead; features of 50 s are 3 MB


def test_the_seed_and_the_dials_are_heeded() -> None:
    other = motion_of_chunks(SYLLABLES, [16_000], options=AnimationOptions(steps=1, seed=4))
    assert not np.array_equal(other, WHOLE)
    still = AnimationOptions(steps=1, seed=3, mouth_only=True)
    motion = motion_of_chunks(SYLLABLES, [16_000], options=still)
    assert np.array_equal(motion[:, MOUTH], WHOLE[:, MOUTH])
    assert not motion[:, np.setdiff1d(np.arange(55), MOUTH)].any()


def test_a_bad_initial_state_is_refused() -> None:
    with pytest.raises(OptionError, match="52 weights"):
        MotionStream(GENERATOR, STYLE, np.zeros(51))


# The finish


def test_blinks_and_glances_go_on_for_ever_and_never_repeat() -> None:
    stream = LivelinessStream(STYLE, 25.0, 0, Dials())
    lively = stream.push(np.zeros((25 * 130, 55), np.float32))
    assert 8 < blink_rate(lively[:, :52], 25.0) < 30
    gaze = lively[:, [INDEX["eyeLookOutLeft"], INDEX["eyeLookInLeft"]]]
    assert not np.allclose(gaze[:1000], gaze[1000:2000], atol=0.02)
    unblinking = LivelinessStream(STYLE, 25.0, 0, Dials(blink=0.0)).push(np.zeros((3000, 55)))
    assert unblinking[:, INDEX["eyeBlinkLeft"]].max() < 0.2


def test_resting_lips_are_sealed_and_part_at_once() -> None:
    motion = np.zeros((40, 55), np.float32)
    motion[:20, INDEX["jawOpen"]], motion[20:, INDEX["jawOpen"]] = 0.04, 0.3
    sealed = SealStream(25.0).push(motion)
    assert sealed[12:20, INDEX["jawOpen"]].max() < 1e-6 and np.array_equal(sealed[20:], motion[20:])


def test_lips_meet_where_the_phone_head_hears_them_meet() -> None:
    heard = np.zeros((100, len(PHONES)), np.float32)
    for first in (20, 61):
        heard[first : first + 4, PHONE_INDEX["p"]] = 0.9
    motion = np.zeros((50, 55), np.float32)
    motion[:, INDEX["jawOpen"]] = 0.3
    stream = ClosureStream(25.0, ahead=3)
    stream.hear(heard)
    gap = stream.push(motion)[:, INDEX["jawOpen"]] - stream_close(heard, motion)
    wanted = closing_of_shares(heard[:, PHONE_INDEX["p"]], 50, 25.0)
    assert (gap[wanted > 0.9] < 0.02).all() and np.allclose(gap[wanted == 0], 0.3, atol=0.2)


def stream_close(heard: np.ndarray, motion: np.ndarray) -> np.ndarray:
    stream = ClosureStream(25.0, ahead=3)
    stream.hear(heard)
    return stream.push(motion)[:, INDEX["mouthClose"]]
