"""A page for the browser that shows curves over the sound: everything in one file, nothing from the network."""

import base64
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dreamtalk.plots.panels import PARTS, facts_of, strongest_curves
from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.wav_file import wav_bytes
from rig.arkit import GROUPS, NAMES, stem_and_side
from rig.clip import BlendshapeClip

LEVELS_PER_SECOND = 200
_PANELS = (*PARTS, ("Tongue", ("tongue",), ()))
_STILL = 0.01  # a shape that stays below is not offered
_FULL = 65_535


@dataclass(frozen=True, eq=False)
class CurveSource:
    """A clip and what it is called."""

    title: str
    clip: BlendshapeClip


def curve_page(sources: Sequence[CurveSource], waveform: Waveform | None, shapes: Sequence[str] | None = None) -> str:
    """The page as HTML. sources: one clip, or two that are drawn over each other; shapes: names shown at first.

    Weights are kept to 1/65535, angles as float32. The sound is inside as 16-bit wav: 2.6 MB a minute at 16 kHz.
    """
    folder = Path(__file__).parent
    style, script, template = (
        (folder / name).read_text(encoding="utf-8") for name in ("curves.css", "curves.js", "curves.html")
    )
    title = " / ".join(" ".join(source.title.split()) or "Curves" for source in sources)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": style,
        "SCRIPT": script,
        # A name such as </script> must not end the element that it stands in.
        "DATA": json.dumps(_page_data(sources, waveform, shapes)).replace("<", "\\u003c"),
        "SOUND": "" if waveform is None else f'<audio controls src="{_sound_address(waveform)}"></audio>',
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def _page_data(
    sources: Sequence[CurveSource], waveform: Waveform | None, shapes: Sequence[str] | None
) -> dict[str, Any]:
    """What curves.js draws; arrays as base64 of little-endian numbers."""
    most = np.max([source.clip.weights.max(axis=0) for source in sources], axis=0)
    offered = [name for column, name in enumerate(NAMES) if most[column] >= _STILL or name in (shapes or ())]
    shown = _shown_at_first(sources[0].clip) if shapes is None else set(shapes)
    panels = [
        {"name": name, "shapes": [shape for group in members for shape in GROUPS[group] if shape in offered]}
        for name, members, _ in _PANELS
    ]
    return {
        "duration": max(source.clip.duration_s for source in sources),
        "panels": [panel for panel in panels if panel["shapes"]],
        "shown": sorted(shown),
        "level": None if waveform is None else _base64(_level(waveform)),
        "levelsPerSecond": LEVELS_PER_SECOND,
        "clips": [_clip_data(source, offered) for source in sources],
    }


def _clip_data(source: CurveSource, shapes: Sequence[str]) -> dict[str, Any]:
    clip = source.clip
    return {
        "title": " ".join(source.title.split()),
        "facts": facts_of(clip),
        "fps": clip.fps,
        "count": len(clip),
        "weights": {name: _base64(np.rint(clip.column(name) * _FULL).astype("<u2")) for name in shapes},
        "head": [_base64(np.degrees(axis).astype("<f4")) for axis in clip.head_rotation.T],
    }


def _shown_at_first(clip: BlendshapeClip) -> set[str]:
    plain = {name for _, groups, always in _PANELS for name in strongest_curves(clip, groups, always)}
    # Sides are kept apart here; of a pair the left one stands for both until the other is asked for.
    return {name for name in NAMES if name in plain or (name.endswith("Left") and stem_and_side(name)[0] in plain)}


def _level(waveform: Waveform) -> np.ndarray:
    """The largest sample of each 1/200 s as a share of the largest of all, (N,) uint8."""
    block = max(1, waveform.sample_rate // LEVELS_PER_SECOND)
    padded = np.pad(np.abs(waveform.samples), (0, -len(waveform) % block)).reshape(-1, block).max(axis=1)
    seconds = np.arange(round(waveform.duration_s * LEVELS_PER_SECOND) + 1) / LEVELS_PER_SECOND
    nearest = np.minimum((seconds * waveform.sample_rate / block).astype(int), len(padded) - 1)
    return np.rint(255 * padded[nearest] / max(float(padded.max()), 1e-6)).astype(np.uint8)


def _sound_address(waveform: Waveform) -> str:
    return "data:audio/wav;base64," + base64.b64encode(wav_bytes(waveform)).decode("ascii")


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
