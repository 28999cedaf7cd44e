"""OpenUSD: the head with its blend shapes and their animation (UsdSkel), as .usda, .usdc or .usd."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.naming import Naming
from rig.formats.usd_head import JOINTS, add_head, joint_offsets
from rig.rotation import quaternions_from_angles
from rig.safe_file import written_beside

if TYPE_CHECKING:
    from pxr import Sdf, Usd, UsdSkel


def import_pxr() -> None:
    """Raises RigError with the way to mend it where OpenUSD is not installed."""
    try:
        import pxr  # noqa: F401
    except ImportError:
        raise RigError('USD files need the usd-core package; install it with pip install "dreamtalk[usd]".') from None


def write_usd(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a SkelRoot with the head, its blend shapes, joints for head and eyes, and a sample for every frame.

    Frame n is time code n; time codes and frames per second are the clip's. Metres, Y up, the face toward +Z. Shapes
    are called by the tokens of skel:blendShapes, which take any name; prims get the nearest valid one. The start
    timecode and the subject are in the layer's custom data; options.sound becomes a SpatialAudio prim. mouthClose is
    written as it is, though our own drawing keeps it <= jawOpen.
    """
    import_pxr()
    from pxr import Tf

    layer = _layer(clip, Path(path), options)
    with written_beside(path) as beside:
        try:
            done = layer.Export(str(beside))
        except Tf.ErrorException:
            done = False
        if not done:
            raise RigError(f"{Path(path).name} could not be written; is the disk full?")


def _layer(clip: BlendshapeClip, path: Path, options: ExportOptions) -> "Sdf.Layer":
    from pxr import Sdf, Tf, Usd, UsdGeom, UsdSkel

    layer = Sdf.Layer.CreateAnonymous(".usda")
    stage = Usd.Stage.Open(layer)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(clip.fps)
    stage.SetFramesPerSecond(clip.fps)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(len(clip) - 1)
    layer.customLayerData = {"startTimecode": options.start, "subject": options.subject}
    rig = options.rig or FaceRig.load()
    root = UsdSkel.Root.Define(stage, Sdf.Path.absoluteRootPath.AppendChild(Tf.MakeValidIdentifier(options.subject)))
    stage.SetDefaultPrim(root.GetPrim())
    add_head(stage, root.GetPath(), rig, options.naming)
    animation = UsdSkel.Animation.Define(stage, root.GetPath().AppendChild("Animation"))
    _add_animation(animation, clip, rig, options.naming)
    UsdSkel.BindingAPI.Apply(root.GetPrim()).CreateAnimationSourceRel().SetTargets([animation.GetPath()])
    if options.sound is not None:
        _add_sound(stage, root.GetPath().AppendChild("Sound"), options.sound_from(path))
    return layer


def _add_animation(animation: "UsdSkel.Animation", clip: BlendshapeClip, rig: FaceRig, naming: Naming) -> None:
    from pxr import Sdf, Vt

    animation.CreateBlendShapesAttr(list(naming.written()))
    animation.CreateJointsAttr(list(JOINTS))
    animation.CreateTranslationsAttr(Vt.Vec3fArray.FromNumpy(joint_offsets(rig).astype(np.float32)))
    animation.CreateScalesAttr(Vt.Vec3hArray.FromNumpy(np.ones((len(JOINTS), 3), dtype=np.float16)))
    weights = np.ascontiguousarray(clip.weights[:, naming.columns()])
    still = np.zeros((len(clip), 1, 3), dtype=np.float32)
    angles = np.concatenate([still, clip.head_rotation[:, None], clip.eyes()], axis=1)
    rotations = quaternions_from_angles(angles)
    targets = (animation.CreateBlendShapeWeightsAttr().GetPath(), animation.CreateRotationsAttr().GetPath())
    layer = animation.GetPrim().GetStage().GetRootLayer()
    with Sdf.ChangeBlock():
        for frame in range(len(clip)):
            layer.SetTimeSample(targets[0], frame, Vt.FloatArray.FromNumpy(weights[frame]))
            layer.SetTimeSample(targets[1], frame, Vt.QuatfArray.FromNumpy(rotations[frame]))


def _add_sound(stage: "Usd.Stage", path: "Sdf.Path", sound: str) -> None:
    from pxr import Sdf, Tf, UsdMedia

    audio = UsdMedia.SpatialAudio.Define(stage, path)
    try:
        audio.CreateFilePathAttr(Sdf.AssetPath(f"./{sound}"))
    except Tf.ErrorException:
        raise RigError(f"USD cannot name the sound {sound!r}, which holds control characters; rename it.") from None
    audio.CreateAuralModeAttr(UsdMedia.Tokens.nonSpatial)
    audio.CreatePlaybackModeAttr(UsdMedia.Tokens.onceFromStart)
