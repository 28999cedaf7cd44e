"""A discreet, visible mark in the corner of a picture: that what is seen is synthetic."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT = "AI-generated"
TEXT_SHARE, LEAST_TEXT_PX = 0.03, 8
"""Height of the letters over the picture's shorter side, and in pixels."""
LARGEST_SHARE = 0.8
"""The mark is at most this wide, over the picture's width."""
OPACITY, SHADOW = 0.75, 0.55


def marked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same frames, (H, W, 3) uint8 RGB, with the mark in the lower right corner; nothing else changes."""
    for frame in frames:
        letters, shade = _mark(*frame.shape[:2])
        height, width = letters.shape
        result = frame.copy()
        corner = result[-height:, -width:]
        dimmed = corner * (1 - shade[..., None])
        corner[:] = np.rint(dimmed + letters[..., None] * (255 - dimmed)).astype(np.uint8)
        yield result


@lru_cache(maxsize=4)
def _mark(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) float32 each, for the corner of a picture: opacity of the white letters, and of the shade under them."""
    size = max(LEAST_TEXT_PX, TEXT_SHARE * min(height, width))
    size *= min(1.0, LARGEST_SHARE * width / _extent(size)[0])
    (text_width, text_height), gap = _extent(size), round(0.7 * size)
    box = (min(width, round(text_width) + 2 * gap), min(height, round(text_height) + 2 * gap))
    letters = Image.new("L", box, 0)
    ImageDraw.Draw(letters).text((box[0] / 2, box[1] / 2), TEXT, font=_font(size), fill=255, anchor="mm")
    shade = letters.filter(ImageFilter.GaussianBlur(size / 8)).point(lambda value: min(255, 2 * value))
    return OPACITY * np.asarray(letters, np.float32) / 255, SHADOW * np.asarray(shade, np.float32) / 255


def _extent(size: float) -> tuple[float, float]:
    left, top, right, bottom = _font(size).getbbox(TEXT, anchor="ls")
    return right - left, bottom - top


@lru_cache(maxsize=4)
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
