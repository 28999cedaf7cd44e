"""Where lips touch and lids close on a foreign rig, found from what jawOpen and the blinks move."""

from dataclasses import dataclass

import numpy as np

from rig.errors import RigError
from rig.foreign_rig import ForeignRig
from rig.part_names import is_in

COLUMNS = 11
REACHES_M = (0.004, 0.008, 0.016)
"""Across the shut line neighbours lie this near; further where a mouth is never quite shut."""
MOUTH_M, EYE_M = 0.045, 0.032
"""Half the width of what is looked at around the mouth, and around an eye."""
NO_SKIN = ("teeth", "tooth", "tongue", "gum", "lash", "hair", "brow", "occlusion", "lacrimal")


@dataclass(frozen=True, eq=False)
class Opening:
    """Two edges that meet: upper, lower (N,) int32 vertices, one above the other, from the character's right to its
    left; N is 11 or less."""

    upper: np.ndarray
    lower: np.ndarray

    def gaps(self, vertices: np.ndarray) -> np.ndarray:
        """(V, 3) posed vertices -> (N,) height from the lower edge to the upper; below 0 where they overlap."""
        return vertices[self.upper, 1] - vertices[self.lower, 1]


def lip_opening(rig: ForeignRig) -> Opening:
    """The edges of the lips. Raises RigError where jawOpen is missing or parts nothing."""
    drop = _drop(rig, "jawOpen")
    rows = _skin(rig)
    own = rows[(np.abs(rig.neutral[rows, 0]) < MOUTH_M) & (rig.neutral[rows, 1] < -0.015)]
    still, moved = _parted(rig, "jawOpen", rig.neutral[own], drop[own])
    return Opening(own[still], own[moved])


def lid_openings(rig: ForeignRig) -> tuple[Opening, Opening]:
    """The edges of the lids, left eye and right. Raises RigError where a blink is missing or shuts nothing."""
    found = []
    for shape, pivot in zip(("eyeBlinkLeft", "eyeBlinkRight"), rig.eye_pivots, strict=True):
        drop = _drop(rig, shape)
        rows = _skin(rig)
        own = rows[np.abs(rig.neutral[rows] - pivot)[:, :2].max(axis=1) < EYE_M]
        shut = rig.neutral[own] + rig.fit.morphs[shape].dense(rig.vertex_count)[own]
        still, moved = _parted(rig, shape, shut, drop[own])
        found.append(Opening(own[moved], own[still]))
    return found[0], found[1]


def _drop(rig: ForeignRig, shape: str) -> np.ndarray:
    """(V,) how far down a shape moves each vertex."""
    morph = rig.fit.morphs.get(shape)
    if morph is None or not len(morph.index):
        raise RigError(f"{rig.file} has no {shape}, by which the edges are found.")
    return -morph.dense(rig.vertex_count)[:, 1]


def _skin(rig: ForeignRig) -> np.ndarray:
    """(N,) vertices of the skin alone."""
    faces = [layer.faces for layer in rig.layers if not is_in(layer.name, *NO_SKIN)]
    rows = np.unique(np.concatenate(faces)) if faces else np.zeros(0, dtype=np.int64)
    return rows[rig.eye_weight[:, rows].max(axis=0) < 0.5]


def _parted(rig: ForeignRig, shape: str, shut: np.ndarray, drop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the still edge and of the moved one, column by column.

    Skin gives way smoothly, so two points that are neighbours when shut and part most steeply lie on the two edges.
    """
    from scipy.spatial import cKDTree

    most = float(drop.max(initial=0.0))
    tree = cKDTree(shut)
    for reach in REACHES_M:
        pairs = tree.query_pairs(reach, output_type="ndarray")
        swap = drop[pairs[:, 0]] > drop[pairs[:, 1]]
        still, moved = np.where(swap, pairs[:, 1], pairs[:, 0]), np.where(swap, pairs[:, 0], pairs[:, 1])
        parted = drop[moved] - drop[still]
        steep = parted / (np.linalg.norm(shut[moved] - shut[still], axis=1) + 0.001)
        wide = parted > 0.25 * most
        if most > 1e-4 and wide.any() and parted[wide].max() > 0.6 * most:
            return _by_columns(still[wide], moved[wide], steep[wide], shut)
    raise RigError(f"{shape} of {rig.file} parts no edges; their vertices cannot be found.")


def _by_columns(
    still: np.ndarray, moved: np.ndarray, steep: np.ndarray, shut: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    x = (shut[still, 0] + shut[moved, 0]) / 2
    sure = x[steep > 0.4 * steep.max()]
    edges = np.linspace(sure.min(), sure.max() + 1e-6, COLUMNS + 1)
    column = np.digitize(x, edges) - 1
    best = [int(rows[np.argmax(steep[rows])]) for c in range(COLUMNS) if len(rows := np.flatnonzero(column == c))]
    return still[best], moved[best]
