"""Curves over the waveform: of one clip by parts of the face, or of two clips shape by shape."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.page import Page
from dreamtalk.plots.curve_page import CurveSource, curve_page
from dreamtalk.plots.panels import (
    FOOT,
    MOST_CURVES,
    PANEL_GAP,
    PANEL_HEIGHT,
    PAPER,
    TITLE_HEIGHT,
    WAVE_HEIGHT,
    WIDTH,
    Curve,
    Panel,
    Paper,
    degree_panel,
    draw_panel,
    draw_sound,
    draw_time_axis,
    draw_title,
    facts_of,
    head_curves,
    loudness,
    mean_curves,
    part_panels,
    strength,
    weight_panel,
)
from dreamtalk.plots.svg_page import SvgPage
from dreamtalk.provenance import save_picture
from dreamtalk.speech.audio import Waveform
from rig.arkit import GROUPS
from rig.clip import BlendshapeClip
from rig.safe_file import written_beside
from rig.timing import frame_times

PLOT_SUFFIXES = (".png", ".svg", ".html")

COMPARED_SHAPES = 8
"""How many shapes two clips are compared in where none are named: those that move most in either."""

LEAST_TURN_DEG = 1.0
"""A head that turns less in both clips is left out."""


@dataclass(frozen=True, eq=False)
class CurvePlot:
    """A page of panels. level: the sound's by columns, as panels.loudness gives it, or None."""

    title: str
    facts: str
    duration_s: float
    panels: tuple[Panel, ...]
    level: np.ndarray | None


def write_curve_plot(
    path: str | os.PathLike[str],
    clip: BlendshapeClip,
    waveform: Waveform | None = None,
    *,
    shapes: Sequence[str] | None = None,
    title: str = "",
    against: BlendshapeClip | None = None,
    against_title: str = "",
) -> None:
    """Write a plot as .png, .svg or .html (which plays the sound, zooms and shows any shape), whole or not at all.

    shapes: names to show; None = those that move most.  against: a second clip over the same time axis, of any length
    and rate.  title, against_title: what the clips are called.
    Raises OptionError for another suffix, RigError where the folder is missing or cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in PLOT_SUFFIXES:
        raise OptionError(f"The plot {path.name} must end in one of {', '.join(PLOT_SUFFIXES)}.")
    with written_beside(path) as beside:
        if suffix == ".html":
            sources = [CurveSource(title, clip)]
            if against is not None:
                sources.append(CurveSource(against_title, against))
            beside.write_text(curve_page(sources, waveform, shapes), encoding="utf-8", newline="\n")
            return
        plot = curve_plot(
            clip, waveform, shapes=shapes, title=title, against=against, against_title=against_title
        )
        height = plot_height(plot)
        if suffix == ".svg":
            drawing = SvgPage(WIDTH, height, PAPER)
            draw_plot(drawing, plot)
            beside.write_text(drawing.finished(), encoding="utf-8", newline="\n")
        else:
            page = Page(WIDTH, height, PAPER)
            draw_plot(page, plot)
            save_picture(page.finished(), beside)


def curve_plot(
    clip: BlendshapeClip,
    waveform: Waveform | None = None,
    *,
    shapes: Sequence[str] | None = None,
    title: str = "",
    against: BlendshapeClip | None = None,
    against_title: str = "",
) -> CurvePlot:
    """What a plot shows; arguments as for write_curve_plot. The time axis is as long as the longer clip."""
    if against is None:
        panels = list(part_panels(clip)) if shapes is None else list(_named_panels(clip, shapes))
        duration_s, facts, head = clip.duration_s, facts_of(clip), title or "Curves"
    else:
        panels = _compared_panels(clip, against, shapes, title, against_title)
        duration_s, facts = max(clip.duration_s, against.duration_s), ""
        head = f"{shortened(title, 32)} / {shortened(against_title, 32)}"
    return CurvePlot(head, facts, duration_s, tuple(panels), loudness(waveform, duration_s))


def plot_height(plot: CurvePlot) -> int:
    """Pixels from the head of the page to its foot."""
    return TITLE_HEIGHT + WAVE_HEIGHT + len(plot.panels) * (PANEL_HEIGHT + PANEL_GAP) + FOOT


def draw_plot(page: Paper, plot: CurvePlot) -> None:
    """Draw a plot on a page of WIDTH by plot_height(plot) pixels."""
    draw_title(page, plot.title, plot.facts)
    draw_sound(page, plot.level, TITLE_HEIGHT)
    top = TITLE_HEIGHT + WAVE_HEIGHT + PANEL_GAP
    for number, panel in enumerate(plot.panels):
        draw_panel(page, panel, top + number * (PANEL_HEIGHT + PANEL_GAP), plot.duration_s, plot.level)
    draw_time_axis(page, plot.duration_s, TITLE_HEIGHT, plot_height(plot) - FOOT)


def _named_panels(clip: BlendshapeClip, shapes: Sequence[str]) -> list[Panel]:
    """The shapes by parts of the face, five to a panel at most."""
    seconds, panels = frame_times(len(clip), clip.fps), []
    for group, members in GROUPS.items():
        curves = [Curve(name, seconds, clip.column(name)) for name in members if name in shapes]
        for first in range(0, len(curves), MOST_CURVES):
            panels.append(weight_panel(group.capitalize(), curves[first : first + MOST_CURVES]))
    return panels


def _compared_panels(
    clip: BlendshapeClip, other: BlendshapeClip, shapes: Sequence[str] | None, title: str, other_title: str
) -> list[Panel]:
    """A panel for each shape, and for each of the head's angles where a head moves."""
    labels = shortened(title, 17), shortened(other_title, 17)
    panels = [weight_panel(name, pair) for name, pair in compared_curves(clip, other, labels, shapes).items()]
    if shapes is None:
        for pair in zip(head_curves(clip), head_curves(other), strict=True):
            if max(np.abs(curve.values).max() for curve in pair) >= LEAST_TURN_DEG:
                drawn = [Curve(label, of.seconds, of.values) for label, of in zip(labels, pair, strict=True)]
                panels.append(degree_panel(f"Head {pair[0].label}", drawn))
    return panels


def compared_curves(
    clip: BlendshapeClip, other: BlendshapeClip, labels: tuple[str, str], shapes: Sequence[str] | None = None,
    most: int = COMPARED_SHAPES,
) -> dict[str, list[Curve]]:  # fmt: skip
    """Name -> the curves of both clips, called by `labels`.

    shapes: which; None = those that move or stand out most in either, at most `most`, left and right as their mean.
    """
    both = (clip, other)
    if shapes is not None:
        found = [{name: each.column(name) for name in shapes} for each in both]
    else:
        found = [mean_curves(each) for each in both]
        strengths = {name: max(strength(curves[name]) for curves in found) for name in found[0]}
        shapes = sorted(strengths, key=strengths.__getitem__, reverse=True)[:most]
    times = [frame_times(len(each), each.fps) for each in both]
    return {
        name: [Curve(label, at, of[name]) for label, at, of in zip(labels, times, found, strict=True)]
        for name in shapes
    }


def shortened(text: str, most: int) -> str:
    """The text on one line, of `most` letters at most."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
