"""The eyes of a portrait: their openings, eyeballs that turn under them, and what the lids hide."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from rig.aperture import Strip, aperture_strip, column_matrix
from rig.face_rig import FaceRig
from rig.portrait_fit import Pose
from rig.portrait_sheet import loop_chains

COLUMNS, ROWS = 28, 9
FEATHER_PX = 0.7
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

    def source_pixels(self, target: np.ndarray, pose: Pose, head_turn: "HeadTurn", eye_turn: np.ndarray) -> np.ndarray:  # noqa: F821
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


def hidden_eyes(picture: np.ndarray, strips: list[Strip]) -> np.ndarray:
    """What the lids of the source hide, (H, W, 4) uint8: the eye's own colours carried outward, and, as the fourth
    value, how much a pixel of the source is not eye."""
    shape = picture.shape[:2]
    inside = np.zeros(shape, dtype=np.float32)
    for strip in strips:
        inside = np.maximum(inside, _filled(strip, shape))
    if inside.max() < 0.5:
        return np.concatenate([picture, np.zeros((*shape, 1), np.uint8)], axis=2)
    rows, columns = distance_transform_edt(inside < 0.5, return_distances=False, return_indices=True)
    carried = picture[rows, columns].astype(np.float32)
    soft = np.stack([gaussian_filter(plane, 1.2) for plane in np.moveaxis(carried, -1, 0)], axis=-1)
    blend = inside[..., None]
    colours = picture * blend + soft * (1 - blend)
    return np.concatenate([colours, 255.0 * (1 - blend)], axis=2).round().astype(np.uint8)


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
