"""Waveform -> speech features at 25 frames a second, in windows, so that an hour needs no more memory than a minute.

    seconds      0       1                       5       6
    window k     |context|        kept           |context|
    window k+1                           |context|        kept           |context|
    blend                                      /XX\\         each window fades into the next around their seam

Every window has the same length and stands on a fixed grid, silence beyond the sound, so a feature depends neither on
how many frames are asked for nor on how they are read.
"""

from collections.abc import Iterator

import numpy as np
import torch

from dreamtalk.audio import SAMPLE_RATE, Waveform
from dreamtalk.errors import AudioError
from dreamtalk.log_mel import FRAMES_PER_SECOND as MEL_PER_SECOND
from dreamtalk.log_mel import frame_peaks, log_mel
from dreamtalk.speech_encoder import SpeechEncoder
from rig.timing import frame_count as frames_in

FEATURE_FPS = 25
CONTEXT = 25  # frames on each side of a window that only serve the attention
KEPT = 100  # frames that a window answers for
FADE = 12  # frames over which one window gives way to the next, half on each side of the seam
WINDOW = KEPT + 2 * CONTEXT

_MEL_PER_FRAME = MEL_PER_SECOND // FEATURE_FPS
# Level: the loudest speech (95 % of the peaks within 40 dB of the loudest) is brought to log10 power 1, where the clean
# studio corpora stand by themselves; whisper's floor then lies 80 dB below its usual peak of 1.6.
_LOUD, _FLOOR, _SPEECH_RANGE, _MOST_GAIN = 1.0, -6.4, 4.0, 5.0


def speech_features(waveform: Waveform, encoder: SpeechEncoder, frame_count: int | None = None) -> np.ndarray:
    """Encoder states of `waveform` at 25 fps, (T, 512) float32.

    Row n is the mean of the 50 Hz states 2 n and 2 n + 1, so it is centred 10 ms behind second n / 25. T is
    `frame_count`, or else what `rig.timing.frame_count` gives for the duration; rows beyond the sound hear silence.
    A louder or quieter copy of a recording gives the same features, down to 50 dB below a studio's level.

    Whisper's states also tell where in its window a sound stood: the same sound elsewhere in a window has a cosine of
    about 0.7. So networks must be trained on recordings much longer than one window, as they will hear later.

    Raises AudioError where the waveform is not at 16 kHz.
    """
    return np.concatenate(list(iter_speech_features(waveform, encoder, frame_count)))


def iter_speech_features(
    waveform: Waveform, encoder: SpeechEncoder, frame_count: int | None = None
) -> Iterator[np.ndarray]:
    """The rows of `speech_features` in consecutive pieces of about 4 s, (n, 512) float32 each, as they are made."""
    if waveform.sample_rate != SAMPLE_RATE:
        raise AudioError(f"The sound is at {waveform.sample_rate} Hz; the encoder hears {SAMPLE_RATE}: use load_audio.")
    count = frames_in(waveform.duration_s, FEATURE_FPS) if frame_count is None else frame_count
    gain = min(_LOUD - _speech_level(waveform.samples), _MOST_GAIN)
    given, fading = 0, None
    for start in range(0, count + FADE // 2, KEPT):
        window = _window_features(waveform.samples, encoder, start - CONTEXT, gain)
        piece = window[CONTEXT - FADE // 2 : CONTEXT + KEPT - FADE // 2].copy()
        if fading is None:
            piece = piece[FADE // 2 :]
        else:
            rise = ((np.arange(FADE, dtype=np.float32) + 0.5) / FADE)[:, None]
            piece[:FADE] = fading + rise * (piece[:FADE] - fading)
        fading = window[CONTEXT + KEPT - FADE // 2 : CONTEXT + KEPT + FADE // 2]
        piece = piece[: count - given]
        given += len(piece)
        yield piece


def _speech_level(samples: np.ndarray) -> float:
    peaks = frame_peaks(samples)
    return float(np.percentile(peaks[peaks >= peaks.max() - _SPEECH_RANGE], 95))


def _window_features(samples: np.ndarray, encoder: SpeechEncoder, first: int, gain: float) -> np.ndarray:
    """Features of the WINDOW frames from frame `first` on, (WINDOW, 512) float32."""
    mel = log_mel(samples, first * _MEL_PER_FRAME, WINDOW * _MEL_PER_FRAME) + np.float32(gain)
    mel = (np.maximum(mel, _FLOOR) + 4.0) / 4.0
    states = encoder(torch.from_numpy(mel[None]))[0].numpy()
    return states.reshape(WINDOW, 2, -1).mean(axis=1)
