"""dreamtalk emotions: the library of emotion clips."""

import argparse
from typing import Any

from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary

HINT = "Give --emotion happy, happy:0.6 (0 is neutral, 1 is full) or a variant; a seed picks the variant otherwise."


def add_command(commands: Any) -> None:
    parser = commands.add_parser("emotions", help="list the library of emotion clips", allow_abbrev=False)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    library = EmotionLibrary.load()
    for emotion in EMOTIONS:
        print(f"{emotion:10} {'  '.join(library.variants(emotion))}")
    print(HINT)
    return 0
