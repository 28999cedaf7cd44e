"""The eyes of a portrait: their openings, eyeballs that turn under them, and what the lids hide."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from rig.aperture import Strip, aperture_strip, column_matrix
from rig.face_rig import FaceRig
from rig.head_turn import HeadTurn
from rig.portrait.portrait_pose import Pose
from rig.portrait.portrait_sheet import loop_chains

COLUMNS, ROWS = 28, 9
FEATHER_PX = 0.7
IRIS_EDGE, IRIS_RINGS = 1.08, 8
"""Radius of the iris over that of its landmarks, and into how many rings its colours are sorted."""
WHITE_BLUR, FAR = 0.25, 1e-3
"""The white of the eye is blurred by this share of the iris' radius; below this weight it is too far to be told."""
MARGIN_OF_HEIGHT = 0.1
"""Share of the eye's height, inside the lids' rims, that is lashes and shadow rather than eyeball."""


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye. Build with of_fit().

    upper, lower: vertices of the lids' rims, inner to outer corner by x.  to_columns: the matrices that resample them.
    pivot (3,), radius: the eyeball in the head frame, metres.
    """

    upper: np.ndarray
    lower: np.ndarray
    upper_columns: np.ndarray
    lower_columns: np.ndarray
    pivot: np.ndarray
    radius: float

    @classmethod
    def of_fit(cls, rig: FaceRig, vertices: np.ndarray, side: str) -> "Eye":
        """side: "left" or "right"."""
        upper, lower = loop_chains(rig.loops[f"lids_{side}"], rig.neutral)
        ball = rig.regions[f"eye_{side}"]
        pivot = rig.eye_pivots[0 if side == "left" else 1] + (vertices - rig.neutral)[ball].mean(axis=0)
        radius = float(np.median(np.linalg.norm(rig.neutral[ball] - rig.neutral[ball].mean(axis=0), axis=1)))
        return cls(
            upper, lower, column_matrix(rig.neutral[upper], COLUMNS), column_matrix(rig.neutral[lower], COLUMNS),
            pivot.astype(np.float64), radius,
        )  # fmt: skip

    def strip(self, pixels: np.ndarray) -> Strip:
        """The opening between the lids, from (V, 2) pixels."""
        return aperture_strip(*self.rims(pixels), ROWS, FEATHER_PX)

    def rims(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(V, 2) pixels -> (COLUMNS, 2) along the upper and along the lower lid."""
        return self.upper_columns @ pixels[self.upper], self.lower_columns @ pixels[self.lower]

    def source_pixels(self, target: np.ndarray, pose: Pose, head_turn: HeadTurn, eye_turn: np.ndarray) -> np.ndarray:
        """Where the picture shows the points of the eyeball that now lie at (N, 2) target pixels.

        eye_turn: (3, 3), how the eyeball is turned away from where it looks in the picture.
        """
        flip = np.array([1.0, -1.0])
        rays = np.column_stack([(target - pose.centre_px) * flip / pose.focal_px, -np.ones(len(target))])
        centre = pose.to_camera(head_turn.apply(self.pivot))
        along = rays @ centre / (rays**2).sum(axis=1)
        nearest = rays * along[:, None] - centre
        off = np.linalg.norm(nearest, axis=1)
        rise = np.sqrt(np.maximum(self.radius**2 - off**2, 0.0))
        on_ball = nearest - rays / np.linalg.norm(rays, axis=1, keepdims=True) * rise[:, None]
        turn = pose.rotation @ head_turn.matrix @ eye_turn @ pose.rotation.T
        before = pose.to_camera(self.pivot) + on_ball @ turn
        return pose.to_pixels(before)


def hidden_eyes(picture: np.ndarray, strips: list[Strip], irises: list[np.ndarray]) -> np.ndarray:
    """What the lids of the source hide: (H, W, 4) uint8.

    strips: both openings in the picture; irises: (5, 2) pixels each, centre and rim. The first three values are the
    colours of whole eyeballs: the iris completed to a disc, the white carried outward. The fourth is how much a pixel
    of the source is not eyeball.
    """
    colours, blend = picture.astype(np.float32), np.zeros(picture.shape[:2], dtype=np.float32)
    for strip, iris in zip(strips, irises, strict=True):
        inside = _filled(strip, picture.shape[:2])
        if inside.max() < 0.5:
            continue
        whole = _whole_eyeball(picture, inside, iris[0], np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
        near = strip.positions.mean(axis=0)
        reach = np.ptp(strip.positions[:, 0])
        y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
        own = (np.hypot(x - near[0], y - near[1]) < 1.5 * reach)[..., None]
        share = inside[..., None]
        colours = np.where(own, picture * share + whole * (1 - share), colours)
        blend = np.maximum(blend, inside)
    return np.concatenate([colours, 255.0 * (1 - blend[..., None])], axis=2).round().astype(np.uint8)


def _whole_eyeball(picture: np.ndarray, inside: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """(H, W, 3) float32: the eyeball as if no lid covered it, from its visible part."""
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    off = np.hypot(x - centre[0], y - centre[1])
    seen = inside > 0.5
    iris = off < IRIS_EDGE * radius
    white = seen & ~iris
    source = white if white.any() else seen
    ground = _spread(picture, source, WHITE_BLUR * radius)
    visible = seen & iris
    if not visible.any():
        return ground
    rings = np.minimum((off / max(radius, 1.0) * IRIS_RINGS).astype(int), 2 * IRIS_RINGS)
    count = np.bincount(rings[visible], minlength=2 * IRIS_RINGS + 1)
    total = [np.bincount(rings[visible], picture[..., c][visible], 2 * IRIS_RINGS + 1) for c in range(3)]
    known = np.flatnonzero(count)
    profile = np.stack(
        [np.interp(np.arange(2 * IRIS_RINGS + 1), known, (t / np.maximum(count, 1))[known]) for t in total], -1
    )
    share = np.clip((IRIS_EDGE * radius - off) / 1.5 + 0.5, 0, 1)[..., None]
    return (ground * (1 - share) + profile[rings] * share).astype(np.float32)


def _spread(picture: np.ndarray, source: np.ndarray, blur_px: float) -> np.ndarray:
    """(H, W, 3) float32: the colours of some pixels, (H, W) bool, smoothly carried outward, the lighter ones more.

    What lies at their edge is shadow and lashes of the lids rather than eyeball.
    """
    depth = np.minimum(distance_transform_edt(source), 3.0)
    light = picture.astype(np.float32).mean(axis=2)
    weight = depth * (light / max(float(light[source].max()), 1.0)) ** 2
    rows, columns = distance_transform_edt(~source, return_distances=False, return_indices=True)
    total = np.zeros(picture.shape, np.float32)
    count = np.full(source.shape, 1e-6, np.float32)
    for blur in (blur_px, 4 * blur_px):
        share = gaussian_filter(weight.astype(np.float32), blur)
        count += share
        for c in range(3):
            total[..., c] += gaussian_filter((weight * picture[..., c]).astype(np.float32), blur)
    nearest = gaussian_filter(picture[rows, columns].astype(np.float32), (blur_px, blur_px, 0))
    known = np.clip(count / FAR, 0, 1)[..., None]
    return known * total / count[..., None] + (1 - known) * nearest


def _filled(strip: Strip, shape: tuple[int, int]) -> np.ndarray:
    """Soft mask (H, W) float32 of an opening, its margin left out."""
    rows = len(strip.positions) // COLUMNS
    lattice = strip.positions.reshape(rows, COLUMNS, 2)
    upper, lower = lattice[1], lattice[-2]
    x = np.arange(shape[1])
    order = np.argsort(upper[:, 0])
    top = np.interp(x, upper[order, 0], upper[order, 1], left=1e6, right=1e6)
    bottom = np.interp(x, lower[order, 0], lower[order, 1], left=-1e6, right=-1e6)
    margin = MARGIN_OF_HEIGHT * max(float((bottom - top).max()), 1.0)
    y = np.arange(shape[0])[:, None]
    return np.clip(np.minimum(y - top - margin, bottom - margin - y) + 0.5, 0, 1).astype(np.float32)
