"""Lips that meet when they should: the gap in the portrait follows the rig's own gap, and closes fully."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from rig.aperture import column_matrix
from rig.arkit import INDEX
from rig.face_rig import FaceRig
from rig.portrait.portrait_pose import Pose
from rig.portrait.portrait_sheet import contact_ring, loop_chains
from rig.smoothstep import smoothstep

COLUMNS = 19
REACH_M, FADE_M = 0.0075, 0.0085
"""How far along and away from the lip line a correction spreads."""
RESTING_GAP = (0.010, 0.015)
"""Share of the face height below which a mouth in the picture counts as closed, and above which as open."""
OPENING = {
    "mouthUpperUpLeft": 0.7, "mouthUpperUpRight": 0.7, "mouthLowerDownLeft": 0.7, "mouthLowerDownRight": 0.7,
    "mouthFunnel": 0.4,
}  # fmt: skip
"""How strongly each shape, beside the jaw, parts the lips."""
FULLY_OPENED = 0.12
ROUNDS = 3
PRESS_M = 0.0008
"""How far lips that the picture shows open overlap when they close."""
CORNER_SHARE = 0.07
"""Share of the mouth's width over which drawn lips come together at either corner."""
PROBE_JAW, GAIN_RANGE = 0.5, (1.0, 1.12)
"""The jaw at which it is looked how far the lips part in the picture, and by what they may be parted further: a jaw
that swings back, or a bowed head, hides some of the gap."""
PAINTED_GAIN = 1.06
"""What a detector sees of a gap with a painted inside falls that much short of what it sees of a true one."""
ROUNDNESS, ROUND_POWER, TAPER_POWER = 0.6, 0.75, 6
"""How far the opening is drawn from the rig's own pointed outline toward a round one, (1 - x^2)^power, and
how late toward the corners it closes, 1 - x^power; x runs from -1 to 1."""


@dataclass(frozen=True, eq=False)
class LipLine:
    """Where the lips touch: upper (U,) and lower (L,) vertices from the right corner to the left, and the matrices
    (C, U) and (C, L) that resample both to the same columns."""

    upper: np.ndarray
    lower: np.ndarray
    upper_columns: np.ndarray
    lower_columns: np.ndarray

    @classmethod
    def of_rig(cls, rig: FaceRig, columns: int) -> "LipLine":
        """The line on which this rig's lips touch at rest."""
        upper, lower = loop_chains(contact_ring(rig), rig.neutral)
        return cls(upper, lower, column_matrix(rig.neutral[upper], columns), column_matrix(rig.neutral[lower], columns))

    def rims(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(..., V, K) per-vertex values -> (..., C, K) along the upper and along the lower lip."""
        return self.upper_columns @ values[..., self.upper, :], self.lower_columns @ values[..., self.lower, :]

    def drawn_rims(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As rims, but (V, K) values that meet at the corners, where the lips of a moved head may fold."""
        upper, lower = self.rims(values)
        middle = (upper + lower) / 2
        inward = np.minimum(np.arange(len(upper)), np.arange(len(upper))[::-1]) / (CORNER_SHARE * len(upper))
        parted = smoothstep(0.0, 1.0, inward)[:, None]
        return middle + parted * (upper - middle), middle + parted * (lower - middle)

    def gap(self, points: np.ndarray) -> np.ndarray:
        """(..., V, 3) -> (..., C), upper minus lower height; negative where the lips cross."""
        upper, lower = self.rims(points[..., 1:2])
        return (upper - lower)[..., 0]


@dataclass(frozen=True, eq=False)
class LipContact:
    """Where and how far lips are pushed. Build with of_fit().

    line: the lips' columns.  reach: (V, C) float32, share of each column's push that a vertex takes, positive on the
    upper lip's side and negative on the lower's.  resting_gap_m: (C,) what the picture shows of a closed mouth.
    gaps_m: (52, C) the rig's gap at weight 1.  round_gap: (C,) gap of a well rounded opening over
    its largest.  taper: (C,) how far each column may open at all: corners stay closed.
    shut: whether the picture shows the mouth closed, or nearly.
    gain: factor of the gap with which the picture shows as much of it, in heights of the face, as the rig has.
    """

    line: LipLine
    reach: np.ndarray
    resting_gap_m: np.ndarray
    gaps_m: np.ndarray
    round_gap: np.ndarray
    taper: np.ndarray
    shut: bool = True
    gain: float = 1.0

    @classmethod
    def of_fit(cls, rig: FaceRig, vertices: np.ndarray, deltas: np.ndarray, face_height_m: float) -> "LipContact":
        """From the fitted rig, the (V, 3) vertices as pictured and the (52, V, 3) shapes."""
        line = LipLine.of_rig(rig, COLUMNS)
        upper, lower = line.rims(rig.neutral)
        middle = (upper + lower) / 2
        distance = np.linalg.norm(rig.neutral[:, None] - middle[None], axis=2)
        reach = np.exp(-((distance / REACH_M) ** 2))
        reach /= np.maximum(reach.sum(axis=1, keepdims=True), 1e-9)
        reach *= np.exp(-((distance.min(axis=1) / FADE_M) ** 2))[:, None]
        above = rig.neutral[:, 1] >= np.interp(rig.neutral[:, 0], middle[:, 0], middle[:, 1])
        above[line.lower], above[line.upper] = False, True
        reach[~(rig.regions["skin"] & ~rig.regions["mouth_inside"])] = 0.0
        reach[distance.min(axis=1) > 3 * FADE_M] = 0.0
        reach *= np.where(above, 1.0, -1.0)[:, None]
        gap = line.gap(vertices)
        closed = 1.0 - smoothstep(*RESTING_GAP, gap.max() / face_height_m)
        across = (middle[:, 0] - middle[:, 0].mean()) / (np.ptp(middle[:, 0]) / 2)
        round_gap = (np.maximum(1 - across**2, 0.0) ** ROUND_POWER).astype(np.float32)
        taper = np.maximum(1 - np.abs(across) ** TAPER_POWER, 0.0).astype(np.float32)
        return cls(
            line, reach.astype(np.float32), (gap * closed - PRESS_M * float(closed == 0) * taper).astype(np.float32),
            line.gap(deltas), round_gap, taper, bool(closed > 0),
        )  # fmt: skip

    def as_pictured(self, vertices: np.ndarray, pose: Pose, m_per_px: float) -> Self:
        """With the gain that makes up for what the picture hides of the gap of (V, 3) parted lips; m_per_px: the height
        of the face on the head over that in the picture."""
        height = pose.to_pixels(pose.to_camera(vertices))[:, 1:]
        upper, lower = self.line.rims(height)
        seen_m = float((lower - upper).max()) * m_per_px
        gain = float(np.clip(self.line.gap(vertices).max() / max(seen_m, 1e-6), *GAIN_RANGE))
        return replace(self, gain=PAINTED_GAIN * gain)

    def apply(self, vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Push the lips of (V, 3) head vertices, in place, to the gap that (52,) drawable weights ask for."""
        gap = np.maximum(weights @ self.gaps_m, 0.0)
        gap += ROUNDNESS * np.maximum(gap.max() * self.round_gap - gap, 0.0)
        wanted = self.gain * gap * self.taper * _opened(weights)
        pursed = float(weights[INDEX["mouthPucker"]]) * np.maximum(self.resting_gap_m, 0.0)
        wanted = wanted + self.resting_gap_m - pursed
        for _ in range(ROUNDS):
            push = (wanted - self.line.gap(vertices)) / 2
            if np.abs(push).max() < 1e-6:
                break
            vertices[:, 1] += self.reach @ push.astype(np.float32)
        return vertices


def _opened(weights: np.ndarray) -> float:
    """0 where nothing parts the lips, 1 where something clearly does."""
    jaw = max(float(weights[INDEX["jawOpen"]] - weights[INDEX["mouthClose"]]), 0.0)
    return float(
        np.clip((jaw + sum(share * weights[INDEX[name]] for name, share in OPENING.items())) / FULLY_OPENED, 0, 1)
    )
