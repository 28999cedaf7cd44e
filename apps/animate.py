"""dreamtalk animate: speech and an emotion in; curves, contact sheet and video out."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.controls import (
    MOST_VARIATIONS,
    add_dial_arguments,
    add_emotion_arguments,
    add_sampling_arguments,
    requested_emotion,
    requested_options,
)
from apps.curve_options import add_curve_arguments, check_room, requested_curve_options
from apps.outputs import check_outputs, output_path
from apps.progress import progress_bar
from apps.stream import add_stream_argument, run_stream
from apps.video_options import (
    add_video_arguments,
    check_video_request,
    close_up,
    marked,
    report,
    requested_portrait,
    requested_video,
    save_poster,
    save_video,
)
from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_track_file import is_track_file
from dreamtalk.expression.style_clip import load_style_clip
from dreamtalk.performance import Performance, Video
from dreamtalk.pipeline import DreamTalk
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.transcript import read_transcript
from dreamtalk.video_sequence import is_sequence
from rig.clip import BlendshapeClip
from rig.clip_file import WRITABLE

if TYPE_CHECKING:
    from dreamtalk.portrait.portrait import Portrait

VIDEO, SHEET = (".mp4",), (".png",)


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "animate",
        help="speech and an emotion in; curves and talking video out",
        description="Animate a face from speech. Each -o names one output; its suffix picks the format.",
        allow_abbrev=False,
    )
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="wav, flac, ogg, mp3, m4a, or a video with sound")
    add_emotion_arguments(parser)
    add_sampling_arguments(parser)
    add_dial_arguments(parser)
    parser.add_argument("--avatar", type=Path, metavar="OUT.mp4", help="write the avatar's video as well")
    add_video_arguments(parser)
    add_stream_argument(parser)
    add_curve_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        action="append",
        required=True,
        metavar="OUT",
        help="curves (.csv of Live Link Face, or any other suffix of `dreamtalk convert`), .mp4, .png (contact sheet), "
        "FOLDER/ (numbered pictures); may be given again",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.stream:
        return run_stream(arguments)
    check_request(arguments)
    emotion, options = requested_emotion(arguments), requested_options(arguments)
    text = None if arguments.text is None else read_transcript(arguments.text)
    waveform = load_audio(arguments.speech)
    if emotion is not None:
        emotion.check_within(waveform.duration_s)
    # Read and fitted before the curves are made, so that a bad portrait costs no waiting.
    portrait = requested_portrait(arguments)
    style = None if arguments.style is None else read_style(arguments.style, arguments.quiet)
    talk = DreamTalk.load()
    for index, chosen in enumerate(options, start=1):
        number = index if len(options) > 1 else None
        with progress_bar("curves" if number is None else f"curves {number}", arguments.quiet) as progress:
            performance = talk.animate(
                waveform,
                emotion,
                style=style,
                initial=None if portrait is None else portrait.fit.expression,
                text=text,
                options=chosen,
                progress=progress,
            )
        if arguments.style is not None:
            performance = replace(performance, style=arguments.style.name)
        write_outputs(performance, portrait, arguments, number)
    return 0


def read_style(path: Path, quiet: bool) -> BlendshapeClip:
    """The style clip, read once for all variations; a video takes about its own length."""
    with progress_bar("style", quiet) as progress:
        return load_style_clip(path, progress)


def write_outputs(
    performance: Performance, portrait: "Portrait | None", arguments: argparse.Namespace, number: int | None
) -> None:
    """Every file that was asked for; number: of the variation, where there are several."""
    video = requested_video(performance, portrait, arguments)
    for output in arguments.output:
        sheet = output.suffix.lower() in SHEET and not is_sequence(output)
        shown = close_up(performance, portrait, arguments) if sheet else video
        save(performance, shown, numbered(output, number), arguments)
    if arguments.poster:
        save_poster(video, numbered(arguments.poster, number), arguments.quiet)
    if arguments.avatar:
        save_video(marked(performance.render(), arguments), numbered(arguments.avatar, number), arguments)


def check_request(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before any work is done, but for the options themselves."""
    if arguments.emotion is not None and arguments.style is not None:
        raise OptionError("--emotion and --style exclude each other: a style clip brings its own emotion; give one.")
    track = Path(arguments.emotion.strip()) if arguments.emotion and is_track_file(arguments.emotion) else None
    inputs = (arguments.speech, arguments.style, arguments.portrait, arguments.shapes, arguments.names, track)
    count = max(1, min(arguments.variations, MOST_VARIATIONS))
    for number in range(1, count + 1) if count > 1 else [None]:
        outputs = [numbered(output, number) for output in arguments.output]
        check_outputs(outputs, WRITABLE + VIDEO + SHEET, inputs)
        check_video_request(arguments, [*inputs, *outputs])
        if arguments.avatar:
            check_outputs([numbered(arguments.avatar, number)], VIDEO, [*inputs, *outputs])
    requested_curve_options(arguments)  # names and shapes that are none are refused here, not after the work
    check_room(arguments, arguments.output)


def numbered(output: Path, number: int | None) -> Path:
    """take.csv as take_2.csv, take.a2f.csv as take_2.a2f.csv; as it is where there is only one."""
    if number is None:
        return output
    endings = [ending for ending in WRITABLE if output.name.lower().endswith(ending)]
    length = max(map(len, endings), default=len(output.suffix))
    stem = output.name[: len(output.name) - length]
    return output.with_name(f"{stem}_{number}{output.name[len(stem) :]}")


def save(performance: Performance, video: Video, output: Path, arguments: argparse.Namespace) -> None:
    suffix = output.suffix.lower()
    if suffix in VIDEO or is_sequence(output):
        save_video(video, output, arguments)
        return
    if suffix in SHEET:
        performance.save_contact_sheet(output, video)
    else:
        performance.save(output, options=replace(requested_curve_options(arguments), sound=arguments.speech))
    report(output, arguments.quiet)
