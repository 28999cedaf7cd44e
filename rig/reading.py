"""Reading files that users name: what the system says becomes a sentence they can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.errors import RigError


@contextmanager
def reading(path: Path, wanted: str) -> Iterator[None]:
    """Raises RigError, naming the file, where it is missing, locked or no UTF-8 text. wanted: what to name instead."""
    try:
        yield
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name {wanted}.") from None
    except UnicodeDecodeError:
        raise RigError(f"{path.name} is no UTF-8 text; name {wanted}.") from None
    except OSError as error:
        raise RigError(f"{path.name} cannot be read ({error.strerror}); name {wanted}.") from None
