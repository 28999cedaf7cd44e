"""What the upper face does along with speech, beside emotion: brow flashes, held brows, and a tone that follows it."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from dreamtalk.expression.head_motion import pulses, speech_activity
from dreamtalk.expression.smooth_noise import smooth_noise
from rig.arkit import NAMES, indices
from rig.smoothstep import smoothstep

_UP = {"browInnerUp": 1.0, "browOuterUpLeft": 0.75, "browOuterUpRight": 0.75, "eyeWideLeft": 0.3, "eyeWideRight": 0.3}
_DOWN = {"browDownLeft": 1.0, "browDownRight": 1.0, "eyeSquintLeft": 0.3, "eyeSquintRight": 0.3}
_IDLE = {
    "browInnerUp": 0.03, "browDown": 0.035, "eyeSquint": 0.035, "cheekSquint": 0.03, "noseSneer": 0.02,
    "mouthPress": 0.022, "mouthSmile": 0.022,
}  # fmt: skip
"""Standard deviation of the tone of each shape before its lower half is cut off, in weight."""


def idle_tone(rng: np.random.Generator, frame_count: int, fps: float, energy: np.ndarray | None) -> np.ndarray:
    """Muscle tone of a living face, (frame_count, 52): a few hundredths, now here and now there, more while speaking.

    energy: as in speech_activity; None is a face that nobody hears.
    """
    weights = np.zeros((frame_count, len(NAMES)))
    level = np.ones((frame_count, 1))
    if energy is not None:
        level[:, 0] = 0.6 + 0.8 * gaussian_filter1d(speech_activity(energy, fps), 0.4 * fps, mode="nearest")
    for name, size in _IDLE.items():
        columns = indices(name) if name in NAMES else indices(name + "Left", name + "Right")
        common, *own = smooth_noise(rng, frame_count, 1 + len(columns), fps, corner_hz=0.3, slope=3.0).T
        wander = 0.9 * common[:, None] + 0.44 * np.stack(own, 1)  # both sides of a face mostly move together
        weights[:, columns] = size * level * np.maximum(wander, 0.0)
    return weights


def add_brow_motion(
    rng: np.random.Generator, weights: np.ndarray, fps: float, times_s: np.ndarray, strengths: np.ndarray, size: float
) -> None:
    """Adds to `weights` (T, 52) what brows do on the accents of speech at `times_s` (K,) with `strengths` (K,).

    Half of the accents flash the brows up (knit them where `size` is negative); after one in seven they stay there
    for the rest of the phrase. A flash is `size` high on a strong accent; a face leans to one side a little.
    """
    count = len(times_s)
    flashes, held = rng.random(count) < 0.5, rng.random(count) < 0.15
    sizes = abs(size) * strengths * rng.uniform(0.5, 1.6, count)
    lengths_s = rng.gamma(3.0, 0.4, count)
    curve = pulses(len(weights), fps, times_s[flashes] - 0.04, sizes[flashes], rise_s=0.1, fall_s=0.22)
    held_curve = _held(len(weights), fps, times_s[held], lengths_s[held], 1.3 * sizes[held])
    curve = np.maximum(curve, held_curve)
    lean = rng.normal(0.0, 0.12)
    for name, share in (_UP if size > 0 else _DOWN).items():
        side = name.endswith("Left") * 1.0 - name.endswith("Right") * 1.0
        weights[:, indices(name)] += (share * (1.0 + lean * side) * curve)[:, None]


def _held(
    frame_count: int, fps: float, times_s: np.ndarray, lengths_s: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Highest of the plateaus that rise in 0.2 s at `times_s`, hold for `lengths_s` and sink in 0.35 s, (T,)."""
    curve, now_s = np.zeros(frame_count), np.arange(frame_count) / fps
    for start_s, length_s, size in zip(times_s, lengths_s, sizes, strict=True):
        first = max(0, int((start_s - 0.2) * fps))
        span = slice(first, int((start_s + length_s + 0.4) * fps) + 1)
        since = now_s[span] - start_s
        plateau = size * smoothstep(-0.2, 0.0, since) * smoothstep(length_s + 0.35, length_s, since)
        np.maximum(curve[span], plateau, out=curve[span])
    return curve
