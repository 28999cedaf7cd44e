"""The soft step that every fade of the portrait uses."""

import numpy as np


def smoothstep(low: float, high: float, value: np.ndarray | float) -> np.ndarray:
    """0 below `low`, 1 above `high`, a smooth cubic between; a fade out where low > high."""
    share = np.clip((np.asarray(value) - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
