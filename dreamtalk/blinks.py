"""Blinks: when they come and how a lid closes and opens."""

import numpy as np

from rig.smoothstep import smoothstep

DOUBLE_SHARE = 0.07
"""Share of the blinks that are followed at once by a second one."""


def blink_times(rng: np.random.Generator, duration_s: float, blinks_per_minute: float) -> np.ndarray:
    """Starts of the blinks in seconds, (K,) float64 ascending; gaps are gamma distributed, never regular.

    The first gap is cut at a random point, so that clips do not all begin with the same wait.
    """
    mean_gap_s = 60.0 / blinks_per_minute * (1.0 + DOUBLE_SHARE)
    count = int(duration_s / mean_gap_s * 2) + 8
    gaps = 0.6 + rng.gamma(1.8, max(mean_gap_s - 0.6, 0.3) / 1.8, count)
    starts = np.cumsum(gaps) - rng.uniform(0.0, 1.0) * gaps[0] - 0.1
    again = starts[rng.random(count) < DOUBLE_SHARE] + rng.uniform(0.3, 0.45)
    starts = np.sort(np.concatenate([starts, again]))
    return starts[starts < duration_s]


def blink_curves(rng: np.random.Generator, starts_s: np.ndarray, frame_count: int, fps: float) -> np.ndarray:
    """Lid closure by blinks, (frame_count, 2) float64 in [0, 1], columns left and right eye.

    A lid closes in 55-95 ms and opens in 120-230 ms: 0.10-0.20 s at half height. The eyes differ by some
    milliseconds and a few per cent; about one blink in ten is incomplete.
    """
    count = len(starts_s)
    spans = ((0.055, 0.095), (0.005, 0.04), (0.12, 0.23))
    closing, hold, opening = (rng.uniform(low, high, count) for low, high in spans)
    height = np.where(rng.random(count) < 0.1, rng.uniform(0.6, 0.8, count), rng.uniform(0.9, 1.0, count))
    lag_s = rng.uniform(-0.005, 0.005, (count, 2))
    share = 1.0 - np.abs(rng.normal(0.0, 0.02, (count, 2)))
    curves = np.zeros((frame_count, 2))
    span = np.arange(int(0.5 * fps) + 2)
    frames = np.floor(starts_s * fps).astype(int)[:, None] + span  # (K, W): only the frames that a blink can touch
    for eye in range(2):
        since = frames / fps - (starts_s + lag_s[:, eye])[:, None]
        down = smoothstep(0.0, closing[:, None], since)
        up = smoothstep(0.0, opening[:, None], since - (closing + hold)[:, None])
        closure = down * (1.0 - up) * (height * share[:, eye])[:, None]
        inside = (frames >= 0) & (frames < frame_count)
        np.maximum.at(curves[:, eye], frames[inside], closure[inside])
    return curves
