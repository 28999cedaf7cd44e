"""A humanoid in the T-pose of VRM, for animations that carry a skeleton: the fifteen bones that every VRM has."""

from typing import Any

BONES: dict[str, tuple[str | None, tuple[float, float, float]]] = {
    "hips": (None, (0.0, 0.95, 0.0)),
    "spine": ("hips", (0.0, 0.10, 0.0)),
    "head": ("spine", (0.0, 0.45, 0.0)),
} | {
    f"{side}{bone}": (parent if parent in ("hips", "spine") else f"{side}{parent}", (sign * x, y, z))
    for side, sign in (("left", 1), ("right", -1))
    for bone, parent, (x, y, z) in (
        ("UpperArm", "spine", (0.15, 0.35, 0.0)),
        ("LowerArm", "UpperArm", (0.27, 0.0, 0.0)),
        ("Hand", "LowerArm", (0.25, 0.0, 0.0)),
        ("UpperLeg", "hips", (0.09, -0.05, 0.0)),
        ("LowerLeg", "UpperLeg", (0.0, -0.42, 0.0)),
        ("Foot", "LowerLeg", (0.0, -0.40, 0.0)),
    )
}
"""Bone -> its parent and its place from there in metres: x = the character's left, y up, z to the front."""

EYES_FROM_HEAD = (0.0, 0.06, 0.0)
"""Where the gaze starts, from the head bone, in metres."""


def humanoid_nodes() -> dict[str, dict[str, Any]]:
    """Bone -> its glTF node, in the order of BONES; none is turned, as the T-pose wants it. Children are named by their
    places in that order."""
    nodes: dict[str, dict[str, Any]] = {
        name: {"name": name, "translation": list(place)} for name, (_, place) in BONES.items()
    }
    for index, (parent, _) in enumerate(BONES.values()):
        if parent is not None:
            nodes[parent].setdefault("children", []).append(index)
    return nodes
