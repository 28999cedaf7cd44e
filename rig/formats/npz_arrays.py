"""The arrays of an .npz that a user names: whole, of a bearable size, never pickled."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from rig.errors import RigError

_MOST_BYTES = 4 << 30  # five hours at 60 frames a second; what claims more is no clip


def npz_arrays(path: Path, keys: Collection[str], what: str) -> dict[str, np.ndarray]:
    """Those of the arrays `keys` that an .npz holds. what: for messages, "a clip".

    Raises RigError where there is no such file, or it is damaged, too large, or anything else.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > _MOST_BYTES:
                raise ValueError("it claims to hold more than 4 GiB")
            arrays = {key: archive[key] for key in keys if key in archive.files}
            strange = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
            if strange:
                raise ValueError(f"{strange[0]} is no array")
            for texts in (array for array in arrays.values() if array.dtype.kind == "U"):
                # Damaged text may hold signs outside Unicode, on which str's own methods break.
                "".join(str(text) for text in texts.ravel()).encode().decode()
            return arrays
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name the .npz of {what}.") from None
    except Exception as error:  # a damaged archive fails in many ways: zip, zlib, struct, header parsing, memory
        why = " ".join(str(error).split())[:120]
        raise RigError(f"{path.name} cannot be read as the .npz of {what} ({why}); name a whole one.") from None
