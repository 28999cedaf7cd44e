"""A rig from any file or folder that holds one."""

from collections.abc import Mapping
from pathlib import Path

from rig.errors import RigError
from rig.foreign.foreign_fit import fitted_rig
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.gltf_rig import gltf_source
from rig.foreign.ict_rig import ict_source
from rig.foreign.obj_rig import obj_folder_source
from rig.foreign.rig_source import RigSource
from rig.foreign.vrm_rig import is_vrm, vrm_source
from rig.formats.gltf_scene import read_gltf_scene

RIG_KINDS = ".glb, .gltf, .vrm, the .npz of an ICT-FaceKit head, or a folder of .obj files"


def read_rig(path: str | Path, names: Mapping[str, str] | None = None) -> ForeignRig:
    """Read a rig of whatever kind it is. names: ARKit name -> the rig's own name.

    Raises RigError for other files, and for those that hold no shape by an ARKit name.
    """
    return fitted_rig(_source(Path(path)), names)


def _source(path: Path) -> RigSource:
    if path.is_dir():
        return ict_source(path) if (path / "generic_neutral_mesh.obj").is_file() else obj_folder_source(path)
    suffix = path.suffix.lower()
    if suffix in (".glb", ".gltf", ".vrm"):
        scene = read_gltf_scene(path)
        return vrm_source(scene) if suffix == ".vrm" or is_vrm(scene) else gltf_source(scene)
    if suffix == ".npz":
        return ict_source(path)
    if suffix == ".obj":
        raise RigError(f"{path.name} is a single .obj, which holds no shapes; name its folder.")
    if not path.exists():
        raise RigError(f"There is no rig {path}; name a {RIG_KINDS}.")
    raise RigError(f"{path.name} is no rig; name a {RIG_KINDS}.")
