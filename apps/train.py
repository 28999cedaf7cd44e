"""dreamtalk train: each network from a data folder, one command each."""

import argparse
import importlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.outputs import check_folder
from apps.progress import progress_bar
from dreamtalk.errors import OptionError


@dataclass(frozen=True)
class Trainer:
    """How a network is trained.

    module: of dreamtalk.training, where train(data, out, ...) lives. extras: the options it takes beyond those that all
    take. needs_data: whether it cannot learn from rendered heads alone.
    """

    module: str
    summary: str
    extras: tuple[str, ...] = ()
    needs_data: bool = True


TRAINERS = {
    "articulation": Trainer("train_articulation", "phones to mouth curves: the targets of synthetic speech"),
    "phones": Trainer("train_phones", "speech to phones, on speech with phone times", ("cache_dir",)),
    "emodiff": Trainer("train_emodiff", "speech and style to motion", ("cache_dir", "bfloat16", "start_dir")),
    "lips": Trainer("train_lips", "the lip refiner behind EmoDiff", ("cache_dir", "bfloat16", "emodiff_dir")),
    "guided": Trainer("train_guided", "the rig-guided Face-Vid2Vid of portraits", ("pairs",), needs_data=False),
    "renderer": Trainer("train_renderer", "Face-Vid2Vid, on rendered heads", needs_data=False),
    "superres": Trainer("train_superres", "super-resolution to 512 pixels", needs_data=False),
}

EXTRAS: dict[str, tuple[str, dict[str, Any]]] = {
    "cache_dir": ("--cache", {"type": Path, "metavar": "DIR", "help": "keep speech features and checkpoint here"}),
    "bfloat16": ("--bfloat16", {"action": "store_true", "help": "mixed precision: faster with AVX512-BF16"}),
    "start_dir": ("--start", {"type": Path, "metavar": "DIR", "help": "begin from these weights where they fit"}),
    "pairs": ("--pairs", {"type": Path, "metavar": "DIR", "help": "the windows to learn from, if made already"}),
    "emodiff_dir": ("--emodiff", {"type": Path, "metavar": "DIR", "help": "EmoDiff's weight folder, if not the own"}),
}


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train one of the networks",
        description="Train a network from a data folder and write its weight folder. The README says where anyone "
        "gets the data and how the folder must look.",
        allow_abbrev=False,
    )
    networks = parser.add_subparsers(dest="network", metavar="NETWORK", required=True)
    for name, trainer in TRAINERS.items():
        network = networks.add_parser(name, help=trainer.summary, allow_abbrev=False)
        data_help = "the data folder" if trainer.needs_data else "the data folder; without it, rendered heads alone"
        network.add_argument(
            "data", type=Path, metavar="DATA", nargs=None if trainer.needs_data else "?", help=data_help
        )
        network.add_argument("--out", type=Path, required=True, metavar="DIR", help="the weight folder to write")
        network.add_argument("--steps", type=int, metavar="N", help="training steps (default: the network's own)")
        network.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same weights (default 0)")
        network.add_argument("--resume", action="store_true", help="go on from the checkpoint of an earlier run")
        network.add_argument("--quiet", action="store_true", help="no progress bar")
        for extra in trainer.extras:
            flag, meaning = EXTRAS[extra]
            network.add_argument(flag, dest=extra, **meaning)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_folders(arguments.data, arguments.out)
    if arguments.steps is not None and arguments.steps < 1:
        raise OptionError(f"--steps is {arguments.steps}; give 1 or more.")
    if not arguments.quiet:
        logging.getLogger("dreamtalk").setLevel(logging.INFO)
    trainer = TRAINERS[arguments.network]
    given = {name: getattr(arguments, name) for name in ("steps", *trainer.extras)}
    options = {name: value for name, value in given.items() if value is not None}
    train = importlib.import_module(f"dreamtalk.training.{trainer.module}").train
    with progress_bar(f"training {arguments.network}", arguments.quiet) as progress:
        train(arguments.data, arguments.out, seed=arguments.seed, resume=arguments.resume, progress=progress, **options)
    if not arguments.quiet:
        print(f"wrote {arguments.out}")
    return 0


def check_folders(data: Path | None, out: Path) -> None:
    """Refuse a data folder that is not there and a weight folder that cannot be made, before hours of work."""
    if data is not None and not data.is_dir():
        raise OptionError(f"The data folder {data} is missing; the README says where to get the data.")
    if data is not None and out.resolve() == data.resolve():
        raise OptionError(f"The weight folder {out} is the data folder; name another for --out.")
    check_folder(out if out.exists() else out.parent)
