"""dreamtalk prepare: training data in the one prepared format, from voices, known corpora or anybody's videos."""

import argparse
import logging
from pathlib import Path
from typing import Any

from apps.progress import progress_bar
from dreamtalk.errors import OptionError

KINDS = ("synthetic", "grid", "facegood", "videos")


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "prepare",
        help="make training data: synthetic speech, known corpora, talking video",
        description="Write speech, curves and phone times as a prepared corpus (docs/corpus.md), which dreamtalk train "
        "reads. Work that was interrupted goes on where it stopped.",
        allow_abbrev=False,
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _synthetic(_kind(kinds, "synthetic", "speech of Kokoro, flite and festival with known phone times"))
    for kind, summary in (("grid", "GRID, tracked"), ("facegood", "FACEGOOD, studio curves")):
        _kind(kinds, kind, summary).add_argument("data", type=Path, metavar="DATA", help="the corpus, or what holds it")
    _videos(_kind(kinds, "videos", "a folder of talking video: tracks the faces"))
    parser.set_defaults(run=run)


def _kind(kinds: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=summary, description=f"Prepare {summary}.", allow_abbrev=False)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the corpus to write, or to go on with")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _synthetic(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=35.0, metavar="N", help="about how much (default 35)")
    parser.add_argument(
        "--languages", default="en,es,fr,it,pt,hi,de", metavar="LIST", help="ISO codes with commas between"
    )
    parser.add_argument(
        "--voices", type=Path, metavar="DIR", help="Kokoro's style vectors: `voices` of the npm package kokoro-js 1.2.1"
    )


def _videos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="FOLDER", help="where the videos are, in folders or not")
    parser.add_argument("--layout", choices=("mead", "hdtf", "plain"), help="what names mean (default: by their look)")
    parser.add_argument("--name", default="videos", metavar="NAME", help="the corpus's name (default videos)")
    parser.add_argument("--licence", default="as the videos", metavar="TEXT", help="under which licence the videos are")
    parser.add_argument("--language", default="en", metavar="CODE", help="ISO code of what is spoken (default en)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.out.exists() and not arguments.out.is_dir():
        raise OptionError(f"The output {arguments.out} is a file; name a folder.")
    if not arguments.quiet:
        logging.getLogger("dreamtalk").setLevel(logging.INFO)
    with progress_bar(f"preparing {arguments.kind}", arguments.quiet) as progress:
        listed = _prepared(arguments, progress)
    speakers = len({item.speaker for item in listed.items})
    print(f"{arguments.out}: {len(listed.items)} recordings of {speakers} speakers.")
    return 0


def _prepared(arguments: argparse.Namespace, progress: Any) -> Any:
    """The list of the corpus that was asked for."""
    if arguments.kind == "synthetic":
        from dreamtalk.corpus.synthetic import prepare_synthetic

        if not 0.1 <= arguments.minutes <= 6000:
            raise OptionError(f"--minutes is {arguments.minutes:g}; give 0.1 to 6000.")
        languages = tuple(code.strip() for code in arguments.languages.split(",") if code.strip())
        return prepare_synthetic(arguments.out, arguments.voices, languages, arguments.minutes, progress)
    if arguments.kind == "videos":
        from dreamtalk.corpus.videos import prepare_videos

        return prepare_videos(
            arguments.data, arguments.out, arguments.name, arguments.licence, arguments.layout, arguments.language,
            progress,
        )  # fmt: skip
    from dreamtalk.corpus.real_pairs import prepare_real

    return prepare_real(arguments.kind, arguments.data, arguments.out, progress)
