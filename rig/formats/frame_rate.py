"""Frame rates of film and television, and how their timecode counts."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from rig.errors import RigError

_EXACT = {
    "23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001),
    "47.952": Fraction(48000, 1001), "59.94": Fraction(60000, 1001), "119.88": Fraction(120000, 1001),
}  # fmt: skip
COUNTS = ("clock", "non-drop", "drop")


@dataclass(frozen=True)
class FrameRate:
    """exact: frames a second as a fraction, 30000/1001 for 29.97.

    count: how timecode is made of frame numbers. "clock": it shows the true time (the Live Link Face app's own way);
    "non-drop": it counts frames at the nominal rate, so that an hour of 29.97 reads 00:59:56; "drop": the same, leaving
    out two numbers of 29.97 (four of 59.94) each minute but every tenth.

    Raises RigError for a rate that is not above 0, or drop-frame of a rate that has none.
    """

    exact: Fraction
    count: str = "clock"

    def __post_init__(self) -> None:
        if not 0 < self.exact <= 1000:
            raise RigError(f"A rate of {float(self.exact):g} frames a second cannot be used; give one from 1 to 1000.")
        if self.count not in COUNTS:
            raise RigError(f"The timecode {self.count!r} is not known; choose one of {', '.join(COUNTS)}.")
        if self.count == "drop" and (self.exact.denominator != 1001 or self.nominal not in (30, 60)):
            raise RigError(f"{float(self.exact):g} has no drop-frame timecode; only 29.97 and 59.94 have.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """'24', '23.976', '29.97' (timecode by the clock), '29.97ndf', '29.97df'. Raises RigError for others."""
        plain, count = text.strip().lower(), "clock"
        for ending, meaning in (("ndf", "non-drop"), ("df", "drop")):
            if plain.endswith(ending):
                plain, count = plain.removesuffix(ending).strip(), meaning
                break
        try:
            exact = _EXACT.get(plain) or Fraction(plain)
        except (ValueError, ZeroDivisionError):
            raise RigError(f"{text!r} is no frame rate; write 24, 23.976, 29.97, 29.97ndf or 29.97df.") from None
        return cls(exact, count)

    @classmethod
    def near(cls, fps: float) -> Self:
        """The rate of a clip: the television rate within a ten-thousandth of `fps`, else `fps` itself."""
        for exact in _EXACT.values():
            if abs(float(exact) - fps) <= 1e-4 * fps:
                return cls(exact)
        return cls(Fraction(fps).limit_denominator(100_000))

    @property
    def fps(self) -> float:
        """Frames a second."""
        return float(self.exact)

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts: 30 for 29.97."""
        return round(self.exact)


def usable_fps(value: Any, file_name: str, field: str) -> float:
    """`value`, or RigError, naming the file and its field, where it is no float above 0 and at most 1000."""
    if not isinstance(value, float) or not 0 < value <= 1000:
        raise RigError(f"{file_name} has no usable {field}; it should be the frames a second, such as 30.")
    return value
