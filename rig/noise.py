"""Seeded pictures of smooth noise."""

import numpy as np


def enlarged(field: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) -> shape, bilinear, float32; the outermost values reach to the edges."""
    for axis, length in enumerate(shape):
        place = np.clip((np.arange(length) + 0.5) * field.shape[axis] / length - 0.5, 0, field.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(field.shape[axis] - 2, 0))
        share = (place - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share
        first = np.take(field, low, axis=axis)
        field = first + share * (np.take(field, np.minimum(low + 1, field.shape[axis] - 1), axis=axis) - first)
    return field.astype(np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale: float | tuple[float, float]) -> np.ndarray:
    """(H, W) float32, zero mean, unit deviation; `scale` is the size of a blot in pixels (one, or (down, across))."""
    from scipy.ndimage import gaussian_filter  # slow to import

    scales = (scale, scale) if np.isscalar(scale) else scale
    steps = [max(1.0, length / 2) for length in scales]
    small = tuple(int(np.ceil(length / step)) + 1 for length, step in zip(shape, steps, strict=True))
    widths = [length / step / 2 for length, step in zip(scales, steps, strict=True)]
    field = gaussian_filter(rng.standard_normal(small, dtype=np.float32), widths, mode="wrap")
    field = (field - field.mean()) / (field.std() + 1e-9)
    return enlarged(field, shape)
