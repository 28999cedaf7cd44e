"""Seeded pictures of smooth noise."""

import numpy as np
from scipy.ndimage import gaussian_filter, zoom


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float | tuple[float, float]) -> np.ndarray:
    """(H, W) float32, zero mean, unit deviation; `scale` is the size of a blot in pixels (one, or (down, across))."""
    down, across = (scale, scale) if np.isscalar(scale) else scale
    steps = (max(1.0, down / 2), max(1.0, across / 2))
    small = tuple(int(np.ceil(length / step)) + 1 for length, step in zip(shape, steps, strict=True))
    field = gaussian_filter(rng.standard_normal(small, dtype=np.float32), (down / steps[0] / 2, across / steps[1] / 2), mode="wrap")
    if steps != (1.0, 1.0):
        field = zoom(field, steps, order=1)
    field = field[: shape[0], : shape[1]]
    return (field - field.mean()) / (field.std() + 1e-9)
