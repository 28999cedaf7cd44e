"""dreamtalk evaluate --report portraits: do portraits follow, stay themselves, sharp and still?"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.progress import Progress
from dreamtalk.expression.emotions import parse_emotion

if TYPE_CHECKING:
    from rig.clip import BlendshapeClip


def portraits(
    arguments: argparse.Namespace, progress: Progress, tell: Callable[[argparse.Namespace, str], None]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The sweep, or the given speech, on every picture; tables of all at the end, files and sheets with --out."""
    from dreamtalk.evaluation.portrait_report import (
        Drawing,
        portrait_files,
        portrait_record,
        portrait_report,
        portrait_sheets,
        portrait_text,
    )
    from dreamtalk.evaluation.portrait_score import mean_score
    from dreamtalk.evaluation.tables import write_csv

    def refused(path: Path, error: Exception) -> None:
        tell(arguments, f"left out: {error}")

    files = portrait_files(arguments.inputs)[: arguments.limit]
    drawing = Drawing(arguments.renderer, arguments.quality)
    scores = []
    for score in portrait_report(files, driving_clip(arguments), drawing, refused=refused):
        scores.append(score)
        progress(len(scores), len(files))
    if not scores:
        return
    scores.append(mean_score(scores))
    yield portrait_text(scores), [portrait_record(score, drawing) for score in scores]
    if arguments.out:
        write_csv(arguments.out / "portraits.csv", [portrait_record(score, drawing) for score in scores[:-1]])
        sheets = portrait_sheets(files, arguments.out, drawing, refused=lambda *_: None)
        tell(arguments, f"wrote {arguments.out / 'portraits.csv'} and {len(sheets)} contact sheets")


def driving_clip(arguments: argparse.Namespace) -> "BlendshapeClip":
    """What the portraits are made to do: the speech, where one is given, else the sweep."""
    from dreamtalk.evaluation.portrait_sweep import sweep

    if not arguments.speech:
        return sweep()
    from dreamtalk.pipeline import DreamTalk

    emotion, intensity = parse_emotion(arguments.emotion)
    return DreamTalk.load().animate(arguments.speech[0], emotion, intensity, seed=arguments.seed).clip
