"""One moment of a face, which is what a packet carries."""

from dataclasses import dataclass

import numpy as np

from rig.clip import BlendshapeClip


@dataclass(frozen=True, eq=False)
class Face:
    """weights: (52,) float32 in [0, 1], in the order of rig.arkit.NAMES.

    head_rotation: (3,) float32 radians (pitch, yaw, roll).  eye_rotation: (2, 3) likewise, left eye first; axes and
    signs of both in rig.rotation.  seen: False where a capture had lost the face.
    """

    weights: np.ndarray
    head_rotation: np.ndarray
    eye_rotation: np.ndarray
    seen: bool = True


REST = Face(np.zeros(52, np.float32), np.zeros(3, np.float32), np.zeros((2, 3), np.float32))
"""The neutral face, looking ahead."""


def mixed(first: Face, second: Face, share: float) -> Face:
    """`first` at share 0, `second` at share 1, linear between; the nearer one says whether the face was seen."""

    def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return ((1 - share) * one + share * other).astype(np.float32)

    return Face(
        between(first.weights, second.weights),
        between(first.head_rotation, second.head_rotation),
        between(first.eye_rotation, second.eye_rotation),
        second.seen if share >= 0.5 else first.seen,
    )


class ClipFaces:
    """The frames of a clip as faces, made when they are asked for."""

    def __init__(self, clip: BlendshapeClip) -> None:
        self._clip, self._eyes = clip, clip.eyes()

    def __len__(self) -> int:
        return len(self._clip)

    def __getitem__(self, index: int) -> Face:
        clip = self._clip
        seen = True if clip.seen is None else bool(clip.seen[index])
        return Face(clip.weights[index], clip.head_rotation[index], self._eyes[index], seen)
