"""The exact arrays of a clip as .npz."""

import logging
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.shape_names import shape_of
from rig.safe_file import written_beside

_log = logging.getLogger(__name__)
_MOST_BYTES = 4 << 30  # five hours at 60 frames a second; what claims more is no clip


def write_npz(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write names (N,), weights (T, N), head_rotation (T, 3), eye_rotation (T, 2, 3) in radians, and fps, exactly.

    seen (T,) is written where the clip has it.
    """
    naming = options.naming
    arrays = {
        "names": np.array(naming.written()), "weights": clip.weights[:, naming.columns()],
        "head_rotation": clip.head_rotation, "fps": clip.fps,
    }  # fmt: skip
    if clip.eye_rotation is not None:
        arrays["eye_rotation"] = clip.eye_rotation
    if clip.seen is not None:
        arrays["seen"] = clip.seen
    with written_beside(path) as beside:
        np.savez_compressed(beside, **arrays)


def read_npz(path: str | Path) -> BlendshapeClip:
    """Read what write_npz wrote, columns by name; shapes and head_rotation may be missing and are then 0.

    Raises RigError where it is no such file.
    """
    path = Path(path)
    arrays = _arrays(path)
    absent = {"names", "weights", "fps"} - set(arrays)
    if absent:
        raise RigError(f"{path.name} has no {', '.join(sorted(absent))}; a clip holds names, weights and fps.")
    names, given, fps = arrays["names"], arrays["weights"], arrays["fps"]
    if names.ndim != 1 or given.ndim != 2 or given.shape[1] != len(names) or fps.size != 1:
        raise RigError(
            f"{path.name} has weights of shape {given.shape} for names of shape {names.shape}; "
            "a clip has frames x names, and one fps."
        )
    shapes = [shape_of(str(name)) for name in names]
    missing = [name for name in NAMES if name not in shapes]
    if len(missing) == len(NAMES):
        raise RigError(f"{path.name} has no ARKit name among its names; name its columns jawOpen and so on.")
    if missing:
        _log.warning("%s has no %s; taken as 0.", path.name, ", ".join(missing))
    weights = np.zeros((len(given), len(NAMES)), dtype=np.float32)
    try:
        for column, shape in enumerate(shapes):
            if shape is not None:
                weights[:, NAMES.index(shape)] = given[:, column]
        head = arrays.get("head_rotation", np.zeros((len(given), 3)))
        return BlendshapeClip(weights, head, float(fps.item()), arrays.get("eye_rotation"), arrays.get("seen"))
    except (TypeError, ValueError) as error:
        raise RigError(f"{path.name} holds no clip: {error}") from None


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > _MOST_BYTES:
                raise ValueError("it claims to hold more than 4 GiB")
            members = {key: archive[key] for key in archive.files}
            if "names" in members:  # damaged text may hold signs outside Unicode, on which str's own methods break
                "".join(str(name) for name in np.ravel(members["names"])).encode().decode()
            return {key: array for key, array in members.items() if isinstance(array, np.ndarray)}
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name a clip.") from None
    except Exception as error:  # a damaged archive fails in many ways: zip, zlib, struct, header parsing, memory
        what = " ".join(str(error).split())[:120]
        raise RigError(
            f"{path.name} cannot be read as an npz clip ({what}); name one that was saved by this program."
        ) from None
