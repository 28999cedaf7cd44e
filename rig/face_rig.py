"""FaceRig: the packed CC0 head, its 52 ARKit shapes and its identity modes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.gaze import eye_rotation_from_weights
from rig.person import Person
from rig.rotation import matrix_from_angles

if TYPE_CHECKING:
    from rig.foreign.foreign_rig import ForeignRig

EYES = ("eye_left", "eye_right")


@dataclass(frozen=True, eq=False)
class FaceRig:
    """A head with shoulders, in metres: x = the character's left, y up, z to the viewer; origin between the eyes.

    neutral: (V, 3) float32, the face at rest. The pack's own is the adult average, half male, half female.
    deltas: (52, V, 3) float32, displacement at weight 1, rows in the order of rig.arkit.NAMES. Eyeballs have none:
        they turn about eye_pivots.
    faces: (F, 3) int32 triangles, counter-clockwise seen from outside.
    face_parts: (F,) index into PARTS of the part that each triangle belongs to.
    uv: (V, 2) float32, one texture coordinate a vertex, origin at the lower left; the island of the face has no seam.
    mirror: (V,) int32, the vertex on the other side.
    open_sky: (V,) float32 in [0, 1], share of the sky that the resting skin sees there: ambient occlusion.
    head_weight: (V,) float32, how far a vertex follows the head's turn: 1 on the head, 0 on the shoulders.
    identity_modes: (M, V, 3) float32, one standard deviation of adult faces each; orthogonal over regions["head"].
    neck_pivot (3,), eye_pivots (2, 3) [left, right]: the points that head and eyes turn about.
    regions: name -> (V,) bool. The parts (skin, eye_left, eye_right, teeth_upper, teeth_lower, tongue, lashes_left,
        lashes_right) and, within the skin, lips, lip_upper, lip_lower, mouth_inside (the bag behind the lips),
        socket_left, socket_right (the bag behind the lids), face (front of the head), bust (what does not turn at
        all); head: all that turns wholly.
    loops: name -> (L,) int32, closed edge loops: lips_outer (38), lips_inner (38, where the lips touch; from the
        middle of the upper lip to the character's left), lids_left, lids_right (28, rim of the lids; from the
        inner corner, counter-clockwise in the picture), and lip_midline (2, 4): upper and lower lip at the midline.

    Raises RigError where weights or coefficients have the wrong shape.
    """

    neutral: np.ndarray
    deltas: np.ndarray
    faces: np.ndarray
    face_parts: np.ndarray
    uv: np.ndarray
    mirror: np.ndarray
    open_sky: np.ndarray
    head_weight: np.ndarray
    identity_modes: np.ndarray
    neck_pivot: np.ndarray
    eye_pivots: np.ndarray
    regions: Mapping[str, np.ndarray]
    loops: Mapping[str, np.ndarray]
    pivot_vertices: np.ndarray = field(repr=False)

    PARTS = (
        "skin", "eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue", "lashes_left", "lashes_right",
    )

    @classmethod
    def load(cls) -> Self:
        """The head that comes with this package. Takes about 50 ms."""
        with files("rig").joinpath("data/head_pack.npz").open("rb") as file, np.load(file) as pack:
            return cls(**_unpack({name: pack[name] for name in pack.files}))

    @staticmethod
    def from_gltf(path: str | Path, names: Mapping[str, str] | None = None) -> "ForeignRig":
        """A head from a .glb or .gltf, by the names of its morph targets. names: ARKit name -> the file's own name.

        Raises RigError for files that are none, and where no shape is found. So do the three that follow.
        """
        from rig.foreign.foreign_fit import fitted_rig
        from rig.foreign.gltf_rig import gltf_source
        from rig.formats.gltf_scene import read_gltf_scene

        return fitted_rig(gltf_source(read_gltf_scene(path)), names)

    @staticmethod
    def from_vrm(path: str | Path, names: Mapping[str, str] | None = None) -> "ForeignRig":
        """A head from a VRM 0.x or 1.0: its expressions by ARKit name ("perfect sync"), else its morph targets, else
        approximations by its preset expressions."""
        from rig.foreign.foreign_fit import fitted_rig
        from rig.foreign.vrm_rig import vrm_source
        from rig.formats.gltf_scene import read_gltf_scene

        return fitted_rig(vrm_source(read_gltf_scene(path)), names)

    @staticmethod
    def from_ict(path: str | Path, names: Mapping[str, str] | None = None) -> "ForeignRig":
        """The head of ICT-FaceKit: its folder of .obj files, or its light model packed into an .npz."""
        from rig.foreign.foreign_fit import fitted_rig
        from rig.foreign.ict_rig import ict_source

        return fitted_rig(ict_source(Path(path)), names)

    @staticmethod
    def from_obj_folder(folder: str | Path, names: Mapping[str, str] | None = None) -> "ForeignRig":
        """A head from a folder: neutral.obj and an .obj for each shape, all with the same vertices in order."""
        from rig.foreign.foreign_fit import fitted_rig
        from rig.foreign.obj_rig import obj_folder_source

        return fitted_rig(obj_folder_source(Path(folder)), names)

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.neutral)

    @property
    def skin(self) -> np.ndarray:
        """(V,) bool, what is neither eye, tooth, tongue nor lash."""
        return self.regions["skin"]

    def with_identity(self, coefficients: np.ndarray) -> Self:
        """Another person: neutral + coefficients @ identity_modes; pivots and the reach of the blink follow.

        coefficients: (K,) with K <= M, in standard deviations.
        """
        coefficients = np.asarray(coefficients, dtype=np.float32)
        if coefficients.ndim != 1 or len(coefficients) > len(self.identity_modes):
            raise RigError(
                f"The identity has the shape {coefficients.shape}; up to {len(self.identity_modes)} numbers are wanted."
            )
        if not np.isfinite(coefficients).all():
            raise RigError("The identity holds NaN or infinite numbers; give finite ones.")
        return self.moved(np.tensordot(coefficients, self.identity_modes[: len(coefficients)], axes=1))

    def as_person(self, person: Person) -> Self:
        """The packed head as somebody of an age, sex, build and ancestry, with sliders: see rig.person."""
        return self.moved(person.displacement())

    def moved(self, shift: np.ndarray) -> Self:
        """Another face: neutral + shift (V, 3) metres; pivots and the reach of the blink follow."""
        shift = np.asarray(shift, dtype=np.float32)
        neutral = self.neutral + shift
        on_neck = (self.head_weight > 0.6) & (self.head_weight < 0.99) & self.regions["skin"]
        neck_pivot = self.neck_pivot + shift[on_neck].mean(axis=0) * np.float32([0, 1, 1])
        return replace(
            self, neutral=_locked(neutral), deltas=_locked(self._deltas_for(neutral)),
            neck_pivot=_locked(neck_pivot), eye_pivots=_locked(_pivots(neutral, self.pivot_vertices)),
        )

    def morph(self, weights: np.ndarray) -> np.ndarray:
        """(52,) weights -> (V, 3) float32 before any rotation; linear but for mouthClose, which is kept <= jawOpen."""
        weights = drawable_weights(weights)
        if weights.ndim != 1:
            raise RigError(f"The weights have the shape {weights.shape}; one frame, (52,), can be posed at a time.")
        posed = self.neutral.copy()
        for shape in np.flatnonzero(weights):  # a few sums are faster here than waking BLAS threads, and repeat exactly
            posed += weights[shape] * self.deltas[shape]
        return posed

    def vertices(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> np.ndarray:
        """The posed head, (V, 3) float32 metres.

        weights: (52,) in the order of rig.arkit.NAMES.
        head_rotation: (3,) radians (pitch, yaw, roll) about neck_pivot, signs as in rig.rotation; None = none.
        eye_rotation: (2, 3) radians [left, right] about eye_pivots; None = derived from the eyeLook weights.
        """
        posed = self.morph(weights)
        if eye_rotation is None:
            eye_rotation = eye_rotation_from_weights(np.asarray(weights, dtype=np.float32)[None])[0]
        for eye, pivot, turn in zip(EYES, self.eye_pivots, matrix_from_angles(eye_rotation), strict=True):
            own = self.regions[eye]
            posed[own] = (posed[own] - pivot) @ turn.T.astype(np.float32) + pivot
        if head_rotation is None or not np.any(head_rotation):
            return posed
        turn = matrix_from_angles(np.asarray(head_rotation, dtype=np.float32)).astype(np.float32)
        turned = (posed - self.neck_pivot) @ turn.T + self.neck_pivot
        return posed + self.head_weight[:, None] * (turned - posed)

    def _deltas_for(self, neutral: np.ndarray) -> np.ndarray:
        """The deltas with each blink stretched to the height of this person's eye, so that it closes."""
        deltas = self.deltas.copy()
        for side, name in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
            loop = self.loops[f"lids_{side}"]
            heights = [np.ptp(points[loop][:, 1]) for points in (self.neutral, neutral)]
            deltas[INDEX[name]] *= np.clip(heights[1] / heights[0], 0.6, 2.0)
        return _locked(deltas)


def drawable_weights(weights: np.ndarray) -> np.ndarray:
    """(..., 52) weights -> float32 copy with mouthClose <= jawOpen: mouthClose is a corrective of the open jaw."""
    weights = np.array(weights, dtype=np.float32)
    if weights.shape[-1:] != (len(NAMES),):
        raise RigError(f"The weights have the shape {weights.shape}; the last axis must hold the {len(NAMES)} shapes.")
    close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    weights[..., close] = np.minimum(weights[..., close], weights[..., jaw])
    return weights


def _locked(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


def _pivots(positions: np.ndarray, pivot_vertices: np.ndarray) -> np.ndarray:
    """Eye centres (2, 3): the middle of opposite vertices of each eyeball, axis by axis."""
    index, axis = pivot_vertices
    ends = positions[index, axis].reshape(2, 3, 2)
    return ends.mean(axis=2)


def _unpack(pack: dict[str, np.ndarray]) -> dict[str, object]:
    unit = np.float32(pack["unit_m"])
    parts, neutral = pack["parts"], pack["neutral"]
    regions = {name: parts == index for index, name in enumerate(FaceRig.PARTS)}
    deltas = pack["deltas"] * unit
    deltas[:, regions["eye_left"] | regions["eye_right"]] = 0.0
    loops = {name.removeprefix("loop_"): pack[name].astype(np.int32) for name in pack if name.startswith("loop_")}
    loops["lip_midline"] = pack["lip_midline"].astype(np.int32)
    regions |= _skin_regions(pack, regions["skin"], loops)
    arrays = {
        "neutral": neutral, "deltas": deltas, "faces": pack["faces"].astype(np.int32),
        "face_parts": pack["face_parts"].astype(np.int32), "uv": pack["uv"], "mirror": pack["mirror"].astype(np.int32),
        "open_sky": pack["open_sky"] / np.float32(255), "head_weight": pack["head_weight"],
        "identity_modes": pack["modes"] * unit, "neck_pivot": pack["neck_pivot"],
        "eye_pivots": pack["eye_pivots"], "pivot_vertices": pack["pivot_vertices"].astype(np.int64),
    }
    locked = {name: _locked(array) for name, array in arrays.items()}
    locked["regions"] = MappingProxyType({name: _locked(mask) for name, mask in regions.items()})
    locked["loops"] = MappingProxyType({name: _locked(loop) for name, loop in loops.items()})
    return locked


def _skin_regions(pack: dict[str, np.ndarray], skin: np.ndarray, loops: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    neutral, weight = pack["neutral"], pack["head_weight"]
    regions = {"head": pack["head"].copy(), "bust": weight == 0}
    for name in pack:
        if name.startswith("region_"):
            mask = np.zeros(len(neutral), dtype=bool)
            mask[pack[name]] = True
            regions[name.removeprefix("region_")] = mask
    upper, lower = (neutral[loops["lip_midline"][row], 1].mean() for row in (0, 1))
    middle = (upper + lower) / 2
    regions["lip_upper"] = regions["lips"] & (neutral[:, 1] >= middle)
    regions["lip_lower"] = regions["lips"] & (neutral[:, 1] < middle)
    inside = regions["mouth_inside"] | regions["socket_left"] | regions["socket_right"]
    regions["face"] = regions["head"] & skin & ~inside & (neutral[:, 2] > -0.055) & (neutral[:, 1] < 0.075)
    return regions
