"""The head in a glTF document: skinned face with morph targets, eyes and hair on the head's joint."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rig.arkit import NAMES
from rig.face_rig import EYES, FaceRig
from rig.formats.gltf_document import CORNERS, VERTICES, GltfDocument
from rig.formats.naming import Naming
from rig.look import Look

if TYPE_CHECKING:
    from rig.dressed_head import DressedHead, Piece

LEAST_TURN = 2e-3
"""Changes of a normal that are smaller are left out of the file."""


@dataclass(frozen=True)
class HeadNodes:
    """Indices of nodes: the mesh with the morph targets, the joints of head and eyes, and those of the scene."""

    face: int
    head: int
    eyes: tuple[int, ...]
    top: tuple[int, ...]


def add_head(document: GltfDocument, rig: FaceRig, naming: Naming) -> HeadNodes:
    """Add the rig, dressed in the default look, with the shapes that `naming` asks for.

    Linear blend skinning over the joints bust and head is exactly FaceRig.vertices: each vertex goes head_weight of the
    way from where it is to where the turned head has it.
    """
    from rig.dressed_head import dressed_head  # painting takes scipy, which is slow to import

    dressed = dressed_head(rig, Look())
    eyes = tuple(
        document.add("nodes", {
            "name": name, "translation": _list(pivot - rig.neck_pivot), "children": [_add_rigid(document, piece, pivot)]
        })
        for name, piece, pivot in zip(EYES, dressed.eyes, rig.eye_pivots, strict=True)
    )  # fmt: skip
    hair = [] if dressed.hair is None else [_add_rigid(document, dressed.hair, rig.neck_pivot)]
    joint = {"name": "head", "translation": _list(rig.neck_pivot), "children": [*eyes, *hair]}
    head = document.add("nodes", joint)
    bust = document.add("nodes", {"name": "bust", "children": [head]})
    origins = np.stack([np.zeros(3), rig.neck_pivot, *rig.eye_pivots])
    skin = _add_skin(document, (bust, head, *eyes), origins)
    mesh = _add_face(document, dressed, naming)
    *above, name = naming.mesh_path.split("/") if naming.mesh_path else ["face"]
    face = top = document.add("nodes", {"name": name, "mesh": mesh, "skin": skin})
    for group in reversed(above):
        top = document.add("nodes", {"name": group, "children": [top]})
    return HeadNodes(face, head, eyes, (top, bust))


def _list(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _add_skin(document: GltfDocument, joints: tuple[int, ...], origins: np.ndarray) -> int:
    """No vertex of the face follows the eyes, but as joints they are bones to every program, with a pose of rest."""
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    inverse[:, 3, :3] = -origins  # column by column: the last row holds the translation
    matrices = document.add_array(inverse)
    return document.add("skins", {"joints": list(joints), "skeleton": joints[0], "inverseBindMatrices": matrices})


def _add_rigid(document: GltfDocument, piece: "Piece", origin: np.ndarray) -> int:
    """A node with a mesh of its own, to hang on the joint that stands at `origin`."""
    primitive = _primitive(document, piece, (piece.points - origin).astype(np.float32))
    name = piece.name.replace("eye_", "eyeball_")
    mesh = document.add("meshes", {"name": name, "primitives": [primitive]})
    return document.add("nodes", {"name": name, "mesh": mesh})


def _add_face(document: GltfDocument, dressed: "DressedHead", naming: Naming) -> int:
    columns = naming.columns()
    primitives = []
    for piece in dressed.face:
        primitive = _primitive(document, piece, piece.points)
        joints, weights = _joints(piece.head_weight)
        primitive["attributes"] |= {
            "JOINTS_0": document.add_array(joints, VERTICES), "WEIGHTS_0": document.add_array(weights, VERTICES)
        }  # fmt: skip
        primitive["targets"] = _targets(document, piece, columns)
        primitives.append(primitive)
    names = {"targetNames": list(naming.written())}
    return document.add(
        "meshes", {"name": "face", "primitives": primitives, "weights": [0.0] * len(columns), "extras": names}
    )


def _primitive(document: GltfDocument, piece: "Piece", points: np.ndarray) -> dict[str, Any]:
    corners = piece.faces.astype(np.uint16 if len(points) <= 65_535 else np.uint32).ravel()
    attributes = {
        "POSITION": document.add_array(np.ascontiguousarray(points), VERTICES, limits=True),
        "NORMAL": document.add_array(np.ascontiguousarray(piece.normals, dtype=np.float32), VERTICES),
        "COLOR_0": document.add_array(_colour_bytes(piece.colours), VERTICES, normalized=True),
    }
    if piece.uv is not None:
        upside = np.stack([piece.uv[:, 0], 1 - piece.uv[:, 1]], axis=1).astype(np.float32)  # glTF counts v from above
        attributes["TEXCOORD_0"] = document.add_array(upside, VERTICES)
    return {
        "attributes": attributes, "indices": document.add_array(corners, CORNERS),
        "material": _add_material(document, piece),
    }  # fmt: skip


def _colour_bytes(colours: np.ndarray) -> np.ndarray:
    """(N, 4) uint16, since 8 bits of linear light would band in the dark."""
    opaque = np.concatenate([np.clip(colours, 0, 1), np.ones((len(colours), 1))], axis=1)
    return (opaque * 65_535 + 0.5).astype(np.uint16)


def _add_material(document: GltfDocument, piece: "Piece") -> int:
    names = [material["name"] for material in document.lists.get("materials", ())]
    name = "eyes" if piece.name in EYES else piece.name
    if name in names:
        return names.index(name)
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": piece.roughness}
    if piece.texture is not None:
        surface["baseColorTexture"] = {"index": document.add_picture(piece.texture, name)}
    both = {"doubleSided": True} if piece.two_sided else {}
    return document.add("materials", {"name": name, "pbrMetallicRoughness": surface, **both})


def _joints(head_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 4) uint8 joints, bust 0 and head 1, and (N, 4) float32 weights; joint 0 wherever a weight is 0."""
    joints = np.zeros((len(head_weight), 4), dtype=np.uint8)
    weights = np.zeros((len(head_weight), 4), dtype=np.float32)
    whole = head_weight >= 1
    joints[whole, 0], weights[whole, 0] = 1, 1
    soft = ~whole
    joints[soft & (head_weight > 0), 1] = 1
    weights[soft, 1] = head_weight[soft]
    weights[soft, 0] = 1 - head_weight[soft]
    return joints, weights


def _targets(document: GltfDocument, piece: "Piece", columns: list[int]) -> list[dict[str, int]]:
    """One target a shape, kept sparsely; those that do not move this piece share one accessor of zeros."""
    deltas = np.zeros((len(NAMES), *piece.points.shape), dtype=np.float32) if piece.deltas is None else piece.deltas
    nothing: int | None = None
    targets = []
    for column in columns:
        if deltas[column].any():
            position = document.add_sparse(deltas[column])
        else:
            position = nothing = document.add_sparse(deltas[column]) if nothing is None else nothing
        target = {"POSITION": position}
        if piece.normal_deltas is not None:
            turned = piece.normal_deltas[column]
            turned = np.where(np.abs(turned).max(axis=1, keepdims=True) < LEAST_TURN, np.float32(0), turned)
            target["NORMAL"] = document.add_sparse(turned.astype(np.float32))
        targets.append(target)
    return targets
