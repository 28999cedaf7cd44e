"""A head from a VRM: humanoid bones, and expressions as shapes."""

from collections.abc import Mapping, Sequence
from typing import Any

from rig.errors import RigError
from rig.foreign.gltf_rig import (
    FaceNodes,
    ScenePiece,
    named_morphs,
    nodes_by_name,
    piece_morph,
    scene_pieces,
    scene_source,
)
from rig.foreign.morph import Morph, combined
from rig.foreign.rig_source import RigSource
from rig.formats.gltf_scene import GltfScene

OLD_PRESETS = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh", "blink": "blink", "blink_l": "blinkLeft",
    "blink_r": "blinkRight", "joy": "happy", "angry": "angry", "sorrow": "sad", "fun": "relaxed", "neutral": "neutral",
    "lookup": "lookUp", "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight",
}  # fmt: skip
"""Presets of VRM 0.x by their names in 1.0."""

MOST_WEIGHT = 1000
"""A bind's weight goes to 100 in VRM 0.x; more is no weight."""

Binds = list[tuple[int, int, float]]
"""(node, number of the morph target, weight): what an expression moves."""


def is_vrm(scene: GltfScene) -> bool:
    """Whether a glTF file is a VRM 0.x or 1.0."""
    return any(isinstance(scene.extensions.get(name), Mapping) for name in ("VRMC_vrm", "VRM"))


def vrm_source(scene: GltfScene) -> RigSource:
    """The head of a VRM. Raises RigError where the scene is none."""
    if isinstance(scene.extensions.get("VRMC_vrm"), Mapping):
        extension, kind, facing = scene.extensions["VRMC_vrm"], "VRM 1.0", (0.0, 0.0, 1.0)
        expressions, bones = _new_expressions(extension), _new_bones(extension)
    elif isinstance(scene.extensions.get("VRM"), Mapping):
        extension, kind, facing = scene.extensions["VRM"], "VRM 0.x", (0.0, 0.0, -1.0)
        expressions, bones = _old_expressions(scene, extension), _old_bones(extension)
    else:
        raise RigError(f"{scene.path.name} is a glTF, but no VRM; read it as glTF, or export it as VRM.")
    pieces = scene_pieces(scene)
    own = named_morphs(scene, pieces)
    count = pieces[-1].first + len(pieces[-1].points)
    made = {name: _expression(scene, pieces, binds, count) for name, binds in expressions.items()}
    morphs = {name: morph for name, morph in made.items() if len(morph.index)}
    # A morph target of an expression's name comes second: the expression is what the author wants driven.
    morphs |= {name: morph for name, morph in own.items() if name not in morphs}
    return scene_source(scene, pieces, kind, morphs, _nodes(scene, bones), facing)


def _expression(scene: GltfScene, pieces: Sequence[ScenePiece], binds: Binds, count: int) -> Morph:
    parts = [
        (weight, piece_morph(scene, piece, target))
        for node, target, weight in binds
        for piece in pieces
        if piece.node == node and target < len(scene.meshes[scene.nodes[node].mesh].morph_names)
    ]
    return combined(parts, count)


def _new_expressions(extension: Mapping[str, Any]) -> dict[str, Binds]:
    expressions = _object(extension, "expressions")
    custom = {str(name): _new_binds(entry) for name, entry in _object(expressions, "custom").items()}
    preset = {f"preset.{name}": _new_binds(entry) for name, entry in _object(expressions, "preset").items()}
    return custom | preset


def _new_binds(entry: Any) -> Binds:
    binds = _objects(entry, "morphTargetBinds")
    return [_bind(bind.get("node"), bind.get("index"), bind.get("weight")) for bind in binds]


def _old_expressions(scene: GltfScene, extension: Mapping[str, Any]) -> dict[str, Binds]:
    """Clips of the blendShapeMaster; they name meshes, not nodes, and count to 100."""
    found: dict[str, Binds] = {}
    for group in _objects(_object(extension, "blendShapeMaster"), "blendShapeGroups"):
        preset = OLD_PRESETS.get(str(group.get("presetName", "")).lower())
        name = f"preset.{preset}" if preset else str(group.get("name", ""))
        found.setdefault(name, [
            _bind(number, target, weight / 100.0)
            for mesh, target, weight in (
                _bind(bind.get("mesh"), bind.get("index"), bind.get("weight")) for bind in _objects(group, "binds")
            )
            for number, node in enumerate(scene.nodes) if node.mesh == mesh
        ])  # fmt: skip
    return found


def _bind(place: Any, target: Any, weight: Any) -> tuple[int, int, float]:
    """Numbers as they are; what is no number points nowhere and moves nothing."""
    sound = _is_index(place) and _is_index(target) and isinstance(weight, int | float) and abs(weight) <= MOST_WEIGHT
    return (place, target, float(weight)) if sound else (-1, 0, 0.0)


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _new_bones(extension: Mapping[str, Any]) -> dict[str, Any]:
    bones = _object(_object(extension, "humanoid"), "humanBones")
    return {name: entry.get("node") for name, entry in bones.items() if isinstance(entry, Mapping)}


def _old_bones(extension: Mapping[str, Any]) -> dict[str, Any]:
    bones = _objects(_object(extension, "humanoid"), "humanBones")
    return {str(entry.get("bone")): entry.get("node") for entry in bones}


def _nodes(scene: GltfScene, bones: Mapping[str, Any]) -> FaceNodes:
    """The humanoid's, or those that their names tell."""
    named = nodes_by_name(scene)

    def picked(bone: str, otherwise: int | None) -> int | None:
        node = bones.get(bone)
        return node if _is_index(node) and node < len(scene.nodes) else otherwise

    return FaceNodes(
        picked("head", named.head), (picked("leftEye", named.eyes[0]), picked("rightEye", named.eyes[1]))
    )


def _object(holder: Any, key: str) -> Mapping[str, Any]:
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _objects(holder: Any, key: str) -> list[Mapping[str, Any]]:
    value = holder.get(key) if isinstance(holder, Mapping) else None
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
