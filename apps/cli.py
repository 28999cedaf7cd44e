"""The console script `dreamtalk`: its commands, and one sentence for everything a user can mend."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from apps import (
    animate,
    capture,
    compare,
    convert,
    demo,
    doctor,
    edit,
    emotions,
    evaluate,
    live,
    people,
    plot,
    prepare,
    receive,
    render,
    rig,
    shapes,
    train,
)
from apps.errors import MENDABLE, one_sentence
from dreamtalk.errors import OptionError

BAD_INPUT, INTERRUPTED = 2, 130


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are one sentence, raised like every other bad input."""

    def error(self, message: str) -> None:
        raise OptionError(f"{message}; {self.prog} --help lists what it takes.")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="dreamtalk",
        description="Speech, an emotion and one portrait in: ARKit curves, Live Link Face CSV and talking video out.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dreamtalk {own_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (
        animate,
        render,
        capture,
        convert,
        edit,
        plot,
        compare,
        live,
        receive,
        emotions,
        shapes,
        people,
        rig,
        doctor,
        evaluate,
        prepare,
        train,
        demo,
    ):
        command.add_command(commands)
    return parser


def own_version() -> str:
    try:
        return version("dreamtalk")
    except PackageNotFoundError:
        return "(not installed: running from a checkout)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. argv: the arguments after the program's name. Returns the exit status, 0 when all went well."""
    logging.basicConfig(level=logging.WARNING, format="dreamtalk: %(message)s", stream=sys.stderr)
    try:
        arguments = build_parser().parse_args(argv)
        return arguments.run(arguments)
    except MENDABLE as error:
        complaint = one_sentence(error)
    except BrokenPipeError:  # the reader of our output closed it, as `dreamtalk emotions | head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a file taken away while it is read
        complaint = one_sentence(error)
    except KeyboardInterrupt:
        print("dreamtalk: stopped; outputs not finished were not written.", file=sys.stderr)
        return INTERRUPTED
    print(f"dreamtalk: {complaint}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
