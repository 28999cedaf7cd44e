"""The head at rest as textured pieces with their own shapes, for programs that pose and light it themselves."""

from dataclasses import dataclass

import numpy as np

from rig.avatar_body import Body
from rig.avatar_hair import HairPiece
from rig.avatar_part import Layer, PosedHead
from rig.eyeball import eyeball, paint_eye
from rig.face_rig import EYES, FaceRig
from rig.lashes import Lashes
from rig.lighting import unit
from rig.look import Look
from rig.smoothstep import smoothstep

CORNERS_M, CORNER_SHADE = (0.009, 0.024), 0.75
"""From the midline to the corners of the mouth, and the shadow that cheeks and lips cast there, which lamps of other
programs do not."""


EDGE_M, EDGE_SHADE = 0.002, 0.5
"""The edge of the upper teeth, and its shadow: all that shows between lips at rest, where hardly any light comes."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Triangles with one texture.

    points, normals: (N, 3) float32, metres, resting head.  faces: (F, 3) int32, counter-clockwise from outside.
    colours: (N, 3) float32, linear factors of the texture.  uv: (N, 2) float32, origin at the lower left, and texture:
    (h, w, 3) uint8 sRGB; both None where the colours are all there is.
    deltas: (52, N, 3) float32 metres, rows in the order of rig.arkit.NAMES, and normal_deltas likewise; None = no shape
    moves it.  head_weight: (N,) float32 share of the head's turn.  roughness: 0 mirror .. 1 chalk.
    """

    name: str
    points: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    head_weight: np.ndarray
    uv: np.ndarray | None = None
    texture: np.ndarray | None = None
    deltas: np.ndarray | None = None
    normal_deltas: np.ndarray | None = None
    roughness: float = 0.6
    two_sided: bool = False


@dataclass(frozen=True, eq=False)
class DressedHead:
    """face: what the shapes move.  eyes: left and right, which turn about the rig's eye_pivots.  hair: or None."""

    face: tuple[Piece, ...]
    eyes: tuple[Piece, ...]
    hair: Piece | None


def dressed_head(rig: FaceRig, look: Look) -> DressedHead:
    """The avatar's pieces. Takes about a second."""
    lashes = _lashes(rig, look)
    hair = None if look.hair == "shaved" else _hair(rig, look)
    return DressedHead((*_body(rig, look), lashes), _eyes(rig, look), hair)


def _body(rig: FaceRig, look: Look) -> tuple[Piece, ...]:
    body = Body(rig, look)
    points, normals = body.surface(rig.neutral)
    deltas = rig.deltas[:, body.rows]
    turned = np.stack([body.surface(rig.neutral + delta)[1] - normals for delta in rig.deltas])
    colours, weight = body.painted(), rig.head_weight[body.rows]
    corner_shade = 1 - CORNER_SHADE * smoothstep(*CORNERS_M, np.abs(points[:, :1]))
    roughness = {"skin": 0.62, "mouth": 0.55, "teeth": 0.35}
    pieces = []
    for layer in body.layers:
        own, faces = _used(layer)
        painted = layer.texture.shape[0] > 1
        shade = 1 if layer.name == "skin" else corner_shade[own]
        if layer.name == "teeth":
            upper = rig.regions["teeth_upper"][body.rows[own]]
            at_edge = upper & (points[own, 1] < points[own][upper, 1].min() + EDGE_M)
            shade = shade * np.where(at_edge, 1 - EDGE_SHADE, 1)[:, None]
        facing = _out_of_the_arch(points[own]) if layer.name == "teeth" else normals[own]
        pieces.append(Piece(
            layer.name, points[own], facing, faces, colours[own] * shade, weight[own],
            body.uv[own] if painted else None, layer.texture if painted else None, deltas[:, own],
            turned[:, own] if layer.name == "skin" else None, roughness[layer.name],
        ))  # fmt: skip
    return tuple(pieces)


def _out_of_the_arch(points: np.ndarray) -> np.ndarray:
    """(N, 3) normals of teeth: their own, of thin shells with few vertices, look every way and make them grey."""
    middle = np.array([0.0, 0.0, points[:, 2].min()])
    level = points.astype(np.float64) - middle
    level[:, 1] = 0.0
    return unit(level + [0.0, 0.0, 1e-6]).astype(np.float32)


def _used(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """The vertices of a layer, and its triangles by their new numbers."""
    own, index = np.unique(layer.faces, return_inverse=True)
    return own, index.reshape(-1, 3).astype(np.int32)


def _lashes(rig: FaceRig, look: Look) -> Piece:
    """A lash stands on the lid as each shape puts it; between the shapes' ends its tip runs straight."""
    lashes = Lashes(rig, look)

    def posed(vertices: np.ndarray) -> np.ndarray:
        still = np.eye(3, dtype=np.float32)
        eyes = rig.eye_pivots.astype(np.float32)
        head = PosedHead(vertices, still, rig.neck_pivot, np.stack([still, still]), eyes, np.zeros(3), look)
        return lashes.pose(head)[0].astype(np.float32)

    rest = posed(rig.neutral)
    on_lids = np.concatenate([rig.loops["lids_left"], rig.loops["lids_right"]])
    deltas = np.zeros((len(rig.deltas), *rest.shape), dtype=np.float32)
    for shape, delta in enumerate(rig.deltas):
        if delta[on_lids].any():
            deltas[shape] = posed(rig.neutral + delta) - rest
    side = (rest[:, :1] < 0).astype(int)[:, 0]
    normals = unit(rest - rig.eye_pivots[side]).astype(np.float32)
    weight = np.ones(len(rest), dtype=np.float32)
    colours = lashes.colours ** np.float32(2.2)
    return Piece(
        "lashes", rest, normals, lashes.layers[0].faces.astype(np.int32), colours, weight, deltas=deltas,
        roughness=0.9, two_sided=True,
    )  # fmt: skip


def _eyes(rig: FaceRig, look: Look) -> tuple[Piece, ...]:
    ball, texture = eyeball(), paint_eye(look)
    ones = np.ones(len(ball.normals), dtype=np.float32)
    pieces = []
    for name, pivot in zip(EYES, rig.eye_pivots, strict=True):
        radius = np.ptp(rig.neutral[rig.regions[name]], axis=0) / 2
        points = (ball.normals * radius + pivot).astype(np.float32)
        colours = np.full_like(points, 0.8)
        pieces.append(Piece(name, points, ball.normals, ball.faces, colours, ones, ball.uv, texture, roughness=0.12))
    return tuple(pieces)


def _hair(rig: FaceRig, look: Look) -> Piece:
    piece = HairPiece(rig, look)
    hair, layer = piece.hair, piece.layers[0]
    weight = np.ones(len(hair.points), dtype=np.float32)
    return Piece(
        "hair", hair.points, unit(hair.normals).astype(np.float32), hair.faces, piece.albedo.astype(np.float32), weight,
        roughness=0.65, two_sided=layer.two_sided,
    )  # fmt: skip
