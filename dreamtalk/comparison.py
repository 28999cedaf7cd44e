"""Two clips side by side on the avatar, on one time axis, with the curves that move most below."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.page import Page
from dreamtalk.performance import AVATAR_SIZE_PX, Performance, Progress
from dreamtalk.plots.curve_plot import compared_curves, shortened
from dreamtalk.plots.panels import CARD, COLOURS, FAINT, INK, PAPER, SOUND, Curve, loudness, thinned, weight_panel
from dreamtalk.speech.audio import Waveform
from rig.clip import BlendshapeClip

if TYPE_CHECKING:
    from rig.face_rig import FaceRig
    from rig.foreign.foreign_rig import ForeignRig

CURVES_SHOWN = 3
SMALLEST_PX, LARGEST_PX = 128, 2048
ENDED_LIGHT = 0.4
"""How bright a picture stays that is held because its clip has ended."""

_MARGIN, _GAP, _LABEL, _WAVE, _STRIP = 12, 8, 40, 48, 76
_PAD = 6
_CURSOR = (34, 37, 43)
_LINE_WIDTHS = (3.5, 1.5)  # so that equal curves show both colours


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two clips of one rate as a film.

    first, second: the clips; the shorter one's last frame is held, dimmed, until the other ends.
    labels: what stands over them.
    waveform: the sound, or None for a silent film.
    shapes: the curves below, by name; None = the three that move most, left and right as their mean; () = none.
    size: side of each picture, 128 to 2048 pixels.
    rig: another head than the avatar's own, as in Performance.render.

    Raises OptionError where the rates differ, the size is out of range or labels are not two; see `compared`.
    """

    first: BlendshapeClip
    second: BlendshapeClip
    labels: tuple[str, str] = ("A", "B")
    waveform: Waveform | None = None
    shapes: tuple[str, ...] | None = None
    size: int = AVATAR_SIZE_PX
    rig: "FaceRig | ForeignRig | None" = None

    def __post_init__(self) -> None:
        if self.first.fps != self.second.fps:
            raise OptionError(f"The clips have {self.first.fps:g} and {self.second.fps:g} fps; give them one rate.")
        if not SMALLEST_PX <= self.size <= LARGEST_PX:
            raise OptionError(f"The size is {self.size}; give {SMALLEST_PX} to {LARGEST_PX} pixels for each picture.")
        if len(self.labels) != 2:
            raise OptionError(f"The labels are {len(self.labels)}; give two, one for each clip.")

    @property
    def fps(self) -> float:
        return self.first.fps

    def __len__(self) -> int:
        """Frames of the film."""
        return max(len(self.first), len(self.second))

    def frames(self) -> Iterator[np.ndarray]:
        """The film's frames, (H, W, 3) uint8 RGB; memory does not grow with the clips."""
        page, across = self._page(), page_width(self.size) - 2 * _MARGIN
        left, right, down = _MARGIN, _MARGIN + self.size + _GAP, _LABEL
        pictures = Performance(self._interleaved()).render(size=self.size, rig=self.rig).frames()
        for number, (first, second) in enumerate(zip(pictures, pictures, strict=True)):
            frame = page.copy()
            for place, picture, clip in ((left, first, self.first), (right, second, self.second)):
                shown = picture if number < len(clip) else picture * ENDED_LIGHT
                frame[down : down + self.size, place : place + self.size] = shown
            cursor = _MARGIN + round(number / len(self) * across)
            frame[down + self.size + _GAP : -_GAP, cursor : cursor + 2] = _CURSOR
            yield frame

    def save(self, path: str | Path, progress: Progress | None = None) -> None:
        """Write an .mp4 or, for a name like frames/%05d.png, numbered pictures; whole or not at all.

        Raises OptionError for another suffix or a rate that no film has, RigError for a bad folder.
        """
        from dreamtalk.video import write_video
        from dreamtalk.video_sequence import is_sequence, write_sequence

        if is_sequence(Path(path)):
            write_sequence(path, self.frames(), frame_count=len(self), progress=progress)
            return
        write_video(path, self.frames(), self.fps, self.waveform, frame_count=len(self), progress=progress)

    def _interleaved(self) -> BlendshapeClip:
        """Both clips as one, frame by frame in turn, so that one renderer draws both."""
        frames = np.arange(len(self))
        weights, heads, eyes = [], [], []
        for clip in (self.first, self.second):
            held = np.minimum(frames, len(clip) - 1)
            weights.append(clip.weights[held])
            heads.append(clip.head_rotation[held])
            eyes.append(clip.eyes()[held])
        in_turn = (np.stack(pair, axis=1).reshape(-1, *pair[0].shape[1:]) for pair in (weights, heads, eyes))
        weights, heads, eyes = in_turn
        return BlendshapeClip(weights, heads, self.fps, eyes)

    def _page(self) -> np.ndarray:
        """What stays the same in every frame: labels, sound and curves, (H, W, 3) uint8."""
        curves = compared_curves(self.first, self.second, self.labels, self.shapes, CURVES_SHOWN)
        sound = 0 if self.waveform is None else _WAVE
        top = _LABEL + self.size + _GAP
        height = top + (sound + _GAP if sound else 0) + len(curves) * (_STRIP + _GAP)
        page = Page(page_width(self.size), height, PAPER)
        for number, label in enumerate(self.labels):
            left = _MARGIN + number * (self.size + _GAP)
            page.dot((left + 8, _LABEL / 2), 6, COLOURS[number])
            page.text((left + 24, _LABEL / 2), shortened(label, self.size // 11), 18, INK)
        if sound:
            _draw_sound(page, self.waveform, len(self) / self.fps, self.size, top)
            top += sound + _GAP
        for number, (name, pair) in enumerate(curves.items()):
            _draw_curves(page, name, pair, len(self) / self.fps, self.size, top + number * (_STRIP + _GAP))
        return np.asarray(page.finished())


def compared(
    first: BlendshapeClip,
    second: BlendshapeClip,
    labels: tuple[str, str] = ("A", "B"),
    waveform: Waveform | None = None,
    *,
    fps: float | None = None,
    shapes: tuple[str, ...] | None = None,
    size: int = AVATAR_SIZE_PX,
    rig: "FaceRig | ForeignRig | None" = None,
) -> Comparison:
    """The comparison of two clips of any rates, at `fps` or at the higher of both; blinks and closures are kept."""
    rate = max(first.fps, second.fps) if fps is None else fps
    return Comparison(first.resampled(rate), second.resampled(rate), labels, waveform, shapes, size, rig)


def page_width(size: int) -> int:
    """Width of the film in pixels for pictures of this side."""
    return 2 * (size + _MARGIN) + _GAP


def _draw_sound(page: Page, waveform: Waveform, duration_s: float, size: int, top: float) -> None:
    right = page_width(size) - _MARGIN
    page.card((_MARGIN, top, right, top + _WAVE), CARD)
    columns = np.arange(_MARGIN, right) + 0.5
    half = loudness(waveform, duration_s, len(columns)) * (_WAVE / 2 - _PAD) + 0.5
    page.area(columns, top + _WAVE / 2 - half, top + _WAVE / 2 + half, SOUND)


def _draw_curves(page: Page, name: str, pair: list[Curve], duration_s: float, size: int, top: float) -> None:
    right, high = page_width(size) - _MARGIN, weight_panel(name, pair).high
    page.card((_MARGIN, top, right, top + _STRIP), CARD)
    base = top + _STRIP - _PAD
    page.line(np.array([_MARGIN, right]), np.array([base, base]), FAINT, 1)
    for number, curve in enumerate(pair):
        seconds, values = thinned(curve.seconds, curve.values, right - _MARGIN)
        x = _MARGIN + seconds / duration_s * (right - _MARGIN)
        page.line(x, base - values / high * (_STRIP - 2 * _PAD), COLOURS[number], _LINE_WIDTHS[number])
    page.text((_MARGIN + 8, top + 13), f"{name}   {high:g}", 13, INK)
