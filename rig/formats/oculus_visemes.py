"""The 15 visemes of Oculus LipSync, derived from the curves: what a rig with viseme morphs plays.

Each viseme stands in PATTERNS as the mouth it shows. A frame's weights are the mixture of these mouths that comes
nearest to it: none below 0, all together 1, as Oculus LipSync gives them; the rest of a mouth that is nearly at rest is
sil. What the tongue does behind the teeth leaves no trace in the curves, so DD, kk and nn are told apart by lips and
jaw only, and TH from them by a tongue that shows.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.json_numbers import number_rows
from rig.safe_file import written_beside
from rig.timing import frame_times

PATTERNS: Mapping[str, Mapping[str, float]] = {
    # Nothing is said: the mouth at rest.
    "sil": {},
    # p b m: lips meet over a jaw that need not, and press a little.
    "PP": {"jawOpen": 0.15, "mouthClose": 0.15, "mouthPress": 0.05, "mouthRollUpper": 0.06, "mouthRollLower": 0.04},
    # f v: lower lip under the upper teeth.
    "FF": {"jawOpen": 0.10, "mouthRollLower": 0.35, "mouthUpperUp": 0.05},
    # th: as DD, and the tongue shows between the teeth.
    "TH": {"jawOpen": 0.20, "mouthLowerDown": 0.06, "tongueOut": 0.30},
    # t d: jaw a little open, lower lip off the lower teeth.
    "DD": {"jawOpen": 0.20, "mouthLowerDown": 0.06, "mouthUpperUp": 0.04},
    # k g: the tongue's back works, lips stay loose.
    "kk": {"jawOpen": 0.28, "mouthLowerDown": 0.04},
    # tsh dzh sh: lips pushed forward, teeth near.
    "CH": {"jawOpen": 0.16, "mouthFunnel": 0.22, "mouthLowerDown": 0.10, "mouthUpperUp": 0.06},
    # s z: teeth together, lips drawn off them.
    "SS": {"jawOpen": 0.10, "mouthLowerDown": 0.12, "mouthUpperUp": 0.07, "mouthStretch": 0.05},
    # n l: as DD with looser lips and a lower jaw.
    "nn": {"jawOpen": 0.25, "mouthUpperUp": 0.03},
    # r: lips a little rounded and near each other.
    "RR": {"jawOpen": 0.17, "mouthClose": 0.05, "mouthFunnel": 0.10, "mouthPucker": 0.20},
    # father: jaw wide open, lips passive.
    "aa": {"jawOpen": 0.45, "mouthLowerDown": 0.05},
    # bed: jaw open, mouth broad.
    "E": {"jawOpen": 0.36, "mouthStretch": 0.10, "mouthLowerDown": 0.14, "mouthSmile": 0.05, "mouthUpperUp": 0.08},
    # see: broad, jaw nearly shut.
    "I": {"jawOpen": 0.18, "mouthStretch": 0.14, "mouthLowerDown": 0.12, "mouthSmile": 0.10, "mouthUpperUp": 0.05},
    # off: jaw open, lips rounded.
    "O": {"jawOpen": 0.34, "mouthFunnel": 0.18, "mouthPucker": 0.12},
    # you, way: lips puckered, a small opening.
    "U": {"jawOpen": 0.17, "mouthClose": 0.11, "mouthFunnel": 0.10, "mouthPucker": 0.38},
}
"""Viseme -> the shapes of its mouth, both sides alike; sizes as in running speech, not as far as a face can go.

mouthClose takes back what jawOpen parts: the opening that is left counts, and of the closing what outweighs it.
"""

VISEMES: tuple[str, ...] = tuple(PATTERNS)

_TELLING = {
    "jawOpen": 1.0, "mouthClose": 2.0, "mouthFunnel": 1.5, "mouthPucker": 1.2, "mouthRollLower": 1.2,
    "mouthRollUpper": 4.0, "mouthPress": 4.0, "mouthStretch": 2.0, "mouthSmile": 1.5, "mouthLowerDown": 1.5,
    "mouthUpperUp": 1.5, "tongueOut": 1.5,
}  # fmt: skip
"""How much a shape counts: more where it is small and yet seen at once, as lips that press."""

_TOGETHER = 4.0  # how strictly the mixture sums to 1 before it is scaled to


def viseme_weights(weights: np.ndarray) -> np.ndarray:
    """Weights (T, 52) -> (T, 15) float32 in the order of VISEMES, none below 0, each row summing to 1."""
    from scipy.optimize import nnls

    table = np.array([[pattern.get(shape, 0.0) for shape in _TELLING] for pattern in PATTERNS.values()])
    system = np.concatenate([_seen(table).T, np.full((1, len(VISEMES)), _TOGETHER)])
    mixtures = np.array([nnls(system, np.append(mouth, _TOGETHER))[0] for mouth in _seen(_both_sides(weights))])
    return (mixtures / mixtures.sum(axis=1, keepdims=True)).astype(np.float32)


def _both_sides(weights: np.ndarray) -> np.ndarray:
    """(T, 52) -> the shapes of _TELLING (T, 12) float64, left and right taken together."""
    sides = [
        [NAMES.index(name) for name in (shape, f"{shape}Left", f"{shape}Right") if name in NAMES] for shape in _TELLING
    ]
    return np.stack([weights[:, columns].mean(axis=1, dtype=np.float64) for columns in sides], axis=1)


def _seen(mouths: np.ndarray) -> np.ndarray:
    """(T, 12) shapes of _TELLING -> what counts of them, (T, 12)."""
    counted = mouths * list(_TELLING.values())
    opening = np.maximum(mouths[:, 0] - mouths[:, 1], 0.0)
    counted[:, 0] = _TELLING["jawOpen"] * opening
    counted[:, 1] = _TELLING["mouthClose"] * np.maximum(mouths[:, 1] - opening, 0.0)
    return counted


def write_visemes(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a table: time_s, then the 15 weights, a row a frame.

    A prefix goes before the visemes' names: "viseme_" gives viseme_aa, as Ready Player Me's heads call it. Raises
    RigError where the file cannot be written.
    """
    rows = number_rows(viseme_weights(clip.weights).round(6))
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(["time_s", *(options.naming.prefix + viseme for viseme in VISEMES)]) + "\n")
        for time_s, row in zip(frame_times(len(clip), clip.fps), rows, strict=True):
            file.write(f"{time_s:.6f},{row}\n")
