"""The avatar's skin, mouth, teeth and tongue."""

import numpy as np

from rig.avatar_part import Layer, PosedHead
from rig.face_rig import FaceRig
from rig.lighting import GAMMA, Surface, lit, sampled_albedo, unit
from rig.look import Look
from rig.mouth_paint import mouth_albedo, mouth_light, paint_teeth, teeth_uv
from rig.skin_map import ring_numbers, skin_map, skin_uv
from rig.skin_paint import neckline_depth, paint_skin
from rig.vertex_normals import corner_sums, crossed

CREASE_SHADE = np.float32([0.36, 0.50, 0.52])
"""How much the colours darken where skin is pressed to nothing."""


class Body:
    """Skin, mouth, teeth and tongue: the rig's own surface, its vertices doubled where the texture has a seam.

    rows: (N,) the vertex of the rig that each drawn one is.
    """

    def __init__(self, rig: FaceRig, look: Look) -> None:
        self._rig = rig
        quads, kinds = _quads(rig)
        self._triangles = _split(quads)
        outer_rows, outer_faces, outer_uv = _unwrapped(quads[kinds == 0], rig.neutral)
        inner_rows, inner_index = np.unique(quads[kinds > 0], return_inverse=True)
        inner_faces = inner_index.reshape(-1, 4) + len(outer_rows)
        is_tooth = kinds[kinds > 0] == 2
        texture = paint_skin(rig, look, skin_map(rig))
        self.layers = (
            Layer("skin", _split(outer_faces), texture), Layer("mouth", _split(inner_faces[~is_tooth])),
            Layer("teeth", _split(inner_faces[is_tooth]), paint_teeth()),
        )
        self.uv = np.concatenate([outer_uv, teeth_uv(rig)[inner_rows]])
        self.rows, self._outer = np.concatenate([outer_rows, inner_rows]), slice(0, len(outer_rows))
        self._inner = slice(len(outer_rows), None)
        albedo = np.concatenate([sampled_albedo(texture, outer_uv), mouth_albedo(rig)[inner_rows]])
        self._tint = np.ones_like(albedo)
        self._tint[self._inner] = albedo[self._inner] ** GAMMA
        self._tint[self._outer] -= 0.5 * np.clip((ring_numbers(rig)[outer_rows, :1] - 3.3) / 2.2, 0, 1)
        self._surface = _body_surface(rig, self.rows, albedo)
        cloth = np.clip(neckline_depth(rig.neutral[self.rows]) / 0.012 + 0.2, 0, 1).astype(np.float32)
        self._thickness = (0.0035 * cloth)[:, None]
        self._corner_sums = corner_sums(self._triangles, rig.vertex_count)
        self._rest_area = np.maximum(self._corner_sums @ _areas(rig.neutral[self._triangles]), 1e-12)

    def pose(self, head: PosedHead) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (N, 3) each."""
        across = crossed(head.vertices[self._triangles])
        normals = self._normals(across)
        points = head.vertices[self.rows] + self._thickness * normals
        light = lit(self._surface, normals, unit(head.viewer - points), head.look) * self._tint
        light[self._outer] *= self._creases(across)
        light[self._inner] *= mouth_light(self._rig, head.vertices)
        return points, light

    def surface(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points and normals, (N, 3) each, of (V, 3) posed vertices of the rig; the shirt stands out a little."""
        normals = self._normals(crossed(vertices[self._triangles]))
        return vertices[self.rows] + self._thickness * normals, normals

    def painted(self) -> np.ndarray:
        """(N, 3) float32 linear factors of the textures for a renderer with lights of its own: paint and open sky."""
        return self._tint ** (1 / GAMMA) * np.sqrt(self._surface.sky)[:, None]

    def _normals(self, across: np.ndarray) -> np.ndarray:
        return unit(self._corner_sums @ across)[self.rows]

    def _creases(self, across: np.ndarray) -> np.ndarray:
        """(N, 3) factors of the outer skin: where an expression bunches it up, it folds and darkens."""
        area = self._corner_sums @ np.sqrt(np.einsum("ij,ij->i", across, across))
        bunched = np.clip(0.96 - area / self._rest_area, 0, 0.5)[self.rows[self._outer]]
        return 1 - bunched[:, None] * CREASE_SHADE


def _areas(corners: np.ndarray) -> np.ndarray:
    return np.linalg.norm(crossed(corners), axis=1)


def _body_surface(rig: FaceRig, rows: np.ndarray, albedo: np.ndarray) -> Surface:
    rest = rig.neutral[rows]
    names = ("lips", "tongue", "mouth_inside", "teeth_upper")
    part = {name: rig.regions[name][rows].astype(np.float32) for name in names}
    teeth = part["teeth_upper"] + rig.regions["teeth_lower"][rows]
    cloth = neckline_depth(rest) > 0
    nose = np.exp(-((rest[:, 0] / 0.012) ** 2)) * (rest[:, 2] > 0.01)
    gloss = 0.04 + 0.05 * part["lips"] + 0.10 * teeth + 0.02 * part["tongue"] + 0.03 * nose
    sharpness = 14 + 22 * part["lips"] + 40 * teeth + 20 * part["tongue"]
    wrap = np.where(cloth[:, None], np.float32(0.15), np.float32([0.42, 0.26, 0.20]))
    inside = (part["mouth_inside"] + part["tongue"] + teeth) > 0
    sky = np.where(inside, np.maximum(rig.open_sky[rows], 0.45 + 0.4 * teeth), rig.open_sky[rows])
    arrays = (albedo, wrap, np.where(cloth, 0.012, gloss), sharpness, 0.25 + 0.75 * sky)
    return Surface(*(array.astype(np.float32) for array in arrays))


def _quads(rig: FaceRig) -> tuple[np.ndarray, np.ndarray]:
    """The quads to draw, (Q, 4), and 0 for outer skin, 1 for the mouth, 2 for teeth. Deep sockets are left out."""
    half = len(rig.faces) // 2
    quads = np.concatenate([rig.faces[:half], rig.faces[half:, 2:]], axis=1)
    parts = rig.face_parts[:half]
    names = [FaceRig.PARTS[part] for part in parts]
    teeth = np.isin(names, ("teeth_upper", "teeth_lower"))
    in_mouth = teeth | np.isin(names, ("tongue",)) | rig.regions["mouth_inside"][quads].any(axis=1)
    deep = np.zeros(rig.vertex_count, dtype=bool)
    for side in ("left", "right"):
        front = rig.neutral[rig.loops[f"lids_{side}"], 2].max()
        deep |= rig.regions[f"socket_{side}"] & (rig.neutral[:, 2] < front - 0.016)
    drawn = ((parts == 0) & ~deep[quads].any(axis=1)) | teeth | np.isin(names, ("tongue",))
    return quads[drawn], (in_mouth.astype(int) + teeth)[drawn]


def _unwrapped(quads: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the fine mesh, quads into them and their uv, with the vertices along the back seam doubled."""
    uv = skin_uv(rest)
    turn = uv[quads][..., 0]
    torn = np.ptp(turn, axis=1) > 0.5
    shifted = np.where(torn[:, None] & (turn < 0.5), quads + len(rest), quads)
    rows, index = np.unique(shifted, return_inverse=True)
    second = rows >= len(rest)
    picked = uv[rows % len(rest)].copy()
    picked[second, 0] += 1.0
    return rows % len(rest), index.reshape(quads.shape), picked


def _split(quads: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
