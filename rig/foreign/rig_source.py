"""What a file of any kind holds of a head, before units, axes and names are sorted out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rig.avatar_part import Layer
from rig.foreign.morph import Morph


@dataclass(frozen=True, eq=False)
class RigSource:
    """A head in its file's own units and axes.

    file, kind: for people ("anna.vrm", "VRM 1.0").  points: (V, 3) float64.  uv: (V, 2) float32, origin at the lower
    left.  layers: its triangles with what is painted on them.  colours: (V, 3) float32, linear factors of that, or
    None.  morphs: by their own names, in the file's order.
    facing: (3,) the way that a head of this kind looks, where nothing says otherwise; up is +y.
    eye_share: (2, V) float32, how far a vertex turns with the left and right eyeball.  eye_centres: (2, 3) or None.
    head_share: (V,) float32, how far a vertex follows the head's bone, and head_joint (3,), where that bone turns; None
    where there is no such bone.  bones: ("head", "node Head"), ..: what was found under which name.
    """

    file: str
    kind: str
    points: np.ndarray
    uv: np.ndarray
    layers: tuple[Layer, ...]
    morphs: Mapping[str, Morph]
    eye_share: np.ndarray
    eye_centres: np.ndarray | None = None
    head_share: np.ndarray | None = None
    head_joint: np.ndarray | None = None
    facing: tuple[float, float, float] = (0.0, 0.0, 1.0)
    bones: tuple[tuple[str, str], ...] = ()
    colours: np.ndarray | None = None
