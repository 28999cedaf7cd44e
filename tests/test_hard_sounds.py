"""The shipped weights on what is no clean speech: nothing breaks, nothing freezes and nothing chatters."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import write_wav
from scipy.signal import butter, resample_poly, sosfilt

from dreamtalk.expression.emotions import EmotionLibrary
from dreamtalk.motion import MotionGenerator
from dreamtalk.motion_stream import stream_motion
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform, load_audio
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm

RATE = 16_000
OPTIONS = AnimationOptions(steps=4, seed=1)
HELLO = load_audio(Path(__file__).parents[1] / "examples" / "hello.wav").samples
RNG = np.random.default_rng(0)
TIMES_S = np.arange(4 * RATE) / RATE

Gaps = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def generator() -> MotionGenerator:
    return MotionGenerator.load()


@pytest.fixture(scope="module", params=["file", "stream"])
def gaps(request: pytest.FixtureRequest, generator: MotionGenerator) -> Gaps:
    """Samples (N,) -> lip gap in mm (T,), after checking that all weights are lawful."""
    style, rig = EmotionLibrary.load().clip("neutral", 1.0, 0), FaceRig.load()

    def made(samples: np.ndarray) -> np.ndarray:
        samples = samples.astype(np.float32)
        if request.param == "file":
            weights = generator.generate(Waveform(samples), style, None, OPTIONS).weights
        else:
            chunks = np.array_split(samples, max(1, len(samples) // 3000))
            weights = np.array([frame.weights for frame in stream_motion(generator, chunks, style, options=OPTIONS)])
        assert np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1
        return lip_aperture_mm(rig, weights)

    return made


def trembling(gap_mm: np.ndarray) -> float:
    """Mean change of the gap's velocity from frame to frame, mm."""
    return float(np.abs(np.diff(gap_mm, 2)).mean())


@pytest.fixture(scope="module")
def spoken(gaps: Gaps) -> np.ndarray:
    return gaps(HELLO)


def whispered(speech: np.ndarray) -> np.ndarray:
    """Noise with the speech's loudness: no voice in it."""
    slow = butter(2, 20, fs=RATE, output="sos")
    return 0.3 * RNG.standard_normal(len(speech)) * np.abs(sosfilt(slow, np.abs(speech)))


def telephone(speech: np.ndarray) -> np.ndarray:
    """8 kHz, 300 to 3400 Hz."""
    line = butter(4, (300, 3400), "band", fs=RATE, output="sos")
    return resample_poly(resample_poly(sosfilt(line, speech), 1, 2), 2, 1)


SPEECH_OF_A_KIND = {
    "clipped": np.clip(20 * HELLO, -1, 1),
    "very loud": 3.9 * HELLO,
    "very quiet": 0.01 * HELLO,
    "telephone": telephone(HELLO),
    "two speakers": HELLO + np.roll(HELLO, 2 * RATE),
}


@pytest.mark.parametrize("kind", SPEECH_OF_A_KIND)
def test_hard_speech_moves_the_mouth_like_speech(kind: str, gaps: Gaps, spoken: np.ndarray) -> None:
    gap = gaps(SPEECH_OF_A_KIND[kind])
    assert 0.5 * spoken.std() < gap.std() < 2.0 * spoken.std()
    assert trembling(gap) < 2.0 * trembling(spoken)
    if kind != "two speakers":
        assert np.corrcoef(gap, spoken)[0, 1] > 0.6


def test_whisper_moves_the_mouth(gaps: Gaps, spoken: np.ndarray) -> None:
    gap = gaps(whispered(HELLO))
    assert gap.std() > 0.3 * spoken.std() and trembling(gap) < 1.5 * trembling(spoken)


NO_SPEECH = {
    "faint noise": 1e-5 * RNG.standard_normal(4 * RATE),
    "hiss": 1e-3 * RNG.standard_normal(4 * RATE),
    "loud noise": 0.1 * RNG.standard_normal(4 * RATE),
    "clicks": 0.8 * (np.arange(4 * RATE) % (RATE // 3) == 0),
}


@pytest.mark.parametrize("kind", NO_SPEECH)
def test_noise_is_not_chattered_to(kind: str, gaps: Gaps, spoken: np.ndarray) -> None:
    gap = gaps(NO_SPEECH[kind])
    assert gap.mean() < 0.5 * spoken.mean() and trembling(gap) < 0.7 * trembling(spoken)


def test_the_mouth_stays_shut_in_silence(gaps: Gaps) -> None:
    gap = gaps(np.full(4 * RATE, 1e-9))
    assert gap.max() < 0.6 and gap.std() < 0.1


def test_music_is_sung_along_to_and_no_faster(gaps: Gaps, spoken: np.ndarray) -> None:
    struck = np.exp(-3 * ((2 * TIMES_S) % 1))
    chord = sum(np.sin(2 * np.pi * hz * TIMES_S) for hz in (220, 277, 330, 440))
    assert trembling(gaps(0.1 * chord * struck)) < 1.5 * trembling(spoken)


def test_the_shortest_sound(gaps: Gaps) -> None:
    assert len(gaps(HELLO[8000:9600])) == 3


def test_a_file_at_192_khz_is_heard_like_any_other(tmp_path: Path, gaps: Gaps, spoken: np.ndarray) -> None:
    path = write_wav(tmp_path / "studio.wav", resample_poly(HELLO, 12, 1), 192_000)
    gap = gaps(load_audio(path).samples)
    count = min(len(gap), len(spoken))
    assert np.corrcoef(gap[:count], spoken[:count])[0, 1] > 0.9
