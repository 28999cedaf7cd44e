"""Clips as glTF: the head with baked morph weights, head turn and eye turns."""

import os
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_head import add_head
from rig.rotation import quaternions_from_angles
from rig.timing import frame_times


def write_glb(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the head with its shapes and the clip as one baked animation, as .glb, or as .gltf with a .bin beside it.

    Weights are kept exactly, in one channel; mouthClose may exceed jawOpen there. The scene's extras name the sound,
    the animation's extras the frame rate. The file appears whole or not at all; raises RigError where it cannot.
    """
    path = Path(path)
    document = GltfDocument()
    rig = options.rig or FaceRig.load()
    nodes = add_head(document, rig, options.naming)
    add_clip(document, clip, options, nodes.face, nodes.head, nodes.eyes)
    scene = {"name": options.subject, "nodes": list(nodes.top)}
    if options.sound is not None:
        scene["extras"] = {"sound": from_folder_of(path, options.sound)}
    document.write(path, scene)


def add_clip(
    document: GltfDocument, clip: BlendshapeClip, options: ExportOptions, face: int, head: int, eyes: tuple[int, ...]
) -> int:
    """Add the animation of a clip to nodes that are there; its index."""
    times = document.add_array(frame_times(len(clip), clip.fps).astype(np.float32), limits=True)
    naming = options.naming
    weights = clip.weights if naming.plain else np.ascontiguousarray(clip.weights[:, naming.columns()])
    outputs = [
        (face, "weights", weights.reshape(-1)), (head, "rotation", _quaternions(clip.head_rotation)),
        *((eye, "rotation", _quaternions(turn)) for eye, turn in zip(eyes, clip.eyes().swapaxes(0, 1), strict=False)),
    ]  # fmt: skip
    samplers, channels = [], []
    for node, path, values in outputs:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": document.add_array(values), "interpolation": "LINEAR"})
    extras = {"fps": clip.fps, "start": options.start}
    return document.add(
        "animations", {"name": options.subject, "channels": channels, "samplers": samplers, "extras": extras}
    )


def _quaternions(angles: np.ndarray) -> np.ndarray:
    return quaternions_from_angles(angles.astype(np.float64)).astype(np.float32)


def from_folder_of(path: Path, sound: Path) -> str:
    """How a file at `path` names a sound: by its way from there, with slashes."""
    try:
        return Path(os.path.relpath(sound, path.parent)).as_posix()
    except ValueError:  # another drive
        return sound.name
