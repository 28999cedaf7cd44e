"""The arguments that say what a video shows, how it is drawn and which files it becomes."""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from apps.outputs import check_outputs
from apps.progress import progress_bar
from dreamtalk.content_credentials import ContentCredentials
from dreamtalk.errors import OptionError
from dreamtalk.performance import POSTER_SUFFIXES, Performance, Video
from dreamtalk.portrait.framing import FRAMES, LONGEST_FULL_PX, SIZE_PX
from dreamtalk.portrait.video_choices import QUALITIES, RENDERERS
from rig.face_rig import FaceRig
from rig.foreign.foreign_rig import ForeignRig

if TYPE_CHECKING:
    from dreamtalk.portrait.portrait import Portrait

SMALLEST_PX, LARGEST_PX = 16, 8192


def add_video_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that draws a video."""
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")
    group = parser.add_argument_group("the video")
    group.add_argument("--portrait", type=Path, metavar="IMAGE", help="the picture that speaks; else the avatar")
    group.add_argument(
        "--face", type=int, metavar="N", help="which face of several, from left to right; else the largest"
    )
    group.add_argument(
        "--frame", choices=FRAMES, help="square: head and shoulders (default); full: the whole picture, pasted back"
    )
    group.add_argument(
        "--size",
        type=int,
        metavar="N",
        help=f"side of the square (default {SIZE_PX}) or longer side of the whole picture (default its own, at most "
        f"{LONGEST_FULL_PX}); a portrait gives no more than it has",
    )
    group.add_argument("--renderer", choices=RENDERERS, default="rig", help="how a portrait is drawn (default rig)")
    group.add_argument(
        "--quality", choices=QUALITIES, default="default", help="draft is fastest (rig), best is slow (rig, guided)"
    )
    group.add_argument(
        "--lossless", action="store_true", help="every .mp4 keeps every bit: for editing, not for players"
    )
    group.add_argument("--poster", type=Path, metavar="FILE", help="a still of the video as well: .png or .jpg")
    group.add_argument(
        "--sign",
        type=Path,
        nargs=2,
        metavar=("CERTIFICATES", "KEY"),
        help="sign every .mp4 (C2PA Content Credentials) by a certificate chain and its private key, PEM files",
    )
    group.add_argument("--mark", action="store_true", help="write 'AI-generated' into the corner of the pictures")


def check_video_request(arguments: argparse.Namespace, inputs: Iterable[Path | None]) -> None:
    """Refuse what could not be drawn or written at the end. inputs: files that must stay as they are."""
    if arguments.portrait is None:
        for given, flag in ((arguments.face, "--face"), (arguments.frame, "--frame")):
            if given is not None:
                raise OptionError(f"{flag} is given without --portrait; give a picture as well.")
    if arguments.size is not None and not SMALLEST_PX <= arguments.size <= LARGEST_PX:
        raise OptionError(f"--size is {arguments.size}; give {SMALLEST_PX} to {LARGEST_PX} pixels.")
    if arguments.sign is not None:
        ContentCredentials(*arguments.sign).check()
    if arguments.poster is not None:
        check_outputs([arguments.poster], POSTER_SUFFIXES, inputs)


def requested_portrait(arguments: argparse.Namespace) -> "Portrait | None":
    """The portrait, read and fitted; None where the avatar is shown."""
    if arguments.portrait is None:
        return None
    from dreamtalk.portrait.portrait import load_portrait

    return load_portrait(
        arguments.portrait, face=arguments.face, size=arguments.size, frame=arguments.frame or FRAMES[0]
    )


def requested_video(
    performance: Performance,
    portrait: "Portrait | None",
    arguments: argparse.Namespace,
    rig: FaceRig | ForeignRig | None = None,
) -> Video:
    """The performance on the portrait, or on the rig or avatar where there is none."""
    size = arguments.size if portrait is None else portrait.limited(arguments.size)
    video = performance.render(portrait, size=size, renderer=arguments.renderer, quality=arguments.quality, rig=rig)
    return marked(video, arguments)


def close_up(performance: Performance, portrait: "Portrait | None", arguments: argparse.Namespace) -> Video:
    """The same for a contact sheet, whose pictures are small: of a whole picture only the part that moves."""
    if portrait is None or portrait.frame == "square":
        return requested_video(performance, portrait, arguments)
    part = replace(portrait, frame="square")
    return marked(performance.render(part, renderer=arguments.renderer, quality=arguments.quality), arguments)


def marked(video: Video, arguments: argparse.Namespace) -> Video:
    """The video, with its visible mark where one was asked for."""
    return video.marked() if arguments.mark else video


def save_video(video: Video, output: Path, arguments: argparse.Namespace) -> None:
    credentials = None if arguments.sign is None else ContentCredentials(*arguments.sign)
    with progress_bar(output.name, arguments.quiet) as progress:
        video.save(output, progress, lossless=arguments.lossless, credentials=credentials)
    report(output, arguments.quiet)


def save_poster(video: Video, output: Path, quiet: bool) -> None:
    video.save_poster(output)
    report(output, quiet)


def report(output: Path, quiet: bool) -> None:
    if not quiet:
        print(f"wrote {output}")
