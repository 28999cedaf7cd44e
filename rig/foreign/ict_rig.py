"""The ICT-FaceKit head: its "light" model packed into one .npz, or the folder of .obj files it comes as."""

from pathlib import Path

import numpy as np

from rig.avatar_part import Layer
from rig.errors import RigError
from rig.foreign.morph import Morph
from rig.foreign.obj_rig import obj_folder_source
from rig.foreign.rig_source import RigSource
from rig.formats.npz_arrays import npz_arrays

KIND = "ICT-FaceKit"
ARRAYS = {
    "neutral": ("f", 2), "tris": ("iu", 2), "tri_material": ("iu", 1), "materials": ("U", 1), "expr_names": ("U", 1),
    "expr": ("f", 3), "extra_names": ("U", 1), "extra": ("f", 3), "eye_centre": ("f", 2), "eye_vertex_range": ("iu", 2),
}  # fmt: skip
"""Kind of numbers or text, and number of axes."""


def ict_source(path: Path) -> RigSource:
    """Read the .npz or the folder. Raises RigError, naming the array or file, for anything else."""
    if path.is_dir():
        return obj_folder_source(path, KIND)
    arrays = npz_arrays(path, ARRAYS, "an ICT-FaceKit head")
    _check(arrays, path.name)
    return _source(arrays, path.name)


def _check(arrays: dict[str, np.ndarray], file: str) -> None:
    for name, (kinds, axes) in ARRAYS.items():
        if name not in arrays:
            raise RigError(f"{file} has no array {name}; give the .npz of an ICT-FaceKit head.")
        if arrays[name].dtype.kind not in kinds or arrays[name].ndim != axes:
            raise RigError(f"{file} has {name} of another kind than the head of ICT-FaceKit; pack it anew.")
        if kinds == "f" and not np.isfinite(arrays[name]).all():
            raise RigError(f"{file} has NaN or infinite numbers in {name}; pack the head anew.")
    count, faces = len(arrays["neutral"]), arrays["tris"]
    wanted = {
        "neutral": (count, 3), "tris": (len(faces), 3), "tri_material": (len(faces),),
        "expr": (len(arrays["expr_names"]), count, 3), "extra": (len(arrays["extra_names"]), count, 3),
        "eye_centre": (2, 3), "eye_vertex_range": (2, 2),
    }  # fmt: skip
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise RigError(f"{file} has {name} of the shape {arrays[name].shape}; {shape} was expected.")
    if not len(faces) or faces.min() < 0 or faces.max() >= count:
        raise RigError(f"{file} has no triangles, or some of vertices that it does not have; pack the head anew.")


def _source(arrays: dict[str, np.ndarray], file: str) -> RigSource:
    points = arrays["neutral"].astype(np.float64)
    named = [*zip(arrays["expr_names"], arrays["expr"], strict=True)]
    named += [*zip(arrays["extra_names"], arrays["extra"], strict=True)]
    share = np.zeros((2, len(points)), dtype=np.float32)
    for side, (first, end) in enumerate(arrays["eye_vertex_range"]):
        share[side, first:end] = 1.0
    layers = [
        Layer(str(name), arrays["tris"][arrays["tri_material"] == number].astype(np.int32))
        for number, name in enumerate(arrays["materials"])
    ]
    return RigSource(
        file=file, kind=KIND, points=points, uv=np.zeros((len(points), 2), dtype=np.float32),
        layers=tuple(layer for layer in layers if len(layer.faces)),
        morphs={str(name): Morph.of_dense(offsets.astype(np.float32)) for name, offsets in named},
        eye_share=share, eye_centres=arrays["eye_centre"].astype(np.float64),
        bones=(("left eye", "its vertices"), ("right eye", "its vertices")),
    )  # fmt: skip
