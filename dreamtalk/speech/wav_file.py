"""A waveform as a .wav file, for programs that play the sound beside the curves."""

import io
import wave

import numpy as np

from dreamtalk.speech.audio import Waveform

_FULL = 32767


def wav_bytes(waveform: Waveform) -> bytes:
    """A .wav of 16-bit mono PCM at the waveform's own rate; what is over full level is clipped."""
    samples, stream = np.round(np.clip(waveform.samples, -1, 1) * _FULL).astype("<i2"), io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(waveform.sample_rate)
        file.writeframes(samples.tobytes())
    return stream.getvalue()
