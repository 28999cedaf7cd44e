"""dreamtalk edit: clips cut, joined, mixed and shaped, one operation after another."""

import argparse
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from apps.curve_options import add_curve_arguments, check_room, requested_curve_options
from apps.edit_operations import OPERATIONS, SETTINGS, Operation, Settings
from apps.outputs import check_outputs
from dreamtalk.errors import OptionError
from dreamtalk.performance import Performance
from rig.clip_file import WRITABLE, read_clip
from rig.editing.regions import REGIONS
from rig.formats.frame_rate import FrameRate

_BY_FLAG = {operation.flag: operation for operation in OPERATIONS}


@dataclass(frozen=True)
class Step:
    """One operation as it was asked for: its text, and the settings that followed it."""

    operation: Operation
    text: str
    settings: Settings = field(default_factory=dict)


class _NextStep(argparse.Action):
    """Keeps the operations in the order of the command line."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.steps = [*namespace.steps, Step(_BY_FLAG[option_string], _text(values))]


class _SettingOfLastStep(argparse.Action):
    """Says more about the operation before it."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        takers = " or ".join(operation.flag for operation in OPERATIONS if option_string in operation.takes)
        if not namespace.steps or option_string not in namespace.steps[-1].operation.takes:
            raise OptionError(f"{option_string} belongs behind {takers}; put it right after the one that it is for.")
        last = namespace.steps[-1]
        settings = {**last.settings, option_string: _text(values)}
        namespace.steps = [*namespace.steps[:-1], replace(last, settings=settings)]


def _text(values: str | list[str]) -> str:
    return values if isinstance(values, str) else ""


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "edit",
        help="cut, join, loop, stretch, mix, mirror, smooth and scale curves",
        description="Edit curves: the operations are done in the order in which they stand on the command line, and "
        "each may be given again.",
        epilog=f"Regions: {', '.join(REGIONS)}, and single shapes such as jawOpen.",
        allow_abbrev=False,
    )
    parser.add_argument("clip", type=Path, metavar="IN", help="curves in any format that can be read")
    group = parser.add_argument_group("operations, done in their order")
    for operation in OPERATIONS:
        _add(group, _NextStep, operation.flag, operation.metavar, operation.what)
    group = parser.add_argument_group("settings, each for the operation before it")
    for flag, metavar, what in SETTINGS:
        _add(group, _SettingOfLastStep, flag, metavar, what)
    add_curve_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="no list of what was written")
    parser.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="OUT", help="may be given again"
    )
    parser.set_defaults(run=run, steps=[])


def _add(group: Any, action: type[argparse.Action], flag: str, metavar: str, what: str) -> None:
    shape: dict[str, Any] = {"metavar": metavar} if metavar else {"nargs": 0}
    group.add_argument(flag, action=action, dest="steps", default=argparse.SUPPRESS, help=what, **shape)


def run(arguments: argparse.Namespace) -> int:
    files = [step.operation.file(step.text) for step in arguments.steps if step.operation.file]
    check_outputs(arguments.output, WRITABLE, [arguments.clip, arguments.names, *files])
    check_room(arguments, arguments.output)
    rates = [FrameRate.parse(step.text) for step in arguments.steps if step.operation.flag == "--fps"]
    options = requested_curve_options(arguments, rates[-1] if rates else None)  # its timecode counts as well
    clip = read_clip(arguments.clip)
    for step in arguments.steps:
        clip = step.operation.edit(clip, step.text, step.settings)
    performance = Performance(clip, None, arguments.clip.name)
    for output in arguments.output:
        for written in performance.save_curves(output, options):
            if not arguments.quiet:
                print(f"wrote {written}")
    return 0
