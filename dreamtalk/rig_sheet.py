"""A rig on one page: at rest, and in the shapes that move it most."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.errors import OptionError
from dreamtalk.page import Page
from dreamtalk.provenance import save_picture
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.foreign.foreign_avatar import framed_camera
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.shape_fit import EYEBALL_TURNS
from rig.render import render_frames
from rig.safe_file import written_beside

COLUMNS, ROWS = 6, 4
GAP, FOOT, TOP = 8, 22, 50
CLOSER = 0.8
SMALLEST_PX, LARGEST_PX = 64, 512
PAPER, INK, SOFT = "#f6f4ef", "#22252b", "#7a7f88"


def write_rig_sheet(path: str | Path, rig: ForeignRig, size_px: int = 200) -> None:
    """Write a PNG of the rig; approximated shapes are marked. size_px: side of one face, 64 to 512.

    Raises OptionError for other sizes, RigError where the folder cannot be written or nothing can be drawn.
    """
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise OptionError(f"A face of {size_px} pixels is asked for; give {SMALLEST_PX} to {LARGEST_PX}.")
    names = strongest_shapes(rig, COLUMNS * ROWS - 1)
    weights = np.zeros((1 + len(names), len(NAMES)), dtype=np.float32)
    weights[np.arange(1, len(weights)), [INDEX[name] for name in names]] = 1.0
    page = Page(GAP + COLUMNS * (size_px + GAP), TOP + ROWS * (size_px + FOOT + GAP), PAPER)
    page.text((GAP + 4, TOP / 2), f"{rig.file}   {rig.kind}", 20, INK)
    clip = BlendshapeClip(weights, np.zeros((len(weights), 3)), 25)
    camera = framed_camera(rig)
    near = replace(camera, field_of_view_rad=CLOSER * camera.field_of_view_rad)
    frames = render_frames(rig, clip, size_px, camera=near)
    for number, (label, frame) in enumerate(zip(["at rest", *names], frames, strict=True)):
        left, top = GAP + number % COLUMNS * (size_px + GAP), TOP + number // COLUMNS * (size_px + FOOT + GAP)
        page.picture(Image.fromarray(frame), (left, top, left + size_px, top + size_px))
        made_up = rig.fit.approximated.get(label, EYEBALL_TURNS) != EYEBALL_TURNS
        text = f"{label} (approximated)" if made_up else label
        page.text((left + size_px / 2, top + size_px + FOOT / 2), text, 13, SOFT if made_up else INK, anchor="mm")
    with written_beside(path) as beside:
        save_picture(page.finished(), beside)


def strongest_shapes(rig: ForeignRig, most: int) -> list[str]:
    """ARKit names of the shapes that move any vertex furthest, in the order of NAMES."""
    reach = dict.fromkeys(NAMES, 0.0)
    for name in NAMES:
        weights = np.zeros(len(NAMES), dtype=np.float32)
        weights[INDEX[name]] = 1.0
        moved = rig.vertices(weights) - rig.neutral
        reach[name] = float(np.abs(moved).max(initial=0.0))
    found = sorted((name for name in NAMES if reach[name] > 0), key=lambda name: -reach[name])[:most]
    return sorted(found, key=INDEX.__getitem__)
