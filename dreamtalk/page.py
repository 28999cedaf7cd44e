"""A sheet of paper to draw smooth lines, areas, texts and pictures on, in pixels of the finished image.

Pillow draws without anti-aliasing, so everything is drawn three times as large and scaled down at the end.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps

_SCALE = 3
_CORNER = 10


class Page:
    """One picture in the making; places are (x, y) with y downward."""

    def __init__(self, width: int, height: int, paper: str) -> None:
        self._size = (width, height)
        self._image = Image.new("RGB", (width * _SCALE, height * _SCALE), paper)
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def text(self, at: tuple[float, float], text: str, size: float, colour: str, anchor: str = "lm") -> None:
        """Write one line; anchor as in Pillow (l, m, r across and m, a, d down)."""
        self._draw.text(_scaled(at), text, font=_font(size), fill=colour, anchor=anchor)

    def card(self, box: tuple[float, float, float, float], colour: str) -> None:
        """A filled box with round corners."""
        self._draw.rounded_rectangle(_scaled(box), _CORNER * _SCALE, fill=colour)

    def line(self, x: np.ndarray, y: np.ndarray, colour: str, width: float, opacity: float = 1.0) -> None:
        """A line through the points (x[i], y[i]); a single point leaves nothing."""
        points = list(zip((x * _SCALE).tolist(), (y * _SCALE).tolist(), strict=True))
        self._draw.line(points, fill=_rgba(colour, opacity), width=round(width * _SCALE), joint="curve")

    def area(self, x: np.ndarray, upper: np.ndarray, lower: np.ndarray, colour: str, opacity: float = 1.0) -> None:
        """What lies between two curves over the same x; a single point leaves nothing."""
        if len(x) < 2:
            return
        outline_x, outline_y = np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]])
        points = list(zip((outline_x * _SCALE).tolist(), (outline_y * _SCALE).tolist(), strict=True))
        self._draw.polygon(points, fill=_rgba(colour, opacity))

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        """A filled circle."""
        self._draw.circle(_scaled(at), radius * _SCALE, fill=colour)

    def picture(self, picture: Image.Image, box: tuple[float, float, float, float]) -> None:
        """A picture that fills the box, cropped evenly, with round corners."""
        left, top, right, bottom = (round(value) for value in _scaled(box))
        size = (right - left, bottom - top)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), _CORNER * _SCALE, fill=255)
        self._image.paste(ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS), (left, top), mask)

    def finished(self) -> Image.Image:
        """The page at its own size."""
        return self._image.resize(self._size, Image.Resampling.BOX)


def _scaled(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(value * _SCALE for value in values)


def _rgba(colour: str, opacity: float) -> tuple[int, ...]:
    return (*ImageColor.getrgb(colour), round(255 * opacity))


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size * _SCALE)
