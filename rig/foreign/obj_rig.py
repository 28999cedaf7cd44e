"""A head as a folder of .obj files: one at rest, and one for each shape."""

from pathlib import Path

import numpy as np

from rig.avatar_part import Layer
from rig.errors import RigError
from rig.foreign.morph import Morph
from rig.foreign.obj_file import read_obj, read_obj_points
from rig.foreign.part_names import eye_side
from rig.foreign.rig_source import RigSource
from rig.formats.shape_names import words_of

KIND = "OBJ folder"
NEUTRAL_NAMES = ("neutral", "genericneutralmesh", "basis", "base", "rest")
"""generic_neutral_mesh.obj is ICT-FaceKit's."""
_NO_SHAPES = ("identity",)  # ICT-FaceKit keeps a hundred of them beside its shapes
MOST_FILES = 400


def obj_folder_source(folder: Path, kind: str = KIND) -> RigSource:
    """Read a folder. Raises RigError where there is no file at rest, or one has other vertices than it."""
    neutral = _neutral(folder)
    mesh = read_obj(neutral)
    shapes = [path for path in _obj_files(folder) if path != neutral and not path.stem.lower().startswith(_NO_SHAPES)]
    if len(shapes) > MOST_FILES:
        raise RigError(f"{folder.name} holds {len(shapes)} shapes; {MOST_FILES} .obj files are the most.")
    morphs = {path.stem: _morph(path, mesh.points, neutral.name) for path in shapes}
    share = np.zeros((2, len(mesh.points)), dtype=np.float32)
    for name, faces in mesh.parts.items():
        side = eye_side(name)
        if side is not None:
            share[side, np.unique(faces)] = 1.0
    has_eyes = bool(share.any(axis=1).all())
    return RigSource(
        file=folder.name, kind=kind, points=mesh.points, uv=np.zeros((len(mesh.points), 2), dtype=np.float32),
        layers=tuple(Layer(name, faces) for name, faces in mesh.parts.items()), morphs=morphs,
        eye_share=share if has_eyes else np.zeros_like(share),
        eye_centres=np.array([_centre(mesh.points[own > 0]) for own in share]) if has_eyes else None,
        bones=(("left eye", "its faces"), ("right eye", "its faces")) if has_eyes else (),
    )  # fmt: skip


def _obj_files(folder: Path) -> list[Path]:
    """In the order of their names, so that the same folder reads the same everywhere."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() == ".obj" and path.is_file()]
    except NotADirectoryError:
        raise RigError(f"{folder} is no folder; name one that holds neutral.obj and an .obj for each shape.") from None
    except OSError as error:
        raise RigError(f"The folder {folder} cannot be read ({error.strerror}); name one of .obj files.") from None
    return sorted(found, key=lambda path: path.name)


def _neutral(folder: Path) -> Path:
    by_name = {"".join(words_of(path.stem)): path for path in reversed(_obj_files(folder))}
    found = next((by_name[name] for name in NEUTRAL_NAMES if name in by_name), None)
    if found is None:
        raise RigError(f"{folder.resolve().name} holds no neutral.obj; put the head at rest there under that name.")
    return found


def _morph(path: Path, rest: np.ndarray, neutral: str) -> Morph:
    points = read_obj_points(path)
    if len(points) != len(rest):
        raise RigError(
            f"{path.name} has {len(points)} vertices and {neutral} {len(rest)}; export both with vertices in order."
        )
    return Morph.of_dense(points - rest)


def _centre(points: np.ndarray) -> np.ndarray:
    return (points.min(axis=0) + points.max(axis=0)) / 2
