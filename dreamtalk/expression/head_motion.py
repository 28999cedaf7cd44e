"""How a head moves while its owner talks: slow wandering, posture, and nods on the accents of speech."""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from dreamtalk.expression.smooth_noise import smooth_noise

_BOB = (0.24, 0.16, 0.16)
"""Bobbing of pitch, yaw, roll against the wandering, as a share of its standard deviation."""


def accent_times(
    rng: np.random.Generator, frame_count: int, fps: float, energy: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Instants (K,) in seconds and strengths (K,) in (0, 1] of the accents of speech.

    They are peaks of the smoothed energy at least 0.45 s apart; without energy they come at random, as if somebody
    spoke who is not heard.
    """
    if energy is None:
        gaps = 0.5 + rng.exponential(0.9, int(frame_count / fps / 0.7) + 4)
        times = np.cumsum(gaps) - rng.uniform(0.0, 1.0)
        times = times[(times > 0) & (times < frame_count / fps)]
        return times, rng.uniform(0.3, 1.0, len(times))
    loudness = speech_activity(energy, fps)
    peaks, found = find_peaks(loudness, distance=max(1, round(0.45 * fps)), prominence=0.12)
    return peaks / fps, np.clip(found["prominences"], 0.0, 1.0)


def speech_activity(energy: np.ndarray, fps: float) -> np.ndarray:
    """Any energy curve (T,) >= 0, in whatever unit, smoothed over 80 ms and scaled so that its loud parts are 1."""
    smooth = gaussian_filter1d(np.asarray(energy, dtype=np.float64), 0.08 * fps, mode="nearest")
    loud = np.percentile(smooth, 95)
    return np.clip(smooth / loud, 0.0, 1.0) if loud > 0 else np.zeros_like(smooth)


def pulses(
    frame_count: int, fps: float, times_s: np.ndarray, sizes: np.ndarray, rise_s: float, fall_s: float
) -> np.ndarray:
    """Sum of bumps with the given peaks, (frame_count,): half-Gaussians, quick to rise and slower to fall."""
    curve = np.zeros(frame_count)
    reach = int(3 * max(rise_s, fall_s) * fps) + 1
    frames = np.round(times_s * fps).astype(int)[:, None] + np.arange(-reach, reach + 1)
    since = frames / fps - times_s[:, None]
    bumps = sizes[:, None] * np.exp(-0.5 * (since / np.where(since < 0, rise_s, fall_s)) ** 2)
    inside = (frames >= 0) & (frames < frame_count)
    np.add.at(curve, frames[inside], bumps[inside])
    return curve


def nods(
    rng: np.random.Generator, frame_count: int, fps: float, accents_s: np.ndarray, sizes_deg: np.ndarray
) -> np.ndarray:
    """Head pitch, yaw, roll in degrees on the accents of speech, (frame_count, 3); sizes_deg (K,) > 0 nod down.

    The head dips before the accent and rebounds after it, 0.15 s each way, as a tracked GRID speaker's does; now and
    then it turns with it.
    """
    head = np.zeros((frame_count, 3))
    head[:, 0] = pulses(frame_count, fps, accents_s - 0.13, sizes_deg, rise_s=0.12, fall_s=0.1)
    head[:, 0] -= pulses(frame_count, fps, accents_s + 0.13, 0.7 * sizes_deg, rise_s=0.11, fall_s=0.22)
    turns = 0.5 * sizes_deg[:, None] * rng.normal(size=(len(sizes_deg), 2))
    head[:, 1] = pulses(frame_count, fps, accents_s, turns[:, 0], rise_s=0.13, fall_s=0.25)
    head[:, 2] = pulses(frame_count, fps, accents_s, 0.7 * turns[:, 1], rise_s=0.13, fall_s=0.25)
    return head


def head_wander(
    rng: np.random.Generator, frame_count: int, fps: float, std_deg: np.ndarray, energy: np.ndarray | None
) -> np.ndarray:
    """Slow wandering of pitch, yaw, roll in degrees, (frame_count, 3), and a faint bobbing while there is speech.

    The power of the wandering falls steeply above 0.6 Hz, the bobbing ends at 4 Hz, as in tracked speakers. In pauses
    both calm down. A turn tilts the head a little as well.
    """
    wander = smooth_noise(rng, frame_count, 3, fps, corner_hz=0.6, slope=3.5)
    wander[:, 2] = 0.9 * wander[:, 2] - 0.35 * wander[:, 1]
    bob = smooth_noise(rng, frame_count, 3, fps, corner_hz=3.0, slope=6.0, lowest_hz=1.0) * _BOB
    if energy is not None:
        # Half a second of smoothing: the amount of motion follows phrases, not syllables.
        activity = gaussian_filter1d(speech_activity(energy, fps), 0.5 * fps, mode="nearest")
        wander *= (0.65 + 0.7 * activity)[:, None]
        bob *= (0.2 + 1.2 * activity)[:, None]
    return (wander + bob) * std_deg
