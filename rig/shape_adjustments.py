"""Gain, offset and limits for single shapes."""

import math
from dataclasses import dataclass

import numpy as np

from rig.arkit import INDEX, NAMES, stem_and_side
from rig.errors import RigError

MOST_GAIN = 10.0


def columns_of(shape: str) -> tuple[int, ...]:
    """Columns of a shape by its name, in any capitals; with the side left off, of both: mouthSmile.

    Raises RigError for a name that is none of the 52.
    """
    wanted = shape.strip().lower()
    found = tuple(
        column for name, column in INDEX.items() if wanted in (name.lower(), stem_and_side(name)[0].lower())
    )
    if not found:
        raise RigError(
            f"{shape!r} is not an ARKit shape; give one of the 52 names, such as jawOpen, or mouthSmile for both sides."
        )
    return found


@dataclass(frozen=True)
class ShapeAdjustment:
    """One shape, or both sides of it: weight -> gain * weight + offset, kept between low and high.

    gain: 0 to 10. offset: -1 to 1. low, high: 0 <= low <= high <= 1. Raises RigError for others.
    """

    shape: str
    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        columns_of(self.shape)
        for name, value, least, most in (
            ("gain", self.gain, 0.0, MOST_GAIN),
            ("offset", self.offset, -1.0, 1.0),
            ("low", self.low, 0.0, 1.0),
            ("high", self.high, 0.0, 1.0),
        ):
            if not (math.isfinite(value) and least <= value <= most):
                raise RigError(f"{name} of {self.shape} is {value:g}; give a number from {least:g} to {most:g}.")
        if self.low > self.high:
            raise RigError(
                f"{self.shape} has low {self.low:g} above high {self.high:g}; give low the smaller number."
            )


@dataclass(frozen=True)
class ShapeAdjustments:
    """Adjustments of any number of shapes; the others stay as they are.

    Raises RigError where a shape is adjusted twice.
    """

    rows: tuple[ShapeAdjustment, ...] = ()

    def __post_init__(self) -> None:
        columns = [column for row in self.rows for column in columns_of(row.shape)]
        twice = next((column for column in columns if columns.count(column) > 1), None)
        if twice is not None:
            raise RigError(f"{NAMES[twice]} is adjusted twice; keep one line for it.")

    def applied(self, weights: np.ndarray) -> np.ndarray:
        """Weights (T, 52) in [0, 1] adjusted, mouthClose <= jawOpen kept; the same array where nothing is asked."""
        if not self.rows:
            return weights
        adjusted = weights.copy()
        for row in self.rows:
            columns = list(columns_of(row.shape))
            adjusted[:, columns] = np.clip(row.gain * weights[:, columns] + row.offset, row.low, row.high)
        close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
        adjusted[:, close] = np.minimum(adjusted[:, close], adjusted[:, jaw])
        return adjusted
