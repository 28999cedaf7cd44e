"""A glTF file's scene as plain records: nodes, meshes with their morph targets, skins and materials."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.glb import GltfContainer, read_gltf
from rig.formats.gltf_accessors import Accessors, compressed
from rig.formats.gltf_json import entries, index_of, list_at, object_at
from rig.formats.gltf_materials import GltfImage, GltfMaterial, read_images, read_materials
from rig.formats.gltf_meshes import GltfMesh, read_mesh
from rig.formats.gltf_nodes import GltfNode, read_nodes, world_matrices

LARGEST = 1e12
"""Scale or distance, in the file's unit; beyond it single precision has no room for products."""
_COMPRESSIONS = {"KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"}


@dataclass(frozen=True, eq=False)
class GltfSkin:
    """joints: (J,) int64 indices of nodes.  inverse_bind: (J, 4, 4) float32, mesh space to each joint's own."""

    joints: np.ndarray
    inverse_bind: np.ndarray


@dataclass(frozen=True, eq=False)
class GltfScene:
    """Everything of a file that a face needs; right-handed, y up, usually metres and facing +z.

    nodes, meshes, skins, materials, images: in the file's order, so that its indices hold.
    extensions: the document's own extension objects as raw JSON ("VRMC_vrm", "VRM").  document: the whole JSON.
    """

    nodes: tuple[GltfNode, ...]
    meshes: tuple[GltfMesh, ...]
    skins: tuple[GltfSkin, ...]
    materials: tuple[GltfMaterial, ...]
    images: tuple[GltfImage, ...]
    extensions: Mapping[str, Any]
    document: Mapping[str, Any]
    path: Path


def read_gltf_scene(path: str | Path) -> GltfScene:
    """Read the scene of a .glb, .gltf or .vrm; animations are read elsewhere.

    Raises RigError, one sentence, for files that are no glTF, contradict themselves (cyclic nodes, indices or
    accessors out of range, NaN), name files outside their folder, or need a decoder (Draco, meshopt).
    """
    return scene_of(read_gltf(path))


def scene_of(container: GltfContainer) -> GltfScene:
    """The scene of a container that is already read; errors as read_gltf_scene."""
    document, file = container.document, container.path.name
    if _COMPRESSIONS & set(map(str, list_at(document, "extensionsRequired", file))):
        raise compressed(file)
    accessors = Accessors(container)
    images = read_images(container, accessors)
    materials = read_materials(document, len(images), file)
    meshes = tuple(
        read_mesh(entry, number, accessors, len(materials), file)
        for number, entry in enumerate(entries(document, "meshes", file))
    )
    skin_entries = entries(document, "skins", file)
    nodes = read_nodes(document, len(meshes), len(skin_entries), file)
    skins = tuple(_skin(entry, number, len(nodes), accessors, file) for number, entry in enumerate(skin_entries))
    extensions = object_at(document, "extensions", file)
    return GltfScene(nodes, meshes, skins, materials, images, extensions, document, container.path)


def _skin(entry: dict[str, Any], number: int, node_count: int, accessors: Accessors, file: str) -> GltfSkin:
    joints = [index_of(joint, node_count, f"skin {number}, node", file) for joint in list_at(entry, "joints", file)]
    if not joints:
        raise RigError(f"Skin {number} of {file} has no joints; export it anew as glTF 2.0.")
    if "inverseBindMatrices" in entry:
        inverse = accessors.floats(entry["inverseBindMatrices"], "MAT4", f"skin {number}'s matrices")
        if len(inverse) < len(joints):
            raise RigError(f"Skin {number} of {file} has {len(inverse)} matrices for {len(joints)} joints; mend it.")
    else:
        inverse = np.broadcast_to(np.eye(4, dtype=np.float32), (len(joints), 4, 4))
    return GltfSkin(np.array(joints, dtype=np.int64), inverse[: len(joints)])


def vertex_matrices(scene: GltfScene, node: int, primitive: int, world: np.ndarray | None = None) -> np.ndarray:
    """(V, 3, 4) float32 that takes the vertices of one primitive of a node's mesh to the world; (1, 3, 4) unskinned.

    A point p goes to M[:, :, :3] @ p + M[:, :, 3], a morph delta d to M[:, :, :3] @ d. world: as world_matrices gives
    it, for a pose; None = the scene as it stands.
    """
    world = world_matrices(scene.nodes) if world is None else world
    own = scene.nodes[node]
    piece = scene.meshes[own.mesh].primitives[primitive]
    if own.skin is None or piece.joints is None:
        return _finite(world[node][None, :3], scene)
    skin = scene.skins[own.skin]
    if len(piece.joints) and piece.joints.max() >= len(skin.joints):
        raise RigError(
            f"{scene.path.name} binds vertices to joint {piece.joints.max()} of {len(skin.joints)}; export it anew."
        )
    joints = _finite((world[skin.joints] @ skin.inverse_bind)[:, :3], scene)
    return np.einsum("vk,vkij->vij", piece.joint_weights, joints[piece.joints], optimize=True)


def _finite(matrices: np.ndarray, scene: GltfScene) -> np.ndarray:
    if not np.abs(matrices).max(initial=0) < LARGEST:  # NaN is not smaller either
        raise RigError(f"{scene.path.name} has nodes that are endlessly large or far away; export it anew.")
    return matrices.astype(np.float32)
