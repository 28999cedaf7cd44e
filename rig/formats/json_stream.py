"""JSON read piece by piece, so that an hour of frames never stands in memory as objects."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rig.errors import RigError
from rig.reading import reading

LARGEST_FILE = 2 * 1024**3
"""Bytes of text that are read, about nine hours of 52 curves at 60 frames a second."""

_SPACE = frozenset(" \t\n\r")

Lists = Mapping[str, Callable[[Any], None]]
"""Members of objects that are long lists -> the function that takes their elements, one at a time."""


def json_text(path: str | Path) -> str:
    """The text of a JSON file. Raises RigError where there is none, and above LARGEST_FILE."""
    path = Path(path)
    with reading(path, "a JSON file of curves"):
        if path.stat().st_size > LARGEST_FILE:
            raise RigError(f"{path.name} is larger than 2 GB; split the take and read its parts.")
        return path.read_text(encoding="utf-8-sig")


def json_object(text: str, file_name: str, lists: Lists) -> dict[str, Any]:
    """The one object of a text, without the members in `lists`, whose elements are given away.

    Raises RigError, naming the file, as take_documents does, and where the text is anything but one object.
    """
    documents: list[Any] = []
    take_documents(text, file_name, documents.append, lists)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise RigError(f"{file_name} is not one JSON object; name a file of curves.")
    return documents[0]


def take_documents(text: str, file_name: str, take: Callable[[Any], None], lists: Lists) -> None:
    """Give away the values of a text: one, several as JSON lines have them, or the elements of a list.

    Of objects the members in `lists` must be lists; their elements go to the functions, and the object comes without
    them. All numbers are floats. Raises RigError, naming the line, where the text is no JSON, and where it is nested
    too deep.
    """
    at = _behind_space(text, 0)
    try:
        while at < len(text):
            if text[at] == "[":
                at = _elements(text, at, take, lists)
            else:
                value, at = _value(text, at, lists)
                take(value)
            at = _behind_space(text, at)
    except RigError:
        raise
    except RecursionError:
        raise RigError(f"{file_name} is nested too deep to hold curves; name another file.") from None
    except json.JSONDecodeError as error:
        raise RigError(f"{file_name} is no JSON in line {error.lineno} ({error.msg}); mend the file.") from None
    except ValueError as error:
        raise RigError(f"{file_name} is no JSON ({error}); mend the file.") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


# Whole numbers as floats too: one of a million digits costs nothing then, and every number has one type.
_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_no_number)


def _value(text: str, at: int, lists: Lists) -> tuple[Any, int]:
    return _object(text, at, lists) if lists and text[at : at + 1] == "{" else _DECODER.raw_decode(text, at)


def _behind_space(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE:
        at += 1
    return at


def _expected(text: str, at: int, sign: str) -> int:
    """The place behind `sign` and the space after it."""
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"expected {sign}", text, at)
    return _behind_space(text, at + 1)


def _object(text: str, at: int, lists: Lists) -> tuple[dict[str, Any], int]:
    """The object at `at`, and the place behind it."""
    members: dict[str, Any] = {}
    at = _expected(text, at, "{")
    if text[at : at + 1] == "}":
        return members, at + 1
    while True:
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("expected a name in quotes", text, at)
        name, at = _DECODER.raw_decode(text, at)
        at = _expected(text, _behind_space(text, at), ":")
        if name in lists:
            at = _elements(text, at, lists[name], {})
        else:
            members[name], at = _DECODER.raw_decode(text, at)
        at = _behind_space(text, at)
        if text[at : at + 1] == "}":
            return members, at + 1
        at = _expected(text, at, ",")


def _elements(text: str, at: int, take: Callable[[Any], None], lists: Lists) -> int:
    """Give the elements of the list at `at` to `take`; the place behind the list."""
    at = _expected(text, at, "[")
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        value, at = _value(text, at, lists)
        take(value)
        at = _behind_space(text, at)
        if text[at : at + 1] == "]":
            return at + 1
        at = _expected(text, at, ",")
