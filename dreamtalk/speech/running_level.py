"""The level of speech as far as it has been heard: what a stream knows in place of a recording's one level.

The first moments are taken for studio speech; every frame of sound moves the estimate toward what was heard, within a
second or so. Sound that hardly swells and falls is no speech: a humming room does not turn the gain up.
"""

import numpy as np

from dreamtalk.speech.speech_states import MOST_GAIN, SPEECH_RANGE, STUDIO_LEVEL, level_gain
from rig.smoothstep import smoothstep

TRUSTED_S = 0.25
"""The studio's level counts as much as this many seconds of sound."""
MEMORY_S = 30.0
"""Time in which what was heard is forgotten to a third."""
SWELL = (0.5, 1.0)
"""Spread between the 20th and the 95th percentile, in log10 of power: up to the first noise, from the second speech."""
HEADROOM = 1.0
"""The level lies at most this much under the loudest moment, so that the first loud word is not taken for a shout."""

_STEP, _LOWEST = 0.05, -16.0
_BINS = _LOWEST + _STEP * np.arange(440)


class RunningLevel:
    """Push the strongest band of each 10 ms, in log10 of power, and read `gain`."""

    def __init__(self, frames_per_second: int) -> None:
        self._counts = np.zeros(len(_BINS))
        self._keep = np.exp(-1.0 / (MEMORY_S * frames_per_second))
        self._trusted = TRUSTED_S * frames_per_second

    def push(self, peaks: np.ndarray) -> None:
        """peaks: (n,) float. What no gain could make audible is silence and does not count."""
        self._counts *= self._keep ** len(peaks)
        heard = peaks[peaks > STUDIO_LEVEL - MOST_GAIN - SPEECH_RANGE / 2]
        bins = ((heard - _LOWEST) / _STEP).round().astype(int).clip(0, len(_BINS) - 1)
        np.add.at(self._counts, bins, 1.0)

    @property
    def gain(self) -> float:
        """What is to be added to log10 of power, as `level_gain` has it for a whole recording."""
        present = np.flatnonzero(self._counts > 0.2)
        if not len(present):
            return level_gain(STUDIO_LEVEL)
        loudest = _BINS[present[-1]]
        counts = np.where(_BINS >= loudest - SPEECH_RANGE, self._counts, 0.0)
        total = counts.sum()
        quiet, loud = _BINS[np.searchsorted(counts.cumsum(), (0.2 * total, 0.95 * total))]
        loud = max(loud, loudest - HEADROOM)
        if loud < STUDIO_LEVEL:
            loud += (1.0 - smoothstep(*SWELL, loud - quiet)) * (STUDIO_LEVEL - loud)
        return level_gain(float((self._trusted * STUDIO_LEVEL + total * loud) / (self._trusted + total)))
