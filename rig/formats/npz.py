"""The exact arrays of a clip as .npz."""

from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.named_weights import weights_by_name
from rig.formats.npz_arrays import npz_arrays
from rig.safe_file import written_beside

_ARRAYS = ("names", "weights", "head_rotation", "eye_rotation", "seen", "fps")


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
    arrays = npz_arrays(path, _ARRAYS, "a clip")
    absent = {"names", "weights", "fps"} - set(arrays)
    if absent:
        raise RigError(f"{path.name} has no {', '.join(sorted(absent))}; a clip holds names, weights and fps.")
    names, given, fps = arrays["names"], arrays["weights"], arrays["fps"]
    numbers = given.dtype.kind in "fiub"
    if names.ndim != 1 or given.ndim != 2 or given.shape[1] != len(names) or fps.size != 1 or not numbers:
        raise RigError(
            f"{path.name} has weights of shape {given.shape} for names of shape {names.shape}; "
            "a clip has frames x names, and one fps."
        )
    weights = weights_by_name(path.name, [str(name) for name in names], given.astype(np.float32))
    head = arrays.get("head_rotation", np.zeros((len(given), 3)))
    try:
        return BlendshapeClip(weights, head, float(fps.item()), arrays.get("eye_rotation"), arrays.get("seen"))
    except (TypeError, ValueError) as error:
        raise RigError(f"{path.name} holds no clip: {error}") from None
