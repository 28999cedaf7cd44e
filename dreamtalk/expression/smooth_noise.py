"""Random curves that wander without ever repeating."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq


def smooth_noise(
    rng: np.random.Generator,
    frame_count: int,
    columns: int,
    fps: float,
    corner_hz: float,
    slope: float = 2.5,
    lowest_hz: float = 0.08,
) -> np.ndarray:
    """Gaussian curves of unit variance, (frame_count, columns) float64, cut from a period at least twice as long.

    Their power falls as frequency ** -slope above `corner_hz`, as that of a living head or hand does; below
    `lowest_hz` there is none, so that a short clip is not one long drift.
    """
    # Twenty seconds at least hold several periods of lowest_hz, so that the variance of short clips is right.
    period = next_fast_len(int(max(2 * frame_count, 20.0 * fps)), real=True)
    frequency = rfftfreq(period, 1.0 / fps)
    gain = (1.0 + (frequency / corner_hz) ** 2) ** (-slope / 4.0) * (frequency >= lowest_hz)
    spectrum = rng.standard_normal((columns, len(frequency), 2)).view(np.complex128)[..., 0] * gain
    # A full-spectrum irfft of unit complex normals with gain g has the variance 4 * sum(g^2) / period^2.
    return irfft(spectrum, period, axis=1)[:, :frame_count].T * (period / (2.0 * np.sqrt((gain**2).sum())))
