"""What one rig needs on top of the curves: gain, offset and limits of its shapes, and corrections of pairs."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.face_rig import drawable_weights
from rig.formats.shape_names import shape_of
from rig.reading import reading
from rig.safe_file import written_beside
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments

LARGEST_BYTES = 1_000_000
MOST_AMOUNT = 2.0
FIELDS = ("gain", "offset", "low", "high")
TEMPLATE_HEAD = """\
# Rig profile: how this rig takes the 52 curves. What is left out stays as it is.
#
# [shapes.NAME]   weight -> gain * weight + offset, kept between low and high; mouthSmile means both sides.
# [[correctives]] where two shapes are on together, add amount * one * other of a third: an ARKit shape, or any morph
#                 of the rig by its own name. A negative amount takes it back.
#
# [[correctives]]
# when = ["jawOpen", "mouthSmileLeft"]
# add = "mouthClose"
# amount = -0.3
"""


@dataclass(frozen=True)
class Corrective:
    """Where both shapes of `when` are on, amount * one * other is added to `add`: an ARKit shape, or the rig's morph.

    amount: -2 to 2. Raises RigError for other amounts, and pairs that are not two ARKit shapes.
    """

    when: tuple[str, str]
    add: str
    amount: float

    def __post_init__(self) -> None:
        if len(self.when) != 2 or any(name not in INDEX for name in self.when) or self.when[0] == self.when[1]:
            shown = ", ".join(self.when) or "nothing"
            raise RigError(f"A corrective waits for {shown}; give two different ARKit shapes, such as jawOpen.")
        if not (math.isfinite(self.amount) and abs(self.amount) <= MOST_AMOUNT):
            raise RigError(f"The corrective of {' and '.join(self.when)} adds {self.amount:g}; give at most 2 or -2.")

    def strength(self, weights: np.ndarray) -> float:
        """(52,) weights -> how much of `add` comes on top."""
        one, other = (float(weights[INDEX[name]]) for name in self.when)
        return self.amount * one * other


@dataclass(frozen=True)
class RigProfile:
    """adjustments come first, correctives see their result."""

    adjustments: ShapeAdjustments = ShapeAdjustments()
    correctives: tuple[Corrective, ...] = ()

    def applied(self, weights: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
        """(52,) weights in [0, 1] -> (52,) adjusted ones, corrections of ARKit shapes within, kept in [0, 1] and with
        mouthClose <= jawOpen; and the corrections of the rig's own morphs by name."""
        adjusted = np.array(self.adjustments.applied(weights[None])[0])
        corrected, own = adjusted.copy(), {}
        for corrective in self.correctives:
            strength = corrective.strength(adjusted)
            if corrective.add in INDEX:
                corrected[INDEX[corrective.add]] += strength
            else:
                own[corrective.add] = own.get(corrective.add, 0.0) + strength
        if self.correctives:
            corrected = drawable_weights(np.clip(corrected, 0.0, 1.0))
        return corrected, own


AS_IT_COMES = RigProfile()
"""Nothing adjusted."""


def read_rig_profile(path: str | Path) -> RigProfile:
    """Read a .toml as TEMPLATE_HEAD describes it. Raises RigError, naming the table and key, for anything else."""
    path = Path(path)
    document = _document(path)
    strange = [key for key in document if key not in ("shapes", "correctives")]
    if strange:
        raise RigError(f"{path.name} has {strange[0]!r}; a rig profile has [shapes.NAME] and [[correctives]].")
    shapes, correctives = document.get("shapes", {}), document.get("correctives", [])
    if not isinstance(shapes, Mapping) or not all(isinstance(row, Mapping) for row in shapes.values()):
        raise RigError(f"{path.name} has shapes that are no tables; write [shapes.jawOpen] and gain = 1.2 below it.")
    if not isinstance(correctives, list) or not all(isinstance(row, Mapping) for row in correctives):
        raise RigError(f"{path.name} has correctives that are no tables; write [[correctives]] above each.")
    try:
        adjustments = ShapeAdjustments(tuple(_adjustment(shape, row) for shape, row in shapes.items()))
        return RigProfile(adjustments, tuple(_corrective(row) for row in correctives))
    except RigError as error:
        raise RigError(f"{path.name}: {error}") from None


def write_profile_template(path: str | Path, shapes: tuple[str, ...] = NAMES) -> None:
    """Write a profile of `shapes` that changes nothing yet. Raises RigError where it does not end in .toml."""
    path = Path(path)
    if path.suffix.lower() != ".toml":
        raise RigError(f"The profile {path.name} must end in .toml.")
    tables = [f"[shapes.{name}]\ngain = 1.0\noffset = 0.0\nlow = 0.0\nhigh = 1.0\n" for name in shapes]
    with written_beside(path) as beside:
        beside.write_text("\n".join([TEMPLATE_HEAD, *tables]), encoding="utf-8", newline="\n")


def _document(path: Path) -> dict[str, Any]:
    if path.suffix.lower() != ".toml":
        raise RigError(f"{path.name} is no rig profile; give a .toml, such as `dreamtalk rig` writes.")
    with reading(path, "a rig profile"):
        if path.stat().st_size > LARGEST_BYTES:
            raise RigError(f"{path.name} is too large for a rig profile; give one under 1 MB.")
        text = path.read_text(encoding="utf-8-sig")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RigError(f"{path.name} cannot be read as TOML ({' '.join(str(error).split())}); mend it.") from None


def _adjustment(shape: str, row: Mapping[str, Any]) -> ShapeAdjustment:
    strange = [key for key in row if key not in FIELDS]
    if strange:
        raise RigError(f"{shape} has {strange[0]!r}; a shape has {', '.join(FIELDS)}.")
    return ShapeAdjustment(shape, **{key: _number(value, f"{key} of {shape}") for key, value in row.items()})


def _corrective(row: Mapping[str, Any]) -> Corrective:
    if set(row) != {"when", "add", "amount"}:
        raise RigError(f"a corrective has {', '.join(map(str, row)) or 'nothing'}; give it when, add and amount.")
    when, add = row["when"], row["add"]
    if not isinstance(when, list) or not all(isinstance(name, str) for name in when) or not isinstance(add, str):
        raise RigError('a corrective needs when = ["jawOpen", "mouthSmileLeft"] and add = "mouthClose".')
    names = tuple(shape_of(name) or name for name in when)
    # An exact morph of the rig would be shadowed if "add" were read as loosely as a column of curves is.
    return Corrective(names, add, _number(row["amount"], "amount of a corrective"))


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RigError(f"{what} is {value!r}; give a number.")
    return float(value)
