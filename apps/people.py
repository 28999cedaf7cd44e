"""dreamtalk people: presets and sliders of the head, for --person."""

import argparse
from typing import Any

from rig.person import PRESETS, slider_names

HINT = """\
Give --person "woman, age=62, nose_width=0.4": presets and numbers, separated by commas. age goes from 25 to 90,
sex from -1 (female) to 1 (male), weight from -1 (slim) to 1 (stout); african, asian and european are shares from
0 to 1, and each slider goes from -1 over 0 (average) to 1."""


def add_command(commands: Any) -> None:
    parser = commands.add_parser("people", help="list presets and sliders of the avatar's head", allow_abbrev=False)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    for name, meaning in PRESETS.items():
        print(f"{name:14} {meaning}")
    print(f"sliders        {'  '.join(slider_names())}")
    print(HINT)
    return 0
