"""Columns of a file to the 52 curves, by name: what is unknown, missing or out of range is said once."""

import logging
from collections.abc import Sequence

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.formats.shape_names import shape_of

_log = logging.getLogger(__name__)

_MOST_LISTED = 5
_LONGEST_NAME = 40


def listed(names: Sequence[str]) -> str:
    """Names for a message, which stays one readable line however many and however long they are."""
    shown = [name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "..." for name in names[:_MOST_LISTED]]
    text = "".join(sign if sign.isprintable() else "?" for sign in ", ".join(shown))
    return f"{text} and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else text


def shape_columns(file_name: str, names: Sequence[str], ignored: Sequence[str] = ()) -> dict[str, int]:
    """ARKit name -> the column of a file that holds it; names: the file's own, in its order.

    Unknown names but `ignored`, and missing shapes, are reported in a warning each. Raises RigError, naming the file,
    where no column is known or two mean the same shape.
    """
    found: dict[str, int] = {}
    unknown = []
    for column, text in enumerate(names):
        shape = shape_of(text)
        if shape is None:
            unknown += [] if text in ignored else [text]
        elif shape in found:
            raise RigError(f"{file_name} holds {shape} twice; leave one of the two columns out.")
        else:
            found[shape] = column
    if not found:
        raise RigError(f"{file_name} names none of the 52 ARKit shapes; its names should be like jawOpen.")
    missing = [name for name in NAMES if name not in found]
    if unknown:
        _log.warning("%s has columns that are no ARKit shape: %s; left out.", file_name, listed(unknown))
    if missing:
        _log.warning("%s has no %s; taken as 0.", file_name, listed(missing))
    return found


def weights_by_name(
    file_name: str, names: Sequence[str], values: np.ndarray, ignored: Sequence[str] = ()
) -> np.ndarray:
    """(T, N) values under N names -> weights (T, 52) float32 in [0, 1], missing shapes 0.

    Values outside [0, 1] are clipped with a warning. Raises RigError as shape_columns does, and for a value that is
    not finite, naming its frame and shape.
    """
    columns = shape_columns(file_name, names, ignored)
    weights = np.zeros((len(values), len(NAMES)), dtype=np.float32)
    for shape, column in columns.items():
        weights[:, INDEX[shape]] = values[:, column]
    check_finite(file_name, weights, NAMES)
    return clipped(file_name, weights)


def clipped(file_name: str, weights: np.ndarray) -> np.ndarray:
    """The same (T, 52) array with its values taken to 0 to 1, in place; a warning says where there were others."""
    if weights.min(initial=0) < 0 or weights.max(initial=0) > 1:
        outside = [name for name, column in zip(NAMES, weights.T, strict=True) if column.min() < 0 or column.max() > 1]
        _log.warning("%s has weights outside 0 to 1, which were clipped: %s.", file_name, listed(outside))
        np.clip(weights, 0, 1, out=weights)
    return weights


def check_finite(file_name: str, values: np.ndarray, names: Sequence[str]) -> None:
    """Raise RigError for the first of (T, N) values that is not finite, naming its frame and column."""
    if not np.isfinite(values).all():
        frame, column = np.argwhere(~np.isfinite(values))[0]
        raise RigError(f"{file_name}: {names[column]} is no finite number in frame {frame}; mend or drop that frame.")
