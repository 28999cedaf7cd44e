"""The lips of a clip as lengths and points on the rig, and the gain that a system's lips lack."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rig.arkit import INDEX
from rig.face_rig import drawable_weights
from rig.mouth import LipBasis


@dataclass(frozen=True, eq=False)
class LipCurves:
    """jaw: (T,) jawOpen. aperture, width: (T,) mm. points: (T, L, 3) float32 mm, the lip vertices, away from rest."""

    jaw: np.ndarray
    aperture: np.ndarray
    width: np.ndarray
    points: np.ndarray

    def shown(self, frames: np.ndarray) -> "LipCurves":
        """The frames with True in `frames` (T,) alone."""
        return LipCurves(self.jaw[frames], self.aperture[frames], self.width[frames], self.points[frames])


def lip_curves(weights: np.ndarray, basis: LipBasis) -> LipCurves:
    """Weights (T, 52) -> the lips of mouth and jaw shapes, as rig.mouth measures them one by one."""
    moved = np.tensordot(drawable_weights(weights), basis.deltas, axes=1)
    points = basis.neutral + moved
    height, corners = points[..., 1], points[:, basis.corners]
    gap = height[:, basis.upper].min(axis=1) - height[:, basis.lower].max(axis=1)
    return LipCurves(
        weights[:, INDEX["jawOpen"]],
        np.maximum(gap, 0.0),
        np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1),
        moved,
    )


def fitted_gain(pairs: Iterable[tuple[LipCurves, LipCurves]]) -> float:
    """The one factor on the predicted lip displacement that brings it nearest to the truth's, by least squares.

    pairs: (predicted, truth) of development clips. 1 where nothing moves, or there are none.
    """
    both = own = 0.0
    for predicted, truth in pairs:
        both += float((predicted.points.astype(np.float64) * truth.points).sum())
        own += float(np.square(predicted.points.astype(np.float64)).sum())
    return both / own if own > 1e-9 else 1.0
