"""What a glTF document says, checked as it is looked up: lists, numbers and indices."""

from typing import Any

import numpy as np

from rig.errors import RigError


def entries(document: dict[str, Any], key: str, file: str) -> list[dict[str, Any]]:
    """document[key], a list of objects; [] where it is missing. Raises RigError where it is something else."""
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise RigError(f"{file} has {key} that are no list of objects; export it anew as glTF 2.0.")
    return found


def object_at(entry: dict[str, Any], key: str, file: str) -> dict[str, Any]:
    """entry[key], an object; {} where it is missing. Raises RigError where it is something else."""
    found = entry.get(key, {})
    if not isinstance(found, dict):
        raise RigError(f"{file} has {key} that are no object; export it anew as glTF 2.0.")
    return found


def list_at(entry: dict[str, Any], key: str, file: str) -> list[Any]:
    """entry[key], a list; [] where it is missing. Raises RigError where it is something else."""
    found = entry.get(key, [])
    if not isinstance(found, list):
        raise RigError(f"{file} has {key} that are no list; export it anew as glTF 2.0.")
    return found


def whole(entry: dict[str, Any], key: str, file: str, default: int | None = None) -> int:
    """entry[key], a whole number from 0 up. Raises RigError where it is missing without a default, or another thing."""
    found = entry.get(key, default)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 2**53:
        raise RigError(f"{file} has {key} {_short(found)} where a whole number belongs; export it anew as glTF 2.0.")
    return found


def index_of(value: Any, count: int, what: str, file: str) -> int:
    """`value` as an index of one of `count` things. Raises RigError, naming `what`, where there is none such."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
        raise RigError(f"{file} refers to {what} {_short(value)} of {count}; export it anew as glTF 2.0.")
    return value


def numbers(entry: dict[str, Any], key: str, count: int | None, file: str, default: Any = None) -> np.ndarray | None:
    """entry[key], (count,) float64, finite. Raises RigError where it is something else; `default` where missing."""
    if key not in entry:
        return None if default is None else np.array(default, dtype=np.float64)
    found = entry[key]
    plain = isinstance(found, list) and all(isinstance(n, int | float) and not isinstance(n, bool) for n in found)
    if plain and count in (None, len(found)):
        try:
            array = np.array(found, dtype=np.float64)
        except OverflowError:
            array = np.array([np.inf])
        if np.isfinite(array).all():
            return array
    wanted = "numbers belong" if count is None else f"{count} numbers belong"
    raise RigError(f"{file} has {key} {_short(found)} where {wanted}; export it anew as glTF 2.0.")


def text_at(entry: dict[str, Any], key: str) -> str:
    """entry[key] where it is text, else ""."""
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, int | float | str | None) else type(value).__name__
    return text if len(text) <= 40 else text[:37] + "..."
