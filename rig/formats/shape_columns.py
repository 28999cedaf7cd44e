"""Columns of a table by what their names mean: ARKit shapes however spelled, and the columns that a layout adds."""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.formats.shape_names import shape_of

_log = logging.getLogger(__name__)

_BEYOND_FLOAT32 = 3.4e38


def named_columns(header: Sequence[str], names: Collection[str], path: Path) -> dict[str, int]:
    """Places of the columns that mean one of `names`, capitals apart. Raises RigError where two mean the same."""
    wanted = {name.lower(): name for name in names}
    return _places(header, [wanted.get(cell.lower()) for cell in header], path)


def shape_columns(header: Sequence[str], path: Path, others: Mapping[str, int]) -> dict[str, int]:
    """ARKit name -> place of its column.

    others: columns that are known already. Columns that mean nothing, and shapes that are missing, are named in one
    warning each. Raises RigError where two columns mean the same shape, or none means any.
    """
    known = set(others.values())
    shapes = [None if place in known else shape_of(cell) for place, cell in enumerate(header)]
    found = _places(header, shapes, path)
    if not found:
        raise RigError(
            f"{path.name} has no column named after an ARKit shape, such as jawOpen; name a table of curves."
        )
    unknown = [cell for place, cell in enumerate(header) if cell and place not in known and shapes[place] is None]
    if unknown:
        _log.warning("%s has columns that are no ARKit shape and are left out: %s.", path.name, ", ".join(unknown))
    report_missing(found, path)
    return found


def check_numbers(
    values: np.ndarray, lines: np.ndarray, path: Path, names: Sequence[str], wanted: str = "finite number"
) -> None:
    """Raise RigError, naming line and column, unless all of (n, len(names)) values are finite, in float32 as well."""
    usable = np.abs(values) < _BEYOND_FLOAT32  # False of NaN too
    if not usable.all():
        row, column = np.argwhere(~usable)[0]
        raise RigError(
            f"Line {lines[row]} of {path.name} has no {wanted} in its column {names[column]}; mend or drop it."
        )


def report_missing(found: Collection[str], path: Path) -> None:
    """Warn of the shapes that a file lacks."""
    missing = [name for name in NAMES if name not in found]
    if len(missing) > len(NAMES) / 2:
        _log.warning("%s has only %s; the other shapes are taken as 0.", path.name, ", ".join(found))
    elif missing:
        _log.warning("%s has no column %s; taken as 0.", path.name, ", ".join(missing))


def _places(header: Sequence[str], meanings: Sequence[str | None], path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, name in enumerate(meanings):
        if name is None:
            continue
        if name in found:
            raise RigError(
                f"{path.name} has {name} twice, in its columns {header[found[name]]!r} ({found[name] + 1}) and "
                f"{header[place]!r} ({place + 1}); keep one."
            )
        found[name] = place
    return found


def weights_of(values: np.ndarray, shapes: Collection[str]) -> np.ndarray:
    """(N, len(shapes)) values in the order of `shapes` -> (N, 52) float32; shapes that are missing are 0."""
    weights = np.zeros((len(values), len(NAMES)), dtype=np.float32)
    weights[:, [INDEX[name] for name in shapes]] = values
    return weights


def clipped(weights: np.ndarray, path: Path) -> np.ndarray:
    """The same array with its values taken to 0 to 1, in place; a warning says where there were others."""
    if weights.size and (weights.min() < 0 or weights.max() > 1):
        outside = [name for name, column in zip(NAMES, weights.T, strict=True) if column.min() < 0 or column.max() > 1]
        _log.warning("%s has weights outside 0 to 1, which were clipped: %s.", path.name, ", ".join(outside))
        np.clip(weights, 0, 1, out=weights)
    return weights
