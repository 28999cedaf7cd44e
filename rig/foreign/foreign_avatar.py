"""A foreign rig to draw: its own colours in our light, and a camera that finds its head."""

import numpy as np

from rig.avatar import Pose
from rig.avatar_part import Layer
from rig.backdrop import Backdrop
from rig.camera import Camera
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.open_sky import open_sky
from rig.foreign.part_names import eye_side, is_in
from rig.lighting import GAMMA, Surface, lit, sampled_albedo, unit
from rig.look import Look
from rig.vertex_normals import corner_sums, crossed

WELD_M = 1e-5
"""Vertices nearer than this are one surface, which a file had to double where its texture has a seam."""
LEAST_SKY = 0.3
"""The open sky is that of the face at rest; what it hides then must not be black when a mouth opens."""
IN_MOUTH = ((0.45, ("tongue", "gum", "mouth")), (0.8, ("teeth", "tooth")))
"""Openness to the sky of what is called so."""


class ForeignAvatar:
    """As rig.avatar.Avatar, for any backend: layers (opaque, in any order), uv (N, 2) and pose().

    Transparency is cut, not blended: where a texture's alpha is below one half, nothing is drawn.
    """

    def __init__(self, rig: ForeignRig, look: Look, camera: Camera) -> None:
        self.rig, self.look, self.camera = rig, look, camera
        self._backdrop = Backdrop(camera, look)
        first = len(self._backdrop.uv)
        self.layers = (*self._backdrop.layers, *(layer.shifted(first) for layer in rig.layers))
        self.uv = np.concatenate([self._backdrop.uv, rig.uv], dtype=np.float32)
        _, self._welded = np.unique(np.round(rig.neutral / WELD_M).astype(np.int64), axis=0, return_inverse=True)
        self._welded = self._welded.reshape(-1)
        self._corner_sums = corner_sums(self._welded[rig.faces], int(self._welded.max()) + 1)
        sky = open_sky(rig.neutral, rig.faces, self._normals(rig.neutral))
        self._surface = _surface(rig, np.maximum(sky, LEAST_SKY))
        self._tint = rig.colours ** np.float32(GAMMA)

    def pose(
        self, weights: np.ndarray, head_rotation: np.ndarray | None = None, eye_rotation: np.ndarray | None = None
    ) -> Pose:
        """Arguments as FaceRig.vertices."""
        points = self.rig.vertices(weights, head_rotation, eye_rotation)
        normals = self._normals(points)
        to_eye = unit(np.float32(self.camera.position) - points)
        light = lit(self._surface, normals, to_eye, self.look) * self._tint
        behind, plain = self._backdrop.pose(None)
        return Pose(
            np.concatenate([behind, points], dtype=np.float32), np.concatenate([plain, light], dtype=np.float32)
        )

    def _normals(self, points: np.ndarray) -> np.ndarray:
        return unit(self._corner_sums @ crossed(points[self.rig.faces]))[self._welded]


def framed_camera(rig: ForeignRig) -> Camera:
    """The avatar's camera, moved back where the head with its hair is larger than a person's."""
    plain = Camera()
    head = rig.neutral[rig.head_weight > 0.5]
    tall, middle = _extent(head, rig)
    seen = 2 * plain.position[2] * np.tan(plain.field_of_view_rad / 2)
    scale = max(1.0, 1.3 * tall / seen)
    height = float(middle) if scale > 1.0 else plain.position[1]
    return Camera(
        (0.0, height, plain.position[2] * scale), (0.0, height, 0.0), plain.field_of_view_rad,
        plain.near_m, plain.far_m * scale,
    )  # fmt: skip


def _extent(head: np.ndarray, rig: ForeignRig) -> tuple[float, float]:
    """Height of the head from chin to crown, and its middle."""
    jaw = rig.fit.morphs.get("jawOpen")
    chin = -0.12
    if jaw is not None and len(jaw.index):
        length = np.linalg.norm(jaw.offsets, axis=1)
        chin = float(rig.neutral[jaw.index[length > 0.5 * length.max()], 1].min())
    crown = float(head[:, 1].max()) if len(head) else 0.1
    return crown - chin, (crown + chin) / 2


def _surface(rig: ForeignRig, sky: np.ndarray) -> Surface:
    """Skin everywhere, but for eyes, which shine, and the inside of the mouth, which sees light when it opens."""
    count = rig.vertex_count
    albedo = np.full((count, 3), 0.5, dtype=np.float32)
    wrap = np.tile(np.float32([0.42, 0.26, 0.20]), (count, 1))
    gloss, sharpness = np.full(count, 0.045, dtype=np.float32), np.full(count, 14.0, dtype=np.float32)
    for layer in rig.layers:
        rows = np.unique(layer.faces)
        albedo[rows] = sampled_albedo(_opaque(layer), rig.uv[rows])
        if eye_side(layer.name) is not None:
            gloss[rows], sharpness[rows], sky[rows] = 0.35, 140.0, 0.8
        for openness, names in IN_MOUTH:
            if is_in(layer.name, *names):
                sky[rows], gloss[rows], sharpness[rows] = openness, 0.1, 40.0
    eyes = rig.eye_weight.max(axis=0) > 0.5
    gloss[eyes], sharpness[eyes], sky[eyes] = 0.35, 140.0, 0.8
    return Surface(albedo * rig.colours, wrap, gloss, sharpness, sky)


def _opaque(layer: Layer) -> np.ndarray:
    return layer.texture[..., :3]
