"""What every speech synthesizer here gives: sound, and what is said when."""

from dataclasses import dataclass

import numpy as np

from dreamtalk.speech.phones import Phone


@dataclass(frozen=True, eq=False)
class Spoken:
    """Synthetic speech: samples (N,) float32 at `rate` Hz; phones with calibrated times; exact: whether pauses, too,
    are told by the engine and not only foreseen."""

    samples: np.ndarray
    rate: int
    phones: tuple[Phone, ...]
    exact: bool
