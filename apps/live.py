"""dreamtalk live: a clip, or speech as it arrives, to engines and VTuber apps."""

import argparse
import sys
from pathlib import Path
from typing import Any

from apps.controls import add_dial_arguments
from apps.live_sources import check_source, requested_source
from apps.live_targets import add_target_arguments, requested_receivers, shown_targets
from dreamtalk.errors import OptionError
from dreamtalk.live.microphone import input_devices
from dreamtalk.live.pacing import Pace
from dreamtalk.live.sender import send
from rig.formats.frame_rate import FrameRate

_LONGEST_DELAY_S = 5.0
_FASTEST = 240


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "live",
        help="curves, or speech as it arrives, to engines and VTuber apps",
        description="Send a face by UDP while it moves. INPUT is a curve file, a speech file, mic (a microphone), "
        "mic:NAME or mic:NUMBER, or - (16 kHz mono 16-bit little-endian samples on stdin). Ctrl-C stops.",
        allow_abbrev=False,
    )
    parser.add_argument("input", nargs="?", metavar="INPUT", help="curves, speech, mic, mic:NAME or -")
    parser.add_argument("--fps", default="60", metavar="RATE", help="frames a second: 24, 29.97, 60 ... (default 60)")
    parser.add_argument("--loop", action="store_true", help="curves over and over")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after so long (default: at its end)")
    parser.add_argument("--emotion", metavar="EMOTION", help="speech: happy, happy:0.6, happy:0.5+surprised:0.5")
    parser.add_argument("--style", type=Path, metavar="CLIP", help="speech: curves or a video whose manner it takes on")
    parser.add_argument("--seed", type=int, metavar="N", help="speech: same seed, same face (default 0)")
    parser.add_argument(
        "--delay", type=float, default=0.1, metavar="S", help="speech: seconds kept ready against hiccups (default 0.1)"
    )
    parser.add_argument(
        "--sound", nargs="?", const=True, metavar="FILE", help="play the speech as well, or beside curves this file"
    )
    parser.add_argument("--devices", action="store_true", help="list the microphones and stop")
    parser.add_argument("--quiet", action="store_true", help="say nothing about what is sent")
    add_target_arguments(parser)
    add_dial_arguments(parser)
    # What `animate` has and a live face has not; `requested_options` asks for it.
    parser.set_defaults(run=run, variations=1, transition=None, steps=None, audio_guidance=None, style_guidance=None)


def run(arguments: argparse.Namespace) -> int:
    if arguments.devices:
        for number, name in input_devices():
            print(f"mic:{number}  {name}")
        return 0
    rate = requested_rate(arguments)
    check_source(arguments)
    receivers = requested_receivers(arguments, rate)
    try:
        source = requested_source(arguments, rate)
        say(arguments, f"{arguments.input} at {rate.fps:g} frames a second, {shown_targets(arguments)}; Ctrl-C stops")
        try:
            timing = send(source.face_at, receivers, rate.fps, Pace(rate.fps), arguments.seconds)
        finally:
            source.close()
    finally:
        for receiver in receivers:
            receiver.close()
    failed = sum(receiver.failed for receiver in receivers)
    parts = (str(timing), f"{failed} datagrams could not leave" if failed else "", source.report())
    say(arguments, "; ".join(part for part in parts if part))
    return 0


def requested_rate(arguments: argparse.Namespace) -> FrameRate:
    """--fps, taken off the arguments: a stream makes 25 frames a second whatever is sent. Raises OptionError."""
    rate = FrameRate.parse(arguments.fps)
    arguments.fps = None
    if rate.fps > _FASTEST:
        raise OptionError(f"--fps is {rate.fps:g}; give a rate up to {_FASTEST}.")
    if arguments.seconds is not None and not arguments.seconds > 0:
        raise OptionError(f"--seconds is {arguments.seconds:g}; give a number above 0.")
    if not 0 <= arguments.delay <= _LONGEST_DELAY_S:
        raise OptionError(f"--delay is {arguments.delay:g}; give 0 to {_LONGEST_DELAY_S:g} seconds.")
    return rate


def say(arguments: argparse.Namespace, text: str) -> None:
    if not arguments.quiet:
        print(f"dreamtalk live: {text}", file=sys.stderr)
