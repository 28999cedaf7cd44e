"""One emotion, or several at once, as a user writes it: "happy:0.8", "happy:0.5+surprised:0.3"."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.expression.emotions import EmotionLibrary, parse_emotion
from rig.clip import BlendshapeClip

NEUTRAL = "neutral"
HOW = "write it as happy, happy:0.8 or happy:0.5+surprised:0.5"
_SLACK = 1e-6  # 0.1 + 0.2 + 0.7 is 1 to a user


@dataclass(frozen=True)
class EmotionMix:
    """What one moment feels like.

    parts: names of the library with their intensities in [0, 1], which together make at most 1. Raises OptionError
    where they do not, where a name is given twice, or where there is none; the library checks the names.
    """

    parts: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.parts]
        strange = next((name for name in names if not name[:1].isalpha() or set(name) & set(",:+")), None)
        if not names or strange is not None:
            raise OptionError(f"{strange or ''!r} is not an emotion; {HOW}.")
        if len(set(names)) < len(names):
            raise OptionError(f"{'+'.join(names)} names an emotion twice; name each once.")
        for name, intensity in self.parts:
            if not 0.0 <= intensity <= 1.0:
                raise OptionError(f"The intensity of {name} is {intensity:g}; give 0 to 1, as in {name}:0.6.")
        total = sum(intensity for _, intensity in self.parts)
        if total > 1.0 + _SLACK:
            raise OptionError(f"The intensities of {self} make {total:g}; together they may make 1 at most.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "happy", "happy:0.8" or "happy:0.5+sad:0.2"; where no intensity is given, n emotions share 1 alike.

        Raises OptionError for anything else.
        """
        pieces = [piece.strip() for piece in text.split("+")]
        return cls(tuple(_parsed_part(piece, len(pieces)) for piece in pieces))

    def __str__(self) -> str:
        """Text that `parse` takes, exactly."""
        return "+".join(f"{name}:{float(intensity)!r}" for name, intensity in self.parts)

    def shown(self) -> str:
        """Text for a person: "happy", "happy:0.8"."""
        alone = len(self.parts) == 1
        return "+".join(name if alone and strength == 1 else f"{name}:{strength:g}" for name, strength in self.parts)

    def scaled(self, intensity: float) -> "EmotionMix":
        """The same emotions, `intensity` times as strong."""
        return EmotionMix(tuple((name, own * intensity) for name, own in self.parts))

    def clip(self, library: EmotionLibrary, seed: int) -> BlendshapeClip:
        """The style clip, (T, 52): the first emotion's, with what the others add to their own neutral face.

        seed: picks the variants. Raises OptionError for an unknown name.
        """
        (name, intensity), *others = self.parts
        first = library.clip(name, intensity, seed)
        weights, head = first.weights, first.head_rotation
        for name, intensity in others:
            added, calm = library.clip(name, intensity, seed), library.clip(name, 0.0, seed)
            weights = weights + added.weights - calm.weights
            head = head + added.head_rotation - calm.head_rotation
        return BlendshapeClip(np.clip(weights, 0.0, 1.0), head, first.fps)


def _parsed_part(text: str, count: int) -> tuple[str, float]:
    name, intensity = parse_emotion(text)
    return name.strip(), intensity if ":" in text else 1.0 / count
