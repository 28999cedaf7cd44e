"""Curves against the truth, sentence by sentence, as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.evaluation.lip_curves import lip_curves
from dreamtalk.evaluation.motion_score import fitting
from dreamtalk.page import Page
from dreamtalk.plots.panels import CARD, COLOURS, FAINT, INK, PAPER, SOFT, SOUND
from dreamtalk.speech.phones import SILENCE
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import LipBasis, lip_basis
from rig.safe_file import written_beside

WIDTH, LEFT, RIGHT, TITLE, WAVE, PANEL, GAP, FOOT = 1400, 40, 1230, 46, 54, 130, 10, 46
PANELS = ("jawOpen", "lip aperture, mm", "mouth width, mm")
_PAD = 10
_BLOCK = TITLE + WAVE + GAP + len(PANELS) * (PANEL + GAP) + FOOT
_LETTERS = {"θ": "th", "ʃ": "sh", "tʃ": "ch", "ŋ": "ng", "ɪ": "ih", "ɛ": "eh", "æ": "ae", "ɑ": "aa", "ɔ": "ao",
            "ʊ": "uh", "ø": "oe", "ə": "ax", "ɜ": "er"}  # fmt: skip
"""Phones that the picture's font cannot draw."""


@dataclass(frozen=True, eq=False)
class Sentence:
    """One block of the picture. title: its heading. motions: name -> motion of the recording's speech, drawn in order;
    the recording's own curves come first, as the truth.
    """

    title: str
    recording: Recording
    motions: dict[str, BlendshapeClip]


def write_curves_picture(path: Path, sentences: Sequence[Sentence]) -> None:
    """Write the picture as a PNG, whole or not at all."""
    with written_beside(path) as beside:
        draw_curves_picture(sentences).save(beside)


def draw_curves_picture(sentences: Sequence[Sentence]) -> Image.Image:
    """jawOpen, aperture and width of each sentence under its sound, (H, 1400) RGB."""
    basis = lip_basis(FaceRig.load())
    page = Page(WIDTH, _BLOCK * len(sentences) + GAP, PAPER)
    for number, sentence in enumerate(sentences):
        _draw_sentence(page, sentence, number * _BLOCK, basis)
    return page.finished()


def _draw_sentence(page: Page, sentence: Sentence, top: float, basis: LipBasis) -> None:
    recording = sentence.recording
    page.text((LEFT, top + 26), sentence.title, 19, INK)
    _draw_sound(page, recording, top + TITLE)
    truth = BlendshapeClip(recording.weights, recording.head_rotation, FPS)
    curves = {
        name: _three_curves(fitting(clip, recording), basis)
        for name, clip in {"truth": truth, **sentence.motions}.items()
    }
    for number, label in enumerate(PANELS):
        panel_top = top + TITLE + WAVE + GAP + number * (PANEL + GAP)
        _draw_panel(page, label, {name: three[number] for name, three in curves.items()}, panel_top, number == 0)
    _draw_foot(page, recording, top + _BLOCK - FOOT)


def _three_curves(clip: BlendshapeClip, basis: LipBasis) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lips = lip_curves(clip.weights, basis)
    return lips.jaw, lips.aperture, lips.width


def _draw_sound(page: Page, recording: Recording, top: float) -> None:
    page.card((LEFT, top, RIGHT, top + WAVE), CARD)
    columns = np.arange(LEFT, RIGHT) + 0.5
    edges = np.linspace(0, len(recording) / FPS * SAMPLE_RATE, len(columns) + 1).astype(int)
    loud = [np.abs(recording.samples[a:b]).max(initial=0.0) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    half = np.array(loud) / max(max(loud), 1e-6) * (WAVE / 2 - 6) + 0.5
    page.area(columns, top + WAVE / 2 - half, top + WAVE / 2 + half, SOUND)


def _draw_panel(page: Page, label: str, curves: dict[str, np.ndarray], top: float, with_legend: bool) -> None:
    page.card((LEFT, top, RIGHT, top + PANEL), CARD)
    page.text((RIGHT + 16, top + 14), label, 15, INK)
    low = 0.0 if min(values.min() for values in curves.values()) < 5 else min(v.min() for v in curves.values())
    high = max(max(float(values.max()) for values in curves.values()), low + 1e-3)
    page.text((LEFT + 8, top + 12), f"{high:.2g}" if high < 1 else f"{high:.0f}", 12, SOFT)
    page.line(np.array([LEFT, RIGHT]), np.full(2, top + PANEL - _PAD), FAINT, 1)
    if low:
        page.text((LEFT + 8, top + PANEL - 14), f"{low:.0f}", 12, SOFT)
    for number, (name, values) in enumerate(curves.items()):
        x = LEFT + (np.arange(len(values)) + 0.5) * (RIGHT - LEFT) / len(values)
        y = top + PANEL - _PAD - (values - low) / (high - low) * (PANEL - 2 * _PAD)
        is_truth = number == 0
        if is_truth and low == 0:
            page.area(x, y, np.full_like(y, top + PANEL - _PAD), INK, opacity=0.10)
        colour = INK if is_truth else COLOURS[(number - 1) % len(COLOURS)]
        page.line(x, y, colour, 2 if is_truth else 2.4, opacity=0.75 if is_truth else 1.0)
        if with_legend:
            line = top + 40 + 20 * number
            page.line(np.array([RIGHT + 16, RIGHT + 34]), np.array([line, line]), colour, 3)
            page.text((RIGHT + 42, line), name, 14, INK)


def _draw_foot(page: Page, recording: Recording, top: float) -> None:
    """Phones where they are known, and the seconds."""
    duration = len(recording) / FPS
    for phone in recording.phones:
        if phone.symbol != SILENCE and phone.centre_s < duration:
            sign = _LETTERS.get(phone.symbol, phone.symbol)
            page.text((LEFT + (RIGHT - LEFT) * phone.centre_s / duration, top + 4), sign, 13, INK, anchor="mm")
    for second in np.arange(0.0, duration, 0.5 if duration <= 8 else 1.0):
        page.text((LEFT + (RIGHT - LEFT) * second / duration, top + 22), f"{second:g}", 12, SOFT, anchor="mm")
    page.text((RIGHT + 16, top + 22), "seconds", 12, SOFT)
