"""The nodes of a glTF file: where each stands, and a tree that is one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.gltf_json import entries, index_of, list_at, numbers, text_at
from rig.rotation import matrix_from_quaternions


@dataclass(frozen=True, eq=False)
class GltfNode:
    """name: "" where it has none.  parent: None at the top.  mesh, skin: indices or None.

    translation (3,), rotation (4,) quaternion x, y, z, w, scale (3,): float64; where the file gave a matrix, taken
    from it.  matrix: (4, 4) float64, own space to the parent's.  weights: of the mesh's morphs, as the node stands, or
    None for the mesh's own.
    """

    name: str
    parent: int | None
    children: tuple[int, ...]
    translation: np.ndarray
    rotation: np.ndarray
    scale: np.ndarray
    matrix: np.ndarray
    mesh: int | None
    skin: int | None
    weights: np.ndarray | None


def read_nodes(document: dict[str, Any], mesh_count: int, skin_count: int, file: str) -> tuple[GltfNode, ...]:
    """All nodes. Raises RigError for indices out of range, two parents, and nodes that are their own ancestors."""
    found = entries(document, "nodes", file)
    parents: list[int | None] = [None] * len(found)
    children: list[tuple[int, ...]] = []
    for number, entry in enumerate(found):
        listed = list_at(entry, "children", file)
        own = [index_of(child, len(found), f"node {number}'s child", file) for child in listed]
        for child in own:
            if parents[child] is not None:
                raise RigError(f"Node {child} of {file} has two parents; export it anew as glTF 2.0.")
            parents[child] = number
        children.append(tuple(own))
    _refuse_circles(parents, children, file)
    return tuple(
        _node(entry, parents[number], children[number], mesh_count, skin_count, file)
        for number, entry in enumerate(found)
    )


def world_matrices(nodes: tuple[GltfNode, ...], turned: Mapping[int, np.ndarray] | None = None) -> np.ndarray:
    """(N, 4, 4) float64: each node's own space to the world.

    turned: node -> rotation (3, 3), applied in the node's own space before its children are placed.
    """
    world = np.tile(np.eye(4), (len(nodes), 1, 1))
    for index in top_down(nodes):
        local, parent = nodes[index].matrix, nodes[index].parent
        if turned and index in turned:
            local = local.copy()
            local[:3, :3] = local[:3, :3] @ turned[index]
        with np.errstate(over="ignore", invalid="ignore"):  # who uses them looks whether they are finite
            world[index] = local if parent is None else world[parent] @ local
    return world


def facing_of(extensions: Mapping[str, Any]) -> np.ndarray:
    """(3, 3), columns: a head's left, up and forward in the world. It looks along +z, in a VRM 0.x along -z."""
    return np.diag([-1.0, 1.0, -1.0]) if "VRM" in extensions else np.eye(3)


def head_axes(node: GltfNode, world: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """(3, 3), columns: the head's left, up and forward in the space that the node's rotation turns in, its parent's.

    world: as world_matrices gives it.  facing: as facing_of does.
    """
    return facing if node.parent is None else axes_of(world[node.parent]).T @ facing


def axes_of(matrix: np.ndarray) -> np.ndarray:
    """(3, 3) rotation in a (4, 4) matrix of rotation and scale; raises RigError where the matrix is not finite."""
    if not np.isfinite(matrix).all():
        raise RigError("A node of the file is endlessly large or far away; export the file anew.")
    left, _, right = np.linalg.svd(matrix[:3, :3])
    return left @ right


def top_down(nodes: tuple[GltfNode, ...]) -> list[int]:
    """Indices of the nodes, parents before their children."""
    order = [index for index, node in enumerate(nodes) if node.parent is None]
    for index in order:
        order.extend(nodes[index].children)
    return order


def _refuse_circles(parents: list[int | None], children: list[tuple[int, ...]], file: str) -> None:
    """Each node has one parent at most, so those that no top node reaches go round in a circle."""
    reached = [number for number, parent in enumerate(parents) if parent is None]
    for number in reached:
        reached.extend(children[number])
    if len(reached) < len(parents):
        lost = min(set(range(len(parents))) - set(reached))
        raise RigError(f"Node {lost} of {file} is its own ancestor; export it anew as glTF 2.0.")


def _node(
    entry: dict[str, Any], parent: int | None, children: tuple[int, ...], mesh_count: int, skin_count: int, file: str
) -> GltfNode:
    matrix = numbers(entry, "matrix", 16, file)
    if matrix is not None:
        matrix = matrix.reshape(4, 4).T
        translation, rotation, scale = _taken_apart(matrix)
    else:
        translation = numbers(entry, "translation", 3, file, (0, 0, 0))
        rotation = numbers(entry, "rotation", 4, file, (0, 0, 0, 1))
        scale = numbers(entry, "scale", 3, file, (1, 1, 1))
        length = np.linalg.norm(rotation)
        rotation = rotation / length if length > 1e-6 else np.array([0.0, 0.0, 0.0, 1.0])
        matrix = np.eye(4)
        matrix[:3, :3] = matrix_from_quaternions(rotation) * scale
        matrix[:3, 3] = translation
    mesh = index_of(entry["mesh"], mesh_count, "mesh", file) if "mesh" in entry else None
    skin = index_of(entry["skin"], skin_count, "skin", file) if "skin" in entry else None
    weights = numbers(entry, "weights", None, file)
    return GltfNode(text_at(entry, "name"), parent, children, translation, rotation, scale, matrix, mesh, skin, weights)


def _taken_apart(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Translation, rotation and scale of a matrix; shear, which glTF does not allow, is left out."""
    from scipy.spatial.transform import Rotation

    linear = matrix[:3, :3]
    scale = np.linalg.norm(linear, axis=0)
    if np.linalg.det(linear) < 0:
        scale[0] = -scale[0]
    safe = np.where(np.abs(scale) > 1e-12, scale, 1.0)
    axes = linear / safe
    rotation = Rotation.from_matrix(axes).as_quat() if np.linalg.det(axes) > 1e-9 else np.array([0.0, 0.0, 0.0, 1.0])
    return matrix[:3, 3], rotation, scale
