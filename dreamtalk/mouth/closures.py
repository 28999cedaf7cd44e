"""Lips that meet where a p, b or m is said, and a lower lip under the teeth where an f or v is.

A mean-seeking prediction leaves lips apart where nearly every speaker shuts them. Where the phones are known, or a
phone head hears them, a short dip brings the lips together and leaves the rest of the motion alone.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.signal import find_peaks

from dreamtalk.speech.phones import BILABIAL, PHONE_INDEX, Phone
from rig.arkit import INDEX, NAMES, indices
from rig.lip_gap import APERTURE_MM
from rig.smoothstep import smoothstep

CLOSED_GAP_MM = -0.4
"""Where a closed mouth's inner lips stand by the linear measure: touching, with a little pressure."""
RAMP_S = 0.04
"""How long the lips take to come together, and to part again."""
SHORTEST_S, LONGEST_S = 0.03, 0.08
"""How long they stay together at the least and at the most, whatever the phone's length."""
PRESSED = 0.01  # mouthPress of lips that meet; more would draw the corners in
JAW_SHARE = 0.4  # of a closure; the lips over the jaw do the rest
TUCKED, TUCKED_GAP_MM = 0.35, (2.0, 5.0)
"""mouthRollLower of an f, and how far its lips are apart at the least and at the most."""
POSTERIOR_FPS = 50.0
HEARD = 0.35
"""Share of p, b and m from which on a phone head is believed."""
APART_S = 0.06  # two closures are at least so far apart

_GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES])
_PARTING = indices(*(name for name, gap in APERTURE_MM.items() if gap > 0 and name != "jawOpen"))
_PRESS = indices("mouthPressLeft", "mouthPressRight")
_JAW, _CLOSE, _ROLL = INDEX["jawOpen"], INDEX["mouthClose"], INDEX["mouthRollLower"]
_LIPS = [PHONE_INDEX[phone] for phone in BILABIAL]


def close_lips(weights: np.ndarray, closing: np.ndarray) -> np.ndarray:
    """Weights (T, 52) in [0, 1] with the lips brought together as far as `closing` (T,) says: 0 not at all, 1 touching.

    Frames in which closing is 0 come back as they were; lips that are nearer than asked stay where they are. The jaw
    comes up and mouthClose with it, never above jawOpen; then what else parts the lips is eased. (T, 52) float32.
    """
    closed = weights.astype(np.float64)
    share = np.clip(closing, 0.0, 1.0).astype(np.float64)
    gap = closed @ _GAP_MM
    wanted = (1.0 - share) * gap + share * CLOSED_GAP_MM
    need = np.where(share > 0, np.maximum(gap - wanted, 0.0), 0.0)
    apart = np.maximum(closed[:, _JAW] - closed[:, _CLOSE], 0.0)
    nearer = np.minimum(need / APERTURE_MM["jawOpen"], apart)
    closed[:, _JAW] -= JAW_SHARE * nearer
    closed[:, _CLOSE] += (1.0 - JAW_SHARE) * nearer
    left = need - nearer * APERTURE_MM["jawOpen"]
    parted = closed[:, _PARTING] @ _GAP_MM[_PARTING]
    closed[:, _PARTING] *= (1.0 - np.clip(left / np.maximum(parted, 1e-6), 0.0, 1.0))[:, None]
    pressed = PRESSED * np.where(gap > CLOSED_GAP_MM, share, 0.0)[:, None]
    closed[:, _PRESS] = np.maximum(closed[:, _PRESS], pressed)
    return np.where(share[:, None] > 0, np.clip(closed, 0.0, 1.0), weights).astype(np.float32)


def tuck_lip(weights: np.ndarray, tucking: np.ndarray) -> np.ndarray:
    """Weights (T, 52) in [0, 1] with the lower lip under the upper teeth as far as `tucking` (T,) in [0, 1] says.

    The jaw brings the lips into TUCKED_GAP_MM: an f is no vowel and no p. mouthClose stays under jawOpen.
    """
    share = np.clip(tucking, 0.0, 1.0).astype(np.float64)
    tucked = weights.astype(np.float64)
    tucked[:, _ROLL] = np.maximum(tucked[:, _ROLL], TUCKED * share)
    gap = tucked @ _GAP_MM
    jaw = tucked[:, _JAW] + share * (np.clip(gap, *TUCKED_GAP_MM) - gap) / APERTURE_MM["jawOpen"]
    tucked[:, _JAW] = np.maximum(jaw, np.minimum(tucked[:, _JAW], tucked[:, _CLOSE])).clip(0.0, 1.0)
    return np.where(share[:, None] > 0, tucked, weights).astype(np.float32)


def closing_of_phones(phones: Iterable[Phone], count: int, fps: float) -> np.ndarray:
    """How shut the lips must be at each frame, (count,) float32: 1 in the middle of every p, b and m, 0 elsewhere.

    Frame n is second n / fps; at least one frame of each closure is 1, if the clip holds its centre.
    """
    return _dips(phones, BILABIAL, count, fps)


def tucking_of_phones(phones: Iterable[Phone], count: int, fps: float) -> np.ndarray:
    """How far the lower lip is under the teeth at each frame, (count,) float32: 1 in the middle of every f and v."""
    return _dips(phones, ("f",), count, fps)


def lip_shares(posterior: np.ndarray) -> np.ndarray:
    """Posteriors of a phone head (N, len(PHONES)) -> the share of p, b and m at each row (N,)."""
    return posterior[:, _LIPS].sum(axis=1)


def closing_of_shares(
    heard: np.ndarray, count: int, fps: float, threshold: float = HEARD, early_s: float = 0.0
) -> np.ndarray:
    """As closing_of_phones, from what a phone head hears.

    heard: (N,) `lip_shares` at POSTERIOR_FPS, row n at second n / 50. threshold: the least share at the peak of a
    closure. early_s: how much earlier than heard the lips shall meet.
    """
    padded = np.concatenate([[0.0], heard, [0.0]])
    distance = max(1, round(APART_S * POSTERIOR_FPS))
    peaks, _ = find_peaks(padded, height=threshold, distance=distance)
    found = []
    for peak in peaks - 1:
        start, stop = _run(heard >= 0.5 * heard[peak], int(peak))
        middle = (start + stop - 1) / 2 / POSTERIOR_FPS - early_s
        half = (stop - start) / 2 / POSTERIOR_FPS
        found.append(Phone(middle - half, middle + half, BILABIAL[0]))
    return closing_of_phones(found, count, fps)


def _run(high: np.ndarray, peak: int) -> tuple[int, int]:
    """The stretch [start, stop) of True around `peak`."""
    before, after = np.flatnonzero(~high[:peak]), np.flatnonzero(~high[peak:])
    return int(before[-1]) + 1 if len(before) else 0, peak + int(after[0]) if len(after) else len(high)


def _dips(phones: Iterable[Phone], symbols: Sequence[str], count: int, fps: float) -> np.ndarray:
    """1 around the centre of each phone in `symbols`, with soft flanks of RAMP_S, (count,) float32."""
    times, dips = np.arange(count) / fps, np.zeros(count)
    for phone in phones:
        if phone.symbol in symbols:
            held = np.clip(0.5 * (phone.end_s - phone.start_s), SHORTEST_S, LONGEST_S) / 2
            held = max(held, 0.5 / fps + 1e-6)  # so that a frame falls into it
            distance = np.abs(times - phone.centre_s)
            dips = np.maximum(dips, smoothstep(held + RAMP_S, held, distance))
    return dips.astype(np.float32)
