"""dreamtalk render: any curve file, shown on the avatar or on a portrait."""

import argparse
from pathlib import Path
from typing import Any

from apps.animate import VIDEO, add_video_arguments, save_video
from apps.outputs import check_outputs
from dreamtalk.performance import Performance
from dreamtalk.speech.audio import load_audio
from rig.clip_file import read_clip


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "render",
        help="show a curve file on the avatar or a portrait",
        description="Draw a curve file as video: columns by name, frames by timecode, head angles as a turn away "
        "from the portrait's own pose.",
        allow_abbrev=False,
    )
    parser.add_argument("clip", type=Path, metavar="CLIP", help="curves: .csv (Live Link Face) or .npz")
    parser.add_argument("--audio", type=Path, metavar="SPEECH", help="the sound of the video")
    add_video_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.mp4", help="the video to write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_outputs([arguments.output], VIDEO, (arguments.clip, arguments.portrait, arguments.audio))
    waveform = load_audio(arguments.audio) if arguments.audio else None
    performance = Performance(read_clip(arguments.clip), waveform, arguments.clip.name)
    video = performance.render(arguments.portrait, renderer=arguments.renderer, quality=arguments.quality)
    save_video(video, arguments.output, arguments.quiet)
    return 0
