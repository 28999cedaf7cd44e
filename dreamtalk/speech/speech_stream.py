"""Encoder states of sound that arrives in chunks: the same states whatever the chunks, from a memory of a second.

The samples are heard on a fixed grid of HOP frames; each grid step needs the sound `look_ahead_s` after its first
frame. The level of the speech is a running estimate, since nobody knows how loud the next word will be.
"""

import numpy as np

from dreamtalk.speech.audio import SAMPLE_RATE
from dreamtalk.speech.log_mel import FRAMES_PER_SECOND as MEL_PER_SECOND
from dreamtalk.speech.log_mel import HOP as MEL_HOP
from dreamtalk.speech.log_mel import WINDOW as MEL_WINDOW
from dreamtalk.speech.log_mel import log_mel
from dreamtalk.speech.running_encoder import MEL_MARGIN, RunningEncoder
from dreamtalk.speech.running_level import RunningLevel
from dreamtalk.speech.speech_states import FEATURE_FPS, STATES_PER_FRAME, scaled_mel
from rig.timing import frame_count

HOP = 2
"""Frames at 25 fps that are heard at a time."""

_MEL_PER_HOP = HOP * MEL_PER_SECOND // FEATURE_FPS
_UNUSED = 2  # mel frames at the end of the encoder's margin that no state depends on
_FIRST_MEL = -MEL_MARGIN


class SpeechStream:
    """Push samples at 16 kHz as they come; `end` gives what is left. One stream hears one sound."""

    def __init__(self, encoder: RunningEncoder) -> None:
        self._encoder, self._run = encoder, encoder.begin()
        self._level = RunningLevel(MEL_PER_SECOND)
        self._samples = np.zeros(0, np.float32)
        self._first_sample = 0  # where self._samples begins
        self._mel = np.zeros((80, 0), np.float32)  # scaled frames from _FIRST_MEL + 4 HOP k on
        self._mel_done = _FIRST_MEL
        self._waiting = np.zeros((0, encoder.encoder.size.width), np.float32)
        self._received, self._given = 0, 0

    @staticmethod
    def look_ahead_s(encoder: RunningEncoder) -> float:
        """Row n of the result does not depend on sound later than n / 25 + this many seconds, whenever it comes."""
        step = STATES_PER_FRAME * HOP
        waiting = -(-encoder.band.right * len(encoder.encoder.layers) // step)  # hops until the first one's last state
        states = step * waiting + step - 1
        return states * MEL_HOP * 2 / SAMPLE_RATE + (2 * MEL_HOP + MEL_WINDOW / 2) / SAMPLE_RATE

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The next samples (N,) float32, any N -> the rows that are ready, (n, 2, 512) float32, n a multiple of HOP."""
        self._received += len(samples)
        return self._heard(samples)

    def end(self) -> np.ndarray:
        """The rows that are left, (n, 2, 512); with those before, as many as rig.timing.frame_count gives."""
        wanted = frame_count(self._received / SAMPLE_RATE, FEATURE_FPS) - self._given
        if not self._received:
            wanted = 0
        rows = [np.zeros((0, STATES_PER_FRAME, self._waiting.shape[1]), np.float32)]
        silence = np.zeros(HOP * SAMPLE_RATE // FEATURE_FPS, np.float32)
        while sum(map(len, rows)) < wanted:
            rows.append(self._heard(silence))
        return np.concatenate(rows)[: max(0, wanted)]

    def _heard(self, samples: np.ndarray) -> np.ndarray:
        self._samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        states = [self._waiting]
        while self._mel_end() * MEL_HOP + MEL_WINDOW // 2 <= self._first_sample + len(self._samples):
            states.append(self._hop())
        joined = np.concatenate(states)
        whole = len(joined) // (STATES_PER_FRAME * HOP) * STATES_PER_FRAME * HOP
        self._waiting = joined[whole:]
        self._given += whole // STATES_PER_FRAME
        return joined[:whole].reshape(-1, STATES_PER_FRAME, joined.shape[1])

    def _mel_end(self) -> int:
        """The last spectrogram frame that the next hop reads."""
        return self._mel_done - self._mel.shape[1] + _MEL_PER_HOP + 2 * MEL_MARGIN - _UNUSED - 1

    def _hop(self) -> np.ndarray:
        """The states (m, 512) that one more hop of sound makes ready."""
        last = self._mel_end()
        self._mel = np.concatenate([self._mel, self._new_mel(last + 1 - self._mel_done)], axis=1)
        self._mel_done = last + 1
        padded = np.pad(self._mel, ((0, 0), (0, _UNUSED)))
        self._mel = self._mel[:, _MEL_PER_HOP:]
        self._forget((self._mel_done * MEL_HOP) - MEL_WINDOW // 2)
        return self._run.push(self._encoder.front(padded)).numpy()

    def _new_mel(self, count: int) -> np.ndarray:
        """The next `count` frames, (80, count), each at the level known when it was first heard."""
        # log_mel counts frames from the first sample it is given, which is a whole number of its hops after the start.
        mel = log_mel(self._samples, self._mel_done - self._first_sample // MEL_HOP, count)
        new = max(0, -self._mel_done)
        self._level.push(mel[:, new:].max(axis=0, initial=-np.inf))
        return scaled_mel(mel, self._level.gain)

    def _forget(self, before: int) -> None:
        """Drop the samples before the given one, in whole hops."""
        drop = max(0, before - self._first_sample) // MEL_HOP * MEL_HOP
        self._samples, self._first_sample = self._samples[drop:], self._first_sample + drop


def streamed_states(samples: np.ndarray, encoder: RunningEncoder) -> np.ndarray:
    """What a stream makes of a whole sound (N,) float32 at 16 kHz, (T, 2, 512): for training and for comparison."""
    stream = SpeechStream(encoder)
    return np.concatenate([stream.push(samples), stream.end()])
