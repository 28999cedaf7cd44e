"""Mean and deviation of a stream so far, the distant past slowly forgotten."""

import numpy as np


class RunningMoments:
    """Push values (C,) one by one; `mean` and `std` (C,) are those of what was pushed, weighted by `memory` frames."""

    def __init__(self, columns: int, memory: float) -> None:
        self.length = 0.0
        self.mean = np.zeros(columns)
        self._square = np.zeros(columns)
        self._keep = 1.0 - 1.0 / memory

    def push(self, values: np.ndarray) -> None:
        """The next values, (C,)."""
        self.length = self.length * self._keep + 1.0
        share = 1.0 / self.length
        self.mean = self.mean + share * (values - self.mean)
        self._square = self._square + share * (values**2 - self._square)

    @property
    def std(self) -> np.ndarray:
        """(C,), zero before there are two values."""
        return np.sqrt(np.maximum(self._square - self.mean**2, 0.0))
