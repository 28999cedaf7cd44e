"""A head from a glTF scene: all of its meshes as one, with skins, bones and colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.avatar_part import WHITE, Layer
from rig.errors import RigError
from rig.foreign.gltf_paint import painted
from rig.foreign.morph import Morph, combined
from rig.foreign.part_names import eye_side
from rig.foreign.rig_source import RigSource
from rig.formats.gltf_scene import GltfScene, vertex_matrices, world_matrices
from rig.formats.joint_names import part_of
from rig.formats.shape_names import shape_of

MOST_VERTICES, MOST_MORPHS = 2_000_000, 2_000


@dataclass(frozen=True, eq=False)
class ScenePiece:
    """One primitive of a node's mesh in the world.

    rows: (V,) its vertices that triangles use; files often bind all of a face's primitives to one list of vertices.
    first: place of the first of them among all vertices of the scene.  points: (V, 3) float64.  linear: (V or 1, 3, 3),
    what its shifts are turned by.
    """

    node: int
    primitive: int
    rows: np.ndarray
    first: int
    points: np.ndarray
    linear: np.ndarray


@dataclass(frozen=True, eq=False)
class FaceNodes:
    """Nodes of the scene that turn the head and each eye, where there are any."""

    head: int | None = None
    eyes: tuple[int | None, int | None] = (None, None)


def gltf_source(scene: GltfScene) -> RigSource:
    """The head of a glTF file. Raises RigError where it has no morph targets."""
    pieces = scene_pieces(scene)
    return scene_source(scene, pieces, "glTF", named_morphs(scene, pieces), nodes_by_name(scene))


def scene_pieces(scene: GltfScene) -> list[ScenePiece]:
    """Every triangle mesh of the scene where it stands. Raises RigError for too many vertices, or none."""
    world = world_matrices(scene.nodes)
    pieces, first = [], 0
    for number, node in enumerate(scene.nodes):
        for place, primitive in enumerate([] if node.mesh is None else scene.meshes[node.mesh].primitives):
            rows = np.unique(primitive.triangles)
            matrices = vertex_matrices(scene, number, place, world).astype(np.float64)
            matrices = matrices[rows] if len(matrices) > 1 else matrices
            points = _turned(matrices[:, :, :3], primitive.positions[rows]) + matrices[:, :, 3]
            pieces.append(ScenePiece(number, place, rows, first, points, matrices[:, :, :3]))
            first += len(rows)
            if first > MOST_VERTICES:
                raise RigError(f"{scene.path.name} has over {MOST_VERTICES} vertices; export the head alone.")
    if not first:
        raise RigError(f"{scene.path.name} has no triangles; export the head as a mesh.")
    return pieces


def named_morphs(scene: GltfScene, pieces: Sequence[ScenePiece]) -> dict[str, Morph]:
    """Every morph target by its name; those of one name on several meshes are one morph.

    Raises RigError where there are none, or too many.
    """
    parts: dict[str, list[Morph]] = {}
    for piece in pieces:
        mesh = scene.meshes[scene.nodes[piece.node].mesh]
        for number in range(len(mesh.primitives[piece.primitive].morphs)):
            name = mesh.morph_names[number] or f"{mesh.name or 'mesh'} target {number}"
            if name in mesh.morph_names[:number]:
                name = f"{name} {number}"
            parts.setdefault(name, []).append(piece_morph(scene, piece, number))
    if not parts:
        raise RigError(f"{scene.path.name} has no morph targets; export the head with its shapes.")
    if len(parts) > MOST_MORPHS:
        raise RigError(f"{scene.path.name} has {len(parts)} morph targets; {MOST_MORPHS} are the most.")
    return {name: _joined(found) for name, found in parts.items()}


def piece_morph(scene: GltfScene, piece: ScenePiece, target: int) -> Morph:
    """Morph target number `target` of one piece, on all vertices and in the world."""
    offsets = scene.meshes[scene.nodes[piece.node].mesh].primitives[piece.primitive].morphs[target]
    own = Morph.of_dense(offsets[piece.rows])
    linear = piece.linear[own.index] if len(piece.linear) > 1 else piece.linear
    return Morph((own.index + piece.first).astype(np.int32), _turned(linear, own.offsets).astype(np.float32))


def _turned(linear: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(V or 1, 3, 3) @ (V, 3), each its own."""
    return vectors @ linear[0].T if len(linear) == 1 else np.einsum("vij,vj->vi", linear, vectors)


def nodes_by_name(scene: GltfScene) -> FaceNodes:
    """Head and eyes by what their nodes are called. A node that only carries a mesh is no head bone."""
    found: dict[str, int] = {}
    joints = {int(joint) for skin in scene.skins for joint in skin.joints}
    for number, node in enumerate(scene.nodes):
        part = part_of(node.name)
        if part is not None and (number in joints or node.mesh is None or part != "head"):
            found.setdefault(part, number)
    return FaceNodes(found.get("head"), (found.get("eye_left"), found.get("eye_right")))


def scene_source(
    scene: GltfScene,
    pieces: Sequence[ScenePiece],
    kind: str,
    morphs: dict[str, Morph],
    nodes: FaceNodes,
    facing: tuple[float, float, float] = (0.0, 0.0, 1.0),
) -> RigSource:
    """The scene as one head. morphs: by the names that shapes are looked up with; nodes: what turns head and eyes."""
    points = np.concatenate([piece.points for piece in pieces])
    layers, uv = _layers(scene, pieces)
    world = world_matrices(scene.nodes)
    shares = [_share(scene, pieces, node) for node in nodes.eyes]
    if not all(share.any() for share in shares):
        shares = [_painted_share(layers, side, len(points)) for side in (0, 1)]
    has_eyes = all(share.any() for share in shares)
    head = _share(scene, pieces, nodes.head)
    resting = _resting(scene, morphs)
    bones = [("head", nodes.head), ("left eye", nodes.eyes[0]), ("right eye", nodes.eyes[1])]
    return RigSource(
        file=scene.path.name, kind=kind, points=points + resting.dense(len(points)), uv=uv, layers=layers,
        morphs=morphs, eye_share=np.stack(shares) if has_eyes else np.zeros((2, len(points)), np.float32),
        eye_centres=np.array([_eye_centre(scene, node, world, points[share > 0.5])
                              for node, share in zip(nodes.eyes, shares, strict=True)]) if has_eyes else None,
        head_share=head if head.any() else None,
        head_joint=world[nodes.head][:3, 3] if nodes.head is not None and head.any() else None, facing=facing,
        colours=_colours(scene, pieces),
        bones=tuple((what, f"node {scene.nodes[node].name}") for what, node in bones if node is not None),
    )  # fmt: skip


def _joined(parts: list[Morph]) -> Morph:
    """Morphs of different pieces as one."""
    if len(parts) == 1:
        return parts[0]
    return Morph(np.concatenate([part.index for part in parts]), np.concatenate([part.offsets for part in parts]))


def _resting(scene: GltfScene, morphs: dict[str, Morph]) -> Morph:
    """What the file has turned up for good, such as a slimmer chin; never a shape that curves drive."""
    on: dict[str, float] = {}
    for node in scene.nodes:
        if node.mesh is not None:
            mesh = scene.meshes[node.mesh]
            weights = mesh.weights if node.weights is None else node.weights
            on |= {
                name: float(weight)
                for name, weight in zip(mesh.morph_names, weights, strict=False)
                if weight and shape_of(name) is None and name in morphs
            }
    count = 1 + max((int(morphs[name].index.max(initial=-1)) for name in on), default=-1)
    return combined([(weight, morphs[name]) for name, weight in on.items()], count)


def _share(scene: GltfScene, pieces: Sequence[ScenePiece], node: int | None) -> np.ndarray:
    """(V,) float32: how far each vertex follows a node, by its skin or by hanging below it."""
    below = _below(scene, node)
    shares = []
    for piece in pieces:
        own = scene.nodes[piece.node]
        primitive = scene.meshes[own.mesh].primitives[piece.primitive]
        if own.skin is not None and primitive.joints is not None:
            follows = np.isin(scene.skins[own.skin].joints, list(below)).astype(np.float32)
            shares.append((follows[primitive.joints] * primitive.joint_weights).sum(axis=1)[piece.rows])
        else:
            shares.append(np.full(len(piece.points), float(piece.node in below)))
    return np.concatenate(shares).astype(np.float32)


def _below(scene: GltfScene, node: int | None) -> set[int]:
    """A node and all that hangs on it."""
    found = [] if node is None else [node]
    for index in found:
        found.extend(scene.nodes[index].children)
    return set(found)


def _layers(scene: GltfScene, pieces: Sequence[ScenePiece]) -> tuple[tuple[Layer, ...], np.ndarray]:
    layers, uv = [], []
    textures = {None: WHITE}
    for piece in pieces:
        mesh = scene.meshes[scene.nodes[piece.node].mesh]
        primitive = mesh.primitives[piece.primitive]
        material = None if primitive.material is None else scene.materials[primitive.material]
        name = " ".join(filter(None, (scene.nodes[piece.node].name, mesh.name, material.name if material else "")))
        if primitive.material not in textures:
            textures[primitive.material] = painted(scene, material)
        texture = textures[primitive.material]
        faces = (np.searchsorted(piece.rows, primitive.triangles) + piece.first).astype(np.int32)
        if texture is not None and len(faces):
            layers.append(Layer(name, faces, texture, two_sided=material is not None and material.double_sided))
        own = np.zeros((len(piece.rows), 2), np.float32) if primitive.uv is None else primitive.uv[piece.rows]
        own[:, 1] = 1 - own[:, 1]
        uv.append(own)
    return tuple(layers), np.concatenate(uv).astype(np.float32)


def _colours(scene: GltfScene, pieces: Sequence[ScenePiece]) -> np.ndarray | None:
    """(V, 3) float32 linear, where any mesh has colours of its own."""
    own = [scene.meshes[scene.nodes[piece.node].mesh].primitives[piece.primitive].colours for piece in pieces]
    if all(colours is None for colours in own):
        return None
    filled = [
        np.ones((len(piece.rows), 3)) if colours is None else colours[piece.rows, :3]
        for piece, colours in zip(pieces, own, strict=True)
    ]
    return np.concatenate(filled).astype(np.float32)


def _painted_share(layers: Sequence[Layer], side: int, count: int) -> np.ndarray:
    """(V,): eyeballs that no bone turns, by the names of their meshes and materials."""
    share = np.zeros(count, dtype=np.float32)
    for layer in layers:
        if eye_side(layer.name) == side:
            share[np.unique(layer.faces)] = 1.0
    return share


def _eye_centre(scene: GltfScene, node: int | None, world: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Of a bone where it is; so of a mesh whose node stands within it, else its middle."""
    low, high = points.min(axis=0), points.max(axis=0)
    if node is not None:
        place = world[node][:3, 3]
        if scene.nodes[node].mesh is None or np.all((place > low) & (place < high)):
            return place
    return (low + high) / 2
