"""Tongue and throat: the soft parts that an open mouth shows, lit through its opening."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sparse

from rig.aperture import strip_faces
from rig.face_rig import FaceRig
from rig.smoothstep import smoothstep

LIGHT_FROM = np.array([0.0, 0.62, 0.78], np.float32)
DEPTH_M = (0.018, 0.066)
"""How far behind the lips the light begins to fall off, and where it has fallen."""
DEEP = 0.34
UNDER_TEETH_M = (-0.002, 0.010)
"""Height below the edge of the upper teeth over which their shadow ends."""
SHADED = 0.42
GROOVE_M, GROOVE = 0.0022, 0.13
MOTTLE = 0.09
SINK, SINK_DEPTH_M = 0.32, (0.025, 0.060)
"""How far, in gaps of the lips, the back of the tongue sinks in an open mouth, and how far behind the lips it does."""
WALL_ROWS, WALL_COLUMNS = 18, 25
WALL_HALF_WIDTH_M, WALL_TOP_M, WALL_BOTTOM_M = 0.036, 0.016, 0.050
WALL_BACK_M, WALL_CURVE_M = 0.070, 0.045
"""How far behind the lips the throat lies, and how far its sides come forward."""


@dataclass(frozen=True, eq=False)
class Tongue:
    """The rig's own tongue, one step finer. Build with of_rig().

    vertices: (T,) of the rig.  refine: (N, T) sparse, to the finer mesh.  faces: (F, 3) of it.
    mottle: (N,) lightness of its surface.
    """

    vertices: np.ndarray
    refine: sparse.csr_matrix
    faces: np.ndarray
    mottle: np.ndarray

    @classmethod
    def of_rig(cls, rig: FaceRig) -> Self:
        """Mottled the same on every call."""
        own = np.flatnonzero(rig.regions["tongue"])
        faces = np.searchsorted(own, rig.faces[rig.regions["tongue"][rig.faces].all(axis=1)]).astype(np.int32)
        refine, faces = _subdivided(faces, len(own))
        place = refine @ rig.neutral[own]
        mottle = 1 + MOTTLE * np.random.default_rng(0).uniform(-1, 1, len(place))
        mottle *= 1 - GROOVE * np.exp(-((place[:, 0] / GROOVE_M) ** 2))
        return cls(own, refine, faces, mottle.astype(np.float32))

    def posed(self, vertices: np.ndarray, lip_z: float, opening_m: float) -> np.ndarray:
        """(V, 3) head -> (N, 3) tongue, which lies lower the further the lips are parted."""
        own = vertices[self.vertices]
        own[:, 1] -= SINK * opening_m * smoothstep(*SINK_DEPTH_M, lip_z - own[:, 2])
        return self.refine @ own

    def lightness(self, points: np.ndarray, lip_z: float, edge_y: float) -> np.ndarray:
        """(N, 3) posed tongue -> (N,) in [0, 1]: lit from the front and above, darker with depth and under the upper
        teeth, whose edge has the height edge_y."""
        corner = points[self.faces]
        flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normal = np.stack(
            [
                np.bincount(self.faces.ravel(), np.repeat(flat[:, axis], 3), len(points))
                for axis in range(3)
            ],
            axis=1,
        )  # fmt: skip
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        light = 0.40 + 0.60 * np.clip(normal @ LIGHT_FROM, 0, 1)
        return light * self.mottle * reached(points, lip_z, edge_y)


@dataclass(frozen=True, eq=False)
class Throat:
    """The wall behind everything: points (N, 3) metres in the resting head, lightness (N,), faces (F, 3)."""

    points: np.ndarray
    lightness: np.ndarray
    faces: np.ndarray

    @classmethod
    def behind(cls, lip_z: float, edge_y: float, centre_x: float) -> Self:
        """A curved wall with the soft palate above, its arch and the dark below it."""
        down, across = np.meshgrid(np.linspace(0, 1, WALL_ROWS), np.linspace(-1, 1, WALL_COLUMNS), indexing="ij")
        y = edge_y + WALL_TOP_M - down * (WALL_TOP_M + WALL_BOTTOM_M)
        z = lip_z - WALL_BACK_M + WALL_CURVE_M * across**2
        points = np.stack([centre_x + WALL_HALF_WIDTH_M * across, y, z], axis=-1).reshape(-1, 3)
        below = edge_y - y
        arch = 0.010 - 0.012 * across**2 + 0.005 * np.exp(-((across / 0.09) ** 2))  # the uvula hangs in the middle
        light = 0.84 - 0.34 * smoothstep(-0.003, 0.003, below - arch)
        light = light - 0.08 * smoothstep(0.0, 0.02, below - arch)
        light = light * (0.72 + 0.28 * smoothstep(-0.004, 0.008, below)) + 0.25 * smoothstep(0.55, 1.0, np.abs(across))
        grain = 1 + MOTTLE * np.random.default_rng(1).uniform(-1, 1, light.shape)
        return cls(
            points.astype(np.float32), (light * grain).ravel().astype(np.float32), strip_faces(WALL_ROWS, WALL_COLUMNS)
        )


def reached(points: np.ndarray, lip_z: float, edge_y: float) -> np.ndarray:
    """(N, 3) metres -> (N,) share of the light that comes that deep, and under the upper teeth."""
    deep = 1 - (1 - DEEP) * smoothstep(*DEPTH_M, lip_z - points[:, 2])
    return deep * (SHADED + (1 - SHADED) * smoothstep(*UNDER_TEETH_M, edge_y - points[:, 1]))


def _subdivided(faces: np.ndarray, count: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Every triangle in four: matrix (N, count) to the finer vertices, and faces (4 F, 3)."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, index = np.unique(edges, axis=0, return_inverse=True)
    a, b, c = (index.ravel()[part * len(faces) : (part + 1) * len(faces)] + count for part in range(3))
    rows = np.concatenate([np.arange(count), np.repeat(np.arange(len(unique)) + count, 2)])
    columns = np.concatenate([np.arange(count), unique.ravel()])
    values = np.concatenate([np.ones(count), np.full(2 * len(unique), 0.5)]).astype(np.float32)
    refine = sparse.csr_matrix((values, (rows, columns)), shape=(count + len(unique), count))
    one, two, three = faces.T
    finer = np.concatenate([
        np.column_stack(corners) for corners in ((one, a, c), (a, two, b), (c, b, three), (a, b, c))
    ])  # fmt: skip
    return refine, finer.astype(np.int32)
