"""Rows of numbers, an hour of them at a time: written by polars, taken one by one into a packed array."""

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np

from rig.errors import RigError

_BLOCK = 16_384  # frames formatted at once


def number_rows(values: np.ndarray) -> Iterator[str]:
    """(T, N) finite float32 -> T texts "0.1,0.25,...", the shortest that read back to the same float32."""
    import polars

    names = [str(column) for column in range(values.shape[1])]
    cells = polars.concat_str(polars.all().cast(polars.String), separator=",")
    for first in range(0, len(values), _BLOCK):
        table = polars.from_numpy(np.asarray(values[first : first + _BLOCK], np.float32), schema=names)
        yield from table.select(row=cells)["row"]


class NumberRows:
    """Rows of numbers of one length, packed as they come.

    where: file and field, for messages.
    """

    def __init__(self, where: str) -> None:
        self._where, self._numbers, self._width, self._count = where, array("f"), 0, 0

    def add(self, row: Any) -> None:
        """Take the next row. Raises RigError, naming it, where it is no list of as many numbers as the first."""
        self._count += 1
        if not isinstance(row, list) or not row:
            raise RigError(f"{self._where} of frame {self._count - 1} is no list of numbers; mend or drop it.")
        self._width = self._width or len(row)
        if len(row) != self._width:
            raise RigError(
                f"{self._where} of frame {self._count - 1} has {len(row)} numbers where the first has {self._width}; "
                "mend or drop it."
            )
        try:
            self._numbers.extend(row)
        except TypeError:
            raise RigError(
                f"{self._where} of frame {self._count - 1} holds a value that is no number; mend or drop it."
            ) from None

    def __len__(self) -> int:
        return self._count

    def array(self) -> np.ndarray:
        """What came, (T, N) float32; may hold infinite values. Raises RigError where nothing did."""
        if self._count == 0:
            raise RigError(f"{self._where} is empty; name a take that has frames.")
        return np.frombuffer(self._numbers, dtype=np.float32).reshape(self._count, self._width)
