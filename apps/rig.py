"""dreamtalk rig: what a head of your own brings, and what it lacks."""

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.outputs import check_outputs
from apps.rig_options import add_rig_details, requested_rig, rig_inputs
from dreamtalk.errors import OptionError
from rig.arkit import NAMES
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.rig_file import RIG_KINDS
from rig.foreign.rig_profile import write_profile_template

WIDTH = 100
SIZE_PX = 200


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "rig",
        help="say which of the 52 shapes a rig has",
        description="Read a rig and say what was found: its kind, unit, bones and shapes, those that are approximated "
        "by sums of others, and those that are missing.",
        allow_abbrev=False,
    )
    parser.add_argument("rig", type=Path, metavar="RIG", help=RIG_KINDS)
    add_rig_details(parser)
    parser.add_argument("--size", type=int, metavar="N", help=f"pixels of one face of the sheet ({SIZE_PX})")
    parser.add_argument("-o", "--output", type=Path, metavar="SHEET", help=".png: the rig at rest and in its shapes")
    parser.add_argument(
        "--profile-template", type=Path, metavar="TOML", help="write a rig profile that changes nothing yet"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    inputs = rig_inputs(arguments)
    if arguments.output is not None:
        check_outputs([arguments.output], (".png",), inputs)
    if arguments.profile_template is not None:
        check_outputs([arguments.profile_template], (".toml",), inputs)
    if arguments.size is not None:
        check_size(arguments)
    rig = requested_rig(arguments)
    print("\n".join(report_lines(rig)))
    if arguments.output is not None:
        from dreamtalk.rig_sheet import write_rig_sheet

        write_rig_sheet(arguments.output, rig, arguments.size or SIZE_PX)
        print(f"wrote {arguments.output}")
    if arguments.profile_template is not None:
        write_profile_template(arguments.profile_template, tuple(name for name in NAMES if name not in rig.missing))
        print(f"wrote {arguments.profile_template}")
    return 0


def check_size(arguments: argparse.Namespace) -> None:
    """Refuse a size that no sheet has before the rig is read. Raises OptionError."""
    from dreamtalk.rig_sheet import LARGEST_PX, SMALLEST_PX

    if arguments.output is None:
        raise OptionError("--size is given without -o; name a sheet to write as well.")
    if not SMALLEST_PX <= arguments.size <= LARGEST_PX:
        raise OptionError(f"--size is {arguments.size}; give {SMALLEST_PX} to {LARGEST_PX} pixels.")


def report_lines(rig: ForeignRig) -> list[str]:
    """The report, a line each."""
    fit = rig.fit
    renamed = [f"{shape} = {own}" for shape, own in fit.found.items() if own != shape]
    others = [name for name in rig.own_morphs if name not in set(fit.found.values())]
    approximated = [f"{name} = {text}" for name, text in fit.approximated.items()]
    return [
        f"{rig.file}: {rig.kind}, counted in {rig.unit}, {rig.vertex_count} vertices, {len(rig.own_morphs)} morphs",
        *_listed("turned", [f"{what} by {how}" for what, how in rig.bones] or ["the head as a whole"]),
        f"found: {len(fit.found)} of {len(NAMES)} shapes",
        *_listed("under other names", renamed),
        *_listed(f"approximated ({len(approximated)})", approximated),
        *_listed(f"missing ({len(rig.missing)})", rig.missing),
        *_listed(f"other morphs ({len(others)})", others),
    ]


def _listed(head: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return textwrap.wrap(f"{head}: {', '.join(items)}", WIDTH, subsequent_indent="  ", break_long_words=False)
