"""Turns of head and eyes out of the joints of a skeleton, whatever its joints' own axes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rig.formats.joint_names import part_of
from rig.rotation import angles_from_matrix, matrix_from_angles, matrix_from_quaternions

if TYPE_CHECKING:
    from pxr import Sdf

_Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From a Z-up scene whose face looks toward -Y to ours."""


def tokens_of(layer: "Sdf.Layer", prim: "Sdf.Path", name: str) -> list[str]:
    """An attribute's names, as this layer alone has them; none where it holds anything else."""
    from pxr import Vt

    attribute = layer.GetAttributeAtPath(prim.AppendProperty(name))
    value = None if attribute is None else attribute.default
    return [str(token) for token in value] if isinstance(value, Vt.TokenArray | Vt.StringArray) else []


def head_and_eyes(
    layer: "Sdf.Layer", joints: Sequence[str], times: np.ndarray, turns: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Head rotation (T, 3) and eye rotation (T, 2, 3) or None, radians as in rig.rotation.

    turns: (N, J, 4) quaternions x, y, z, w at time codes (N,); grid: time codes (T,) of the frames. Zeros where
    there is no joint that is called a head.
    """
    found: dict[str, np.ndarray] = {}
    for number, joint in enumerate(joints):
        part = part_of(joint)
        turn = turns[:, number].astype(np.float64)
        usable = len(times) and np.abs(turn).max(axis=1).min() > 1e-6
        if part and part not in found and usable:
            before, rest = _at_rest(layer, joint)
            own = matrix_from_quaternions(turn)
            angles = angles_from_matrix(before @ own @ rest.T @ before.T)
            found[part] = on_grid(grid, times, np.unwrap(angles, axis=0))
    head = found.get("head", np.zeros((len(grid), 3)))
    both = "eye_left" in found and "eye_right" in found
    return head, np.stack([found["eye_left"], found["eye_right"]], axis=1) if both else None


def on_grid(grid: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (N, ...) at rising times (N,), linearly interpolated at grid (T,); themselves where those are the same."""
    if np.array_equal(grid, times):
        return values
    flat = values.reshape(len(values), -1)
    columns = [np.interp(grid, times, flat[:, column]) for column in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(len(grid), *values.shape[1:])


def _at_rest(layer: "Sdf.Layer", joint: str) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) each: axes of the joint's parent in our space, and the joint's own rotation within them, at rest."""
    to_ours = _Z_UP if layer.pseudoRoot.GetInfo("upAxis") == "Z" else np.eye(3)
    for prim in _skeletons(layer):
        joints = tokens_of(layer, prim.path, "joints")
        binds = _rotations(prim, "bindTransforms", len(joints))  # Blender's restTransforms are those of some frame
        if joint in joints and binds is not None:
            parent = joint.rpartition("/")[0]
            before = binds[joints.index(parent)] if parent in joints else np.eye(3)
            return to_ours @ _standing(layer, prim.path) @ before, before.T @ binds[joints.index(joint)]
    return to_ours, np.eye(3)


def _standing(layer: "Sdf.Layer", path: "Sdf.Path") -> np.ndarray:
    """(3, 3): how a prim and what it lies in are rotated, by their transform operations in this layer."""
    turn = np.eye(3)
    for above in path.GetPrefixes():
        for operation in tokens_of(layer, above, "xformOpOrder"):
            attribute = layer.GetAttributeAtPath(above.AppendProperty(operation.removeprefix("!invert!")))
            own = _rotation(operation, None if attribute is None else attribute.default)
            turn = turn @ (own.T if operation.startswith("!invert!") else own)
    return turn


def _rotation(operation: str, value: Any) -> np.ndarray:
    """(3, 3) of xformOp:rotateXYZ and its like, rotateX, orient and transform; no rotation for the others."""
    from pxr import Gf

    kind = operation.split("xformOp:")[-1].split(":")[0]
    axes = kind.removeprefix("rotate")
    turn = np.eye(3)
    if kind == "transform" and isinstance(value, Gf.Matrix4d):
        turn = _without_scale(np.nan_to_num(np.array(value)[:3, :3].T))
    elif kind == "orient" and isinstance(value, Gf.Quath | Gf.Quatf | Gf.Quatd) and value.GetLength() > 1e-6:
        turn = matrix_from_quaternions(np.array([*value.imaginary, value.real], dtype=np.float64))
    elif kind.startswith("rotate") and set(axes) <= set("XYZ"):
        vector = isinstance(value, Gf.Vec3h | Gf.Vec3f | Gf.Vec3d)
        for axis in axes if vector or isinstance(value, float) else "":  # the first letter is the first to turn
            place = "XYZ".index(axis)
            angle = value[place] if vector else value
            turn = matrix_from_angles(np.radians(np.eye(3)[place] * angle)) @ turn
    return turn if np.isfinite(turn).all() else np.eye(3)


def _without_scale(matrices: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrices)
    return left @ right


def _skeletons(layer: "Sdf.Layer") -> list:
    paths = []
    layer.Traverse(layer.pseudoRoot.path, lambda path: paths.append(path) if path.IsPrimPath() else None)
    prims = [layer.GetPrimAtPath(path) for path in sorted(paths)]
    return [prim for prim in prims if prim is not None and prim.typeName == "Skeleton"]


def _rotations(prim, name: str, count: int) -> np.ndarray | None:
    """(J, 3, 3) for column vectors, without scale; USD's matrices are for row vectors."""
    from pxr import Vt

    value = prim.attributes[name].default if name in prim.attributes else None
    matrices = np.array(value) if isinstance(value, Vt.Matrix4dArray) else np.empty(0)
    if matrices.shape != (count, 4, 4) or not np.isfinite(matrices).all():
        return None
    return _without_scale(matrices[:, :3, :3].transpose(0, 2, 1))
