"""Reading VRM animations (.vrma): expressions, the turn of the head, and the gaze."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.glb import read_gltf
from rig.formats.gltf_accessors import Accessors
from rig.formats.gltf_json import entries, index_of, object_at
from rig.formats.gltf_nodes import read_nodes, world_matrices
from rig.formats.gltf_tracks import GltfTrack, frame_grid, read_tracks
from rig.formats.named_weights import listed, weights_by_name
from rig.formats.shape_names import shape_of
from rig.formats.vrm_presets import PRESETS, weights_from_presets
from rig.formats.vrma import EXTENSION
from rig.rotation import angles_from_matrix, matrix_from_quaternions

_log = logging.getLogger(__name__)


def read_vrma(path: str | Path) -> BlendshapeClip:
    """Read the first animation of a .vrma at its own rate.

    Custom expressions are read by name; where none is an ARKit shape, the presets are turned into shapes by the table
    rig.formats.vrm_presets. Head and neck give the head's turn, lookAt that of both eyes. What is unknown or missing
    is named in a warning. Raises RigError where the file is no VRM animation or drives no expression that is known.
    """
    container = read_gltf(path)
    document, file = container.document, container.path.name
    extension = object_at(object_at(document, "extensions", file), EXTENSION, file)
    if not extension:
        raise RigError(f"{file} has no {EXTENSION}, so it is no VRM animation; name a .vrma.")
    tracks = read_tracks(container, Accessors(container))
    moved = {(track.node, track.path): track for track in tracks}
    expressions = object_at(extension, "expressions", file)
    kinds = (_nodes_by_name(object_at(expressions, kind, file), document, file) for kind in ("custom", "preset"))
    custom, presets = (
        {name: moved[node, "translation"] for name, node in nodes.items() if (node, "translation") in moved}
        for nodes in kinds
    )
    if not custom and not presets:
        raise RigError(f"{file} animates no expression; name a .vrma with expressions.")
    stated = object_at(entries(document, "animations", file)[0], "extras", file).get("fps")
    fps, times = frame_grid(tracks, stated, file)
    bones = object_at(object_at(extension, "humanoid", file), "humanBones", file)
    others = _nodes_by_name(bones | {"lookAt": object_at(extension, "lookAt", file)}, document, file)
    neck, head, gaze = (moved.get((others.get(name), "rotation")) for name in ("neck", "head", "lookAt"))
    weights = _from_shapes(file, custom, times) if any(map(shape_of, custom)) else _from_presets(file, presets, times)
    return BlendshapeClip(
        weights, _head_rotation(document, file, (neck, head), times), fps, None if gaze is None else _gaze(gaze, times)
    )


def _nodes_by_name(holder: dict[str, Any], document: dict[str, Any], file: str) -> dict[str, int]:
    """{"aa": {"node": 3}} -> {"aa": 3}; what names no node is left out."""
    count = len(entries(document, "nodes", file))
    return {
        name: index_of(entry["node"], count, f"{name}, node", file)
        for name, entry in holder.items()
        if isinstance(entry, dict) and "node" in entry
    }


def _curve(track: GltfTrack, times: np.ndarray) -> np.ndarray:
    """(T,) weights: the x of a translation. VRM has readers clamp them, so those outside [0, 1] need no warning."""
    return np.clip(track.at(times)[:, 0], 0, 1)


def _from_shapes(file: str, curves: dict[str, GltfTrack], times: np.ndarray) -> np.ndarray:
    return weights_by_name(file, list(curves), np.stack([_curve(track, times) for track in curves.values()], axis=1))


def _from_presets(file: str, curves: dict[str, GltfTrack], times: np.ndarray) -> np.ndarray:
    columns = {name: [column] for column, name in enumerate(PRESETS)}
    columns["blink"] = columns["blinkLeft"] + columns["blinkRight"]
    unknown = [name for name in curves if name not in columns]
    if len(unknown) == len(curves):
        raise RigError(f"{file} drives no expression that is known; its names should be like jawOpen or aa.")
    if unknown:
        _log.warning("%s has expressions that no ARKit shape stands for: %s; left out.", file, listed(unknown))
    presets = np.zeros((len(times), len(PRESETS)), dtype=np.float32)
    for name, track in curves.items():
        if name in columns:
            presets[:, columns[name]] += _curve(track, times)[:, None]
    return weights_from_presets(presets)


def _head_rotation(
    document: dict[str, Any], file: str, turning: tuple[GltfTrack | None, ...], times: np.ndarray
) -> np.ndarray:
    """(T, 3) radians: how neck and head together turn away from their rest, seen from the chest."""
    nodes = read_nodes(document, len(entries(document, "meshes", file)), len(entries(document, "skins", file)), file)
    rest = world_matrices(nodes)[:, :3, :3]
    turn = np.eye(3)
    for track in filter(None, turning):
        world = rest[track.node] / np.maximum(np.linalg.norm(rest[track.node], axis=0), 1e-12)
        local = matrix_from_quaternions(nodes[track.node].rotation)
        turn = turn @ (world @ local.T @ matrix_from_quaternions(track.at(times)) @ world.T)
    return np.broadcast_to(angles_from_matrix(turn), (len(times), 3))


def _gaze(track: GltfTrack, times: np.ndarray) -> np.ndarray:
    """(T, 2, 3) radians, the same for both eyes."""
    angles = angles_from_matrix(matrix_from_quaternions(track.at(times)))
    return np.repeat(angles[:, None], 2, axis=1) * (1, 1, 0)
