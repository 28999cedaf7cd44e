"""Portraits measured one after another, and the tables of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dreamtalk.errors import OptionError, PortraitError
from dreamtalk.evaluation.portrait_identity import Identity
from dreamtalk.evaluation.portrait_score import PortraitScore, portrait_score, still_frames
from dreamtalk.evaluation.portrait_sheets import expressions_clip, sheet_rows, write_sheets
from dreamtalk.evaluation.tables import Column, text_table
from dreamtalk.face.face_landmarks import FaceDetector
from dreamtalk.portrait.portrait import Portrait, load_portrait
from dreamtalk.portrait.portrait_video import portrait_frames
from rig.clip import BlendshapeClip

if TYPE_CHECKING:
    from dreamtalk.portrait.video_choices import Quality, RendererName

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

TABLES: dict[str, tuple[Column, ...]] = {
    "Followed": (
        Column("followed_r", "r of five"), Column("followed_alone_r", "alone"),
        Column("jawOpen_gain", "jaw gain"), Column("mouthSmile_gain", "smile gain"),
        Column("eyeBlink_gain", "blink gain"), Column("mouthPucker_r", "pucker r"),
        Column("browInnerUp_r", "brows up r"), Column("browDown_r", "brows down r"), Column("yaw_r", "yaw r"),
        Column("yaw_gain", "gain"), Column("pitch_r", "pitch r"), Column("pitch_gain", "gain"),
    ),
    "Lips and lids": (
        Column("lips_r", "lips r"), Column("lips_gain", "gain"), Column("lips_gain_least", "least"),
        Column("lips_closed", "closed"), Column("lips_open", "open"), Column("eyes_closed", "eyes shut"),
        Column("mouth_flat", "mouth flat"), Column("mouth_dark", "dark"), Column("mouth_teeth", "teeth"),
    ),
    "The same person, sharp and still": (
        Column("identity_mean", "identity"), Column("identity_p90", "p90"), Column("rest_psnr_db", "rest dB", 1),
        Column("rest_psnr_least_db", "least", 1), Column("background_std", "ground std"),
        Column("background_std_most", "most"), Column("background_flicker", "flicker"),
        Column("background_changed", "changed"), Column("far_std", "with hair"), Column("sharpness_face", "face"),
        Column("sharpness_face_least", "least"), Column("sharpness_face_most", "most"),
        Column("sharpness_mouth", "mouth"), Column("faces_found", "found"),
    ),
}  # fmt: skip
"""The measures as they are shown; docs/portrait.md says what each is."""


@dataclass(frozen=True)
class Drawing:
    """How portraits are drawn; still: not at all, a video that does nothing (perfect guards, nothing followed)."""

    renderer: "RendererName" = "rig"
    quality: "Quality" = "default"
    still: bool = False

    def frames(self, portrait: Portrait, clip: BlendshapeClip) -> Iterator[np.ndarray]:
        """One (H, W, 3) uint8 RGB picture a frame of the clip."""
        if self.still:
            return still_frames(portrait, clip)
        return portrait_frames(portrait, clip, renderer=self.renderer, quality=self.quality)


def portrait_files(given: Sequence[Path]) -> list[Path]:
    """Pictures, and those in folders by name. Raises OptionError where there are none."""
    found = [sorted(path.iterdir()) if path.is_dir() else [path] for path in given]
    files = [path for paths in found for path in paths if path.suffix.lower() in SUFFIXES]
    if not files:
        raise OptionError(f"There is no portrait in {given[0]}; give pictures ({', '.join(SUFFIXES)}) or their folder.")
    return files


def portrait_report(
    files: Sequence[Path], clip: BlendshapeClip, drawing: Drawing, identity: bool = True,
    refused: Callable[[Path, PortraitError], None] | None = None,
) -> Iterator[PortraitScore]:  # fmt: skip
    """One score per portrait as soon as it is known; `refused` is told of those that cannot be animated."""
    describe = Identity() if identity else None
    with FaceDetector() as detector:
        for path, portrait in readable(files, refused):
            frames = drawing.frames(portrait, clip)
            yield portrait_score(path.name, portrait, clip, frames, detector, describe)


def portrait_sheets(
    files: Sequence[Path], folder: Path, drawing: Drawing, refused: Callable[[Path, PortraitError], None] | None = None
) -> list[Path]:
    """Contact sheets of eight expressions and two turns: whole, head, mouth, eyes; returns the files written."""
    clip, rows = expressions_clip(), {}
    for _, portrait in readable(files, refused):
        for name, row in sheet_rows(portrait, list(drawing.frames(portrait, clip))).items():
            rows.setdefault(name, []).append(row)
    return write_sheets(folder, rows)


def readable(
    files: Sequence[Path], refused: Callable[[Path, PortraitError], None] | None
) -> Iterator[tuple[Path, Portrait]]:
    """The portraits that can be animated; the others are told to `refused`, or raise."""
    for path in files:
        try:
            yield path, load_portrait(path)
        except PortraitError as error:
            if refused is None:
                raise
            refused(path, error)


def portrait_text(scores: Sequence[PortraitScore]) -> str:
    """The tables, one line per portrait."""
    rows = [(score.name, score.figures) for score in scores]
    return "\n\n".join(filter(None, (text_table(title, columns, rows) for title, columns in TABLES.items())))


def portrait_record(score: PortraitScore, drawing: Drawing) -> dict[str, Any]:
    """A score as plain names and numbers."""
    return {"portrait": score.name, **asdict(drawing), **score.figures}
