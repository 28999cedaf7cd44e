"""A clip put into a glTF or VRM head of one's own: all that was there stays, one animation comes in front."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.glb import read_gltf, write_gltf
from rig.formats.gltf_animation import GltfAnimation
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_meshes import GltfMesh
from rig.formats.gltf_nodes import GltfNode, facing_of, head_axes, world_matrices
from rig.formats.gltf_scene import GltfScene, scene_of
from rig.formats.naming import Naming
from rig.formats.shape_names import shape_of
from rig.rotation import matrix_from_angles


def write_onto(
    clip: BlendshapeClip, head: str | Path, path: str | Path, options: ExportOptions = AS_IT_IS
) -> None:
    """Write a copy of `head`, a .glb, .gltf or .vrm, that plays the clip as its first animation.

    Every mesh with morph targets under ARKit names gets its weights, or under the names that options.naming gives them;
    other targets stay as they are. The head's bone turns, and the eyes' bones where looking is not done by morphs.
    path: as rig.formats.glb.write_gltf takes it. Raises RigError where the file is no such head, and for what cannot be
    read or written.
    """
    from rig.foreign.rig_file import read_rig  # it takes scipy, which is slow to import

    path, container = Path(path), read_gltf(head)
    scene, document = scene_of(container), GltfDocument.copied(container)
    animation = GltfAnimation(document, options.subject, clip.fps, len(clip))
    if not _animate_faces(animation, scene, clip, options.naming):
        raise RigError(
            f"{container.path.name} has no morph targets with ARKit names, such as jawOpen; give a map of names."
        )
    eyes_turn = bool(read_rig(container.path, dict(options.naming.names)).eye_weight.any())
    _animate_bones(animation, document, scene, clip, eyes_turn)
    animation.finish()
    document.lists["animations"].insert(0, document.lists["animations"].pop())
    whole: dict[str, Any] = {**container.document, **document.lists}
    if options.sound is not None:
        whole["scenes"] = _with_sound(container.document, options.sound_from(path))
    whole.pop("buffers", None)
    write_gltf(whole, document.pieces, path)


def _animate_faces(animation: GltfAnimation, scene: GltfScene, clip: BlendshapeClip, naming: Naming) -> bool:
    """Whether any mesh has a target that the clip drives."""
    own = dict(zip(naming.written(), naming.shapes, strict=True))
    found = False
    for number, node in enumerate(scene.nodes):
        mesh = None if node.mesh is None else scene.meshes[node.mesh]
        if mesh is None or not (columns := _columns(mesh, own, naming)):
            continue
        resting = mesh.weights if node.weights is None else node.weights
        weights = np.tile(np.float32(resting), (len(clip), 1))
        for target, column in columns.items():
            weights[:, target] = clip.weights[:, column]
        animation.animate(number, "weights", weights, each_frame=True)
        found = True
    return found


def _columns(mesh: GltfMesh, own: Mapping[str, str], naming: Naming) -> dict[int, int]:
    """Number of a morph target -> column of the weights."""
    shapes = [own.get(name) or shape_of(name) for name in mesh.morph_names]
    return {target: INDEX[shape] for target, shape in enumerate(shapes) if shape in naming.shapes}


def _animate_bones(
    animation: GltfAnimation, document: GltfDocument, scene: GltfScene, clip: BlendshapeClip, eyes_turn: bool
) -> None:
    from rig.foreign.gltf_rig import nodes_by_name

    nodes, world = nodes_by_name(scene), world_matrices(scene.nodes)
    facing = facing_of(scene.extensions)
    turns = [(nodes.head, clip.head_rotation)]
    if eyes_turn:
        turns += list(zip(nodes.eyes, clip.eyes().swapaxes(0, 1), strict=True))
    for number, angles in turns:
        if number is not None:
            node, entry = scene.nodes[number], document.lists["nodes"][number]
            if entry.pop("matrix", None) is not None:  # what moves has its parts apart
                parts = {"translation": node.translation, "rotation": node.rotation, "scale": node.scale}
                entry |= {key: part.tolist() for key, part in parts.items()}
            animation.animate(number, "rotation", _own_turns(node, world, facing, angles))


def _own_turns(node: GltfNode, world: np.ndarray, facing: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(T, 3) radians in the head's axes -> (T, 4) float32 quaternions of the node, from how it rests."""
    from scipy.spatial.transform import Rotation

    axes = head_axes(node, world, facing)
    own = axes @ matrix_from_angles(angles.astype(np.float64)) @ axes.T
    return (Rotation.from_matrix(own) * Rotation.from_quat(node.rotation)).as_quat().astype(np.float32)


def _with_sound(document: Mapping[str, Any], sound: str) -> list[Any]:
    scenes = list(document.get("scenes", [{}]))
    shown = document.get("scene", 0)
    if isinstance(shown, int) and 0 <= shown < len(scenes) and isinstance(scenes[shown], dict):
        extras = scenes[shown].get("extras")
        scenes[shown] = {**scenes[shown], "extras": {**(extras if isinstance(extras, dict) else {}), "sound": sound}}
    return scenes
