"""The head as UsdSkel prims: one mesh with its blend shapes, bound to the joints that turn head and eyes.

Linear blend skinning with these weights is what FaceRig.vertices computes: each vertex follows the head's turn by its
head_weight, the eyes turn within the head.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rig.face_rig import EYES, FaceRig
from rig.formats.naming import Naming
from rig.head_surface import corner_colours, polygons
from rig.look import Look
from rig.vertex_normals import vertex_normals

if TYPE_CHECKING:
    from pxr import Sdf, Usd, UsdGeom, UsdSkel

JOINTS = ("bust", "bust/head", "bust/head/eye_left", "bust/head/eye_right")
OWN_PRIMS = ("Skeleton", "Animation", "Materials", "Sound")
"""Children of the SkelRoot that a mesh path must not fall on."""
LASH_OPACITY = 0.5
"""The lashes are cards without a texture, too heavy when they hide everything behind them."""


def joint_origins(rig: FaceRig) -> np.ndarray:
    """(4, 3) metres: where each of JOINTS stands at rest, in the head's own axes."""
    return np.stack([np.zeros(3), rig.neck_pivot, *rig.eye_pivots]).astype(np.float64)


def joint_offsets(rig: FaceRig) -> np.ndarray:
    """(4, 3) metres: each of JOINTS from the one above it."""
    origins = joint_origins(rig)
    return origins - origins[[0, 0, 1, 1]]


def add_head(stage: "Usd.Stage", root: "Sdf.Path", rig: FaceRig, naming: Naming) -> None:
    """Mesh and skeleton under the SkelRoot `root`, with the shapes that `naming` asks for."""
    from pxr import UsdGeom, UsdSkel

    _add_skeleton(stage, root.AppendChild("Skeleton"), rig)
    path = root
    for part in [part for part in naming.mesh_path.split("/") if part] or ["face"]:
        path = path.AppendChild(*_prim_names([part], OWN_PRIMS))
    for above in list(path.GetPrefixes())[1:-1]:
        UsdGeom.Xform.Define(stage, above)
    mesh = UsdGeom.Mesh.Define(stage, path)
    _fill_mesh(mesh, rig)
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateSkeletonRel().SetTargets([root.AppendChild("Skeleton")])
    _bind_joints(binding, rig)
    names = naming.written()
    binding.CreateBlendShapesAttr(list(names))
    targets = [path.AppendChild(name) for name in _prim_names(names, FaceRig.PARTS)]
    binding.CreateBlendShapeTargetsRel().SetTargets(targets)
    rest = vertex_normals(rig.neutral, rig.faces)
    for target, column in zip(targets, naming.columns(), strict=True):
        _add_blend_shape(stage, target, rig, rig.deltas[column], rest)
    _add_materials(stage, root.AppendChild("Materials"), mesh, rig)


def _prim_names(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Valid, different prim names; what a shape is really called stands in the tokens skel:blendShapes."""
    from pxr import Tf

    found: list[str] = []
    for name in names:
        valid = Tf.MakeValidIdentifier(name)
        while valid in found or valid in taken:
            valid += "_"
        found.append(valid)
    return found


def _add_skeleton(stage: "Usd.Stage", path: "Sdf.Path", rig: FaceRig) -> None:
    from pxr import Gf, UsdSkel, Vt

    skeleton = UsdSkel.Skeleton.Define(stage, path)
    skeleton.CreateJointsAttr(list(JOINTS))
    for create, places in (
        (skeleton.CreateBindTransformsAttr, joint_origins(rig)), (skeleton.CreateRestTransformsAttr, joint_offsets(rig))
    ):  # fmt: skip
        create(Vt.Matrix4dArray([Gf.Matrix4d(1).SetTranslate(Gf.Vec3d(*map(float, place))) for place in places]))


def _fill_mesh(mesh: "UsdGeom.Mesh", rig: FaceRig) -> None:
    from pxr import UsdGeom, Vt

    corners, _ = polygons(rig)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rig.neutral)))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(corners), corners.shape[1], dtype=np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(corners.ravel())))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(vertex_normals(rig.neutral, rig.faces).astype(np.float32)))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(np.stack([rig.neutral.min(axis=0), rig.neutral.max(axis=0)])))
    colours = mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.faceVarying)
    colours.Set(Vt.Vec3fArray.FromNumpy(corner_colours(rig, Look(hair="shaved")).reshape(-1, 3)))


def _bind_joints(binding: "UsdSkel.BindingAPI", rig: FaceRig) -> None:
    from pxr import Vt

    joints = np.tile(np.array([0, 1], dtype=np.int32), (rig.vertex_count, 1))
    weights = np.stack([1 - rig.head_weight, rig.head_weight], axis=1).astype(np.float32)
    for joint, eye in enumerate(EYES, start=2):
        joints[rig.regions[eye]], weights[rig.regions[eye]] = (joint, 1), (1, 0)
    binding.CreateJointIndicesPrimvar(False, 2).Set(Vt.IntArray.FromNumpy(joints.ravel()))
    binding.CreateJointWeightsPrimvar(False, 2).Set(Vt.FloatArray.FromNumpy(weights.ravel()))


def _add_blend_shape(stage: "Usd.Stage", path: "Sdf.Path", rig: FaceRig, delta: np.ndarray, rest: np.ndarray) -> None:
    """Only the vertices that move, with the turn of their normals."""
    from pxr import UsdSkel, Vt

    moved = np.flatnonzero(delta.any(axis=1)).astype(np.int32)
    normals = vertex_normals(rig.neutral + delta, rig.faces) - rest
    shape = UsdSkel.BlendShape.Define(stage, path)
    shape.CreatePointIndicesAttr(Vt.IntArray.FromNumpy(moved))
    shape.CreateOffsetsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(delta[moved])))
    shape.CreateNormalOffsetsAttr(Vt.Vec3fArray.FromNumpy(normals[moved].astype(np.float32)))


def _add_materials(stage: "Usd.Stage", path: "Sdf.Path", mesh: "UsdGeom.Mesh", rig: FaceRig) -> None:
    """A material a part, so that a program can dress each on its own; all of them show the colours of the mesh."""
    from pxr import Sdf, UsdGeom, UsdShade, Vt

    UsdGeom.Scope.Define(stage, path)
    _, parts = polygons(rig)
    for index, name in enumerate(FaceRig.PARTS):
        own = np.flatnonzero(parts == index).astype(np.int32)
        if not len(own):
            continue
        material = UsdShade.Material.Define(stage, path.AppendChild(name))
        reader = UsdShade.Shader.Define(stage, material.GetPath().AppendChild("Colour"))
        reader.CreateIdAttr("UsdPrimvarReader_float3")
        reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("displayColor")
        surface = UsdShade.Shader.Define(stage, material.GetPath().AppendChild("Surface"))
        surface.CreateIdAttr("UsdPreviewSurface")
        colour = reader.CreateOutput("result", Sdf.ValueTypeNames.Float3)
        surface.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).ConnectToSource(colour)
        surface.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(0.15 if name in EYES else 0.55)
        if name.startswith("lashes"):
            surface.CreateInput("opacity", Sdf.ValueTypeNames.Float).Set(LASH_OPACITY)
        material.CreateSurfaceOutput().ConnectToSource(surface.CreateOutput("surface", Sdf.ValueTypeNames.Token))
        subset = UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).CreateMaterialBindSubset(
            name, Vt.IntArray.FromNumpy(own)
        )
        UsdShade.MaterialBindingAPI.Apply(subset.GetPrim()).Bind(material)
