"""Writing without harm: a file appears whole or not at all, and what stood there before is kept until then."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.errors import RigError


@contextmanager
def written_beside(path: str | Path) -> Iterator[Path]:
    """Give a fresh path in the folder of `path`; on leaving without error it is renamed to `path`, else removed.

    The temporary name keeps the suffix, since encoders choose by it. Raises RigError where the folder is missing or
    cannot be written, or the disk is full.
    """
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        raise RigError(f"The folder {folder} of the output {path.name} does not exist; make it first or name another.")
    if path.is_dir():
        raise RigError(f"The output {path} is a folder; name a file.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=folder)
    except OSError as error:
        raise RigError(
            f"The folder {folder} cannot be written ({error.strerror}); name another for {path.name}."
        ) from None
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        # mkstemp makes private files; an output should have the permissions any new file gets.
        mask = os.umask(0)
        os.umask(mask)
        beside.chmod(0o666 & ~mask)
        os.replace(beside, path)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise RigError(f"{path} could not be written ({error.strerror}); free some space or name another.") from None
    finally:
        beside.unlink(missing_ok=True)
