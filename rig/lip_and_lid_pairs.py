"""Points of lips and lids that meet, found on any rig from its shapes alone.

Where lips touch at rest, jawOpen takes two neighbours apart; where lids touch, eyeBlink brings two distant points
together. So no names, loops or landmarks are needed, only a closed mouth and open eyes at rest.
"""

from dataclasses import dataclass

import numpy as np

from rig.arkit import INDEX, indices
from rig.errors import RigError

LIP_PAIRS, LID_PAIRS = 9, 5
_APART = 0.45  # of the largest separation: what counts as taken apart, or as brought together
_NEAR_M, _NEAREST = 0.004, 24
_INNER_SHARE = 0.86  # of the seam's width: the pairs lie within it, since corners hardly open
_LEAST_M = 0.002
_LIPS_ALONE = indices("mouthPucker", "mouthFunnel", "mouthSmileLeft", "mouthSmileRight", "mouthUpperUpLeft",
                      "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pairs:
    """upper, lower: (K,) int64 vertices that meet, from the character's right to the left.  width_m: of the seam."""

    upper: np.ndarray
    lower: np.ndarray
    width_m: float


def lip_pairs(
    neutral: np.ndarray, deltas: np.ndarray, file: str = "the rig", skin: np.ndarray | None = None
) -> Pairs:
    """Upper and lower lip where they touch. neutral: (V, 3) metres; deltas: (52, V, 3); skin: (V,) bool, None = all.

    Raises RigError where jawOpen opens no seam.
    """
    skin = np.ones(len(neutral), dtype=bool) if skin is None else skin
    jaw = deltas[INDEX["jawOpen"]]
    # Lips move for a pucker and a smile; teeth, gums and tongue, which the jaw parts as well, do not.
    rounded = np.linalg.norm(deltas[_LIPS_ALONE], axis=2).sum(axis=0)
    lips = np.flatnonzero(skin & (rounded > 0.25 * rounded.max(initial=0.0) if rounded.any() else True))
    return _seam(neutral, jaw, lips, LIP_PAIRS, f"jawOpen of {file} opens no mouth")


def lid_pairs(
    neutral: np.ndarray, deltas: np.ndarray, side: str, file: str = "the rig", skin: np.ndarray | None = None
) -> Pairs:
    """Upper and lower lid of one side ("Left" or "Right") where a blink makes them touch; else as lip_pairs."""
    blink = deltas[INDEX[f"eyeBlink{side}"]]
    moved = np.linalg.norm(blink, axis=1) > 0.1 * np.abs(blink).max()
    near_eye = _near(neutral, moved, margin_m=0.004)
    near_eye = near_eye if skin is None else near_eye[skin[near_eye]]  # lashes would shut before the lids do
    return _seam(neutral + blink, -blink, near_eye, LID_PAIRS, f"eyeBlink{side} of {file} shuts no lid")


def _near(points: np.ndarray, chosen: np.ndarray, margin_m: float) -> np.ndarray:
    """The vertices within the box around the chosen ones, (N,) int64."""
    if not chosen.any():
        return np.empty(0, np.int64)
    low, high = points[chosen].min(axis=0) - margin_m, points[chosen].max(axis=0) + margin_m
    return np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))


def _seam(touching: np.ndarray, parting: np.ndarray, rows: np.ndarray, count: int, failure: str) -> Pairs:
    """Pairs that are neighbours in `touching` (V, 3) and that `parting` (V, 3) takes apart, upper one up."""
    from scipy.spatial import cKDTree  # slow to import

    if len(rows) >= 2:
        tree = cKDTree(touching[rows])
        _, others = tree.query(touching[rows], k=min(_NEAREST, len(rows)), distance_upper_bound=_NEAR_M)
        one, slot = np.nonzero(others < len(rows))
        upper, lower = rows[one], rows[others[one, slot]]
        opened = parting[upper, 1] - parting[lower, 1]
        most = opened.max(initial=0.0)
        if most > _LEAST_M:
            return _spread(touching, upper, lower, opened / most, count)
    raise RigError(f"{failure}; retargeting needs a rig whose lips part and whose lids meet.")


def _spread(points: np.ndarray, upper: np.ndarray, lower: np.ndarray, opened: np.ndarray, count: int) -> Pairs:
    """The frontmost pair at each of `count` places along the seam."""
    # At the corners a seam opens by nothing, so its ends are where it still opens by a little.
    x = (points[upper, 0] + points[lower, 0]) / 2
    seam = opened > 0.15
    left, right = np.quantile(x[seam], [0.005, 0.995])
    middle, reach = (left + right) / 2, _INNER_SHARE * (right - left) / 2
    chosen = []
    for place in np.linspace(middle - reach, middle + reach, count):
        near = np.abs(x - place) < 0.6 * (right - left) / count
        wide = near & (opened > _APART * opened[near].max(initial=0.0))
        z = (points[upper, 2] + points[lower, 2]) / 2
        gap = np.linalg.norm(points[upper] - points[lower], axis=1)
        # Lips meet in front of the teeth: nearest to the viewer first, then the pair that touches best.
        chosen.append(np.flatnonzero(wide)[np.argmax((z - 1.5 * gap - 0.3 * np.abs(x - place))[wide])])
    return Pairs(upper[chosen], lower[chosen], float(right - left))
