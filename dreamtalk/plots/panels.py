"""Curves in panels over one time axis, with the sound above them: what contact sheets and plots are drawn with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dreamtalk.speech.audio import Waveform
from rig.arkit import GROUPS, stem_and_side
from rig.clip import BlendshapeClip
from rig.timing import frame_times

# Page units are pixels of the finished picture.
WIDTH, MARGIN, LEGEND = 1600, 48, 176
PLOT_LEFT, PLOT_RIGHT = MARGIN, WIDTH - MARGIN - LEGEND
TITLE_HEIGHT, WAVE_HEIGHT, PANEL_HEIGHT, PANEL_GAP, FOOT = 92, 104, 132, 18, 62

PAPER, CARD, INK, SOFT, FAINT = "#f6f4ef", "#ffffff", "#22252b", "#7a7f88", "#e4e1d9"
SOUND = "#8fa3bf"
COLOURS = ("#e4572e", "#2a7f9e", "#e6a117", "#7b4fa3", "#4c9f70")
MOST_CURVES = len(COLOURS)

PARTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Mouth", ("jaw", "mouth"), ("jawOpen",)),
    ("Brows, cheeks, nose", ("brows", "cheeks", "nose"), ()),
    ("Eyes", ("left eye", "right eye"), ("eyeBlink",)),
)
"""Title of a panel, its groups of rig.arkit.GROUPS, and the shapes it shows whatever they do."""

_COLUMNS = np.arange(PLOT_LEFT, PLOT_RIGHT) + 0.5  # x of each column of pixels of the plot
_PAD = 10
_NICE_WEIGHTS = (0.25, 0.5, 0.75, 1.0)
_NICE_DEGREES = (5, 10, 15, 20, 30, 45, 60, 90, 180)
_NICE_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


class Paper(Protocol):
    """What panels are drawn on: dreamtalk.page.Page or dreamtalk.plots.svg_page.SvgPage."""

    def text(self, at: tuple[float, float], text: str, size: float, colour: str, anchor: str = "lm") -> None: ...
    def card(self, box: tuple[float, float, float, float], colour: str) -> None: ...
    def line(self, x: np.ndarray, y: np.ndarray, colour: str, width: float, opacity: float = 1.0) -> None: ...
    def area(
        self, x: np.ndarray, upper: np.ndarray, lower: np.ndarray, colour: str, opacity: float = 1.0
    ) -> None: ...


@dataclass(frozen=True, eq=False)
class Curve:
    """seconds (T,) rising, values (T,), of one line in a panel."""

    label: str
    seconds: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Panel:
    """Curves between `low` and `high`; scale: how the upper limit is written; loud: with the sound behind them."""

    name: str
    curves: tuple[Curve, ...]
    low: float
    high: float
    scale: str
    loud: bool = False


def strongest_curves(
    clip: BlendshapeClip, groups: tuple[str, ...], always: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """The curves of `groups` that move or stand out most, left and right as their mean, strongest first.

    Returns name -> (T,) float32 for at most five shapes; those in `always` come first, others only above 0.05.
    """
    curves = mean_curves(clip, groups)
    strengths = {name: strength(curve) for name, curve in curves.items() if curve.max() > 0.05}
    others = sorted((name for name in strengths if name not in always), key=strengths.__getitem__, reverse=True)
    return {name: curves[name] for name in [*always, *others][:MOST_CURVES]}


def mean_curves(clip: BlendshapeClip, groups: Iterable[str] = tuple(GROUPS)) -> dict[str, np.ndarray]:
    """Name -> (T,) float32 of the shapes of `groups`, left and right as their mean, without the side in the name."""
    sides: dict[str, list[np.ndarray]] = {}
    for name in (shape for group in groups for shape in GROUPS[group]):
        sides.setdefault(stem_and_side(name)[0], []).append(clip.column(name))
    return {name: np.mean(columns, axis=0) for name, columns in sides.items()}


def strength(curve: np.ndarray) -> float:
    """How much a curve (T,) moves and stands out."""
    return float(curve.std() * 3 + curve.max())


def weight_panel(name: str, curves: Sequence[Curve], loud: bool = False) -> Panel:
    """Weights from 0 to a round number that holds them all."""
    most = max(float(curve.values.max()) for curve in curves)
    reach = next((nice for nice in _NICE_WEIGHTS if nice >= most), 1.0)
    return Panel(name, tuple(curves), 0.0, reach, f"{reach:g}", loud)


def degree_panel(name: str, curves: Sequence[Curve]) -> Panel:
    """Degrees about 0, as far as a round number that holds them all."""
    most = max(float(np.abs(curve.values).max()) for curve in curves)
    reach = next((nice for nice in _NICE_DEGREES if nice >= most), 180)
    return Panel(name, tuple(curves), -reach, reach, f"±{reach}°")


def part_panels(clip: BlendshapeClip) -> Iterator[Panel]:
    """The strongest curves of mouth, upper face and eyes, where there are any, and the head's turns."""
    seconds = frame_times(len(clip), clip.fps)
    for name, groups, always in PARTS:
        curves = [Curve(label, seconds, values) for label, values in strongest_curves(clip, groups, always).items()]
        if curves:
            yield weight_panel(name, curves, loud=name == PARTS[0][0])
    yield degree_panel("Head", head_curves(clip))


def head_curves(clip: BlendshapeClip) -> list[Curve]:
    """Pitch, yaw and roll in degrees."""
    seconds, degrees = frame_times(len(clip), clip.fps), np.degrees(clip.head_rotation)
    return [Curve(axis, seconds, degrees[:, number]) for number, axis in enumerate(("pitch", "yaw", "roll"))]


def x_of(second: float | np.ndarray, duration_s: float) -> float | np.ndarray:
    """Where an instant lies across the page."""
    return PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * second / duration_s


def loudness(waveform: Waveform | None, duration_s: float, columns: int = len(_COLUMNS)) -> np.ndarray | None:
    """The largest sample of each column of a plot, (columns,), as a share of the largest of all."""
    if waveform is None:
        return None
    edges = np.linspace(0, duration_s * waveform.sample_rate, columns + 1).astype(int)
    spans = zip(edges[:-1], edges[1:], strict=True)
    level = np.array([np.abs(waveform.samples[start:stop]).max(initial=0.0) for start, stop in spans])
    return level / max(level.max(), 1e-6)


def facts_of(clip: BlendshapeClip) -> str:
    """Length and rate, for the head of a page."""
    return f"{clip.duration_s:.1f} s   {len(clip)} frames   {clip.fps:g} fps"


def draw_title(page: Paper, title: str, facts: str) -> None:
    """The head of the page; a title is made one line, whatever it may hold."""
    head = " ".join(title.split())
    page.text((MARGIN, 40), head if len(head) <= 72 else head[:70] + "…", 30, INK)
    page.text((WIDTH - MARGIN, 40), facts, 17, SOFT, anchor="rm")


def draw_sound(page: Paper, level: np.ndarray | None, top: float) -> None:
    """The sound's level, as loudness gives it, as a band about its middle."""
    page.card((PLOT_LEFT, top, PLOT_RIGHT, top + WAVE_HEIGHT), CARD)
    page.text((PLOT_RIGHT + 20, top + 16), "Sound", 16, INK)
    if level is None:
        page.text((PLOT_RIGHT + 20, top + 42), "none", 14, SOFT)
        return
    half = level * (WAVE_HEIGHT / 2 - 8) + 0.7
    middle = top + WAVE_HEIGHT / 2
    page.area(_COLUMNS, middle - half, middle + half, SOUND)


def draw_panel(page: Paper, panel: Panel, top: float, duration_s: float, level: np.ndarray | None = None) -> None:
    """One panel with its legend; level: the sound's, drawn behind the curves where the panel is a loud one."""
    page.card((PLOT_LEFT, top, PLOT_RIGHT, top + PANEL_HEIGHT), CARD)
    page.text((PLOT_RIGHT + 20, top + 14), panel.name, 16, INK)
    page.text((PLOT_LEFT + 8, top + 13), panel.scale, 12, SOFT)
    tall, span = PANEL_HEIGHT - 2 * _PAD, panel.high - panel.low
    base = top + PANEL_HEIGHT - _PAD - (0.0 - panel.low) / span * tall
    if panel.loud and level is not None:
        page.area(_COLUMNS, base - level * tall, np.full_like(level, base), SOUND, opacity=0.25)
    page.line(np.array([PLOT_LEFT, PLOT_RIGHT]), np.array([base, base]), FAINT, 1)
    for number, curve in enumerate(panel.curves):
        colour = COLOURS[number % len(COLOURS)]
        seconds, shown = thinned(curve.seconds, curve.values)
        x, y = x_of(seconds, duration_s), top + PANEL_HEIGHT - _PAD - (shown - panel.low) / span * tall
        if number == 0 and panel.low == 0:
            page.area(x, y, np.full_like(y, base), colour, opacity=0.14)
        page.line(x, y, colour, 2)
        _draw_legend(page, curve.label, colour, top + 37 + 18.5 * number)


def _draw_legend(page: Paper, label: str, colour: str, y: float) -> None:
    page.line(np.array([PLOT_RIGHT + 20, PLOT_RIGHT + 38]), np.array([y, y]), colour, 3)
    page.text((PLOT_RIGHT + 46, y), label, 14, INK)


def thinned(
    seconds: np.ndarray, values: np.ndarray, columns: int = len(_COLUMNS)
) -> tuple[np.ndarray, np.ndarray]:
    """Means over equal blocks where there are many more frames than pixels, so that an hour stays readable."""
    block = max(1, len(values) // columns)
    whole = len(values) // block * block
    return seconds[:whole].reshape(-1, block).mean(axis=1), values[:whole].reshape(-1, block).mean(axis=1)


def draw_time_axis(page: Paper, duration_s: float, top: float, bottom: float) -> None:
    """Seconds under the panels, and faint lines through them."""
    step = next((nice for nice in _NICE_SECONDS if duration_s / nice <= 16), 7200)
    for tick in np.arange(0, duration_s + 1e-6, step):
        x = float(x_of(tick, duration_s))
        page.line(np.array([x, x]), np.array([top, bottom]), INK, 1, opacity=0.06)
        page.text((x, bottom + 18), f"{tick:g}", 13, SOFT, anchor="mm")
    page.text((PLOT_RIGHT + 20, bottom + 18), "seconds", 13, SOFT)
