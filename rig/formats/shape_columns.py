"""Columns of a table by what their names mean: ARKit shapes however spelled, and the columns that a layout adds."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.formats.named_weights import listed, shape_columns

_BEYOND_FLOAT32 = 3.4e38
# What a name means stands at its end; a broken table can have one of a million characters.
_LONGEST_NAME = 300


def named_columns(header: Sequence[str], names: Collection[str], path: Path) -> dict[str, int]:
    """Places of the columns that mean one of `names`, capitals apart. Raises RigError where two mean the same."""
    wanted = {name.lower(): name for name in names}
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = wanted.get(cell.lower())
        if name is not None and name in found:
            raise RigError(f"{path.name} holds {name} twice; leave one of the two columns out.")
        if name is not None:
            found[name] = place
    return found


def shape_places(header: Sequence[str], path: Path, others: Mapping[str, int]) -> dict[str, int]:
    """ARKit name -> place of its column; others: columns that are known already. Warns and raises as shape_columns."""
    known = set(others.values())
    names = ["" if place in known else cell[-_LONGEST_NAME:] for place, cell in enumerate(header)]
    return shape_columns(path.name, names, ("",))


def check_numbers(
    values: np.ndarray, lines: np.ndarray, path: Path, names: Sequence[str], wanted: str = "finite number"
) -> None:
    """Raise RigError, naming line and column, unless all of (n, len(names)) values are finite, in float32 as well."""
    usable = np.abs(values) < _BEYOND_FLOAT32  # False of NaN too
    if not usable.all():
        row, column = np.argwhere(~usable)[0]
        raise RigError(
            f"Line {lines[row]} of {path.name} has no {wanted} in its column {listed([names[column]])}; "
            "mend or drop it."
        )


def weights_of(values: np.ndarray, shapes: Collection[str]) -> np.ndarray:
    """(N, len(shapes)) values in the order of `shapes` -> (N, 52) float32; shapes that are missing are 0."""
    weights = np.zeros((len(values), len(NAMES)), dtype=np.float32)
    weights[:, [INDEX[name] for name in shapes]] = values
    return weights
