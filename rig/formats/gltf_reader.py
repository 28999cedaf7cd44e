"""Clips out of glTF files: morph weights under ARKit names, and turns of nodes called head or eyes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.face_rig import EYES
from rig.formats.glb import GltfContainer, read_gltf
from rig.formats.gltf_accessors import Accessors
from rig.formats.gltf_json import entries, object_at
from rig.formats.gltf_meshes import morph_names
from rig.formats.gltf_nodes import GltfNode, facing_of, head_axes, read_nodes, world_matrices
from rig.formats.gltf_tracks import GltfTrack, frame_grid, read_tracks
from rig.formats.joint_names import part_of
from rig.formats.named_weights import weights_by_name
from rig.formats.shape_names import shape_of
from rig.rotation import angles_from_matrix, matrix_from_quaternions


def read_glb(path: str | Path) -> BlendshapeClip:
    """Read the curves of any .glb or .gltf whose animation drives morph targets with ARKit names.

    Of several such meshes the one with the most known names counts, of several animations the first that has it. Turns
    of nodes called head or eyes come along, as turns away from how they rest, also out of another animation where only
    one has them. Keys are put on an even grid of frames, at the rate that the animation's extras state or else the keys
    suggest; weights outside [0, 1] are clipped with a warning. Raises RigError where there is no such animation, and as
    rig.formats.gltf_scene does.
    """
    # The file is let go before the clip copies its arrays: an hour of it is as large as they are.
    return BlendshapeClip(*_curves(read_gltf(path)))


def _curves(container: GltfContainer) -> tuple[np.ndarray, np.ndarray, float, np.ndarray | None]:
    """What a BlendshapeClip is made of."""
    accessors, file = Accessors(container), container.path.name
    animations = entries(container.document, "animations", file)
    tracks = [read_tracks(container, accessors, number) for number in range(len(animations))]
    for number, animation in enumerate(animations):
        names, face = _best_face(container, tracks[number])
        if face is not None:
            nodes = read_nodes(container.document, *_counts(container), file)
            turning = _turning(nodes, [tracks[number], *tracks[:number], *tracks[number + 1 :]])
            fps = object_at(animation, "extras", file).get("fps")
            return _sampled(container, nodes, turning, names, face, fps)
    raise RigError(f"{file} has no animation of morph targets with ARKit names, such as jawOpen; export one that has.")


def _best_face(container: GltfContainer, tracks: tuple[GltfTrack, ...]) -> tuple[tuple[str, ...], GltfTrack | None]:
    """The names of the morph targets of the mesh that has the most known ones, and the track of its weights."""
    document, file = container.document, container.path.name
    nodes, meshes = entries(document, "nodes", file), entries(document, "meshes", file)
    best: tuple[int, tuple[str, ...], GltfTrack | None] = (0, (), None)
    for track in tracks:
        mesh = nodes[track.node].get("mesh")
        if track.path != "weights" or not isinstance(mesh, int) or not 0 <= mesh < len(meshes):
            continue
        names = morph_names(meshes[mesh], document, file)
        known = len({shape_of(name) for name in names} - {None})
        if known > best[0]:
            best = (known, names, track)
    return best[1:]


def _counts(container: GltfContainer) -> tuple[int, int]:
    """How many meshes and skins there are."""
    meshes, skins = (len(entries(container.document, kind, container.path.name)) for kind in ("meshes", "skins"))
    return meshes, skins


def _turning(nodes: tuple[GltfNode, ...], tracks: Sequence[tuple[GltfTrack, ...]]) -> dict[str, GltfTrack]:
    """Part of the head -> what turns it: in the first animation, or in the only other one, as Blender may write."""
    found: list[dict[str, GltfTrack]] = []
    for animation in tracks:
        turns = [(part_of(nodes[track.node].name), track) for track in animation if track.path == "rotation"]
        found.append({part: track for part, track in reversed(turns) if part is not None})
    others = [part for animation in found[1:] for part in animation]
    elsewhere = {part: track for turns in found[1:] for part, track in turns.items() if others.count(part) == 1}
    return elsewhere | found[0]


def _sampled(
    container: GltfContainer, nodes: tuple[GltfNode, ...], turning: dict[str, GltfTrack], names: tuple[str, ...],
    face: GltfTrack, stated_fps: Any,
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray | None]:  # fmt: skip
    document, file = container.document, container.path.name
    if face.values.shape[-1] != len(names):
        raise RigError(f"{file} has {face.values.shape[-1]} weights a key for {len(names)} morph targets; mend it.")
    fps, times = frame_grid([face, *turning.values()], stated_fps, file)
    world, facing = world_matrices(nodes), facing_of(object_at(document, "extensions", file))
    turns = {part: _turn(nodes, world, facing, track, times) for part, track in turning.items()}
    head = turns.get("head", np.zeros((len(times), 3)))
    eyes = [turns[eye] for eye in EYES if eye in turns]
    weights = weights_by_name(file, names, face.at(times))
    return weights, head, fps, np.stack(eyes, axis=1) if len(eyes) == 2 else None


def _turn(
    nodes: tuple[GltfNode, ...], world: np.ndarray, facing: np.ndarray, track: GltfTrack, times: np.ndarray
) -> np.ndarray:
    """(T, 3) radians in the head's axes, away from how the node rests."""
    node = nodes[track.node]
    axes = head_axes(node, world, facing)
    turned = matrix_from_quaternions(track.at(times).astype(np.float64))
    rest = matrix_from_quaternions(node.rotation)
    return angles_from_matrix(axes.T @ turned @ rest.T @ axes).astype(np.float32)
