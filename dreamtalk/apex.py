"""How strongly an emotion is felt from moment to moment: onset, apices, offset, drift and tremor."""

import numpy as np

from dreamtalk.smooth_noise import smooth_noise

OFFSET_SLOWNESS = 1.6
"""Faces relax more slowly than they set."""


def smoothstep(position: np.ndarray) -> np.ndarray:
    """Smooth rise from 0 (position <= 0) to 1 (position >= 1)."""
    position = np.clip(position, 0.0, 1.0)
    return position * position * (3.0 - 2.0 * position)


def apex_curve(
    rng: np.random.Generator, times_s: np.ndarray, duration_s: float, onset_s: float, edges: bool
) -> np.ndarray:
    """Strength of the emotion at each instant of `times_s` (any shape), in (0, 1].

    Between apices it sinks to a plateau of 0.6 to 0.8. With `edges` it rises from nothing at the start and fades at
    the end; without, the stretch is a piece out of something longer.
    """
    count = int(duration_s / 1.5) + 3
    gaps = rng.gamma(4.0, 0.75, count)  # mean 3 s, seldom under 1 s
    peaks = np.cumsum(gaps) - rng.uniform(1.0, 3.0)
    holds = rng.uniform(0.2, 1.2, count)
    heights = rng.uniform(0.7, 1.0, count)
    plateau = rng.uniform(0.6, 0.8)
    rise = onset_s * rng.uniform(0.8, 1.3, count)
    since = times_s[..., None] - peaks
    pulses = smoothstep(since / rise + 1.0) * smoothstep(1.0 - (since - holds) / (OFFSET_SLOWNESS * rise))
    curve = plateau + (1.0 - plateau) * (pulses * heights).max(axis=-1)
    if edges:
        start, stop, rest = rng.uniform(0.1, 0.35), rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.3)
        curve = curve * smoothstep((times_s - start) / onset_s)
        fade = smoothstep((duration_s - stop - times_s) / (OFFSET_SLOWNESS * onset_s))
        curve = curve * (rest + (1.0 - rest) * fade)
    return curve


def regional_strength(
    rng: np.random.Generator,
    frame_count: int,
    fps: float,
    onset_s: float,
    regions: int,
    edges: bool,
) -> np.ndarray:
    """Strength of the emotion in each region of the face, (frame_count, regions) float64 in [0, 1].

    The regions set in up to a tenth of a second apart, and each drifts and trembles a little on its own.
    """
    delays_s = rng.uniform(0.0, 0.1, regions)
    times_s = np.arange(frame_count)[:, None] / fps - delays_s
    common = apex_curve(rng, times_s, frame_count / fps, onset_s, edges)
    drift = 0.07 * smooth_noise(rng, frame_count, regions, fps, corner_hz=0.25, slope=3.0)
    tremor = 0.008 * smooth_noise(rng, frame_count, regions, fps, corner_hz=6.0, slope=2.0, lowest_hz=2.0)
    return np.clip(common * np.exp(drift + tremor), 0.0, 1.0)
