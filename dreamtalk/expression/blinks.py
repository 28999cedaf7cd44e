"""Blinks: when they come and how a lid closes and opens."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rig.arkit import indices
from rig.smoothstep import smoothstep

DOUBLE_SHARE = 0.07
"""Share of the blinks that are followed at once by a second one."""

PAUSE_SHARE, PAUSE_REACH_S = 0.8, 1.2
"""Share of the blinks that a pause draws to itself, and from how far in seconds."""

SHORTEST_PAUSE_S = 0.2

_BLINK, _WIDE = indices("eyeBlinkLeft", "eyeBlinkRight"), indices("eyeWideLeft", "eyeWideRight")
_SQUINT, _DOWN = indices("eyeSquintLeft", "eyeSquintRight"), indices("eyeLookDownLeft", "eyeLookDownRight")


def blink_times(
    rng: np.random.Generator,
    duration_s: float,
    blinks_per_minute: float,
    energy: np.ndarray | None = None,
    fps: float = 25.0,
) -> np.ndarray:
    """Starts of the blinks in seconds, (K,) float64 ascending; gaps are gamma distributed, never regular.

    The first gap is cut at a random point, so that clips do not all begin with the same wait. energy: loudness of the
    speech (T,) >= 0 at `fps` in any unit; blinks near a pause then move to it, as most people's do.
    """
    mean_gap_s = 60.0 / blinks_per_minute * (1.0 + DOUBLE_SHARE)
    count = int(duration_s / mean_gap_s * 2) + 8
    gaps = 0.6 + rng.gamma(1.8, max(mean_gap_s - 0.6, 0.3) / 1.8, count)
    starts = np.cumsum(gaps) - rng.uniform(0.0, 1.0) * gaps[0] - 0.1
    again = starts[rng.random(len(starts)) < DOUBLE_SHARE] + rng.uniform(0.3, 0.45)
    starts = np.sort(np.concatenate([starts, again]))
    starts = starts[starts < duration_s]
    return starts if energy is None else drawn_to_pauses(rng, starts, energy, fps)


def pauses(energy: np.ndarray, fps: float) -> np.ndarray:
    """Starts and ends in seconds, (K, 2), of the pauses of 0.2 s and more in a loudness curve (T,) of any unit."""
    smooth = gaussian_filter1d(np.asarray(energy, dtype=np.float64), 0.04 * fps, mode="nearest")
    floor, loud = np.percentile(smooth, (5, 95))
    if loud - floor < 0.2 * loud or loud <= 0:
        return np.zeros((0, 2))  # noise or a hum: nothing in it is a pause
    quiet = smooth < floor + 0.35 * (loud - floor)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(int))).reshape(-1, 2) / fps
    return edges[edges[:, 1] - edges[:, 0] >= SHORTEST_PAUSE_S]


def drawn_to_pauses(rng: np.random.Generator, starts_s: np.ndarray, energy: np.ndarray, fps: float) -> np.ndarray:
    """Blinks (K,) in seconds, most of those with a pause of `energy` (T,) within reach moved into its first moments.

    One blink to a pause; two that come to lie on each other become one.
    """
    pauses_s = pauses(energy, fps)
    moved, free = starts_s.copy(), np.ones(len(pauses_s), bool)
    aims_s = pauses_s[:, 0] + rng.uniform(-0.05, 0.2, len(pauses_s))
    willing = rng.random(len(starts_s)) < PAUSE_SHARE
    for blink in np.flatnonzero(willing) if len(pauses_s) else ():
        distance = np.where(free, np.abs(aims_s - starts_s[blink]), np.inf)
        nearest = int(np.argmin(distance))
        if distance[nearest] < PAUSE_REACH_S:
            moved[blink], free[nearest] = aims_s[nearest], False
    moved = np.sort(moved)
    return moved[np.diff(moved, prepend=-9.0) > 0.28]


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


def close_lids(weights: np.ndarray, closure: np.ndarray) -> None:
    """Lays blinks (T, 2), as blink_curves gives them, over `weights` (T, 52), in place.

    What the lids already do goes on underneath; the ring muscle narrows the eye a little, and the eye dips.
    """
    weights[:, _BLINK] += np.maximum(1.0 - weights[:, _BLINK], 0.0) * closure
    weights[:, _WIDE] *= 1.0 - closure
    weights[:, _SQUINT] += 0.1 * np.maximum(1.0 - weights[:, _SQUINT], 0.0) * closure
    weights[:, _DOWN] += 0.15 * np.maximum(1.0 - weights[:, _DOWN], 0.0) * closure
