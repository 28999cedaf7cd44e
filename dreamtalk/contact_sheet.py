"""A performance on one page: frames, the sound, and the curves under it, all on one time axis."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.errors import OptionError
from dreamtalk.page import Page
from dreamtalk.provenance import save_picture
from dreamtalk.speech.audio import Waveform
from dreamtalk.telling_frames import telling_frames
from rig.arkit import GROUPS
from rig.clip import BlendshapeClip
from rig.safe_file import written_beside
from rig.timing import frame_times

FRAMES_SHOWN = 8

# Page units are pixels of the finished picture.
WIDTH, MARGIN, LEGEND = 1600, 48, 176
PLOT_LEFT, PLOT_RIGHT = MARGIN, WIDTH - MARGIN - LEGEND
TITLE_HEIGHT, FRAME_GAP, LEADER, WAVE_HEIGHT, PANEL_HEIGHT, PANEL_GAP, FOOT = 92, 10, 74, 104, 132, 18, 62

PAPER, CARD, INK, SOFT, FAINT, WAVE = "#f6f4ef", "#ffffff", "#22252b", "#7a7f88", "#e4e1d9", "#c9cfd9"
SOUND = "#8fa3bf"
COLOURS = ("#e4572e", "#2a7f9e", "#e6a117", "#7b4fa3", "#4c9f70")
_PANELS = (
    ("Mouth", ("jaw", "mouth"), ("jawOpen",)),
    ("Brows, cheeks, nose", ("brows", "cheeks", "nose"), ()),
    ("Eyes", ("left eye", "right eye"), ("eyeBlink",)),
)
_CURVES_SHOWN = 5
_COLUMNS = np.arange(PLOT_LEFT, PLOT_RIGHT) + 0.5  # x of each column of pixels of the plot
_NICE_WEIGHTS = (0.25, 0.5, 0.75, 1.0)
_NICE_DEGREES = (5, 10, 15, 20, 30, 45, 60, 90, 180)
_NICE_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)

Curves = dict[str, np.ndarray]


def write_contact_sheet(
    path: str | os.PathLike[str],
    clip: BlendshapeClip,
    waveform: Waveform | None,
    pictures: Iterable[np.ndarray] = (),
    title: str = "",
) -> None:
    """Write a PNG of `clip`: its most telling frames over the waveform, and its strongest curves below.

    pictures: the frames telling_frames(clip, FRAMES_SHOWN), (H, W, 3) uint8 RGB; without them that row is left out.
    title: what the performance is, for the head of the page.

    The file appears whole or not at all. Raises OptionError for a suffix other than .png, RigError where the folder is
    missing or cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise OptionError(f"The contact sheet {path.name} must end in .png.")
    with written_beside(path) as beside:
        save_picture(draw_contact_sheet(clip, waveform, pictures, title), beside)


def draw_contact_sheet(
    clip: BlendshapeClip, waveform: Waveform | None, pictures: Iterable[np.ndarray] = (), title: str = ""
) -> Image.Image:
    """The page that `write_contact_sheet` writes, 1600 pixels wide, RGB."""
    images = [Image.fromarray(np.array(picture)) for picture in pictures]
    panels = [(name, strongest_curves(clip, groups, always)) for name, groups, always in _PANELS]
    panels = [(name, curves) for name, curves in panels if curves]

    size = (WIDTH - 2 * MARGIN - (FRAMES_SHOWN - 1) * FRAME_GAP) / FRAMES_SHOWN
    row = (size + LEADER) if images else 0
    wave_top = TITLE_HEIGHT + row
    panel_top = wave_top + WAVE_HEIGHT + PANEL_GAP
    bottom = panel_top + (len(panels) + 1) * (PANEL_HEIGHT + PANEL_GAP) - PANEL_GAP

    page = Page(WIDTH, round(bottom + FOOT), PAPER)
    _draw_title(page, clip, title)
    _draw_sound(page, clip, waveform, wave_top)
    for number, (name, curves) in enumerate(panels):
        top = panel_top + number * (PANEL_HEIGHT + PANEL_GAP)
        most = max(float(values.max()) for values in curves.values())
        reach = next((nice for nice in _NICE_WEIGHTS if nice >= most), 1.0)
        behind = _loudness(clip, waveform) if name == "Mouth" else None
        _draw_panel(page, clip, top, name, curves, (0.0, reach), f"{reach:g}", behind)
    degrees = np.degrees(clip.head_rotation)
    reach = next((nice for nice in _NICE_DEGREES if nice >= np.abs(degrees).max()), 180)
    head = dict(zip(("pitch", "yaw", "roll"), degrees.T, strict=True))
    _draw_panel(page, clip, bottom - PANEL_HEIGHT, "Head", head, (-reach, reach), f"±{reach}°")
    _draw_time_axis(page, clip, wave_top, bottom)
    if images:
        _draw_pictures(page, clip, telling_frames(clip, FRAMES_SHOWN), images, size, wave_top, bottom)
    return page.finished()


def strongest_curves(clip: BlendshapeClip, groups: tuple[str, ...], always: tuple[str, ...]) -> Curves:
    """The curves of `groups` that move or stand out most, left and right as their mean, strongest first.

    Returns name -> (T,) float32 for at most five shapes; those in `always` come first, others only above 0.05.
    """
    sides: dict[str, list[np.ndarray]] = {}
    for name in (shape for group in groups for shape in GROUPS[group]):
        plain = name if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight") else _without_side(name)
        sides.setdefault(plain, []).append(clip.column(name))
    curves = {name: np.mean(columns, axis=0) for name, columns in sides.items()}
    strength = {name: float(curve.std() * 3 + curve.max()) for name, curve in curves.items() if curve.max() > 0.05}
    others = sorted((name for name in strength if name not in always), key=strength.__getitem__, reverse=True)
    return {name: curves[name] for name in [*always, *others][:_CURVES_SHOWN]}


def _without_side(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")


def _x_of(clip: BlendshapeClip, second: float | np.ndarray) -> float | np.ndarray:
    return PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * second / clip.duration_s


def _draw_title(page: Page, clip: BlendshapeClip, title: str) -> None:
    head = " ".join(title.split()) or "Performance"  # one line, whatever a file may be called
    page.text((MARGIN, 40), head if len(head) <= 72 else head[:70] + "…", 30, INK)
    facts = f"{clip.duration_s:.1f} s   {len(clip)} frames   {clip.fps:g} fps"
    page.text((WIDTH - MARGIN, 40), facts, 17, SOFT, anchor="rm")


def _draw_sound(page: Page, clip: BlendshapeClip, waveform: Waveform | None, top: float) -> None:
    page.card((PLOT_LEFT, top, PLOT_RIGHT, top + WAVE_HEIGHT), CARD)
    page.text((PLOT_RIGHT + 20, top + 16), "Sound", 16, INK)
    if waveform is None:
        page.text((PLOT_RIGHT + 20, top + 42), "none", 14, SOFT)
        return
    half = _loudness(clip, waveform) * (WAVE_HEIGHT / 2 - 8) + 0.7
    middle = top + WAVE_HEIGHT / 2
    page.area(_COLUMNS, middle - half, middle + half, SOUND)


def _loudness(clip: BlendshapeClip, waveform: Waveform | None) -> np.ndarray | None:
    """The largest sample of each column of the plot, as a share of the largest of all."""
    if waveform is None:
        return None
    edges = np.linspace(0, clip.duration_s * waveform.sample_rate, len(_COLUMNS) + 1).astype(int)
    spans = zip(edges[:-1], edges[1:], strict=True)
    level = np.array([np.abs(waveform.samples[start:stop]).max(initial=0.0) for start, stop in spans])
    return level / max(level.max(), 1e-6)


def _draw_panel(
    page: Page,
    clip: BlendshapeClip,
    top: float,
    name: str,
    curves: Curves,
    limits: tuple[float, float],
    scale: str,
    behind: np.ndarray | None = None,
) -> None:
    page.card((PLOT_LEFT, top, PLOT_RIGHT, top + PANEL_HEIGHT), CARD)
    page.text((PLOT_RIGHT + 20, top + 14), name, 16, INK)
    page.text((PLOT_LEFT + 8, top + 13), scale, 12, SOFT)
    pad = 10
    low, high = limits
    base = top + PANEL_HEIGHT - pad - (0.0 - low) / (high - low) * (PANEL_HEIGHT - 2 * pad)
    if behind is not None:
        page.area(_COLUMNS, base - behind * (PANEL_HEIGHT - 2 * pad), np.full_like(behind, base), SOUND, opacity=0.25)
    page.line(np.array([PLOT_LEFT, PLOT_RIGHT]), np.array([base, base]), FAINT, 1)
    for number, (label, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        seconds, shown = _thinned(frame_times(len(clip), clip.fps), values)
        y = top + PANEL_HEIGHT - pad - (shown - low) / (high - low) * (PANEL_HEIGHT - 2 * pad)
        x = _x_of(clip, seconds)
        if number == 0 and low == 0:
            page.area(x, y, np.full_like(y, base), colour, opacity=0.14)
        page.line(x, y, colour, 2)
        legend = top + 37 + 18.5 * number
        page.line(np.array([PLOT_RIGHT + 20, PLOT_RIGHT + 38]), np.array([legend, legend]), colour, 3)
        page.text((PLOT_RIGHT + 46, legend), label, 14, INK)


def _thinned(seconds: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over equal blocks where there are many more frames than pixels, so that an hour stays readable."""
    block = max(1, len(values) // (PLOT_RIGHT - PLOT_LEFT))
    whole = len(values) // block * block
    return seconds[:whole].reshape(-1, block).mean(axis=1), values[:whole].reshape(-1, block).mean(axis=1)


def _draw_time_axis(page: Page, clip: BlendshapeClip, top: float, bottom: float) -> None:
    step = next((nice for nice in _NICE_SECONDS if clip.duration_s / nice <= 16), 7200)
    for tick in np.arange(0, clip.duration_s + 1e-6, step):
        x = float(_x_of(clip, tick))
        page.line(np.array([x, x]), np.array([top, bottom]), INK, 1, opacity=0.06)
        page.text((x, bottom + 18), f"{tick:g}", 13, SOFT, anchor="mm")
    page.text((PLOT_RIGHT + 20, bottom + 18), "seconds", 13, SOFT)


def _draw_pictures(
    page: Page,
    clip: BlendshapeClip,
    picked: np.ndarray,
    pictures: list[Image.Image],
    size: float,
    top: float,
    bottom: float,
) -> None:
    for number, (frame, picture) in enumerate(zip(picked, pictures, strict=False)):
        left = MARGIN + number * (size + FRAME_GAP)
        page.picture(picture, (left, TITLE_HEIGHT, left + size, TITLE_HEIGHT + size))
        second = frame / clip.fps
        x, middle, under = float(_x_of(clip, second)), left + size / 2, TITLE_HEIGHT + size
        page.text((middle, under + 16), f"{second:.2f} s", 13, SOFT, anchor="mm")
        # From the picture straight down, then over to its instant.
        leader_x, leader_y = _eased(middle, x, under + 28, top)
        page.line(leader_x, leader_y, WAVE, 1.5)
        page.line(np.array([x, x]), np.array([top, bottom]), INK, 1, opacity=0.22)
        page.dot((x, top), 4, INK)


def _eased(x0: float, x1: float, y0: float, y1: float) -> tuple[np.ndarray, np.ndarray]:
    share = np.linspace(0, 1, 40)
    return x0 + (x1 - x0) * share**2 * (3 - 2 * share), y0 + (y1 - y0) * share
