"""dreamtalk plot: curves over the waveform, as a picture, a vector drawing or a page for the browser."""

import argparse
from pathlib import Path
from typing import Any

from apps.curve_options import chosen_shapes
from apps.outputs import check_outputs
from dreamtalk.plots.curve_plot import PLOT_SUFFIXES, write_curve_plot
from dreamtalk.speech.audio import load_audio
from rig.clip_file import read_clip
from rig.editing.regions import REGIONS


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "plot",
        help="draw curves over the waveform",
        description="Draw the curves of a clip, or of two over each other, on one time axis with the sound. A .html "
        "holds everything it needs: it plays the sound, zooms, and shows any shape.",
        epilog=f"Regions that --shapes knows: {', '.join(name for name in REGIONS if name != 'head')}.",
        allow_abbrev=False,
    )
    parser.add_argument("clip", type=Path, metavar="CLIP", help="curves in any format that can be read")
    parser.add_argument("--audio", type=Path, metavar="SPEECH", help="the sound")
    parser.add_argument("--shapes", metavar="NAMES", help="shapes or regions, with commas (default: what moves most)")
    parser.add_argument("--against", type=Path, metavar="OTHER", help="a second clip over the first, shape by shape")
    parser.add_argument("--quiet", action="store_true", help="no list of what was written")
    parser.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="OUT",
        help=f"{', '.join(PLOT_SUFFIXES)}; may be given again",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_outputs(arguments.output, PLOT_SUFFIXES, (arguments.clip, arguments.audio, arguments.against))
    shapes = None if arguments.shapes is None else chosen_shapes(arguments.shapes, "--shapes")
    clip = read_clip(arguments.clip)
    against = None if arguments.against is None else read_clip(arguments.against)
    waveform = None if arguments.audio is None else load_audio(arguments.audio)
    for output in arguments.output:
        write_curve_plot(
            output, clip, waveform, shapes=shapes, title=arguments.clip.name, against=against,
            against_title="" if arguments.against is None else arguments.against.name,
        )  # fmt: skip
        if not arguments.quiet:
            print(f"wrote {output}")
    return 0
