"""dreamtalk animate: speech and an emotion in; curves, contact sheet and video out."""

import argparse
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs
from apps.progress import progress_bar
from dreamtalk.audio import load_audio
from dreamtalk.emotions import parse_emotion
from dreamtalk.errors import OptionError
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Video
from dreamtalk.pipeline import DreamTalk
from dreamtalk.portrait import load_portrait

CURVES, VIDEO, SHEET = (".csv", ".npz"), (".mp4",), (".png",)
RENDERERS = ("rig", "face-vid2vid")


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "animate",
        help="speech and an emotion in; curves and talking video out",
        description="Animate a face from speech. Each -o names one output; its suffix picks the format.",
        allow_abbrev=False,
    )
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="wav, flac, ogg, mp3, m4a, or a video with sound")
    parser.add_argument(
        "--emotion", metavar="NAME[:INTENSITY]", help="happy, or happy:0.6 (0 to 1); `dreamtalk emotions` lists them"
    )
    parser.add_argument("--style", type=Path, metavar="CLIP", help="curves (.csv, .npz) whose manner the face takes on")
    add_sampling_arguments(parser)
    parser.add_argument("--avatar", type=Path, metavar="OUT.mp4", help="write the avatar's video as well")
    add_video_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        required=True,
        metavar="OUT",
        help=".csv (Live Link Face), .npz, .mp4, .png (contact sheet); may be given again",
    )
    parser.set_defaults(run=run)


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    """The fields of AnimationOptions."""
    plain = AnimationOptions()
    for flag, kind, metavar, field, meaning in (
        ("--seed", int, "N", "seed", "same seed, same bytes"),
        ("--steps", int, "N", "steps", "denoising steps: more is slower and a little finer"),
        ("--guidance", float, "X", "style_guidance", "how strongly the emotion or style is followed"),
        ("--audio-guidance", float, "X", "audio_guidance", "how strongly the speech is followed"),
        ("--fps", float, "N", "fps", "frames a second of curves and video"),
    ):
        meaning = f"{meaning} (default {getattr(plain, field):g})"
        parser.add_argument(flag, type=kind, dest=field, metavar=metavar, help=meaning)


def add_video_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that draws a video."""
    parser.add_argument("--portrait", type=Path, metavar="IMAGE", help="the face that the .mp4 shows; else the avatar")
    parser.add_argument("--renderer", choices=RENDERERS, default="rig", help="how a portrait is drawn (default rig)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")


def run(arguments: argparse.Namespace) -> int:
    check_request(arguments)
    emotion, intensity = parse_emotion(arguments.emotion) if arguments.emotion is not None else (None, 1.0)
    options = animation_options(arguments)
    waveform = load_audio(arguments.speech)
    # Read and fitted before the curves are made, so that a bad portrait costs no waiting.
    portrait = None if arguments.portrait is None else load_portrait(arguments.portrait)
    talk = DreamTalk.load()
    with progress_bar("curves", arguments.quiet) as progress:
        performance = talk.animate(
            waveform, emotion, intensity, style=arguments.style, options=options, progress=progress
        )
    video = performance.render(portrait, renderer=arguments.renderer)
    for output in arguments.output:
        save(performance, video, output, arguments.quiet)
    if arguments.avatar:
        save_video(performance.render(), arguments.avatar, arguments.quiet)
    return 0


def animation_options(arguments: argparse.Namespace) -> AnimationOptions:
    """The options that were given; the others keep their own defaults."""
    names = ("seed", "steps", "audio_guidance", "style_guidance", "fps")
    given = {name: getattr(arguments, name) for name in names}
    return AnimationOptions(**{name: value for name, value in given.items() if value is not None})


def check_request(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before any work is done."""
    if arguments.emotion is not None and arguments.style is not None:
        raise OptionError("--emotion and --style exclude each other: a style clip brings its own emotion; give one.")
    inputs = (arguments.speech, arguments.style, arguments.portrait)
    check_outputs(arguments.output, CURVES + VIDEO + SHEET, inputs)
    if arguments.avatar:
        check_outputs([arguments.avatar], VIDEO, [*inputs, *arguments.output])


def save(performance: Performance, video: Video, output: Path, quiet: bool) -> None:
    suffix = output.suffix.lower()
    if suffix in VIDEO:
        save_video(video, output, quiet)
        return
    if suffix in SHEET:
        performance.save_contact_sheet(output, video)
    else:
        performance.save(output)
    report(output, quiet)


def save_video(video: Video, output: Path, quiet: bool) -> None:
    with progress_bar(output.name, quiet) as progress:
        video.save(output, progress)
    report(output, quiet)


def report(output: Path, quiet: bool) -> None:
    if not quiet:
        print(f"wrote {output}")
