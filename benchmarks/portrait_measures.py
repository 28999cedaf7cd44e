"""How well portraits follow a clip, stay themselves, sharp and steady; one JSON line a portrait, then the means.

    python benchmarks/portrait_measures.py FOLDER_OR_PICTURE ... [--commands jawOpen eyeBlink] [--clip CLIP.csv]
        [--speech SPEECH.wav] [--renderer rig] [--quality default] [--still] [--no-identity] [--sheets DIR] [--table]

Without --clip or --speech, the sweep: jawOpen, smile, blink, pucker, browInnerUp, browDown, yaw, pitch, one after
another; --commands takes some of them only. --still measures a video that does nothing: perfect guards, nothing
followed. --sheets writes contact sheets of eight expressions: whole, head, mouths, eyes. docs/portrait.md says what
each figure is.
"""

import argparse
import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.evaluation.portrait_identity import Identity
from dreamtalk.evaluation.portrait_score import PortraitScore, mean_score, portrait_score, still_frames
from dreamtalk.evaluation.portrait_sheets import expressions_clip, sheet_rows, write_sheets
from dreamtalk.evaluation.portrait_sweep import COMMANDS, sweep
from dreamtalk.face.face_landmarks import FaceDetector
from dreamtalk.portrait.portrait import Portrait, load_portrait
from dreamtalk.portrait.portrait_video import portrait_frames
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip

PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portraits", type=Path, nargs="+", help="portraits, or folders of them")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS, help="parts of the sweep")
    parser.add_argument("--clip", type=Path, help="driving clip (.csv or .npz) instead of the sweep")
    parser.add_argument("--speech", type=Path, help="speech that drives them, instead of the sweep")
    parser.add_argument("--renderer", default="rig")
    parser.add_argument("--quality", help="draft, default or best, where the renderer knows them")
    parser.add_argument("--limit", type=int, help="at most this many portraits")
    parser.add_argument("--still", action="store_true", help="measure a still picture")
    parser.add_argument("--no-identity", action="store_true", help="leave dlib out")
    parser.add_argument("--sheets", type=Path, help="write contact sheets into this folder, and measure nothing")
    options = parser.parse_args()
    paths = portrait_paths(options.portraits)[: options.limit]
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
        for path in sheets(paths, options):
            print(path)
        return
    clip, identity, scores = driving_clip(options), None if options.no_identity else Identity(), []
    with FaceDetector() as detector:
        for path, portrait in read(paths):
            frames = still_frames(portrait, clip) if options.still else drawn(portrait, clip, options)
            scores.append(portrait_score(path.name, portrait, clip, frames, detector, identity))
            show(scores[-1])
    if scores:
        show(mean_score(scores), count=len(scores), renderer=options.renderer, quality=options.quality)


def portrait_paths(given: list[Path]) -> list[Path]:
    found = [sorted(path.iterdir()) if path.is_dir() else [path] for path in given]
    return [path for paths in found for path in paths if path.suffix.lower() in PICTURES]


def read(paths: list[Path]) -> Iterator[tuple[Path, Portrait]]:
    for path in paths:
        try:
            yield path, load_portrait(path)
        except PortraitError as error:
            print(json.dumps({"portrait": path.name, "error": str(error)}), flush=True)


def driving_clip(options: argparse.Namespace) -> BlendshapeClip:
    if options.speech:
        from dreamtalk import DreamTalk

        return DreamTalk.load().animate(options.speech, seed=7).clip
    return read_clip(options.clip) if options.clip else sweep(tuple(options.commands))


def drawn(portrait: Portrait, clip: BlendshapeClip, options: argparse.Namespace) -> Iterator[np.ndarray]:
    known = inspect.signature(portrait_frames).parameters
    quality = {"quality": options.quality} if options.quality and "quality" in known else {}
    return portrait_frames(portrait, clip, renderer=options.renderer, **quality)


def sheets(paths: list[Path], options: argparse.Namespace) -> list[Path]:
    rows: dict[str, list[np.ndarray]] = {}
    for _, portrait in read(paths):
        for name, row in sheet_rows(portrait, list(drawn(portrait, expressions_clip(), options))).items():
            rows.setdefault(name, []).append(row)
    return write_sheets(options.sheets, rows)


def show(score: PortraitScore, **more: object) -> None:
    figures = {name: None if np.isnan(value) else round(value, 3) for name, value in score.figures.items()}
    print(json.dumps({"portrait": score.name} | more | figures), flush=True)


if __name__ == "__main__":
    main()
