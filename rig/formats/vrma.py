"""VRM animation (.vrma, extension VRMC_vrm_animation 1.0): expressions, head bone and gaze for any VRM avatar."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.gltf_animation import GltfAnimation
from rig.formats.gltf_document import GltfDocument
from rig.formats.vrm_humanoid import EYES_FROM_HEAD, humanoid_nodes
from rig.formats.vrm_presets import PRESETS, presets_from_weights
from rig.rotation import quaternions_from_angles

EXTENSION, VERSION = "VRMC_vrm_animation", "1.0"
_KEPT_NAMES = {*PRESETS, "blink", "relaxed", "neutral", "lookUp", "lookDown", "lookLeft", "lookRight"}


def write_vrma(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the 52 curves as custom expressions ("perfect sync"), spelled EyeBlinkLeft as such avatars do.

    For avatars that have the presets of VRM only, write_preset_vrma; no file drives both, since an avatar that has
    both would make each face twice. The head turns as the head bone does; the gaze is the mean of both eyes.
    """
    names = options.naming.written("pascal")
    taken = [name for name in names if name in _KEPT_NAMES]
    if taken:
        raise RigError(f"A custom expression cannot be called {taken[0]!r}, which VRM keeps for a preset; rename it.")
    _write(clip, path, options, "custom", names, clip.weights[:, options.naming.columns()])


def write_preset_vrma(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the curves as VRM's preset expressions, by the table rig.formats.vrm_presets; otherwise as write_vrma.

    Shapes outside the naming's subset count as 0; names cannot be changed.
    """
    weights = np.zeros_like(clip.weights)
    columns = options.naming.columns()
    weights[:, columns] = clip.weights[:, columns]
    _write(clip, path, options, "preset", tuple(PRESETS), presets_from_weights(weights))


def _write(
    clip: BlendshapeClip, path: str | Path, options: ExportOptions, kind: str, names: Sequence[str], weights: np.ndarray
) -> None:
    document = GltfDocument()
    animation = GltfAnimation(document, options.subject, clip.fps, len(clip))
    bones = {name: {"node": document.add("nodes", node)} for name, node in humanoid_nodes().items()}
    animation.animate(bones["head"]["node"], "rotation", quaternions_from_angles(clip.head_rotation))
    expressions = {name: {"node": document.add("nodes", {"name": name})} for name in names}
    for name, curve in zip(names, weights.T, strict=True):
        animation.animate(expressions[name]["node"], "translation", np.outer(curve, np.float32([1, 0, 0])))
    gaze = document.add("nodes", {"name": "lookAt"})
    animation.animate(gaze, "rotation", quaternions_from_angles(clip.eyes().mean(axis=1) * np.float32([1, 1, 0])))
    animation.finish()
    extension = {
        "specVersion": VERSION, "humanoid": {"humanBones": bones}, "expressions": {kind: expressions},
        "lookAt": {"node": gaze, "offsetFromHeadBone": list(EYES_FROM_HEAD)},
    }  # fmt: skip
    top = [bones["hips"]["node"], *(expression["node"] for expression in expressions.values()), gaze]
    document.write(Path(path), {"nodes": top}, extensionsUsed=[EXTENSION], extensions={EXTENSION: extension})
