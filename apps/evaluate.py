"""dreamtalk evaluate: how good the motion is, beside the truth and simple baselines."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from apps.evaluate_portraits import portraits
from apps.examples import example_files
from apps.outputs import check_folder
from apps.progress import Progress, progress_bar
from dreamtalk.errors import OptionError
from dreamtalk.expression.emotions import EmotionLibrary, parse_emotion
from dreamtalk.options import AnimationOptions
from dreamtalk.portrait.video_choices import QUALITIES, RENDERERS
from rig.safe_file import written_beside

if TYPE_CHECKING:
    from dreamtalk.corpus import Corpus
    from dreamtalk.evaluation.emotion_report import Speech
    from dreamtalk.evaluation.phone_times import PhoneTimes
    from dreamtalk.evaluation.systems import Maker

REPORTS = ("motion", "curves", "emotions", "style", "portraits")
SYSTEMS = ("truth", "dreamtalk", "unrefined", "loudness", "mean")
SPLITS = ("validation", "training", "all")
DRAWN = ("dreamtalk", "loudness")
CURVES_FROM = 20
"""The picture of curves picks its sentence among so many recordings of each corpus."""

Record = dict[str, Any]


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure motion against captures, emotions, styles and portraits",
        description="Measure the motion model. Reports: motion (DATA: test recordings against their captured curves "
        "and phone times, one table a corpus), curves (DATA: a picture of curves against the truth), emotions (SPEECH: "
        "are they told apart, do the lips stay in sync), style (CLIP: is its manner followed, and not its words) and "
        "portraits (PICTURES: do they follow, stay the same person, sharp and still).",
        allow_abbrev=False,
    )
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="INPUT", help="data folders, speech files, clips or pictures"
    )
    parser.add_argument("--report", choices=REPORTS, default=REPORTS[0], help="what to measure (default motion)")
    parser.add_argument(
        "--systems", nargs="+", metavar="NAME[:OPTION=VALUE,...]",
        help=f"of {', '.join(SYSTEMS)}, or a folder of weights; options of the sampling behind a colon, as in "
        f"dreamtalk:steps=2 (default {' '.join(SYSTEMS)}; for curves {' '.join(DRAWN)})",
    )  # fmt: skip
    parser.add_argument("--corpora", nargs="+", metavar="NAME", help="only these corpora of the data folders")
    parser.add_argument("--limit", type=int, metavar="N", help="recordings of each corpus at most, evenly spread")
    parser.add_argument(
        "--split", choices=SPLITS, default=SPLITS[0],
        help="recordings to score (default validation); the others are for weights that never saw the corpus",
    )  # fmt: skip
    parser.add_argument(
        "--phones", type=Path, nargs="+", default=[], metavar="FILE.json", help="phone times of recordings, by name"
    )
    parser.add_argument("--emotion", default="neutral:1", metavar="NAME[:INTENSITY]", help="manner of the model's face")
    parser.add_argument(
        "--speech",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="what is said in the report on styles, and on portraits in place of a sweep",
    )
    parser.add_argument("--renderer", choices=RENDERERS, default=RENDERERS[0], help="how portraits are drawn")
    parser.add_argument("--quality", choices=QUALITIES, default="default", help="and how well")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds of the report on emotions (default 5)")
    parser.add_argument("--no-avatar", action="store_true", help="emotions from the curves alone, nothing is rendered")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same figures (default 0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write CSV, JSON lines and pictures into this folder")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of tables")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_request(arguments)
    report = {
        "motion": motion, "curves": curves, "emotions": emotions, "style": style,
        "portraits": partial(portraits, tell=tell),
    }[arguments.report]  # fmt: skip
    records: list[Record] = []
    with progress_bar(f"evaluating {arguments.report}", arguments.quiet) as progress:
        for text, found in report(arguments, progress):
            records += found
            show(arguments, text, found)
    if arguments.out and records:
        from dreamtalk.evaluation.tables import write_json_lines

        write_json_lines(arguments.out / f"{arguments.report}.jsonl", records)
        tell(arguments, f"wrote {arguments.out / arguments.report}.jsonl")
    return 0


def check_request(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before any work is done."""
    for name, value, least in (("--limit", arguments.limit, 1), ("--seeds", arguments.seeds, 2)):
        if value is not None and value < least:
            raise OptionError(f"{name} is {value}; give {least} or more.")
    if arguments.report in ("motion", "curves"):
        for folder in arguments.inputs:
            if not folder.is_dir():
                raise OptionError(f"{folder} is no data folder; the report on {arguments.report} takes data folders.")
    if arguments.report == "curves" and not arguments.out:
        raise OptionError("The report on curves is a picture; name its folder with --out DIR.")
    if arguments.out:
        check_folder(arguments.out)


def show(arguments: argparse.Namespace, text: str, records: list[Record]) -> None:
    from dreamtalk.evaluation.tables import json_line

    say("\n".join(json_line(record) for record in records) if arguments.json else f"{text}\n")


def tell(arguments: argparse.Namespace, message: str) -> None:
    if not (arguments.quiet or arguments.json):
        say(message)


def say(text: str) -> None:
    """Print while the progress bar steps aside."""
    with tqdm.external_write_mode():
        print(text, flush=True)


def motion(arguments: argparse.Namespace, progress: Progress) -> Iterator[tuple[str, list[Record]]]:
    """One table a corpus as soon as all its systems are measured."""
    from dreamtalk.evaluation.motion_report import chosen, motion_report
    from dreamtalk.evaluation.tables import motion_markdown, motion_record, write_csv

    systems, corpus = system_makers(arguments, SYSTEMS), read_data(arguments)
    tests = chosen(corpus.validation, arguments.corpora, arguments.limit)
    rows = []
    for row in motion_report(corpus.training, tests, systems, progress):
        if rows and rows[-1].group != row.group:
            yield group_of(rows)
        rows.append(row)
    yield group_of(rows)
    if arguments.out:
        write_csv(arguments.out / "motion.csv", [motion_record(row) for row in rows])
        groups = [[row for row in rows if row.group == name] for name in dict.fromkeys(row.group for row in rows)]
        with written_beside(arguments.out / "motion.md") as beside:
            beside.write_text("\n\n".join(map(motion_markdown, groups)) + "\n", encoding="utf-8")
        tell(arguments, f"wrote {arguments.out / 'motion.csv'} and motion.md")


def group_of(rows: list[Any]) -> tuple[str, list[Record]]:
    from dreamtalk.evaluation.tables import motion_record, motion_text

    last = [row for row in rows if row.group == rows[-1].group]
    return motion_text(last), [motion_record(row) for row in last]


def curves(arguments: argparse.Namespace, progress: Progress) -> Iterator[tuple[str, list[Record]]]:
    """A picture of one middling sentence of each captured corpus: the truth, the model and the loudness gate."""
    from dreamtalk.evaluation.curves_picture import write_curves_picture
    from dreamtalk.evaluation.motion_report import chosen, grouped
    from dreamtalk.evaluation.typical_sentence import typical_sentence

    makers, corpus = system_makers(arguments, DRAWN), read_data(arguments)
    tests = chosen(corpus.validation, arguments.corpora, arguments.limit or CURVES_FROM)
    captured = grouped([each for each in tests if each.captured.any()])
    sentences = []
    for done, recordings in enumerate(captured.values(), start=1):
        training = [each for each in corpus.training if each.corpus == recordings[0].corpus]
        sentences.append(typical_sentence({name: maker(training) for name, maker in makers.items()}, recordings))
        progress(done, len(captured))
    write_curves_picture(arguments.out / "curves.png", sentences)
    yield "\n".join(sentence.title for sentence in sentences), []
    tell(arguments, f"wrote {arguments.out / 'curves.png'}")


def emotions(arguments: argparse.Namespace, progress: Progress) -> Iterator[tuple[str, list[Record]]]:
    """Eight emotions on the given speeches."""
    from dreamtalk.evaluation.confusion_picture import write_confusion_picture
    from dreamtalk.evaluation.emotion_report import emotion_report
    from dreamtalk.evaluation.tables import emotion_records, emotion_text
    from dreamtalk.pipeline import DreamTalk

    speeches = read_speeches(arguments.inputs, arguments.phones)
    found = emotion_report(DreamTalk.load(), speeches, arguments.seeds, not arguments.no_avatar, progress)
    yield emotion_text(found), emotion_records(found)
    if arguments.out:
        write_confusion_picture(arguments.out / "confusion.png", found.matrices)
        tell(arguments, f"wrote {arguments.out / 'emotions.png'}")


def style(arguments: argparse.Namespace, progress: Progress) -> Iterator[tuple[str, list[Record]]]:
    """Each style clip on the speech."""
    from dreamtalk.evaluation.style_report import style_report
    from dreamtalk.evaluation.tables import style_records, style_text
    from dreamtalk.expression.style_clip import load_style_clip
    from dreamtalk.pipeline import DreamTalk

    clips = {path.name: load_style_clip(path) for path in arguments.inputs}
    speeches = read_speeches(arguments.speech or example_files()[:1], arguments.phones)
    if not speeches:
        raise OptionError("There is no speech to show the style on; give one with --speech FILE.")
    talk = DreamTalk.load()
    for done, (name, clip) in enumerate(clips.items(), start=1):
        found = style_report(talk, name, clip, speeches, arguments.seed)
        progress(done, len(clips))
        yield style_text(found), style_records(found)


def system_makers(arguments: argparse.Namespace, default: tuple[str, ...]) -> dict[str, "Maker"]:
    from dreamtalk.evaluation.systems import makers

    emotion, intensity = parse_emotion(arguments.emotion)
    manner = EmotionLibrary.load().clip(emotion, intensity, arguments.seed)
    return makers(arguments.systems or default, manner, AnimationOptions(seed=arguments.seed))


def read_data(arguments: argparse.Namespace) -> "Corpus":
    """What the data folders hold: all that fits baselines, and what is scored, with the phone times of --phones."""
    from dreamtalk.corpus import Corpus, read_corpus
    from dreamtalk.evaluation.phone_times import with_phone_times

    times = phone_times(arguments.phones)
    parts = [read_corpus(folder) for folder in arguments.inputs]
    training = [each for part in parts for each in part.training]
    validation = [each for part in parts for each in part.validation]
    tested = {"validation": validation, "training": training, "all": training + validation}[arguments.split]
    return Corpus(training, with_phone_times(tested, times))


def phone_times(paths: Sequence[Path]) -> "PhoneTimes":
    from dreamtalk.evaluation.phone_times import read_phone_times

    return {name: phones for path in paths for name, phones in read_phone_times(path).items()}


def read_speeches(paths: Sequence[Path], phones: Sequence[Path]) -> list["Speech"]:
    """Speech files; their phone times, if any, are found by file name without its suffix."""
    from dreamtalk.evaluation.emotion_report import Speech
    from dreamtalk.speech.audio import load_audio

    times = phone_times(phones)
    return [Speech(path.name, load_audio(path), times.get(path.stem, ())) for path in paths]
