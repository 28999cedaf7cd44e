"""Tables of numbers as text, read block by block, so that an hour of curves needs little more than its arrays.

Separators are commas, semicolons or tabs, whichever the first line holds most of; where it is not the comma, commas in
numbers are decimal ones. A byte order mark, line ends of CRLF or CR, quotes, blank lines and a cut-off last line are
taken as they come.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from rig.errors import RigError

if TYPE_CHECKING:
    import polars

_log = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 21
_LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True)
class TableRows:
    """Some rows of a table.

    lines: (n,) int64 numbers of the lines in the file, from 1.  texts: n x (columns asked for as text), None = empty.
    numbers: (n, columns asked for as numbers) float64, NaN where a cell holds none.
    """

    lines: np.ndarray
    texts: "polars.DataFrame"
    numbers: np.ndarray


@dataclass(frozen=True)
class TextTable:
    """A text file whose first line names the columns.

    line_end: what ends its lines, a lone CR or what ends in a newline.  body_offset: bytes of the first line.
    """

    path: Path
    header: tuple[str, ...]
    separator: str
    line_end: bytes
    body_offset: int

    @classmethod
    def opened(cls, path: str | Path) -> Self:
        """Read the first line. Raises RigError where the file cannot be read as text."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                line = file.readline(_LONGEST_LINE_BYTES)
            line_end = b"\r" if b"\r" in line.rstrip(b"\r\n") else b"\n"
            line = line[: line.find(line_end) + 1 or None]
            text = line.decode("utf-8-sig")
        except FileNotFoundError:
            raise RigError(f"There is no file {path}; name a table of curves.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise RigError(f"{path.name} cannot be read as a text table ({error}); name a table of curves.") from None
        separator = max(",;\t", key=text.count)
        cells = tuple(cell.strip().strip('"').strip() for cell in text.rstrip("\r\n").split(separator))
        return cls(path, cells, separator, line_end, len(line))

    def rows(
        self, texts: Sequence[int], numbers: Sequence[int], count_column: int | None = None
    ) -> Iterator[TableRows]:
        """The rows below the first line, of the columns with these places, in blocks.

        count_column: where it holds 0, the row may end early. Raises RigError, naming the line, for other rows with
        too few or too many cells; a last line that is cut off is left out with a warning.
        """
        for first_line, block, last in self._blocks():
            block, lines = self._mended(self._plain(block), first_line, count_column, last)
            if len(lines):
                table = self._parsed(block, {*texts, *numbers}, set(numbers))
                yield TableRows(
                    lines, table.select(map(str, texts)), table.select(map(str, numbers)).to_numpy().astype(np.float64)
                )

    def first_row(self) -> list[str]:
        """The cells of the first row, as they are, for telling layouts apart; [] where there is none nearby."""
        with self.path.open("rb") as file:
            file.seek(self.body_offset)
            lines = file.read(_LONGEST_LINE_BYTES).decode("utf-8", "replace").splitlines()
        line = next((line for line in lines if line.strip()), None)
        return [] if line is None else [cell.strip() for cell in line.split(self.separator)]

    def line_count(self) -> int:
        """Lines below the first, the last with or without its end."""
        with self.path.open("rb") as file:
            file.seek(self.body_offset)
            return 1 + sum(piece.count(self.line_end) for piece in iter(lambda: file.read(_BLOCK_BYTES), b""))

    def _blocks(self) -> Iterator[tuple[int, bytes, bool]]:
        """Number of the first line, whole lines, and whether they are the file's last."""
        line, rest, size = 2, b"", self.path.stat().st_size
        with self.path.open("rb") as file:
            file.seek(self.body_offset)
            while piece := file.read(_BLOCK_BYTES):
                if self.line_end == b"\r":
                    piece = piece.replace(b"\r", b"\n")
                whole, newline, cut = (rest + piece).rpartition(b"\n")
                if newline:
                    yield line, whole + newline, not cut and file.tell() >= size
                    line += whole.count(b"\n") + 1
                rest = cut
                if len(rest) > _LONGEST_LINE_BYTES:
                    raise RigError(f"Line {line} of {self.path.name} does not end; name a table of curves.")
        if rest:
            # Cut off behind a separator, the last cell would pass for an empty one.
            yield line, (rest.removesuffix(self.separator.encode()) if self.header[-1] else rest) + b"\n", True

    def _plain(self, block: bytes) -> bytes:
        for strange in (b"\r", b'"', b" "):
            if strange in block:
                block = block.replace(strange, b"")
        if self.separator != ",":
            block = block.replace(b",", b".")
        return block if block.isascii() else block.decode("utf-8", "replace").encode()

    def _mended(
        self, block: bytes, first_line: int, count_column: int | None, last: bool
    ) -> tuple[bytes, np.ndarray]:
        """The block with as many cells in each line as the first has, and the numbers of its lines."""
        raw = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(raw == ord("\n"))
        separators = np.flatnonzero(raw == ord(self.separator))
        cells = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
        lines = first_line + np.arange(len(ends))
        blank = np.diff(ends, prepend=-1) <= cells  # nothing but separators, as spreadsheets leave behind a table
        if (cells == len(self.header)).all() and len(self.header) > 1 and not blank.any():
            return block, lines
        kept, numbers = [], []
        for number, text, empty in zip(lines, block.split(b"\n"), blank, strict=False):
            if not empty and (row := self._whole_row(text, int(number), count_column, last and number == lines[-1])):
                kept.append(row)
                numbers.append(number)
        return b"".join(row + b"\n" for row in kept), np.array(numbers, dtype=np.int64)

    def _whole_row(self, text: bytes, line: int, count_column: int | None, last: bool) -> bytes | None:
        separator = self.separator.encode()
        cells = text.split(separator)
        absent = len(self.header) - len(cells)
        if absent == 0:
            return text
        empty = count_column is not None and len(cells) > count_column and cells[count_column] in (b"0", b"0.0")
        if absent > 0 and empty:
            return text + separator * absent
        if absent > 0 and last:
            _log.warning("%s: line %d, its last, is cut off and was left out.", self.path.name, line)
            return None
        raise RigError(
            f"Line {line} of {self.path.name} has {len(cells)} cells where the first line has {len(self.header)}; "
            "mend or drop it."
        )

    def _parsed(self, block: bytes, wanted: set[int], numbers: set[int]) -> "polars.DataFrame":
        import polars as pl

        types = {str(place): pl.Float64 if place in numbers else pl.String for place in range(len(self.header))}
        return pl.read_csv(
            block, has_header=False, separator=self.separator, quote_char=None, schema=types,
            columns=sorted(wanted), ignore_errors=True, truncate_ragged_lines=True, raise_if_empty=False,
        )  # fmt: skip


def joined(blocks: Iterator[tuple[np.ndarray, ...]], most: int) -> tuple[np.ndarray, ...]:
    """Blocks of rows, a tuple of arrays each, one behind the other; () where there is none.

    most: rows there may be. The arrays are filled in place: pieces kept until the end would double the memory.
    """
    whole: tuple[np.ndarray, ...] = ()
    end = 0
    for arrays in blocks:
        if not whole:
            whole = tuple(np.empty((most, *array.shape[1:]), dtype=array.dtype) for array in arrays)
        start, end = end, end + len(arrays[0])
        for full, array in zip(whole, arrays, strict=True):
            full[start:end] = array
    return tuple(full[:end] for full in whole)
