"""How loud speech is, frame by frame, and where there is none."""

import numpy as np
from scipy.ndimage import binary_closing, binary_opening, uniform_filter1d

SAMPLE_RATE = 16_000
FPS = 25
_HOP = SAMPLE_RATE // FPS
_BLOCK = 5_000  # frames at a time
_QUIETEST_DB = -90.0
_RANGE_DB = 45.0  # what counts as speech lies within this much of the loudest frames
_SHORTEST_PAUSE = 7  # frames
_SHORTEST_SOUND = 2  # frames


def frame_loudness_db(samples: np.ndarray, frame_count: int) -> np.ndarray:
    """Root mean square level of the 40 ms around each frame at 25 fps, (T,) float32 decibels of full scale, >= -90.

    samples: (N,) float32 at 16 kHz; frames beyond the sound are silent.
    """
    power = np.zeros(frame_count, np.float32)
    for first in range(0, frame_count, _BLOCK):  # an hour's sound is not copied whole
        count = min(_BLOCK, frame_count - first)
        start = first * _HOP - _HOP // 2
        inside = samples[max(0, start) : max(0, start + count * _HOP)]
        block = np.zeros(count * _HOP, np.float32)
        block[max(0, -start) : max(0, -start) + len(inside)] = inside
        power[first : first + count] = np.square(block).reshape(count, _HOP).mean(axis=1)
    return (10.0 * np.log10(power + 10 ** (_QUIETEST_DB / 10))).astype(np.float32)


def relative_loudness(level_db: np.ndarray) -> np.ndarray:
    """Levels (T,) in dB -> (T,) float32 in [0, 1]: 0 = 45 dB under the loud frames (95th percentile), or less."""
    loud = np.percentile(level_db, 95)
    return np.clip((level_db - loud + _RANGE_DB) / _RANGE_DB, 0.0, 1.0).astype(np.float32)


def speech_frames(level_db: np.ndarray) -> np.ndarray:
    """Levels (T,) in dB -> (T,) bool, True where somebody speaks.

    The threshold lies a third of the way from the noise floor to the loud frames, and never more than 38 dB under
    these; pauses under 0.28 s and sounds under 0.08 s are filled and dropped.
    """
    floor, loud = np.percentile(level_db, (5, 95))
    threshold = max(floor + (loud - floor) / 3, loud - 38.0) if loud - floor > 10.0 else loud - 25.0
    active = uniform_filter1d(level_db, 3, mode="nearest") > threshold
    active = np.pad(active, _SHORTEST_PAUSE, mode="edge")
    active = binary_closing(active, np.ones(_SHORTEST_PAUSE, bool))
    return binary_opening(active, np.ones(_SHORTEST_SOUND, bool))[_SHORTEST_PAUSE:-_SHORTEST_PAUSE]
