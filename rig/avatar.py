"""Avatar: a FaceRig dressed in a Look, as textured triangles with a light at each vertex that any backend can draw."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rig.camera import Camera
from rig.eyeball import eyeball, paint_eye
from rig.face_rig import FaceRig
from rig.gaze import eye_rotation_from_weights
from rig.hair import grow_hair
from rig.lashes import Lashes
from rig.lighting import GAMMA, Surface, lit, unit
from rig.look import Look
from rig.mouth_paint import mouth_albedo, mouth_light, paint_teeth, teeth_uv
from rig.rotation import matrix_from_angles
from rig.skin_map import ring_numbers, skin_map, skin_uv
from rig.skin_paint import neckline_depth, paint_skin

WHITE = np.full((1, 1, 3), 255, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Layer:
    """A run of triangles with one texture: faces (F, 3) int32 into the avatar's vertices, texture (h, w, 3) uint8.

    Triangles are counter-clockwise seen from outside; their backs are seen only where two_sided.
    """

    name: str
    faces: np.ndarray
    texture: np.ndarray
    two_sided: bool = False


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
        self._body = _Body(rig, look)
        self._eyes = _Eyes(rig, look)
        self._lashes = Lashes(rig, look)
        self._hair = grow_hair(rig, look)
        backdrop_points, backdrop_uv, backdrop_faces = _backdrop(camera)
        self._backdrop_points = backdrop_points
        layers = [("background", backdrop_faces, _paint_background(look), len(backdrop_points))]
        layers += [(name, faces, texture, 0) for name, faces, texture in self._body.layers]
        layers[-1] = (*layers[-1][:3], len(self._body.uv))
        layers.append(("eyes", self._eyes.faces, self._eyes.texture, len(self._eyes.uv)))
        layers.append(("lashes", self._lashes.faces, WHITE, self._lashes.vertex_count))
        uv = [backdrop_uv, self._body.uv, self._eyes.uv, np.zeros((self._lashes.vertex_count, 2))]
        if self._hair is not None:
            layers.append(("hair", self._hair.faces, WHITE, len(self._hair.points)))
            uv.append(np.zeros((len(self._hair.points), 2)))
            self._hair_surface = _hair_surface(self._hair.shade, look)
        self.uv = np.concatenate(uv).astype(np.float32)
        self.layers = tuple(_numbered(layers, look.hair == "bob"))

    def pose(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> Pose:
        """Arguments as FaceRig.vertices."""
        if eye_rotation is None:
            eye_rotation = eye_rotation_from_weights(np.asarray(weights, dtype=np.float32)[None])[0]
        head = np.eye(3) if head_rotation is None else matrix_from_angles(np.asarray(head_rotation, dtype=np.float32))
        head = head.astype(np.float32)
        coarse = self.rig.vertices(weights, head_rotation, eye_rotation)
        eye_at = np.float32(self.camera.position)
        neck = self.rig.neck_pivot
        pivots = (self.rig.eye_pivots - neck) @ head.T + neck
        parts = [
            (self._backdrop_points, np.ones_like(self._backdrop_points)),
            self._body.pose(coarse, eye_at, self.look),
            self._eyes.pose(coarse, head, pivots, eye_rotation, eye_at, self.look),
            self._lashes.pose(coarse, head, pivots),
        ]
        if self._hair is not None:
            parts.append(self._posed_hair(head, neck, eye_at))
        points, colours = zip(*parts, strict=True)
        return Pose(np.concatenate(points, dtype=np.float32), np.concatenate(colours, dtype=np.float32))

    def _posed_hair(self, head: np.ndarray, neck: np.ndarray, eye_at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hair, surface = self._hair, self._hair_surface
        points = (hair.points - neck) @ head.T + neck
        light = lit(surface, hair.normals @ head.T, unit(eye_at - points), self.look, hair.tangents @ head.T)
        return points, light * surface.albedo**GAMMA


def _numbered(layers: list, bob: bool) -> list[Layer]:
    first, numbered = 0, []
    for name, faces, texture, count in layers:
        two_sided = name == "lashes" or (name == "hair" and bob)
        numbered.append(Layer(name, (faces + first).astype(np.int32), texture, two_sided))
        first += count
    return numbered


def _hair_surface(shade: np.ndarray, look: Look) -> Surface:
    count = len(shade)
    base = (np.float32(look.hair_colour) / 255) ** (1 / GAMMA)
    return Surface(
        (base * shade[:, None] ** 1.6).astype(np.float32), np.full((count, 3), 0.35, dtype=np.float32),
        np.full(count, 0.10, dtype=np.float32) * shade, np.full(count, 28.0, dtype=np.float32),
        np.clip(shade * 0.85, 0, 1).astype(np.float32),
    )


class _Body:
    """Skin, mouth, teeth and tongue: the rig's own surface, its vertices doubled where the texture has a seam."""

    def __init__(self, rig: FaceRig, look: Look) -> None:
        self._rig = rig
        quads, kinds = _quads(rig)
        self._triangles = _split(quads)
        outer_rows, outer_faces, outer_uv = _unwrapped(quads[kinds == 0], rig.neutral)
        inner_rows, inner_index = np.unique(quads[kinds > 0], return_inverse=True)
        inner_faces = inner_index.reshape(-1, 4) + len(outer_rows)
        is_tooth = kinds[kinds > 0] == 2
        texture = paint_skin(rig, look, skin_map(rig))
        self.layers = [
            ("skin", _split(outer_faces), texture), ("mouth", _split(inner_faces[~is_tooth]), WHITE),
            ("teeth", _split(inner_faces[is_tooth]), paint_teeth()),
        ]
        self.uv = np.concatenate([outer_uv, teeth_uv(rig)[inner_rows]])
        self._rows, self._outer = np.concatenate([outer_rows, inner_rows]), slice(0, len(outer_rows))
        self._inner = slice(len(outer_rows), None)
        albedo = np.concatenate([_sampled(texture, outer_uv), mouth_albedo(rig)[inner_rows]])
        self._tint = np.ones_like(albedo)
        self._tint[self._inner] = albedo[self._inner] ** GAMMA
        self._tint[self._outer] -= 0.5 * np.clip((ring_numbers(rig)[outer_rows, :1] - 3.3) / 2.2, 0, 1)
        self._surface = _body_surface(rig, self._rows, albedo)
        cloth = np.clip(neckline_depth(rig.neutral[self._rows]) / 0.012 + 0.2, 0, 1).astype(np.float32)
        self._thickness = (0.0035 * cloth)[:, None]
        self._corner_sums = _corner_sums(self._triangles, rig.vertex_count)

    def pose(self, posed: np.ndarray, eye_at: np.ndarray, look: Look) -> tuple[np.ndarray, np.ndarray]:
        """Points and colours, (N, 3) each, of the rig's posed vertices (V, 3)."""
        corner = posed[self._triangles]
        across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normals = unit(self._corner_sums @ across)[self._rows]
        points = posed[self._rows] + self._thickness * normals
        light = lit(self._surface, normals, unit(eye_at - points), look) * self._tint
        light[self._inner] *= mouth_light(self._rig, posed)
        return points, light


def _sampled(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(N, 3) float32 linear colour of an sRGB texture at uv."""
    height, width = texture.shape[:2]
    column = np.clip((uv[:, 0] % 1.0 * width).astype(int), 0, width - 1)
    row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    return (texture[row, column] / np.float32(255)) ** np.float32(1 / GAMMA)


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


def _corner_sums(triangles: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    index = np.repeat(np.arange(len(triangles)), 3)
    shape = (vertex_count, len(triangles))
    return sparse.csr_matrix((np.ones(triangles.size, dtype=np.float32), (triangles.reshape(-1), index)), shape=shape)


class _Eyes:
    """Two fine eyeballs about the rig's pivots, shaded by the upper lid."""

    def __init__(self, rig: FaceRig, look: Look) -> None:
        ball = eyeball()
        self._normals = ball.normals
        self.faces = np.concatenate([ball.faces, ball.faces + len(ball.normals)])
        self.uv = np.concatenate([ball.uv, ball.uv])
        self.texture = paint_eye(look)
        self._rims = [rig.loops[f"lids_{side}"] for side in ("left", "right")]
        self._radii = [
            np.ptp(rig.neutral[rig.regions[name]], axis=0) / 2 for name in ("eye_left", "eye_right")
        ]
        count = len(ball.normals)
        front = np.clip((ball.uv[:, 0] - 0.5) ** 2 + (ball.uv[:, 1] - 0.5) ** 2, 0, 1)
        albedo = np.where(front[:, None] < 0.034, 0.05, 0.8) * np.ones((count, 3))
        self._surface = Surface(
            albedo.astype(np.float32), np.full((count, 3), 0.3, dtype=np.float32),
            np.where(front < 0.05, 0.9, 0.25).astype(np.float32), np.full(count, 260.0, dtype=np.float32),
            np.full(count, 0.85, dtype=np.float32),
        )
        self._neck = rig.neck_pivot

    def pose(
        self, coarse: np.ndarray, head: np.ndarray, pivots: np.ndarray, turns: np.ndarray, eye_at: np.ndarray,
        look: Look,
    ) -> tuple[np.ndarray, np.ndarray]:
        points, colours = [], []
        for rim, radius, pivot, turn in zip(self._rims, self._radii, pivots, turns, strict=True):
            matrix = head @ matrix_from_angles(np.asarray(turn, dtype=np.float32)).astype(np.float32)
            normals = self._normals @ matrix.T
            ball = (self._normals * radius.astype(np.float32)) @ matrix.T + pivot
            light = lit(self._surface, normals, unit(eye_at - ball), look)
            shade = _lid_shadow((ball - pivot) @ head, (coarse[rim] - pivot) @ head)
            points.append(ball)
            colours.append(light * shade[:, None])
        return np.concatenate(points), np.concatenate(colours)


def _lid_shadow(ball: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """(N,) brightness of the eyeball under the upper lid; all in head space, metres."""
    order = np.argsort(rim[:, 0])
    across, height = rim[order, 0], rim[order, 1]
    upper = np.interp(ball[:, 0], across, np.maximum(height, np.median(height)))
    gap = np.clip(upper - ball[:, 1], 0, None)
    side = np.clip((np.abs(ball[:, 0]) - 0.008) / 0.007, 0, 1)
    return 1 - 0.50 * np.exp(-gap / 0.0022) - 0.22 * side**2


def _backdrop(camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture-filling rectangle behind everything, for any aspect up to 2."""
    depth = camera.far_m * 0.98
    half = depth * np.tan(camera.field_of_view_rad / 2)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    local = np.concatenate([corners * [half * 2, half], np.full((4, 1), -depth)], axis=1)
    view = camera.view().astype(np.float64)
    points = (local - view[:3, 3]) @ view[:3, :3]
    uv = np.stack([corners[:, 0] + 0.5, (corners[:, 1] + 1) / 2], axis=1)
    return points.astype(np.float32), uv.astype(np.float32), np.array([[0, 1, 2], [0, 2, 3]])


def _paint_background(look: Look, size: int = 256) -> np.ndarray:
    """A soft gradient, brighter around the head."""
    across = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(across, across)
    glow = np.exp(-(((x - 0.5) / 0.55) ** 2 + ((y - 0.42) / 0.55) ** 2))
    shade = 0.70 + 0.34 * glow - 0.10 * (y - 0.5)
    grain = np.random.default_rng(look.seed + 3).uniform(-0.5, 0.5, (size, size, 1))
    return (np.clip(np.float32(look.background) * shade[..., None] + grain, 0, 255)).astype(np.uint8)
