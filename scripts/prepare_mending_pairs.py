"""Make the training windows of the portrait's generator, as dreamtalk.portrait.mending_pairs describes them.

python scripts/prepare_mending_pairs.py OUT --heads 250 --data DATA --portraits A.png B.png

Work that was interrupted goes on where it stopped. Windows hold what geometry made of them: when that has changed, make
them anew in another folder.
"""

import argparse
import logging
from pathlib import Path

from dreamtalk.portrait.mending_pairs import prepare_mending_pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--heads", type=int, default=250, help="rendered heads (default 250)")
    parser.add_argument("--data", type=Path, help="folder with grid_s1/video and grid_s1/tracks.npz")
    parser.add_argument("--clips", type=int, help="at most so many clips of the video")
    parser.add_argument("--portraits", type=Path, nargs="*", default=[], help="pictures that may be learned from")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("dreamtalk").setLevel(logging.INFO)
    prepare_mending_pairs(
        arguments.out, arguments.heads, arguments.data, arguments.portraits, clips=arguments.clips,
        seed=arguments.seed, progress=_report,
    )  # fmt: skip
    print()


def _report(kind: str, done: int, count: int) -> None:
    print(f"\r{kind} {done} of {count}  ", end="", flush=True)


if __name__ == "__main__":
    main()
