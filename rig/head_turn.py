"""The turn of a head about its neck."""

from dataclasses import dataclass

import numpy as np

from rig.rotation import matrix_from_angles

SHOWN = (1.0, 1.08, 1.0)
"""How much further a picture's own pixels are turned, in pitch, yaw and roll: they have no other side to bring into
sight, and a yaw of 12 degrees, its landmarks where they belong, looks like one of 9.7 to MediaPipe (a head in three
dimensions like one of 10.9)."""


@dataclass(frozen=True, eq=False)
class HeadTurn:
    """p -> matrix (p - pivot) + pivot + shift, in the head frame; matrix (3, 3), pivot and shift (3,) metres."""

    matrix: np.ndarray
    pivot: np.ndarray
    shift: np.ndarray | float = 0.0

    @classmethod
    def of_angles(cls, angles: np.ndarray, pivot: np.ndarray) -> "HeadTurn":
        """angles: (3,) radians (pitch, yaw, roll), signs as in rig.rotation."""
        return cls(matrix_from_angles(np.asarray(angles, dtype=np.float64)), np.asarray(pivot, dtype=np.float64))

    @classmethod
    def of_picture(cls, angles: np.ndarray, pivot: np.ndarray) -> "HeadTurn":
        """The turn with which a picture's own pixels look turned by `angles`."""
        return cls.of_angles(np.asarray(angles, dtype=np.float64) * SHOWN, pivot)

    @property
    def angle(self) -> float:
        """How far it turns, in radians."""
        return float(np.arccos(np.clip((np.trace(self.matrix) - 1) / 2, -1.0, 1.0)))

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) metres -> (..., 3), same float dtype."""
        turn, pivot = self.matrix.astype(points.dtype), self.pivot.astype(points.dtype)
        return (points - pivot) @ turn.T + (pivot + np.asarray(self.shift, points.dtype))
