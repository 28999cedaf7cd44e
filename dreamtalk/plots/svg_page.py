"""The same sheet of paper as dreamtalk.page, kept as lines and letters instead of pixels."""

import html
import re

import numpy as np

_ANCHORS = {"l": "start", "m": "middle", "r": "end"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CORNER = 10


class SvgPage:
    """One drawing in the making; places are (x, y) with y downward, in pixels at its own size."""

    def __init__(self, width: int, height: int, paper: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">',
            f'<rect width="{width}" height="{height}" fill="{paper}"/>',
        ]

    def text(self, at: tuple[float, float], text: str, size: float, colour: str, anchor: str = "lm") -> None:
        """Write one line, its middle at the given height; anchor[0]: l, m or r across."""
        shown = html.escape(_NOT_IN_XML.sub("\ufffd", text), quote=False)
        self._parts.append(
            f'<text x="{at[0]:.2f}" y="{at[1]:.2f}" font-size="{size:g}" fill="{colour}" '
            f'text-anchor="{_ANCHORS[anchor[0]]}" dominant-baseline="central">{shown}</text>'
        )

    def card(self, box: tuple[float, float, float, float], colour: str) -> None:
        """A filled box with round corners."""
        left, top, right, bottom = box
        self._parts.append(
            f'<rect x="{left:.2f}" y="{top:.2f}" width="{right - left:.2f}" height="{bottom - top:.2f}" '
            f'rx="{_CORNER}" fill="{colour}"/>'
        )

    def line(self, x: np.ndarray, y: np.ndarray, colour: str, width: float, opacity: float = 1.0) -> None:
        """A line through the points (x[i], y[i]); a single point leaves nothing."""
        self._parts.append(
            f'<polyline points="{_points(x, y)}" fill="none" stroke="{colour}" stroke-width="{width:g}"'
            f'{_share("stroke-opacity", opacity)} stroke-linejoin="round"/>'
        )

    def area(self, x: np.ndarray, upper: np.ndarray, lower: np.ndarray, colour: str, opacity: float = 1.0) -> None:
        """What lies between two curves over the same x; a single point leaves nothing."""
        outline = _points(np.r_[x, x[::-1]], np.r_[upper, lower[::-1]])
        self._parts.append(f'<polygon points="{outline}" fill="{colour}"{_share("fill-opacity", opacity)}/>')

    def finished(self) -> str:
        """The drawing as an SVG document."""
        return "\n".join([*self._parts, "</svg>", ""])


def _points(x: np.ndarray, y: np.ndarray) -> str:
    return " ".join(f"{across:.2f},{down:.2f}" for across, down in zip(x.tolist(), y.tolist(), strict=True))


def _share(attribute: str, opacity: float) -> str:
    return "" if opacity == 1.0 else f' {attribute}="{opacity:g}"'
