"""The library of emotion clips that comes with the package: MEAD's eight emotions, some variants of each."""

import hashlib
import io
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

import numpy as np

from dreamtalk.errors import OptionError, WeightsError
from dreamtalk.expression.facs_prototypes import PROTOTYPES
from rig.arkit import MIRROR, NAMES
from rig.clip import BlendshapeClip

EMOTIONS: tuple[str, ...] = tuple(PROTOTYPES)
"""The eight emotions of MEAD, in the order in which they are listed."""

_REBUILD = "reinstall the package, or run scripts/build_emotions.py in a checkout"


@dataclass(frozen=True, eq=False)
class EmotionLibrary:
    """Stored draws of the expression model (scripts/build_emotions.py), each at rising intensities.

    labels: the variants, such as "happy/open-smile", grouped by emotion.
    levels: (L,) float32 rising intensities from 0 to 1; MEAD's levels 1, 2, 3 are 1/3, 2/3, 1.
    weights: (C, L, T, 52) float16 and head_rotation: (C, L, T, 3) float16 radians; C = len(labels). The levels of a
        variant share their blinks, saccades and accents, so that whatever lies between two levels is a clip as well.
    fps: frames a second.
    """

    labels: tuple[str, ...]
    levels: np.ndarray
    weights: np.ndarray
    head_rotation: np.ndarray
    fps: float

    @classmethod
    def load(cls) -> Self:
        """The library of this package. Raises WeightsError where it is missing, altered or of another shape."""
        folder = files("dreamtalk").joinpath("data")
        try:
            packed = folder.joinpath("emotions.npz").read_bytes()
            wanted = json.loads(folder.joinpath("emotions.json").read_text(encoding="utf-8"))["sha256"]
        except (OSError, ValueError, KeyError) as error:
            raise WeightsError(f"The emotion clips are missing from this installation ({error}); {_REBUILD}.") from None
        found = hashlib.sha256(packed).hexdigest()
        if found != wanted:
            raise WeightsError(
                f"The emotion clips were altered: sha256 {found} instead of {wanted}; {_REBUILD}."
            )
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            if tuple(archive["names"].tolist()) != NAMES:
                raise WeightsError(f"The emotion clips hold other shapes than this version's 52; {_REBUILD}.")
            labels = tuple(archive["labels"].tolist())
            arrays = [archive[name] for name in ("levels", "weights", "head_rotation")]
            fps = float(archive["fps"])
        for array in arrays:
            array.setflags(write=False)
        return cls(labels, *arrays, fps)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that `clip` takes: each emotion, followed by its variants as emotion/variant."""
        return tuple(name for emotion in EMOTIONS for name in (emotion, *self.variants(emotion)))

    def variants(self, emotion: str) -> tuple[str, ...]:
        """The variants of one emotion, as emotion/variant."""
        return tuple(label for label in self.labels if label.split("/")[0] == emotion)

    def clip(self, emotion: str, intensity: float = 1.0, seed: int = 0) -> BlendshapeClip:
        """A clip of one emotion, (T, 52) at 25 frames a second.

        emotion: an emotion or emotion/variant of `names`. intensity: in [0, 1]; 0 is a neutral face. seed: picks the
        variant and, beyond their number, the mirrored one. Raises OptionError for an unknown name, an intensity
        outside [0, 1] or a negative seed.
        """
        candidates = (emotion,) if emotion in self.labels else self.variants(emotion)
        if not candidates:
            raise OptionError(
                f"The emotion {emotion!r} is not known; choose {', '.join(EMOTIONS)}, or one of their variants such "
                f"as {self.labels[-1]}."
            )
        if not 0.0 <= intensity <= 1.0:
            raise OptionError(f"The intensity is {intensity:g}; give one from 0 (neutral) to 1 (full).")
        if seed < 0:
            raise OptionError(f"The seed is {seed}; give a whole number of 0 or more.")
        turn, variant = divmod(seed, len(candidates))
        row = self.labels.index(candidates[variant])
        weights, head = (self._between(stored[row], intensity) for stored in (self.weights, self.head_rotation))
        if turn % 2:
            weights, head = weights[:, MIRROR], head * np.float32([1, -1, -1])
        return BlendshapeClip(weights, head, self.fps)

    def _between(self, stored: np.ndarray, intensity: float) -> np.ndarray:
        """(L, T, n) at one intensity, (T, n) float32: linear between the two nearest levels."""
        position = float(np.interp(intensity, self.levels, np.arange(len(self.levels))))
        below = min(int(position), len(self.levels) - 2)
        low, high = stored[below : below + 2].astype(np.float32)
        return low + np.float32(position - below) * (high - low)


def parse_emotion(text: str) -> tuple[str, float]:
    """Take "happy" or "happy:0.8" apart, (name, intensity); the intensity is 1 where none is given.

    Raises OptionError where the intensity is no number from 0 to 1; names are checked by EmotionLibrary.clip.
    """
    name, colon, strength = text.partition(":")
    try:
        intensity = float(strength) if colon else 1.0
    except ValueError:
        intensity = float("nan")
    if not 0.0 <= intensity <= 1.0:
        raise OptionError(f"The intensity in {text!r} is {strength!r}; give 0 to 1, as in {name}:0.6.")
    return name, intensity
