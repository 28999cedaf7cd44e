"""Small tables that people write by hand: rows of named cells from a .csv or .json file."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dreamtalk.errors import OptionError

SUFFIXES = (".csv", ".json")
LARGEST_BYTES = 4_000_000
"""More is no table that somebody wrote by hand."""


def read_table_text(path: Path, what: str) -> str:
    """The text of a table file. what: what it should hold, for the error. Raises OptionError where it is none."""
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path.name} holds no {what}; give it as {' or '.join(SUFFIXES)}.")
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise OptionError(f"{path.name} is too large for a {what}; give one under {LARGEST_BYTES // 10**6} MB.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}; name one that holds a {what}.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise OptionError(f"{path.name} cannot be read as a {what} ({reason}); give text as {_either()}.") from None


def csv_rows(text: str, name: str, columns: Sequence[str], needed: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV by its header, blanks stripped, empty cells and empty rows left out.

    columns: those that may be there, in any order and capitals; needed: those that must. Raises OptionError otherwise.
    """
    lines = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    missing = [column for column in needed if column not in header]
    strange = [column for column in header if column not in columns]
    if missing or strange:
        wrong = f"has the columns {', '.join(header)}" if header else "is empty"
        raise OptionError(f"{name} {wrong}; its first line should name some of {', '.join(columns)}.")
    long = next((index for index, row in enumerate(lines) if len(row) > len(header)), None)
    if long is not None:
        raise OptionError(f"Line {long + 1} of {name} has too many cells; quote a cell that holds commas.")
    return [
        {column: cell.strip() for column, cell in zip(header, row, strict=False) if cell.strip()} for row in lines[1:]
    ]


def json_value(text: str, name: str) -> Any:
    """What a JSON text holds. Raises OptionError where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "too deeply nested"
        raise OptionError(f"{name} is not JSON ({where}); mend it or give a .csv.") from None


def number(value: Any, what: str) -> float:
    """A cell as a number. Raises OptionError, saying what it should be, where it is none."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"{what} is {value!r}; give a number.") from None


def _either() -> str:
    return " or ".join(SUFFIXES)
