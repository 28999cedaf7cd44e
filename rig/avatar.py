"""Avatar: a FaceRig dressed in a Look, as textured triangles with a light at each vertex that any backend can draw."""

from dataclasses import dataclass

import numpy as np

from rig.avatar_body import Body
from rig.avatar_eyes import Eyes
from rig.avatar_hair import HairPiece
from rig.avatar_part import Part, PosedHead
from rig.backdrop import Backdrop
from rig.camera import Camera
from rig.face_rig import FaceRig
from rig.gaze import eye_rotation_from_weights
from rig.lashes import Lashes
from rig.look import Look
from rig.rotation import matrix_from_angles


@dataclass(frozen=True, eq=False)
class Pose:
    """points: (N, 3) float32 metres.  colours: (N, 3) float32 sRGB factors of the texture; may be over 1."""

    points: np.ndarray
    colours: np.ndarray


class Avatar:
    """The static side of a rendering: layers (opaque, in any order) and uv (N, 2); pose() gives the moving side.

    Building one takes about a second (texture painting, hair); a pose about 5 ms.
    """

    def __init__(self, rig: FaceRig, look: Look, camera: Camera) -> None:
        self.rig, self.look, self.camera = rig, look, camera
        parts: list[Part] = [Backdrop(camera, look), Body(rig, look), Eyes(rig, look), Lashes(rig, look)]
        if look.hair != "shaved":
            parts.append(HairPiece(rig, look))
        self._parts = parts
        first = np.cumsum([0, *(len(part.uv) for part in parts)])
        self.layers = tuple(
            layer.shifted(start) for part, start in zip(parts, first[:-1], strict=True) for layer in part.layers
        )
        self.uv = np.concatenate([part.uv for part in parts], dtype=np.float32)

    def pose(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> Pose:
        """Arguments as FaceRig.vertices."""
        return self._pose_of(self._posed(weights, head_rotation, eye_rotation))

    def pose_of(self, vertices: np.ndarray, head_turn: np.ndarray, eye_turns: np.ndarray) -> Pose:
        """A head that is already posed: (V, 3) vertices, turned wholly by (3, 3), its eyes by (2, 3, 3) within it."""
        return self._pose_of(self._head(vertices, head_turn, eye_turns))

    def _pose_of(self, head: PosedHead) -> Pose:
        posed = [part.pose(head) for part in self._parts]
        points, colours = (np.concatenate(arrays, dtype=np.float32) for arrays in zip(*posed, strict=True))
        return Pose(points, colours)

    def _posed(self, weights: np.ndarray, head: np.ndarray | None, eyes: np.ndarray | None) -> PosedHead:
        if eyes is None:
            eyes = eye_rotation_from_weights(np.asarray(weights, dtype=np.float32)[None])[0]
        turn = matrix_from_angles(np.zeros(3, dtype=np.float32) if head is None else np.asarray(head, dtype=np.float32))
        return self._head(self.rig.vertices(weights, head, eyes), turn, matrix_from_angles(np.float32(eyes)))

    def _head(self, vertices: np.ndarray, turn: np.ndarray, eye_turns: np.ndarray) -> PosedHead:
        neck = self.rig.neck_pivot
        return PosedHead(
            vertices=vertices, head_turn=turn.astype(np.float32), neck_pivot=neck,
            eye_turns=eye_turns.astype(np.float32),
            eye_pivots=((self.rig.eye_pivots - neck) @ turn.T + neck).astype(np.float32),
            viewer=np.float32(self.camera.position), look=self.look,
        )  # fmt: skip
