"""Rigs of other makers, made of the packed head: OBJ folders, glTF and VRM files in any unit and any pose."""

from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.face_rig import EYES, FaceRig
from rig.foreign.foreign_rig import ForeignRig
from rig.formats.gltf_document import GltfDocument

PACK = FaceRig.load()
AS_IT_IS = np.eye(3)
BACKWARDS = np.diag([-1.0, 1.0, -1.0])
"""Facing -z, as VRM 0.x does."""
Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Facing -y, as Blender has it."""
BONES = ("Hips", "Head", "LeftEye", "RightEye")


def weights_of(**shapes: float) -> np.ndarray:
    """(52,)"""
    weights = np.zeros(len(NAMES), dtype=np.float32)
    for name, value in shapes.items():
        weights[INDEX[name]] = value
    return weights


def moved(rig: ForeignRig | FaceRig, **shapes: float) -> np.ndarray:
    """(V, 3) mm."""
    return (rig.vertices(weights_of(**shapes)) - rig.neutral) * 1000


def in_file(points: np.ndarray, unit_m: float = 1.0, axes: np.ndarray = AS_IT_IS) -> np.ndarray:
    """Points or shifts of ours in a file's unit and axes; axes: rows are our x, y and z there."""
    return points.astype(np.float64) @ axes / unit_m


def same_names(*shapes: str) -> dict[str, str]:
    return {name: name for name in shapes or NAMES}


SIDED = same_names("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthLeft", "mouthSmileLeft", "mouthSmileRight")


def write_obj_folder(
    folder: Path, shapes: dict[str, str], unit_m: float = 1.0, axes: np.ndarray = AS_IT_IS, neutral: str = "neutral"
) -> Path:
    """shapes: own name -> ARKit name."""
    folder.mkdir(exist_ok=True)
    faces = "".join(f"f {a} {b} {c}\n" for a, b, c in PACK.faces[:200] + 1)
    for name, shape in {neutral: None, **shapes}.items():
        moved = PACK.neutral if shape is None else PACK.neutral + PACK.deltas[INDEX[shape]]
        rows = in_file(moved, unit_m, axes).tolist()
        text = "".join(f"v {x:.7g} {y:.7g} {z:.7g}\n" for x, y, z in rows)
        (folder / f"{name}.obj").write_text(text + faces)
    return folder


def write_head(
    path: Path,
    shapes: dict[str, str],
    unit_m: float = 1.0,
    axes: np.ndarray = AS_IT_IS,
    bones: tuple[str, ...] = BONES,
    material: dict[str, Any] | None = None,
    pieces: int = 1,
    picture: bytes | None = None,
    node: dict[str, Any] | None = None,
    points: np.ndarray = PACK.neutral,
    **rest: Any,
) -> Path:
    """A .glb, .gltf or .vrm. shapes: own name -> ARKit name. bones: none, or names for BONES; node 0 is the mesh.

    material: its JSON; with a picture, texture 0 shows it.  pieces: primitives that share one list of vertices.
    node: transform of the mesh's node.  points: at rest.  rest: members of the document such as extensions.
    """
    document = GltfDocument()
    points = in_file(points, unit_m, axes).astype(np.float32)
    offsets = [in_file(PACK.deltas[INDEX[shape]], unit_m, axes).astype(np.float32) for shape in shapes.values()]
    attributes = {"POSITION": document.add_array(points, limits=True)}
    if bones:
        attributes |= _bound(document, unit_m, axes, bones)
    shared = {"attributes": attributes, "targets": [{"POSITION": document.add_sparse(rows)} for rows in offsets]}
    if picture is not None:
        document.add("images", {"mimeType": "image/png", "bufferView": document.add_bytes(picture)})
        document.add("textures", {"source": 0})
    if material is not None:
        shared["material"] = document.add("materials", material)
    mesh = {"name": "Face", "extras": {"targetNames": list(shapes)}}
    if not shapes:
        del shared["targets"], mesh["extras"]
    corners = [np.ascontiguousarray(part).astype(np.uint32).ravel() for part in np.array_split(PACK.faces, pieces)]
    mesh["primitives"] = [shared | {"indices": document.add_array(part)} for part in corners]
    document.add("meshes", mesh)
    face = {"name": "Face", "mesh": 0, **(node or {}), **({"skin": 0} if bones else {})}
    document.lists["nodes"] = [face, *document.lists.get("nodes", [])]
    document.write(path, {"nodes": [0, 1] if bones else [0]}, **rest)
    return path


def _bound(document: GltfDocument, unit_m: float, axes: np.ndarray, bones: tuple[str, ...]) -> dict[str, int]:
    """Bones, and each vertex bound to two of them at most."""
    places = in_file(np.array([PACK.neck_pivot + [0, -0.5, 0], PACK.neck_pivot, *PACK.eye_pivots]), unit_m, axes)
    for number, (name, parent) in enumerate(zip(bones, (None, 0, 1, 1), strict=True)):
        base = 0 if parent is None else places[parent]
        children = {0: [2], 1: [3, 4]}.get(number)  # one further on, behind the mesh's node
        entry = {"name": name, "translation": (places[number] - base).tolist()}
        document.add("nodes", entry | ({"children": children} if children else {}))
    inverse = np.tile(np.eye(4, dtype=np.float32), (4, 1, 1))
    inverse[:, 3, :3] = -places
    matrices = document.add_array(inverse)
    document.add("skins", {"joints": [1, 2, 3, 4], "inverseBindMatrices": matrices})
    joints = np.tile(np.array([0, 1, 0, 0], dtype=np.uint8), (PACK.vertex_count, 1))
    weights = np.zeros((PACK.vertex_count, 4), dtype=np.float32)
    weights[:, 1] = PACK.head_weight
    weights[:, 0] = 1 - PACK.head_weight
    for bone, eye in enumerate(EYES, start=2):
        joints[PACK.regions[eye], 1] = bone
    return {"JOINTS_0": document.add_array(joints), "WEIGHTS_0": document.add_array(weights)}


def new_vrm(presets: dict[str, list], custom: dict[str, list] | None = None) -> dict[str, Any]:
    """Extensions of a VRM 1.0. presets, custom: expression -> [(morph target, weight), ...]."""
    bind = {
        kind: {
            name: {"morphTargetBinds": [{"node": 0, "index": i, "weight": w} for i, w in binds]}
            for name, binds in found.items()
        }
        for kind, found in (("preset", presets), ("custom", custom or {}))
    }
    bones = {"head": {"node": 2}, "leftEye": {"node": 3}, "rightEye": {"node": 4}}
    own = {"specVersion": "1.0", "humanoid": {"humanBones": bones}, "expressions": bind}
    return {"extensionsUsed": ["VRMC_vrm"], "extensions": {"VRMC_vrm": own}}


def old_vrm(clips: list[tuple[str, str, list]]) -> dict[str, Any]:
    """Extensions of a VRM 0.x. clips: (name, preset, [(morph target, weight out of 100), ...])."""
    groups = [
        {"name": name, "presetName": preset, "binds": [{"mesh": 0, "index": i, "weight": w} for i, w in binds]}
        for name, preset, binds in clips
    ]
    bones = [{"bone": bone, "node": node} for bone, node in (("head", 2), ("leftEye", 3), ("rightEye", 4))]
    own = {"humanoid": {"humanBones": bones}, "blendShapeMaster": {"blendShapeGroups": groups}}
    return {"extensionsUsed": ["VRM"], "extensions": {"VRM": own}}
