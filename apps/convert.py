"""dreamtalk convert: a curve file in any format that can be read, to any that can be written."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.curve_options import add_curve_arguments, check_room, requested_curve_options
from apps.outputs import check_outputs
from apps.rig_options import retargeted
from dreamtalk.performance import Performance, sound_beside
from dreamtalk.shape_file import read_shapes
from dreamtalk.speech.audio import load_audio
from rig.clip_file import FORMATS, WRITABLE, read_clip
from rig.foreign.rig_file import read_rig
from rig.formats.frame_rate import FrameRate

GLTF = (".glb", ".gltf")


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "convert",
        help="curves from one format to another",
        description="Read curves by name and write them in other formats; the end of each name picks the format.",
        epilog="Formats: " + "; ".join(f"{format.name} ({format.suffix}): {format.what}" for format in FORMATS) + ".",
        allow_abbrev=False,
    )
    parser.add_argument("clip", type=Path, metavar="IN", help="curves in any format that can be read")
    parser.add_argument("--from", dest="source_format", metavar="FORMAT", help="format of IN (default: by its name)")
    parser.add_argument("--format", metavar="FORMAT", help="format of every OUT (default: by its name)")
    parser.add_argument("--fps", metavar="RATE", help="23.976, 24, 29.97, 29.97ndf, 29.97df, 60 ... (default IN's own)")
    parser.add_argument("--shapes", type=Path, metavar="FILE", help="gain, offset and limits of single shapes")
    parser.add_argument("--for", dest="rig", type=Path, metavar="RIG", help="solve for the lips and lids on this head")
    parser.add_argument(
        "--onto", type=Path, metavar="HEAD", help="a copy of this .glb, .gltf or .vrm plays the curves; OUT is .glb"
    )
    parser.add_argument("--audio", type=Path, metavar="SPEECH", help="written as .wav beside OUT, and named in it")
    add_curve_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="no list of what was written")
    parser.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="OUT", help="may be given again"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    rate = None if arguments.fps is None else FrameRate.parse(arguments.fps)
    options = replace(requested_curve_options(arguments, rate), onto=arguments.onto)
    suffixes = [output.suffix.lower() for output in arguments.output] if arguments.format else WRITABLE
    inputs = (arguments.clip, arguments.shapes, arguments.audio, arguments.names, arguments.rig, arguments.onto)
    check_outputs(arguments.output, suffixes if arguments.onto is None else GLTF, inputs)
    check_room(arguments, arguments.output, arguments.format)
    clip = read_clip(arguments.clip, arguments.source_format)
    if arguments.shapes is not None:
        clip = clip.replaced(weights=read_shapes(arguments.shapes).applied(clip.weights))
    if arguments.rig is not None:
        clip = retargeted(clip, read_rig(arguments.rig, options.naming.names))
    waveform = None if arguments.audio is None else load_audio(arguments.audio)
    performance = Performance(clip, waveform, arguments.clip.name)
    named: set[Path] = set()  # several outputs may share a sound
    for output in arguments.output:
        given = options
        if arguments.audio and sound_beside(output, arguments.format).resolve() == arguments.audio.resolve():
            given = replace(options, sound=arguments.audio)  # it lies beside already, and stays as it is
        for written in performance.save_curves(output, given, arguments.format):
            if not arguments.quiet and written not in named:
                print(f"wrote {written}")
            named.add(written)
    return 0
