"""dreamtalk animate: speech and an emotion in; curves, contact sheet and video out."""

import argparse
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs
from apps.progress import progress_bar
from dreamtalk.errors import OptionError

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
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same bytes (default 0)")
    parser.add_argument("--steps", type=int, metavar="N", help="denoising steps: more is slower and finer")
    parser.add_argument("--guidance", type=float, metavar="X", help="how strongly speech and style steer the motion")
    parser.add_argument("--fps", type=float, metavar="N", help="frames a second of curves and video (default 25)")
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


def add_video_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that draws a video."""
    parser.add_argument("--portrait", type=Path, metavar="IMAGE", help="the face that the .mp4 shows; else the avatar")
    parser.add_argument("--renderer", choices=RENDERERS, default="rig", help="how a portrait is drawn (default rig)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")


def run(arguments: argparse.Namespace) -> int:
    check_request(arguments)
    emotion, intensity = parse_emotion(arguments.emotion)
    from dreamtalk import AnimationOptions, DreamTalk, load_portrait, read_clip  # torch: only once the request stands

    dials = {"steps": arguments.steps, "guidance": arguments.guidance, "fps": arguments.fps}
    options = AnimationOptions(seed=arguments.seed, **{name: dial for name, dial in dials.items() if dial is not None})
    portrait = load_portrait(arguments.portrait) if arguments.portrait else None
    style = read_clip(arguments.style) if arguments.style else None
    with progress_bar("curves", arguments.quiet) as progress:
        performance = DreamTalk.load().animate(
            arguments.speech, emotion=emotion, intensity=intensity, style=style, options=options, progress=progress
        )
    # Curves first: they cost nothing, and are there should a video fail.
    for output in sorted(arguments.output, key=lambda path: path.suffix.lower() in VIDEO):
        if output.suffix.lower() in VIDEO:
            save_video(performance.render(portrait, renderer=arguments.renderer), output, arguments.quiet)
        else:
            performance.save(output)
            report(output, arguments.quiet)
    if arguments.avatar:
        save_video(performance.render(None), arguments.avatar, arguments.quiet)
    return 0


def check_request(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before any work is done."""
    if arguments.emotion is not None and arguments.style is not None:
        raise OptionError("--emotion and --style exclude each other: a style clip brings its own emotion; give one.")
    inputs = (arguments.speech, arguments.style, arguments.portrait)
    check_outputs(arguments.output, CURVES + VIDEO + SHEET, inputs)
    if arguments.avatar:
        check_outputs([arguments.avatar], VIDEO, [*inputs, *arguments.output])


def parse_emotion(text: str | None) -> tuple[str | None, float | None]:
    """NAME[:INTENSITY] apart; None for what was not given. Raises OptionError unless the intensity is in 0..1."""
    if text is None:
        return None, None
    name, colon, strength = text.partition(":")
    if not colon:
        return name, None
    try:
        intensity = float(strength)
    except ValueError:
        intensity = float("nan")
    if not 0 <= intensity <= 1:
        raise OptionError(f"The intensity of --emotion {text} is {strength!r}; give 0 to 1, as in {name}:0.6.")
    return name, intensity


def save_video(video: Any, output: Path, quiet: bool) -> None:
    with progress_bar(output.name, quiet) as progress:
        video.save(output, progress=progress)
    report(output, quiet)


def report(output: Path, quiet: bool) -> None:
    if not quiet:
        print(f"wrote {output}")
