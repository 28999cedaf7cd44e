"""dreamtalk compare: two clips side by side on the avatar."""

import argparse
from pathlib import Path
from typing import Any

from apps.curve_options import chosen_shapes
from apps.outputs import check_outputs, output_path
from apps.progress import progress_bar
from apps.rig_options import add_rig_arguments, requested_head, retargeted, rig_inputs
from dreamtalk.comparison import CURVES_SHOWN, compared
from dreamtalk.errors import OptionError
from dreamtalk.performance import AVATAR_SIZE_PX
from dreamtalk.speech.audio import load_audio
from rig.clip_file import read_clip


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "compare",
        help="show two clips side by side",
        description="Draw two clips side by side on the avatar, with one time axis, and the curves of both below. The "
        "shorter one holds its last frame, dimmed.",
        allow_abbrev=False,
    )
    parser.add_argument("first", type=Path, metavar="A", help="curves in any format that can be read")
    parser.add_argument("second", type=Path, metavar="B", help="other curves, of any length and rate")
    parser.add_argument("--audio", type=Path, metavar="SPEECH", help="the sound of the video")
    parser.add_argument("--labels", metavar="A,B", help="what stands over the two (default their file names)")
    parser.add_argument(
        "--shapes", metavar="NAMES", help=f"curves below: shapes or regions (default: {CURVES_SHOWN} that move most)"
    )
    parser.add_argument("--no-curves", action="store_true", help="no curves below")
    parser.add_argument("--fps", type=float, metavar="N", help="frames a second (default the higher of both)")
    parser.add_argument(
        "--size", type=int, default=AVATAR_SIZE_PX, metavar="N", help="side of each picture (default %(default)s)"
    )
    add_rig_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")
    parser.add_argument(
        "-o", "--output", type=output_path, required=True, metavar="OUT", help=".mp4, or FOLDER/ for numbered pictures"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    inputs = (arguments.first, arguments.second, arguments.audio, *rig_inputs(arguments))
    check_outputs([arguments.output], (".mp4",), inputs)
    labels = (arguments.first.name, arguments.second.name)
    if arguments.labels is not None:
        labels = tuple(label.strip() for label in arguments.labels.split(","))
        if len(labels) != 2:
            raise OptionError(f"--labels is {arguments.labels!r}; give two with a comma between: before,after.")
    shapes = None if arguments.shapes is None else chosen_shapes(arguments.shapes, "--shapes")
    if shapes is not None and arguments.no_curves:
        raise OptionError("--shapes and --no-curves are both given; give one of them.")
    rig = requested_head(arguments)
    waveform = None if arguments.audio is None else load_audio(arguments.audio)
    first, second = read_clip(arguments.first), read_clip(arguments.second)
    if arguments.retarget:
        first, second = retargeted(first, rig), retargeted(second, rig)
    film = compared(
        first, second, labels, waveform,
        fps=arguments.fps, shapes=() if arguments.no_curves else shapes, size=arguments.size, rig=rig,
    )  # fmt: skip
    with progress_bar(arguments.output.name, arguments.quiet) as progress:
        film.save(arguments.output, progress)
    if not arguments.quiet:
        print(f"wrote {arguments.output}")
    return 0
