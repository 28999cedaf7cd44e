"""The same speech as another person, in another room, through another microphone and line would give it.

Everything but the speed leaves the curves and phone times as they are.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.signal import butter, fftconvolve, istft, resample_poly, sosfilt, stft

from dreamtalk.training.training_clip import SAMPLE_RATE, Recording

SPEEDS = (0.85, 1.2)
"""Slowest and fastest copy; voice and motion change together."""
SEMITONES = 3.5
"""How far the voice alone is raised or lowered."""
_FRAME, _REACH = 512, 160  # of the time stretch: samples of a piece, and how far it may be moved to fit


def augmented(recording: Recording, rng: np.random.Generator, speeds: tuple[float, float] = SPEEDS) -> Recording:
    """A changed copy: speed, pitch, room, noise, line and level, each by chance. `speeds` (1, 1) keeps the length.

    Samples stay finite and within +-1; nothing is drawn but from `rng`, so a seed gives the same copy again.
    """
    if speeds[1] > speeds[0]:
        recording = recording.at_speed(round(float(rng.uniform(*speeds)) * 20) / 20)
    samples = recording.samples.astype(np.float32)
    changes: tuple[tuple[float, Callable[[np.ndarray, np.random.Generator], np.ndarray]], ...] = (
        (0.5, _other_voice), (0.4, _room), (0.5, _microphone), (0.6, _noise), (0.4, _line)
    )  # fmt: skip
    for chance, change in changes:
        if rng.random() < chance:
            samples = change(samples, rng)
    return replace(recording, samples=_level(samples, rng))


def pitched(samples: np.ndarray, semitones: float) -> np.ndarray:
    """The voice `samples` (N,) at 16 kHz raised by `semitones`, formants too; length and timing (within 10 ms) stay."""
    up = round(40 * 2 ** (semitones / 12))
    if up == 40:
        return samples.astype(np.float32)
    short = resample_poly(samples, 40, up)
    return _stretched(short, len(samples))


def _stretched(samples: np.ndarray, length: int) -> np.ndarray:
    """`samples` made to last `length` samples without a change of pitch: pieces overlapped where they fit best (WSOLA,
    Verhelst and Roelands 1993)."""
    hop = _FRAME // 2
    window = np.hanning(_FRAME + 1)[:_FRAME].astype(np.float32)
    source = np.pad(samples.astype(np.float32), (_REACH + hop, _REACH + 2 * _FRAME))
    result = np.zeros(length + 2 * _FRAME, np.float32)
    before = _REACH + hop  # where the piece used last began
    for start in range(0, length + hop, hop):
        wanted = _REACH + round(min(start, length) * len(samples) / max(length, 1))
        if start:
            following = source[before + hop : before + hop + hop]
            near = source[wanted - _REACH : wanted + _REACH + hop]
            wanted += int(np.argmax(np.correlate(near, following, "valid"))) - _REACH
        result[start : start + _FRAME] += window * source[wanted : wanted + _FRAME]
        before = min(max(wanted, 0), len(source) - _FRAME - hop)
    return result[hop : hop + length]


def _other_voice(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return pitched(samples, float(rng.uniform(-SEMITONES, SEMITONES)))


def _room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reverberation of 0.1 to 0.6 s, 2 to 16 dB under the direct sound; the direct sound keeps its time."""
    fall_s, under_db = rng.uniform(0.1, 0.6), rng.uniform(2, 16)
    count = round(fall_s * SAMPLE_RATE)
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: round(rng.uniform(0.002, 0.012) * SAMPLE_RATE)] = 0.0
    tail *= 10 ** (-under_db / 20) / np.sqrt(np.sum(tail**2) + 1e-12)
    tail[0] = 1.0
    return fftconvolve(samples, tail)[: len(samples)]


def _microphone(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A spectrum tilted and bent by up to 8 dB here and there."""
    taps = 128
    bands = np.interp(np.linspace(0, 1, taps + 1), np.linspace(0, 1, 7), np.cumsum(rng.normal(0, 2.5, 7)).clip(-8, 8))
    response = np.fft.irfft(10 ** (bands / 20))
    centred = np.roll(response, taps) * np.hanning(2 * taps)
    return fftconvolve(samples, centred, mode="same")


def _noise(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hiss, hum or rumble 8 to 45 dB under the speech, coloured by chance."""
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    frequency = np.maximum(np.arange(len(spectrum)) / max(len(spectrum), 1), 1e-3)
    noise = np.fft.irfft(spectrum * frequency ** -rng.uniform(0.0, 1.1), len(samples))
    return samples + noise * (samples.std() / (noise.std() + 1e-9) * 10 ** (-rng.uniform(8, 45) / 20))


def _line(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of: telephone (300 to 3400 Hz, mu-law), a low pass, coarse mu-law, a lossy codec."""
    kind = rng.integers(4)
    if kind == 0:
        return _mu_law(_band(samples, 300, 3400), 256)
    if kind == 1:
        return _band(samples, None, float(rng.uniform(3000, 7000)))
    if kind == 2:
        return _mu_law(samples, int(rng.choice([64, 128, 256])))
    return _lossy(samples, rng)


def _band(samples: np.ndarray, low: float | None, high: float) -> np.ndarray:
    kind, edges = ("bandpass", [low, high]) if low else ("lowpass", high)
    return sosfilt(butter(4, edges, kind, fs=SAMPLE_RATE, output="sos"), samples)


def _mu_law(samples: np.ndarray, steps: int) -> np.ndarray:
    """ITU-T G.711's curve, rounded to `steps` levels."""
    peak = np.abs(samples).max() + 1e-9
    pressed = np.sign(samples) * np.log1p(255 * np.abs(samples) / peak) / np.log(256)
    rounded = np.round(pressed * steps / 2) / (steps / 2)
    return np.sign(rounded) * (256 ** np.abs(rounded) - 1) / 255 * peak


def _lossy(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is 25 to 40 dB under the loudest of its moment is lost, the rest coarsened; nothing above 5 to 7.5 kHz."""
    _, _, bins = stft(samples, SAMPLE_RATE, nperseg=512)
    loudest = np.abs(bins).max(axis=0, keepdims=True)
    bins[np.abs(bins) < loudest * 10 ** (-rng.uniform(25, 40) / 20)] = 0.0
    bins *= 1 + rng.uniform(0.05, 0.25) * rng.standard_normal(bins.shape)
    bins[round(rng.uniform(5000, 7500) / SAMPLE_RATE * 512) :] = 0.0
    return istft(bins, SAMPLE_RATE, nperseg=512)[1][: len(samples)]


def _level(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Peak between -26 and 0 dB of full scale; one in twelve is driven into clipping."""
    peak = np.abs(samples).max() + 1e-9
    target = 10 ** (rng.uniform(-26, 0) / 20)
    if rng.random() < 1 / 12:
        target = rng.uniform(1.2, 4.0)
    return np.clip(samples * (target / peak), -1, 1).astype(np.float32)
