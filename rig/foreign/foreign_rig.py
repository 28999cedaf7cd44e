"""ForeignRig: a head of somebody else's, posed by the same 52 curves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.avatar_part import Layer
from rig.errors import RigError
from rig.face_rig import drawable_weights
from rig.foreign.morph import Morph
from rig.foreign.part_names import NO_SKIN, is_in
from rig.foreign.rig_profile import AS_IT_COMES, RigProfile
from rig.foreign.shape_fit import ShapeFit
from rig.gaze import eye_rotation_from_weights
from rig.rotation import matrix_from_angles


@dataclass(frozen=True, eq=False)
class ForeignRig:
    """A head from a file, in metres: x = the character's left, y up, z to the viewer; origin between the eyes.

    A record of its own and no FaceRig with gaps: portraits, lip measures and the painted skin rest on edge loops,
    regions and identity modes that were made by hand for the packed head and that no file brings. What both have,
    they call the same. Made by FaceRig.from_gltf, from_vrm, from_ict and from_obj_folder.

    file, kind, unit: for people ("anna.vrm", "VRM 1.0", "metres": what the file counts in, guessed).
    neutral: (V, 3) float32, the face at rest.  uv: (V, 2) float32, origin at the lower left.
    layers: its triangles and what is painted on them.  colours: (V, 3) float32, linear factors of that.
    fit: which shapes were found under which names, what stands in for others, which are missing.
    own_morphs: all morphs by the rig's own names.
    head_weight: (V,) float32, how far a vertex follows the head's turn about neck_pivot (3,).
    eye_weight: (2, V) float32 [left, right], how far it turns with the eyeballs about eye_pivots (2, 3); zero where the
        eyes do not turn, or are turned by morphs.
    bones: ("head", "node Head"), ..: what was found under which name.
    profile: gain, offset, limits and correctives of this rig.
    """

    file: str
    kind: str
    unit: str
    neutral: np.ndarray
    uv: np.ndarray
    layers: tuple[Layer, ...]
    colours: np.ndarray
    fit: ShapeFit
    own_morphs: Mapping[str, Morph]
    head_weight: np.ndarray
    neck_pivot: np.ndarray
    eye_weight: np.ndarray
    eye_pivots: np.ndarray
    bones: tuple[tuple[str, str], ...] = ()
    profile: RigProfile = field(default=AS_IT_COMES)

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.neutral)

    @property
    def missing(self) -> tuple[str, ...]:
        """ARKit names of the shapes that move nothing on this rig."""
        return self.fit.missing

    @cached_property
    def faces(self) -> np.ndarray:
        """(F, 3) int32, the triangles of all layers."""
        return np.concatenate([layer.faces for layer in self.layers]).astype(np.int32)

    @cached_property
    def skin(self) -> np.ndarray:
        """(V,) bool, what is not called teeth, lashes and the like; all where that leaves nothing."""
        skin = np.zeros(self.vertex_count, dtype=bool)
        for layer in self.layers:
            if not is_in(layer.name, *NO_SKIN):
                skin[layer.faces] = True
        skin = skin if skin.any() else ~skin
        skin.setflags(write=False)
        return skin

    @cached_property
    def deltas(self) -> np.ndarray:
        """(52, V, 3) float32, displacement at weight 1 in the order of rig.arkit.NAMES, before the profile; zero for
        missing shapes. Large: 12 bytes a vertex and shape."""
        deltas = np.zeros((len(NAMES), self.vertex_count, 3), dtype=np.float32)
        for name, morph in self.fit.morphs.items():
            deltas[INDEX[name], morph.index] = morph.offsets
        deltas.setflags(write=False)
        return deltas

    def with_profile(self, profile: RigProfile) -> Self:
        """The same rig that takes its weights through a profile.

        Raises RigError where a corrective adds what is neither an ARKit shape nor a morph of this rig.
        """
        strange = [c.add for c in profile.correctives if c.add not in INDEX and c.add not in self.own_morphs]
        if strange:
            raise RigError(
                f"A corrective adds {strange[0]!r}, which is no morph of {self.file}; "
                f"`dreamtalk rig {self.file}` lists them."
            )
        return replace(self, profile=profile)

    def morph(self, weights: np.ndarray) -> np.ndarray:
        """(52,) weights -> (V, 3) float32 before any rotation; the profile is applied, mouthClose kept <= jawOpen."""
        weights = drawable_weights(weights)
        if weights.ndim != 1:
            raise RigError(f"The weights have the shape {weights.shape}; one frame, (52,), can be posed at a time.")
        weights, own = self.profile.applied(weights)
        posed = self.neutral.copy()
        for name, shape in self.fit.morphs.items():
            if weights[INDEX[name]]:
                shape.add_to(posed, weights[INDEX[name]])
        for name, strength in own.items():
            self.own_morphs[name].add_to(posed, strength)
        return posed

    def vertices(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> np.ndarray:
        """The posed head, (V, 3) float32 metres; arguments as FaceRig.vertices."""
        posed = self.morph(weights)
        if eye_rotation is None:
            eye_rotation = eye_rotation_from_weights(np.asarray(weights, dtype=np.float32)[None])[0]
        for share, pivot, angles in zip(self.eye_weight, self.eye_pivots, eye_rotation, strict=True):
            _turn(posed, share, pivot, angles)
        if head_rotation is not None:
            _turn(posed, self.head_weight, self.neck_pivot, head_rotation)
        return posed


def _turn(points: np.ndarray, share: np.ndarray, pivot: np.ndarray, angles: np.ndarray) -> None:
    """Turn points (V, 3) about a pivot in place, each as far as its share (V,) says."""
    own = np.flatnonzero(share)
    if not len(own) or not np.any(angles):
        return
    turn = matrix_from_angles(np.asarray(angles, dtype=np.float32)).astype(np.float32)
    turned = (points[own] - pivot) @ turn.T + pivot
    points[own] += share[own, None] * (turned - points[own])
