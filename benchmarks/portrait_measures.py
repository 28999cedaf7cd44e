"""How well portraits follow a clip, stay themselves, sharp and steady; one JSON line a portrait, then the means.

    python benchmarks/portrait_measures.py FOLDER_OR_PICTURE ... [--commands jawOpen eyeBlink] [--clip CLIP.csv]
        [--speech SPEECH.wav] [--renderer rig] [--quality default] [--still] [--no-identity] [--sheets DIR]

Without --clip or --speech, the sweep: jawOpen, smile, blink, pucker, browInnerUp, browDown, yaw, pitch, one after
another; --commands takes some of them only. --still measures a video that does nothing: perfect guards, nothing
followed. --sheets writes contact sheets of eight expressions and two turns instead: whole, head, mouths, eyes.
docs/portrait.md says what each figure is; `dreamtalk evaluate --report portraits` prints the same as tables.
"""

import argparse
import sys
from pathlib import Path

from dreamtalk.evaluation.portrait_report import (
    Drawing,
    portrait_files,
    portrait_record,
    portrait_report,
    portrait_sheets,
)
from dreamtalk.evaluation.portrait_score import mean_score
from dreamtalk.evaluation.portrait_sweep import COMMANDS, sweep
from dreamtalk.evaluation.tables import json_line
from dreamtalk.portrait.portrait_video import QUALITIES, RENDERERS
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portraits", type=Path, nargs="+", help="portraits, or folders of them")
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=COMMANDS, help="parts of the sweep")
    parser.add_argument("--clip", type=Path, help="driving clip (.csv or .npz) instead of the sweep")
    parser.add_argument("--speech", type=Path, help="speech that drives them, instead of the sweep")
    parser.add_argument("--renderer", choices=RENDERERS, default="rig")
    parser.add_argument("--quality", choices=QUALITIES, default="default")
    parser.add_argument("--limit", type=int, help="at most this many portraits")
    parser.add_argument("--every", type=int, default=1, help="only every N-th frame of the clip: rough and quick")
    parser.add_argument("--still", action="store_true", help="measure a still picture")
    parser.add_argument("--no-identity", action="store_true", help="leave dlib out")
    parser.add_argument("--sheets", type=Path, help="write contact sheets into this folder, and measure nothing")
    options = parser.parse_args()
    files = portrait_files(options.portraits)[: options.limit]
    drawing = Drawing(options.renderer, options.quality, options.still)
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
        print(*portrait_sheets(files, options.sheets, drawing, refused), sep="\n")
        return
    scores = []
    clip = driving_clip(options)
    clip = BlendshapeClip(
        clip.weights[:: options.every], clip.head_rotation[:: options.every], clip.fps / options.every
    )
    for score in portrait_report(files, clip, drawing, not options.no_identity, refused):
        scores.append(score)
        print(json_line(portrait_record(score, drawing)), flush=True)
    if scores:
        print(json_line(portrait_record(mean_score(scores), drawing) | {"count": len(scores)}), flush=True)


def driving_clip(options: argparse.Namespace) -> BlendshapeClip:
    if options.speech:
        from dreamtalk import DreamTalk

        return DreamTalk.load().animate(options.speech, seed=7).clip
    return read_clip(options.clip) if options.clip else sweep(tuple(options.commands))


def refused(path: Path, error: Exception) -> None:
    print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
