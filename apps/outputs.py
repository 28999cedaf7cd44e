"""Output paths, checked before any work is done."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from dreamtalk.errors import OptionError
from dreamtalk.video_sequence import PATTERN, is_sequence, members
from rig.clip_file import FORMATS

READ_ONLY = tuple(format.suffix for format in FORMATS if format.write is None)


def output_path(text: str) -> Path:
    """What -o names; a folder's name with a slash at its end means numbered pictures in it."""
    return Path(text) / PATTERN if text.endswith(("/", os.sep)) else Path(text)


def check_outputs(outputs: Sequence[Path], suffixes: Sequence[str], inputs: Iterable[Path | None] = ()) -> None:
    """Refuse outputs that could not be written at the end.

    outputs: files to write; suffixes: the endings allowed, with their dot, numbered pictures wherever .mp4 is; inputs:
    files that must stay as they are.
    Raises OptionError for another suffix, one of a format that is only read, a folder that is missing or not writable,
    a folder in the file's place, the same output twice, or an output that is also an input.
    """
    originals = {path.resolve() for path in inputs if path is not None}
    seen: set[Path] = set()
    for output in outputs:
        sequence = is_sequence(output) and ".mp4" in suffixes
        if not output.name.lower().endswith(tuple(suffixes)) and not sequence:
            given = f"ends in {output.suffix!r}" if output.suffix else "has no suffix"
            raise OptionError(f"The output {output} {given}; the suffix picks the format: {', '.join(suffixes)}.")
        if output.name.lower().endswith(READ_ONLY):
            raise OptionError(f"The output {output} ends as files that can only be read here; give it another ending.")
        if output.is_dir():
            raise OptionError(f"The output {output} is a folder; name a file in it, or end it in / for pictures.")
        written = {path.resolve() for path in members(output).values()} if sequence else {output.resolve()}
        if output.suffix.lower() == ".gltf":
            written.add(output.with_suffix(".bin").resolve())  # its second file
        if written & originals:
            raise OptionError(f"The output {output} is also an input and would be overwritten; give it another name.")
        if output.resolve() in seen:
            raise OptionError(f"The output {output} is given twice; name each file once.")
        seen.add(output.resolve())
        folder = output.parent
        check_folder(folder if folder.exists() or not sequence else folder.parent)


def check_folder(folder: Path) -> None:
    """Raise OptionError unless `folder` is there and a file can be made in it."""
    if not folder.exists():
        raise OptionError(f"The output folder {folder} is missing; make it first.")
    if not folder.is_dir():
        raise OptionError(f"The output folder {folder} is a file; name a folder.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise OptionError(f"The output folder {folder} cannot be written ({reason}); choose another.") from error
