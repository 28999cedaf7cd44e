"""dreamtalk emotions: the library of emotion clips."""

import argparse
from typing import Any


def add_command(commands: Any) -> None:
    parser = commands.add_parser("emotions", help="list the library of emotion clips")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from dreamtalk.emotions import EmotionLibrary

    for name in EmotionLibrary.load().names:
        print(name)
    return 0
