"""The dials of a performance: how much of each kind of motion is kept."""

import math
from dataclasses import dataclass, fields

from dreamtalk.errors import OptionError

MOST = 2.0


@dataclass(frozen=True)
class Dials:
    """Factors from 0 to 2; 1 leaves a thing as it is.

    head: the head's angles; 0 holds it still.
    blink: blinks a minute; 0 is none.
    gaze: how far the eyes wander; 0 keeps them on the viewer.
    mouth: how far the mouth opens; closed lips stay closed whatever it is, and 0 keeps them shut.
    brows: the brows.
    strength: everything but blinks and gaze: the expression, the mouth and the head.

    Raises OptionError for a value out of range.
    """

    head: float = 1.0
    blink: float = 1.0
    gaze: float = 1.0
    mouth: float = 1.0
    brows: float = 1.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and 0.0 <= value <= MOST):
                raise OptionError(
                    f"The dial {field.name} is {value:g}; give 0 (none) to {MOST:g} (twice), 1 is as it is."
                )
