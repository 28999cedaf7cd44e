"""A waveform as a .wav file, for programs that play the sound beside the curves."""

import io
import wave
from pathlib import Path

import numpy as np

from dreamtalk.speech.audio import Waveform
from rig.safe_file import written_beside

_FULL = 32767


def write_wav(waveform: Waveform, path: str | Path) -> None:
    """Write 16-bit mono PCM at the waveform's own rate, whole or not at all; what is over full level is clipped.

    Raises RigError where the folder cannot be written.
    """
    with written_beside(path) as beside:
        beside.write_bytes(wav_bytes(waveform))


def wav_bytes(waveform: Waveform) -> bytes:
    """The same file in memory."""
    samples, stream = np.round(np.clip(waveform.samples, -1, 1) * _FULL).astype("<i2"), io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(waveform.sample_rate)
        file.writeframes(samples.tobytes())
    return stream.getvalue()
