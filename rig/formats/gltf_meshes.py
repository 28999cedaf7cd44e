"""The meshes of a glTF file: triangles, and morph targets by name."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.gltf_accessors import Accessors, compressed
from rig.formats.gltf_json import entries, index_of, numbers, object_at, text_at

TRIANGLES, STRIP, FAN = 4, 5, 6


@dataclass(frozen=True, eq=False)
class GltfPrimitive:
    """positions: (V, 3) float32 in the mesh's own space.  triangles: (F, 3) int64, counter-clockwise from outside.

    uv: (V, 2) float32, origin at the UPPER left as glTF has it, or None.  normals: (V, 3) or None.  colours: (V, 3 or
    4) linear, or None.  morphs: one (V, 3) float32 displacement a target, in the order of the mesh's morph_names; two
    primitives may share arrays.  joints: (V, K) int64 rows of the skin, and joint_weights (V, K) float32 that add up to
    1, or None.  material: index or None.
    """

    positions: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray | None
    normals: np.ndarray | None
    colours: np.ndarray | None
    morphs: tuple[np.ndarray, ...]
    joints: np.ndarray | None
    joint_weights: np.ndarray | None
    material: int | None


@dataclass(frozen=True, eq=False)
class GltfMesh:
    """morph_names: one a target, "" where the file has none.  weights: (M,) float64, of the mesh as it stands.

    primitives: those made of triangles; points and lines are left out.
    """

    name: str
    primitives: tuple[GltfPrimitive, ...]
    morph_names: tuple[str, ...]
    weights: np.ndarray


def read_mesh(entry: dict[str, Any], number: int, accessors: Accessors, materials: int, file: str) -> GltfMesh:
    """One mesh. Raises RigError for indices and accessors out of range, unequal counts and compressed meshes."""
    pieces = entries(entry, "primitives", file)
    counts = {len(entries(piece, "targets", file)) for piece in pieces}
    if len(counts) > 1:
        raise RigError(f"Mesh {number} of {file} has primitives with unequal morph targets; export it anew.")
    names = morph_names(entry, accessors.container.document, file)
    primitives = tuple(
        _primitive(piece, f"mesh {number}", accessors, materials, file)
        for piece in pieces
        if piece.get("mode", TRIANGLES) in (TRIANGLES, STRIP, FAN)
    )
    weights = numbers(entry, "weights", None, file)
    if weights is None or len(weights) != len(names):
        weights = np.zeros(len(names))
    return GltfMesh(text_at(entry, "name"), primitives, names, weights)


def morph_names(entry: dict[str, Any], document: dict[str, Any], file: str) -> tuple[str, ...]:
    """Names of a mesh's targets: from its extras, else from its first primitive's, else those of the accessors."""
    pieces = entries(entry, "primitives", file)
    targets = entries(pieces[0], "targets", file) if pieces else []
    for holder in (entry, *pieces):
        extras = holder.get("extras")
        names = extras.get("targetNames") if isinstance(extras, dict) else None
        if isinstance(names, list) and len(names) == len(targets):
            return tuple(name if isinstance(name, str) else "" for name in names)
    known = entries(document, "accessors", file)
    places = [target.get("POSITION") for target in targets]
    found = [known[place] if isinstance(place, int) and 0 <= place < len(known) else {} for place in places]
    return tuple(text_at(accessor, "name") for accessor in found)


def _primitive(piece: dict[str, Any], what: str, accessors: Accessors, materials: int, file: str) -> GltfPrimitive:
    if "KHR_draco_mesh_compression" in object_at(piece, "extensions", file):
        raise compressed(file)
    attributes = object_at(piece, "attributes", file)
    positions = accessors.floats(attributes.get("POSITION"), "VEC3", f"{what}, POSITION")
    count = len(positions)

    def optional(key: str, *kinds: str) -> np.ndarray | None:
        if key not in attributes:
            return None
        return _of_length(count, accessors.any_floats(attributes[key], kinds, f"{what}, {key}"), f"{what}, {key}", file)

    morphs = tuple(
        _of_length(count, accessors.floats(target["POSITION"], "VEC3", f"{what}, target"), f"{what}, target", file)
        if "POSITION" in target
        else np.broadcast_to(np.float32(0), (count, 3))
        for target in entries(piece, "targets", file)
    )
    joints, joint_weights = _joints(attributes, what, count, accessors, file)
    material = index_of(piece["material"], materials, f"{what}, material", file) if "material" in piece else None
    return GltfPrimitive(
        positions, _triangles(piece, what, count, accessors, file), optional("TEXCOORD_0", "VEC2"),
        optional("NORMAL", "VEC3"), optional("COLOR_0", "VEC3", "VEC4"), morphs, joints, joint_weights, material,
    )  # fmt: skip


def _of_length(count: int, array: np.ndarray, what: str, file: str) -> np.ndarray:
    if len(array) != count:
        raise RigError(f"{file} has {len(array)} values for {count} vertices in {what}; export it anew as glTF 2.0.")
    return array


def _joints(
    attributes: dict[str, Any], what: str, count: int, accessors: Accessors, file: str
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """All sets side by side, (V, K); weights made to add up to 1."""
    joints, weights = [], []
    while (key := f"JOINTS_{len(joints)}") in attributes:
        share = f"WEIGHTS_{len(joints)}"
        joints.append(_of_length(count, accessors.integers(attributes[key], "VEC4", f"{what}, {key}"), what, file))
        shares = accessors.floats(attributes.get(share), "VEC4", f"{what}, {share}")
        weights.append(_of_length(count, shares, what, file))
    if not joints:
        return None, None
    share = np.concatenate(weights, axis=1)
    total = share.sum(axis=1, keepdims=True)
    share = np.where(total > 1e-6, share / np.maximum(total, 1e-6), np.eye(1, share.shape[1], dtype=np.float32))
    return np.concatenate(joints, axis=1).astype(np.int64), share.astype(np.float32)


def _triangles(piece: dict[str, Any], what: str, count: int, accessors: Accessors, file: str) -> np.ndarray:
    if "indices" in piece:
        corners = accessors.integers(piece["indices"], "SCALAR", f"{what}, indices").astype(np.int64)
        if len(corners) and corners.max() >= count:
            raise RigError(f"{file} refers to vertex {corners.max()} of {count} in {what}; export it anew as glTF 2.0.")
    else:
        corners = np.arange(count, dtype=np.int64)
    mode = piece.get("mode", TRIANGLES)
    if mode == TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if mode == FAN:
        return np.stack([np.broadcast_to(corners[:1], max(len(corners) - 2, 0)), corners[1:-1], corners[2:]], axis=1)
    strip = np.stack([corners[:-2], corners[1:-1], corners[2:]], axis=1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]  # every other triangle of a strip is wound the other way
    return strip
