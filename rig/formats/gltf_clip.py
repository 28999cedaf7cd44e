"""Clips as glTF: the head with baked morph weights, head turn and eye turns."""

from pathlib import Path

from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.gltf_animation import GltfAnimation
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_head import HeadNodes, add_head
from rig.rotation import quaternions_from_angles


def write_glb(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the head with its shapes and the clip as one baked animation, as .glb, or as .gltf with a .bin beside it.

    Weights are kept exactly, in one channel; mouthClose may exceed jawOpen there. The scene's extras name the sound,
    the animation's extras the frame rate. The file appears whole or not at all; raises RigError where it cannot.
    """
    path = Path(path)
    document = GltfDocument()
    rig = options.rig or FaceRig.load()
    nodes = add_head(document, rig, options.naming)
    _add_clip(document, clip, options, nodes)
    scene = {"name": options.subject, "nodes": list(nodes.top)}
    if options.sound is not None:
        scene["extras"] = {"sound": options.sound_from(path)}
    document.write(path, scene)


def _add_clip(document: GltfDocument, clip: BlendshapeClip, options: ExportOptions, nodes: HeadNodes) -> None:
    animation = GltfAnimation(document, options.subject, clip.fps, len(clip))
    naming = options.naming
    weights = clip.weights if naming.plain else clip.weights[:, naming.columns()]
    animation.animate(nodes.face, "weights", weights, each_frame=True)
    animation.animate(nodes.head, "rotation", quaternions_from_angles(clip.head_rotation))
    for eye, turn in zip(nodes.eyes, clip.eyes().swapaxes(0, 1), strict=False):
        animation.animate(eye, "rotation", quaternions_from_angles(turn))
    animation.finish()
