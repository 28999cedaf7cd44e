"""Sound in chunks: states and motion that do not depend on how it was cut, from a bounded memory and look-ahead."""

import tracemalloc

import numpy as np
import pytest
from conftest import buzzing_syllables
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.running_encoder import Band, RunningEncoder
from dreamtalk.speech.running_level import RunningLevel
from dreamtalk.speech.speech_encoder import SpeechEncoder
from dreamtalk.speech.speech_states import speech_states
from dreamtalk.speech.speech_stream import SpeechStream, streamed_states
from rig.timing import frame_count

RATE = 16_000
ENCODER = RunningEncoder(SpeechEncoder.debug())
SYLLABLES = buzzing_syllables(3.0).astype(np.float32)
CHUNKS = st.lists(st.integers(1, 3 * RATE), min_size=1, max_size=12)


def cut(samples: np.ndarray, sizes: list[int]) -> list[np.ndarray]:
    """The samples in chunks of the given sizes, over and over."""
    chunks, at = [], 0
    while at < len(samples):
        chunks.append(samples[at : at + sizes[len(chunks) % len(sizes)]])
        at += len(chunks[-1])
    return chunks


def states_of(chunks: list[np.ndarray], encoder: RunningEncoder = ENCODER) -> np.ndarray:
    stream = SpeechStream(encoder)
    return np.concatenate([*[stream.push(chunk) for chunk in chunks], stream.end()])


# Speech


@given(CHUNKS)
@settings(max_examples=20, deadline=None)
def test_states_do_not_depend_on_the_chunks(sizes: list[int]) -> None:
    assert np.array_equal(states_of(cut(SYLLABLES, sizes)), streamed_states(SYLLABLES, ENCODER))


def test_states_of_single_samples() -> None:
    short = SYLLABLES[:3000]
    assert np.array_equal(states_of(cut(short, [1])), streamed_states(short, ENCODER))


@pytest.mark.parametrize("count", [0, 1, 639, 641, 1600, 16_000, 40_001])
def test_as_many_rows_as_the_sound_has_frames(count: int) -> None:
    rows = streamed_states(SYLLABLES[:count], ENCODER)
    assert rows.shape == (frame_count(count / RATE, 25) if count else 0, 2, 512)


def test_at_studio_level_a_stream_hears_what_a_file_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunningLevel, "gain", 0.3)
    monkeypatch.setattr("dreamtalk.speech.speech_states.level_gain", lambda level: 0.3)
    whole = speech_states(Waveform(SYLLABLES), ENCODER)
    assert np.allclose(streamed_states(SYLLABLES, ENCODER), whole, atol=1e-4)


@pytest.mark.parametrize("right", [0, 1, 2])
def test_a_row_hears_no_further_than_stated(right: int) -> None:
    encoder = RunningEncoder(SpeechEncoder.debug(), Band(right=right))
    stream, given_rows = SpeechStream(encoder), 0
    for end in range(160, len(SYLLABLES), 160):
        given_rows += len(stream.push(SYLLABLES[end - 160 : end]))
        due = int(np.floor((end / RATE - SpeechStream.look_ahead_s(encoder)) * 25 + 1e-9)) + 1
        assert given_rows >= due


def test_memory_of_a_stream_does_not_grow() -> None:
    chunk = np.resize(SYLLABLES, 8000)

    def peak(chunks: int) -> int:
        stream = SpeechStream(ENCODER)
        tracemalloc.start()
        for _ in range(chunks):
            stream.push(chunk)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(4)
    assert peak(60) < peak(10) + 100_000


# Level


def peaks(seconds: float, level: float, spread: float = 3.0, seed: int = 0) -> np.ndarray:
    """Loudness of syllables whose loud moments are at `level`, log10 of power, 100 a second."""
    syllables = np.abs(np.sin(np.arange(round(seconds * 100)) * 0.13))
    return level + spread * np.log10(syllables + 1e-3) + np.random.default_rng(seed).normal(0, 0.05, len(syllables))


def gain_after(*heard: np.ndarray) -> float:
    level = RunningLevel(100)
    for part in heard:
        level.push(part)
    return level.gain


def test_speech_at_the_studios_level_is_left_as_it_is() -> None:
    assert gain_after() == 0.0 and abs(gain_after(peaks(0.3, 1.0))) < 0.2 and abs(gain_after(peaks(20.0, 1.0))) < 0.2


@pytest.mark.parametrize("level", [3.0, -1.0, -2.5])
def test_louder_and_quieter_speech_is_brought_to_it_in_two_seconds(level: float) -> None:
    assert gain_after(peaks(2.0, level)) == pytest.approx(1.0 - level, abs=0.5)
    assert gain_after(peaks(10.0, level)) == pytest.approx(1.0 - level, abs=0.2)


def test_silence_and_hum_turn_nothing_up() -> None:
    hum = np.random.default_rng(0).normal(-2.0, 0.1, 2000)
    assert gain_after(np.full(2000, -16.0)) == 0.0
    assert abs(gain_after(hum)) < 0.3
    assert gain_after(hum, peaks(2.0, 1.0)) == pytest.approx(0.0, abs=0.5)
