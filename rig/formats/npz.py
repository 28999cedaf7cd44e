"""The exact arrays of a clip as .npz."""

import zipfile
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.safe_file import written_beside


def write_npz(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write names (N,), weights (T, N), head_rotation (T, 3), eye_rotation (T, 2, 3) in radians, and fps, exactly.

    seen (T,) is written where the clip has it.
    """
    naming = options.naming
    arrays = {
        "names": np.array(naming.written()), "weights": clip.weights[:, naming.columns()],
        "head_rotation": clip.head_rotation, "fps": clip.fps,
    }  # fmt: skip
    if clip.seen is not None:
        arrays["seen"] = clip.seen
    if clip.eye_rotation is not None:
        arrays["eye_rotation"] = clip.eye_rotation
    with written_beside(path) as beside:
        np.savez_compressed(beside, **arrays)


def read_npz(path: str | Path) -> BlendshapeClip:
    """Read what write_npz wrote, columns by name; head_rotation may be missing.

    Raises RigError where it is no such file.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name a clip.") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RigError(
            f"{path.name} cannot be read as an npz clip ({error}); name one that was saved by this program."
        ) from None
    absent = {"names", "weights", "fps"} - set(arrays)
    if absent:
        raise RigError(f"{path.name} has no {', '.join(sorted(absent))}; a clip holds names, weights and fps.")
    names, weights = [str(name) for name in arrays["names"]], np.asarray(arrays["weights"])
    unknown = sorted(set(NAMES) - set(names))
    if unknown or weights.ndim != 2 or weights.shape[1] != len(names):
        what = (
            f"lacks {', '.join(unknown)}" if unknown else f"has weights of shape {weights.shape} for {len(names)} names"
        )
        raise RigError(f"{path.name} {what}; a clip has one column for each of the 52 ARKit names.")
    columns = [names.index(name) for name in NAMES]
    head = arrays.get("head_rotation", np.zeros((len(weights), 3)))
    return BlendshapeClip(
        weights[:, columns], head, float(arrays["fps"]), arrays.get("eye_rotation"), arrays.get("seen")
    )
