"""dreamtalk render: any curve file, shown on the avatar, on another rig or on a portrait."""

import argparse
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs, output_path
from apps.rig_options import add_rig_arguments, requested_head, retargeted, rig_inputs
from apps.video_options import (
    add_video_arguments,
    check_video_request,
    requested_portrait,
    requested_video,
    save_poster,
    save_video,
)
from dreamtalk.errors import OptionError
from dreamtalk.performance import Performance
from dreamtalk.speech.audio import load_audio
from rig.clip_file import read_clip


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "render",
        help="show a curve file on the avatar, another rig or a portrait",
        description="Draw a curve file as video: columns by name, frames by timecode, head angles as a turn away "
        "from the portrait's own pose.",
        allow_abbrev=False,
    )
    parser.add_argument("clip", type=Path, metavar="CLIP", help="curves in any format that can be read")
    parser.add_argument("--audio", type=Path, metavar="SPEECH", help="the sound of the video")
    parser.add_argument("--fps", type=float, metavar="N", help="frames a second of the video (default the clip's own)")
    add_video_arguments(parser)
    add_rig_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=output_path,
        required=True,
        metavar="OUT",
        help="the video to write: .mp4, or FOLDER/ for numbered pictures",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    inputs = (arguments.clip, arguments.portrait, arguments.audio, *rig_inputs(arguments))
    check_outputs([arguments.output], (".mp4",), inputs)
    check_video_request(arguments, [*inputs, arguments.output])
    for head, flag in ((arguments.rig, "--rig"), (arguments.person, "--person")):
        if head is not None and arguments.portrait is not None:
            raise OptionError(f"{flag} and --portrait are both given; a video shows one of them.")
    rig = requested_head(arguments)
    waveform = load_audio(arguments.audio) if arguments.audio else None
    clip = read_clip(arguments.clip)
    if arguments.fps is not None:
        clip = clip.resampled(arguments.fps)
    if arguments.retarget:
        clip = retargeted(clip, rig)
    performance = Performance(clip, waveform, arguments.clip.name)
    video = requested_video(performance, requested_portrait(arguments), arguments, rig)
    save_video(video, arguments.output, arguments)
    if arguments.poster:
        save_poster(video, arguments.poster, arguments.quiet)
    return 0
