"""Frames as numbered pictures in a folder: nothing lost, for editing and compositing."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from dreamtalk.errors import OptionError
from dreamtalk.provenance import save_picture

PATTERN = "%05d.png"
_NUMBER = re.compile(r"%(0\d+)?d")


def is_sequence(path: Path) -> bool:
    """Whether this names a sequence, as frames/%05d.png does."""
    return path.suffix.lower() == ".png" and len(_NUMBER.findall(path.name)) == 1


def members(pattern: Path) -> dict[int, Path]:
    """The files of a sequence that are there already, by their number."""
    before, after = _NUMBER.split(pattern.name)[0], _NUMBER.split(pattern.name)[-1]
    name = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    found = {}
    for path in pattern.parent.iterdir() if pattern.parent.is_dir() else ():
        match = name.fullmatch(path.name)
        if match and pattern.name % int(match[1]) == path.name:
            found[int(match[1])] = path
    return found


def write_sequence(
    pattern: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    *,
    frame_count: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write frame n as the picture `pattern % n`, from 0 on; all of them appear at the end, or none.

    pattern: a .png whose name holds one number, as in frames/%05d.png; its folder is made where it is missing.
    frames: (H, W, 3) uint8 RGB, `frame_count` of them, taken one at a time.
    progress: progress(done, frame_count) is called after each.

    Raises OptionError where the folder cannot be written, or holds pictures that a longer sequence left.
    """
    pattern = Path(pattern)
    if not is_sequence(pattern):
        raise OptionError(f"The sequence {pattern.name} must hold one number and end in .png, as in {PATTERN}.")
    left_over = [number for number in members(pattern) if number >= frame_count]
    if left_over:
        raise OptionError(
            f"{pattern.parent} holds {pattern.name % max(left_over)} of a longer sequence; empty it or name another."
        )
    folder = pattern.parent
    made = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".frames-", dir=folder))
    except OSError as error:
        raise OptionError(f"The folder {folder} cannot be written ({error.strerror}); name another.") from None
    try:
        for number, frame in enumerate(frames):
            save_picture(Image.fromarray(frame), beside / (pattern.name % number))
            if progress:
                progress(number + 1, frame_count)
        for path in sorted(beside.iterdir()):
            os.replace(path, folder / path.name)
        made = False
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        if made:
            folder.rmdir()
