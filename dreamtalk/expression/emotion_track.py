"""Emotion over time: "0:neutral, 3.2:happy:0.8, 7:sad".

    key            happy at 3.2 s          sad at 7 s
    share of happy   ___/-------------------\\___
                       ^ transition, done at the key: the face has changed when its word comes
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_mix import NEUTRAL, EmotionMix
from dreamtalk.expression.emotions import EmotionLibrary
from dreamtalk.expression.style_track import StyleTrack
from rig.smoothstep import smoothstep
from rig.timing import frame_times

TRANSITION_S = 0.6
LONGEST_TRANSITION_S = 10.0
_STEP_S = 1e-3  # a shorter transition is none
HOW = "write it as 0:neutral, 3.2:happy:0.8, 7:sad+angry"


@dataclass(frozen=True)
class EmotionKey:
    """From `time_s` seconds on, the face shows `mix`."""

    time_s: float
    mix: EmotionMix


@dataclass(frozen=True)
class EmotionTrack:
    """Keys in rising time; before the first one the face is neutral, after the last it stays.

    transition_s: how long a change takes, 0 to 10 s. It ends at its key and never starts before the key before.

    Raises OptionError for no keys, times below 0 or not rising, or a transition out of range.
    """

    keys: tuple[EmotionKey, ...]
    transition_s: float = TRANSITION_S

    def __post_init__(self) -> None:
        if not self.keys:
            raise OptionError(f"The emotion track has no keys; {HOW}.")
        if not (math.isfinite(self.transition_s) and 0.0 <= self.transition_s <= LONGEST_TRANSITION_S):
            raise OptionError(
                f"The transition is {self.transition_s:g} s; give 0 to {LONGEST_TRANSITION_S:g} seconds."
            )
        before = -1.0
        for key in self.keys:
            if not (math.isfinite(key.time_s) and key.time_s >= 0.0):
                raise OptionError(f"The emotion key {key.mix.shown()} is at {key.time_s:g} s; give seconds from 0 on.")
            if key.time_s <= before:
                raise OptionError(
                    f"The emotion key at {key.time_s:g} s follows the one at {before:g} s; give rising times."
                )
            before = key.time_s

    @classmethod
    def steady(cls, mix: EmotionMix) -> Self:
        """One emotion from the start to the end."""
        return cls((EmotionKey(0.0, mix),))

    @classmethod
    def parse(cls, text: str, transition_s: float = TRANSITION_S) -> Self:
        """From keys with commas between them, each [SECONDS:]EMOTION; the first may leave out its time, which is 0.

        Raises OptionError for anything else.
        """
        pieces = [piece.strip() for piece in text.split(",")]
        if not all(pieces):
            raise OptionError(f"The emotion {text!r} has an empty key; {HOW}.")
        keys = tuple(_parsed_key(piece, first=index == 0) for index, piece in enumerate(pieces))
        return cls(keys, transition_s)

    def __str__(self) -> str:
        """Text that `parse` takes, exactly but for the transition."""
        return ", ".join(f"{float(key.time_s)!r}:{key.mix}" for key in self.keys)

    def shown(self) -> str:
        """Text for a person: "happy:0.8", or "0:neutral, 3.2:happy"."""
        if len(self.keys) == 1 and self.keys[0].time_s == 0.0:
            return self.keys[0].mix.shown()
        return ", ".join(f"{key.time_s:g}:{key.mix.shown()}" for key in self.keys)

    def scaled(self, intensity: float) -> "EmotionTrack":
        """The same track, every emotion `intensity` times as strong."""
        return replace(self, keys=tuple(EmotionKey(key.time_s, key.mix.scaled(intensity)) for key in self.keys))

    @property
    def mixes(self) -> tuple[EmotionMix, ...]:
        """The different emotions, in the order in which they come; a track that starts late starts neutral."""
        return tuple(dict.fromkeys(key.mix for key in self._all_keys()))

    def shares(self, frame_count: int, fps: float) -> np.ndarray:
        """How far each of `mixes` holds at every frame, (M, T) float32 in [0, 1], each column summing to 1."""
        mixes, times_s = self.mixes, frame_times(frame_count, fps)
        keys = list(self._all_keys())
        shares = np.zeros((len(mixes), frame_count))
        shares[mixes.index(keys[0].mix)] = 1.0
        for before, key in zip(keys, keys[1:], strict=False):
            taken_s = min(self.transition_s, key.time_s - before.time_s)
            if taken_s > _STEP_S:
                share = smoothstep(key.time_s - taken_s, key.time_s, times_s)
            else:
                share = (times_s >= key.time_s).astype(np.float64)
            shares *= 1.0 - share
            shares[mixes.index(key.mix)] += share
        return shares.astype(np.float32)

    def check_within(self, duration_s: float) -> None:
        """Raise OptionError where a key lies past the end of the sound, since it would never be seen."""
        last = self.keys[-1].time_s
        if last > 0.0 and last >= duration_s:
            raise OptionError(
                f"The emotion key at {last:g} s lies past the end of the sound, {duration_s:.2f} s; "
                "give times within it."
            )

    def styles(self, library: EmotionLibrary, seed: int, frame_count: int, fps: float) -> StyleTrack:
        """The style clips and their shares. seed: picks the variants. Raises OptionError for an unknown emotion."""
        clips = tuple(mix.clip(library, seed) for mix in self.mixes)
        return StyleTrack(clips, self.shares(frame_count, fps))

    def _all_keys(self) -> Iterable[EmotionKey]:
        if self.keys[0].time_s > 0.0:
            yield EmotionKey(0.0, EmotionMix(((NEUTRAL, 1.0),)))
        yield from self.keys


def _parsed_key(text: str, first: bool) -> EmotionKey:
    before, colon, after = text.partition(":")
    try:
        time_s = float(before) if colon else math.nan
    except ValueError:
        time_s = math.nan
    if not math.isnan(time_s):
        return EmotionKey(time_s, EmotionMix.parse(after))
    if not first:
        raise OptionError(f"The emotion key {text!r} has no time; {HOW}.")
    return EmotionKey(0.0, EmotionMix.parse(text))
