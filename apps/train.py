"""dreamtalk train: each network from a data folder, one command each."""

import argparse
import importlib
import logging
from pathlib import Path
from typing import Any

from apps.outputs import check_folder
from apps.progress import progress_bar
from dreamtalk.errors import OptionError

# What a person calls the network -> the module whose train(data, out, ...) makes it.
TRAINERS = {
    "emodiff": "dreamtalk.train_emodiff",
    "lips": "dreamtalk.train_lips",
    "renderer": "dreamtalk.train_renderer",
    "superres": "dreamtalk.train_superres",
}


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train one of the networks",
        description="Train a network from a data folder and write its weight folder. The README says where anyone "
        "gets the data and how the folder must look.",
        allow_abbrev=False,
    )
    parser.add_argument("network", choices=tuple(TRAINERS), help="which network")
    parser.add_argument("data", type=Path, metavar="DATA", help="the data folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the weight folder to write")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps (default: the network's own)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same weights on one machine")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint of an earlier run")
    parser.add_argument("--bfloat16", action="store_true", help="mixed precision: faster on CPUs with AVX512-BF16")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_folders(arguments.data, arguments.out)
    if arguments.steps is not None and arguments.steps < 1:
        raise OptionError(f"--steps is {arguments.steps}; give 1 or more.")
    if not arguments.quiet:
        logging.getLogger("dreamtalk").setLevel(logging.INFO)
    named = {"steps": arguments.steps} if arguments.steps is not None else {}
    trainer = importlib.import_module(TRAINERS[arguments.network])
    with progress_bar(f"training {arguments.network}", arguments.quiet) as progress:
        trainer.train(
            arguments.data,
            arguments.out,
            seed=arguments.seed,
            resume=arguments.resume,
            bfloat16=arguments.bfloat16,
            progress=progress,
            **named,
        )
    if not arguments.quiet:
        print(f"wrote {arguments.out}")
    return 0


def check_folders(data: Path, out: Path) -> None:
    """Refuse a data folder that is not there and a weight folder that cannot be made, before hours of work."""
    if not data.is_dir():
        raise OptionError(f"The data folder {data} is missing; the README says where to get the data.")
    if out.resolve() == data.resolve():
        raise OptionError(f"The weight folder {out} is the data folder; name another for --out.")
    check_folder(out if out.exists() else out.parent)
