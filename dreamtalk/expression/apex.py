"""How strongly an emotion is felt from moment to moment: onset, apices, offset, drift and tremor."""

import numpy as np

from dreamtalk.expression.smooth_noise import smooth_noise
from rig.smoothstep import smoothstep

OFFSET_SLOWNESS = 1.6
"""Faces relax more slowly than they set."""


def apex_curve(
    rng: np.random.Generator, frame_count: int, fps: float, onset_s: float, edges: bool
) -> np.ndarray:
    """Strength of the emotion at each frame, (frame_count,) float64 in [0, 1].

    Between apices it sinks to a plateau of 0.6 to 0.8. With `edges` it rises from nothing at the start and fades at
    the end; without, the stretch is a piece out of something longer.
    """
    duration_s = frame_count / fps
    plateau = rng.uniform(0.6, 0.8)
    curve = plateau + (1.0 - plateau) * _apices(rng, frame_count, fps, onset_s)
    if edges:
        times_s = np.arange(frame_count) / fps
        start, stop, rest = rng.uniform(0.1, 0.35), rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.3)
        curve = curve * smoothstep(0.0, onset_s, times_s - start)
        fade = smoothstep(0.0, OFFSET_SLOWNESS * onset_s, duration_s - stop - times_s)
        curve = curve * (rest + (1.0 - rest) * fade)
    return curve


def _apices(rng: np.random.Generator, frame_count: int, fps: float, onset_s: float) -> np.ndarray:
    """Apices as bumps between 0 and 1, (frame_count,): about one in three seconds, each of its own size and length."""
    count = int(frame_count / fps / 1.5) + 3
    peaks_s = np.cumsum(rng.gamma(4.0, 0.75, count)) - rng.uniform(1.0, 3.0)
    holds_s, heights = rng.uniform(0.2, 1.2, count), rng.uniform(0.7, 1.0, count)
    rises_s = onset_s * rng.uniform(0.8, 1.3, count)
    first = np.floor((peaks_s - rises_s) * fps).astype(int)
    reach = int((rises_s * (1.0 + OFFSET_SLOWNESS) + holds_s).max() * fps) + 2
    frames = first[:, None] + np.arange(reach)  # (K, W): only the frames that an apex can touch
    since = frames / fps - peaks_s[:, None]
    rise = smoothstep(-rises_s[:, None], 0.0, since)
    fall = smoothstep((holds_s + OFFSET_SLOWNESS * rises_s)[:, None], holds_s[:, None], since)
    curve, inside = np.zeros(frame_count), (frames >= 0) & (frames < frame_count)
    np.maximum.at(curve, frames[inside], (rise * fall * heights[:, None])[inside])
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
    frames = np.arange(frame_count)
    late = rng.uniform(0.0, 0.1 * fps, regions)
    curve = apex_curve(rng, frame_count, fps, onset_s, edges)
    common = np.stack([np.interp(frames - delay, frames, curve) for delay in late], axis=1)
    drift = 0.07 * smooth_noise(rng, frame_count, regions, fps, corner_hz=0.25, slope=3.0)
    tremor = 0.008 * smooth_noise(rng, frame_count, regions, fps, corner_hz=6.0, slope=2.0, lowest_hz=2.0)
    return np.clip(common * np.exp(drift + tremor), 0.0, 1.0)
