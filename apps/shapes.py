"""dreamtalk shapes: a template for gain, offset and limits of single shapes."""

import argparse
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs
from dreamtalk.shape_file import write_shapes_template
from dreamtalk.table_file import SUFFIXES


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "shapes",
        help="write a template for `animate --shapes`",
        description="Write a table of the 52 shapes that changes nothing yet: weight -> gain * weight + offset, kept "
        "between low and high. Rows and cells may be deleted; mouthSmile without a side means both.",
        allow_abbrev=False,
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=".csv or .json")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_outputs([arguments.output], SUFFIXES)
    write_shapes_template(arguments.output)
    print(f"wrote {arguments.output}")
    return 0
