"""A performance on one page: frames, the sound, and the curves under it, all on one time axis."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.errors import OptionError
from dreamtalk.page import Page
from dreamtalk.plots.panels import (
    FOOT,
    INK,
    MARGIN,
    PANEL_GAP,
    PANEL_HEIGHT,
    PAPER,
    SOFT,
    TITLE_HEIGHT,
    WAVE_HEIGHT,
    WIDTH,
    draw_panel,
    draw_sound,
    draw_time_axis,
    draw_title,
    facts_of,
    loudness,
    part_panels,
    x_of,
)
from dreamtalk.provenance import save_picture
from dreamtalk.speech.audio import Waveform
from dreamtalk.telling_frames import telling_frames
from rig.clip import BlendshapeClip
from rig.safe_file import written_beside

FRAMES_SHOWN = 8

FRAME_GAP, LEADER, LEADER_COLOUR = 10, 74, "#c9cfd9"


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
    panels, level = list(part_panels(clip)), loudness(waveform, clip.duration_s)

    size = (WIDTH - 2 * MARGIN - (FRAMES_SHOWN - 1) * FRAME_GAP) / FRAMES_SHOWN
    row = (size + LEADER) if images else 0
    wave_top = TITLE_HEIGHT + row
    panel_top = wave_top + WAVE_HEIGHT + PANEL_GAP
    bottom = panel_top + len(panels) * (PANEL_HEIGHT + PANEL_GAP) - PANEL_GAP

    page = Page(WIDTH, round(bottom + FOOT), PAPER)
    draw_title(page, title.strip() or "Performance", facts_of(clip))
    draw_sound(page, level, wave_top)
    for number, panel in enumerate(panels):
        draw_panel(page, panel, panel_top + number * (PANEL_HEIGHT + PANEL_GAP), clip.duration_s, level)
    draw_time_axis(page, clip.duration_s, wave_top, bottom)
    if images:
        _draw_pictures(page, clip, telling_frames(clip, FRAMES_SHOWN), images, size, wave_top, bottom)
    return page.finished()


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
        x, middle, under = float(x_of(second, clip.duration_s)), left + size / 2, TITLE_HEIGHT + size
        page.text((middle, under + 16), f"{second:.2f} s", 13, SOFT, anchor="mm")
        # From the picture straight down, then over to its instant.
        leader_x, leader_y = _eased(middle, x, under + 28, top)
        page.line(leader_x, leader_y, LEADER_COLOUR, 1.5)
        page.line(np.array([x, x]), np.array([top, bottom]), INK, 1, opacity=0.22)
        page.dot((x, top), 4, INK)


def _eased(x0: float, x1: float, y0: float, y1: float) -> tuple[np.ndarray, np.ndarray]:
    share = np.linspace(0, 1, 40)
    return x0 + (x1 - x0) * share**2 * (3 - 2 * share), y0 + (y1 - y0) * share
