"""Unity's AnimationClip as text (.anim): blend shape curves from 0 to 100, and turns of head and eyes.

The layout is that of clips saved by Unity 2018.3 to 2021.1 (serializedVersion 6), which later versions read. Unity is
left-handed: y up, z out of the face, x to the character's right. It turns by z, then x, then y, as rig.rotation does,
so that mirroring x keeps the pitch and changes the sign of yaw and roll.
"""

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.key_reduction import straight_keys
from rig.safe_file import written_beside

MESH_PATH = "face"
JOINT_PATHS = ("bust/head", "bust/head/eye_left", "bust/head/eye_right")
"""Where mesh and joints of our own head stand, as its GLB has them."""
WEIGHT_TOLERANCE, ANGLE_TOLERANCE_DEG = 0.01, 0.0025
"""How far the lines between keys may miss a frame: of 100, and in degrees (twice that where axes share keys)."""
TO_UNITY_DEG = np.degrees(np.array([1.0, -1.0, -1.0]))
"""Radians (pitch, yaw, roll) -> Unity's Euler angles x, y, z; its own inverse but for the unit."""

_WEIGHTS = "        weightedMode: 0\n        inWeight: {0}\n        outWeight: {0}\n"
_KEY = "      - serializedVersion: 3\n        time: %.9g\n" + "".join(
    f"        {field}: {{0}}\n" for field in ("value", "inSlope", "outSlope")
)
_FLOAT_KEY = _KEY.format("%.7g") + "        tangentMode: 69\n" + _WEIGHTS.format("0.33333334")
_TURN_KEY = (
    _KEY.format("{x: %.7g, y: %.7g, z: %.7g}") + "        tangentMode: 0\n"
    + _WEIGHTS.format("{x: 0.33333334, y: 0.33333334, z: 0.33333334}")
)  # fmt: skip
_CURVE_START = "  - curve:\n      serializedVersion: 2\n      m_Curve:\n"
_CURVE_END = "      m_PreInfinity: 2\n      m_PostInfinity: 2\n      m_RotationOrder: 4\n"
_BINDING = """    - serializedVersion: 2
      path: {path}
      attribute: {attribute}
      script: {{fileID: 0}}
      typeID: {type}
      customType: {custom}
      isPPtrCurve: 0
"""
_HEAD = """%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!74 &7400000
AnimationClip:
  m_ObjectHideFlags: 0
  m_CorrespondingSourceObject: {{fileID: 0}}
  m_PrefabInstance: {{fileID: 0}}
  m_PrefabAsset: {{fileID: 0}}
  m_Name: {name}
  serializedVersion: 6
  m_Legacy: 0
  m_Compressed: 0
  m_UseHighQualityCurve: 1
  m_RotationCurves: []
  m_CompressedRotationCurves: []
"""
_MIDDLE = """  m_PPtrCurves: []
  m_SampleRate: {fps:.9g}
  m_WrapMode: 0
  m_Bounds:
    m_Center: {{x: 0, y: 0, z: 0}}
    m_Extent: {{x: 0, y: 0, z: 0}}
  m_ClipBindingConstant:
    genericBindings:
"""
_END = """    pptrCurveMapping: []
  m_AnimationClipSettings:
    serializedVersion: 2
    m_AdditiveReferencePoseClip: {{fileID: 0}}
    m_AdditiveReferencePoseTime: 0
    m_StartTime: 0
    m_StopTime: {stop:.9g}
    m_OrientationOffsetY: 0
    m_Level: 0
    m_CycleOffset: 0
    m_HasAdditiveReferencePose: 0
    m_LoopTime: 0
    m_LoopBlend: 0
    m_LoopBlendOrientation: 0
    m_LoopBlendPositionY: 0
    m_LoopBlendPositionXZ: 0
    m_KeepOriginalOrientation: 0
    m_KeepOriginalPositionY: 1
    m_KeepOriginalPositionXZ: 0
    m_HeightFromFeet: 0
    m_Mirror: 0
  m_EditorCurves: []
  m_EulerEditorCurves: []
  m_HasGenericRootTransform: 0
  m_HasMotionFloatCurves: 0
  m_Events: []
"""


def write_unity_anim(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write blendShape.<name> curves for the SkinnedMeshRenderer at the mesh path, with linear tangents.

    Without a mesh path the file fits our own GLB, and turns its head and eyes too; with one, only the shapes are
    written, since the names of another model's joints, and how they stand, are not known. Keys that lie within
    WEIGHT_TOLERANCE of a straight line are left out. The file appears whole or not at all.
    """
    path = Path(path)
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_pieces(clip, path.name.removesuffix(path.suffix), options))


def _pieces(clip: BlendshapeClip, name: str, options: ExportOptions) -> Iterator[str]:
    mesh_path = options.naming.mesh_path or MESH_PATH
    attributes = [f"blendShape.{written}" for written in options.naming.written()]
    joints = () if options.naming.mesh_path else JOINT_PATHS
    yield _HEAD.format(name=scalar(name))
    yield "  m_EulerCurves:\n" if joints else "  m_EulerCurves: []\n"
    for joint, angles in zip(joints, _unity_angles(clip), strict=False):
        keys = np.flatnonzero(straight_keys(angles, ANGLE_TOLERANCE_DEG).any(axis=1))
        yield _CURVE_START + _keys(_TURN_KEY, keys, angles[keys], clip.fps)
        yield f"{_CURVE_END}    path: {scalar(joint)}\n"
    yield "  m_PositionCurves: []\n  m_ScaleCurves: []\n  m_FloatCurves:\n"
    values = 100 * clip.weights[:, options.naming.columns()].astype(np.float64)
    kept = straight_keys(values, WEIGHT_TOLERANCE)
    for column, attribute in enumerate(attributes):
        keys = np.flatnonzero(kept[:, column])
        yield _CURVE_START + _keys(_FLOAT_KEY, keys, values[keys, column, None], clip.fps)
        yield f"{_CURVE_END}    attribute: {scalar(attribute)}\n    path: {scalar(mesh_path)}\n"
        yield "    classID: 137\n    script: {fileID: 0}\n"
    yield _MIDDLE.format(fps=clip.fps)
    for joint in joints:
        yield _BINDING.format(path=_hash(joint), attribute=4, type=4, custom=4)
    for attribute in attributes:  # the hash is of the shape's name alone
        shape = _hash(attribute.removeprefix("blendShape."))
        yield _BINDING.format(path=_hash(mesh_path), attribute=shape, type=137, custom=20)
    yield _END.format(stop=(len(clip) - 1) / clip.fps)


def _unity_angles(clip: BlendshapeClip) -> tuple[np.ndarray, ...]:
    """(T, 3) degrees each of head, left and right eye, in Unity's axes."""
    eyes = clip.eyes()
    return tuple(angles.astype(np.float64) * TO_UNITY_DEG for angles in (clip.head_rotation, eyes[:, 0], eyes[:, 1]))


def _keys(pattern: str, frames: np.ndarray, values: np.ndarray, fps: float) -> str:
    """Keys at (K,) frames with (K, D) values, the slopes those of the lines between them."""
    times = frames / fps
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    still = np.zeros((1, values.shape[1]))
    rows = np.concatenate(
        [times[:, None], values, np.concatenate([still, slopes]), np.concatenate([slopes, still])], axis=1
    )
    return "".join(pattern % tuple(row) for row in (rows + 0.0).tolist())


def _hash(text: str) -> int:
    """What Unity finds a path or attribute by."""
    return zlib.crc32(text.encode("utf-8"))


def scalar(text: str) -> str:
    """Text as YAML, in quotes where it needs them."""
    return text if re.fullmatch(r"[A-Za-z_][\w./ -]*(?<! )", text, re.ASCII) else json.dumps(text)
