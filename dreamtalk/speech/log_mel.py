"""Whisper's log-mel spectrogram in numpy, for any stretch of a waveform.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al. 2022), section 2.2: 80 bands, 25 ms
window, 10 ms stride, 16 kHz; the band shapes are Slaney's (Auditory Toolbox, 1998), each of unit area in Hz.
"""

from functools import cache

import numpy as np

SAMPLE_RATE = 16_000  # Hz
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
BANDS = 80
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
_BLOCK = 2_000  # spectrogram frames at a time: bounds the memory of an hour's sound
_LEAST_POWER = 1e-16  # far below Whisper's own 1e-10, so that quiet recordings can be brought up first

# Slaney's scale: linear below 1 kHz (200/3 Hz a mel), then 27 steps for each factor of 6.4.
_BREAK_HZ, _HZ_PER_MEL, _STEP = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0


def log_mel(samples: np.ndarray, first: int, count: int) -> np.ndarray:
    """log10 of the mel power of frames first .. first + count - 1, (80, count) float32, at least -16.

    samples: (N,) float32 at 16 kHz. Frame j is centred on sample 160 j; whatever lies outside the waveform is zero,
    so every frame has the same value in whichever stretch it is asked for.
    """
    blocks = [_log_mel_block(samples, first + at, min(_BLOCK, count - at)) for at in range(0, count, _BLOCK)]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((BANDS, 0), np.float32)


def frame_peaks(samples: np.ndarray) -> np.ndarray:
    """The strongest band of each frame of the whole waveform, (1 + N // 160,) float32, log10 of power."""
    count = 1 + len(samples) // HOP
    return np.concatenate(
        [_log_mel_block(samples, at, min(_BLOCK, count - at)).max(axis=0) for at in range(0, count, _BLOCK)]
    )


def _log_mel_block(samples: np.ndarray, first: int, count: int) -> np.ndarray:
    start = first * HOP - WINDOW // 2
    stop = start + (count - 1) * HOP + WINDOW
    inside = samples[max(0, start) : max(0, stop)]
    padded = np.zeros(stop - start, np.float32)
    padded[max(0, -start) : max(0, -start) + len(inside)] = inside
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * _window())) ** 2
    return np.log10(np.maximum(mel_bands() @ power.T, _LEAST_POWER))


@cache
def _window() -> np.ndarray:
    """Periodic Hann window, (400,) float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


@cache
def mel_bands() -> np.ndarray:
    """Triangular bands from power spectrum to mel power, (80, 201) float32."""
    edges = _hz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), BANDS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangle = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clip(min=0.0)
    bands = (triangle * 2.0 / (high - low)).astype(np.float32)
    bands.setflags(write=False)
    return bands


def _mel(hz: float) -> float:
    return hz / _HZ_PER_MEL if hz < _BREAK_HZ else _BREAK_HZ / _HZ_PER_MEL + np.log(hz / _BREAK_HZ) / _STEP


def _hz(mel: np.ndarray) -> np.ndarray:
    break_mel = _BREAK_HZ / _HZ_PER_MEL
    return np.where(mel < break_mel, mel * _HZ_PER_MEL, _BREAK_HZ * np.exp(_STEP * (mel - break_mel)))
