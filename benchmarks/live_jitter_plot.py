"""The picture of live_jitter: which share of all intervals lies within how many milliseconds of the wanted one."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, SCALE = 880, 360, 2  # drawn twice as large and made smaller, for smooth lines
LEFT, RIGHT, TOP, BOTTOM = 60, 240, 30, 50
RANGE_MS = (0.001, 100.0)
COLOURS = ("#1664b0", "#6fb1ee", "#b4471d", "#eda07c")
INK, GRID = "#333333", "#dddddd"


def draw(errors_ms: Mapping[str, np.ndarray], path: Path) -> None:
    """errors_ms: name of a line -> absolute errors (N,) in milliseconds."""
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=12 * SCALE)
    for exponent in range(-3, 3):
        x = _x(10.0**exponent)
        pen.line([(x, _y(0)), (x, _y(1))], fill=GRID, width=SCALE)
        pen.text((x, _y(0) + 6 * SCALE), f"{10.0**exponent:g} ms", fill=INK, font=font, anchor="mt")
    for share in (0, 0.25, 0.5, 0.75, 1):
        pen.line([(_x(RANGE_MS[0]), _y(share)), (_x(RANGE_MS[1]), _y(share))], fill=GRID, width=SCALE)
        pen.text((_x(RANGE_MS[0]) - 6 * SCALE, _y(share)), f"{share:.0%}", fill=INK, font=font, anchor="rm")
    caption = "off the wanted interval, at a receiver in its own process"
    pen.text((_x(0.3), (HEIGHT - 8) * SCALE), caption, fill=INK, font=font, anchor="mb")
    for index, ((name, errors), colour) in enumerate(zip(errors_ms.items(), COLOURS, strict=False)):
        ordered = np.clip(np.sort(errors), *RANGE_MS)
        shares = (np.arange(len(ordered)) + 1) / len(ordered)
        points = [(_x(error), _y(share)) for error, share in zip(ordered.tolist(), shares.tolist(), strict=True)]
        pen.line(points, fill=colour, width=3 * SCALE)
        y = (TOP + 14 + 24 * index) * SCALE
        x = (WIDTH - RIGHT + 16) * SCALE
        pen.line([(x, y), (x + 20 * SCALE, y)], fill=colour, width=3 * SCALE)
        pen.text((x + 28 * SCALE, y), name, fill=INK, font=font, anchor="lm")
    picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).quantize(64).save(path, optimize=True)


def _x(error_ms: float) -> float:
    low, high = np.log10(RANGE_MS)
    return (LEFT + (np.log10(error_ms) - low) / (high - low) * (WIDTH - LEFT - RIGHT)) * SCALE


def _y(share: float) -> float:
    return (HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)) * SCALE
