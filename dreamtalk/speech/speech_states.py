"""Waveform -> encoder states, in one run over sound of any length, so that an hour needs no more memory than a minute.

The level of a recording is brought to one measure first: the loudest speech (95 % of the peaks within 40 dB of the
loudest) to log10 power 1, where studio corpora stand by themselves; whisper's floor then lies 80 dB below its usual
peak of 1.6.
"""

from collections.abc import Iterator

import numpy as np

from dreamtalk.errors import AudioError
from dreamtalk.speech.audio import SAMPLE_RATE, Waveform
from dreamtalk.speech.log_mel import frame_peaks, log_mel
from dreamtalk.speech.running_encoder import MEL_MARGIN, RunningEncoder
from rig.timing import frame_count as frames_in

FEATURE_FPS = 25
STATES_PER_FRAME = 2
BLOCK = 100  # frames heard at a time

STUDIO_LEVEL, SPEECH_RANGE, MOST_GAIN = 1.0, 4.0, 5.0  # log10 of power
_FLOOR = -6.4


def speech_states(waveform: Waveform, encoder: RunningEncoder, frame_count: int | None = None) -> np.ndarray:
    """Encoder states of `waveform`, (T, 2, 512) float32: the states 2 n and 2 n + 1, 20 ms apart, of frame n at 25 fps.

    T is `frame_count`, or else what `rig.timing.frame_count` gives; rows beyond the sound hear silence.
    A louder or quieter copy of a recording gives the same states, down to 50 dB below a studio's level.

    Raises AudioError where the waveform is not at 16 kHz.
    """
    pieces = list(iter_speech_states(waveform, encoder, frame_count))
    return np.concatenate(pieces) if pieces else np.zeros((0, STATES_PER_FRAME, encoder.encoder.size.width), np.float32)


def iter_speech_states(
    waveform: Waveform, encoder: RunningEncoder, frame_count: int | None = None
) -> Iterator[np.ndarray]:
    """The rows of `speech_states` in consecutive pieces of about 4 s, (n, 2, 512) float32 each, as they are made."""
    if waveform.sample_rate != SAMPLE_RATE:
        raise AudioError(f"The sound is at {waveform.sample_rate} Hz; the encoder hears {SAMPLE_RATE}: use load_audio.")
    count = frames_in(waveform.duration_s, FEATURE_FPS) if frame_count is None else frame_count
    gain = level_gain(speech_level(waveform.samples))
    ahead = STATES_PER_FRAME * BLOCK  # heard beyond the last frame, so that how many are asked for changes nothing
    wanted, run, odd = STATES_PER_FRAME * count, encoder.begin(), None
    for first in range(0, wanted + ahead, ahead):
        states = run.push(encoder.front(heard_mel(waveform.samples, first, ahead, gain))).numpy()
        states = states if odd is None else np.concatenate([odd, states])
        whole = min(len(states), wanted) // STATES_PER_FRAME * STATES_PER_FRAME
        odd, wanted = states[whole:], wanted - whole
        if whole:
            yield states[:whole].reshape(-1, STATES_PER_FRAME, states.shape[1])


def heard_mel(samples: np.ndarray, first: int, count: int, gain: float) -> np.ndarray:
    """The spectrogram behind states first .. first + count - 1 with its margin, scaled as Whisper does, (80, ...)."""
    margin = MEL_MARGIN
    return scaled_mel(log_mel(samples, 2 * first - margin, 2 * count + 2 * margin), gain)


def scaled_mel(mel: np.ndarray, gain: float) -> np.ndarray:
    """log10 of the mel power, any shape, raised by `gain` and scaled as Whisper does."""
    return (np.maximum(mel + np.float32(gain), _FLOOR) + 4.0) / 4.0


def speech_level(samples: np.ndarray) -> float:
    """Level of the loudest speech in log10 of the mel power."""
    return level_of_peaks(frame_peaks(samples))


def level_of_peaks(peaks: np.ndarray) -> float:
    """Level of the loudest speech from the strongest band of each 10 ms."""
    return float(np.percentile(peaks[peaks >= peaks.max() - SPEECH_RANGE], 95))


def level_gain(level: float) -> float:
    """What is added to log10 of the mel power so that speech of `level` is heard like a studio's."""
    return min(STUDIO_LEVEL - level, MOST_GAIN)
