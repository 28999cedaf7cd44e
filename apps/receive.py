"""dreamtalk receive: what an iPhone's Live Link Face app sends, as a clip in any format."""

import argparse
import sys
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs
from dreamtalk.errors import OptionError
from dreamtalk.live.live_link_packet import PORT
from dreamtalk.live.recording import Take, packets
from rig.clip_file import WRITABLE, write_clip
from rig.formats.export_options import ExportOptions


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "receive",
        help="record the Live Link Face app of an iPhone",
        description="Record one subject of a Live Link Face stream until Ctrl-C. The phone's target is this computer's "
        "address; --host 0.0.0.0 listens to the network, otherwise only this computer is heard.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"port to listen on (default {PORT})")
    parser.add_argument("--subject", metavar="NAME", help="the one to record (default: the first that is heard)")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop so long after the first packet")
    parser.add_argument("--quiet", action="store_true", help="say nothing about what is recorded")
    parser.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="OUT", help="may be given again"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_outputs(arguments.output, WRITABLE)
    if not 1 <= arguments.port <= 65535:
        raise OptionError(f"The port {arguments.port} cannot be listened on; give one from 1 to 65535.")
    if arguments.seconds is not None and not arguments.seconds > 0:
        raise OptionError(f"--seconds is {arguments.seconds:g}; give a number above 0.")
    say(arguments, f"listening on {arguments.host}:{arguments.port}; Ctrl-C stops and writes")
    take = recorded(arguments)
    clip = take.clip()
    options = ExportOptions(start=f"{take.start_s:.6f}", subject=arguments.subject or "dreamtalk")
    for output in arguments.output:
        write_clip(clip, output, options)
    what = f"{len(take)} packets, {take.seen} with a face, {clip.duration_s:.2f} s at {clip.fps:g} frames a second"
    say(arguments, f"{what}: wrote {', '.join(map(str, arguments.output))}")
    return 0


def recorded(arguments: argparse.Namespace) -> Take:
    """Everything until the time is over or Ctrl-C."""
    take = Take()
    try:
        for packet in packets(arguments.host, arguments.port, arguments.seconds, arguments.subject):
            take.add(packet)
    except KeyboardInterrupt:
        pass
    return take


def say(arguments: argparse.Namespace, text: str) -> None:
    if not arguments.quiet:
        print(f"dreamtalk receive: {text}", file=sys.stderr)
