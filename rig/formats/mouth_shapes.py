"""The nine mouths of cut-out animation, A to H and X, as cues: which mouth to show from when on.

The shapes are those that Rhubarb Lip Sync documents. Every hundredth of a second takes the mouth of MOUTHS that looks
most like the curves; then too short cues go, by Rhubarb's measures: lips that meet are seen for 0.08 s, if need be
from up to 0.06 s earlier, and other mouths for 0.07 s.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rig.arkit import indices
from rig.lip_gap import lip_gap_mm

CUES_PER_SECOND = 100
"""Cues begin and end at hundredths of a second."""


@dataclass(frozen=True)
class MouthCue:
    """One mouth in time. start_s, end_s: whole hundredths of a second, start_s < end_s.  shape: of "ABCDEFGHX"."""

    start_s: float
    end_s: float
    shape: str


@dataclass(frozen=True)
class MouthLook:
    """How a mouth looks. gap_mm: between the inner lips.  rounding: mouthPucker and mouthFunnel, whichever is more.

    tuck: of the lower lip under the upper teeth, mouthRollLower less mouthRollUpper.  tongue: tongueOut.
    """

    gap_mm: float
    rounding: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.0


MOUTHS: Mapping[str, MouthLook] = {
    "A": MouthLook(-0.5),  # p b m: lips meet; the same mouth as X, told apart by how long it lasts
    "B": MouthLook(4.5, 0.03),  # k s t, ee: slightly open, teeth near
    "C": MouthLook(9.5, 0.03),  # eh, ae: open
    "D": MouthLook(15.0, 0.03),  # father: wide open
    "E": MouthLook(9.0, 0.22),  # off, bird: open and slightly rounded, no wider than C
    "F": MouthLook(3.0, 0.38),  # you, show, way: puckered
    "G": MouthLook(2.5, 0.0, 0.35),  # f v: upper teeth on the lower lip
    "H": MouthLook(10.0, 0.0, 0.0, 0.4),  # long l: as open as C, and the tongue seen
}
"""Shape -> its look; gaps and weights are those of running speech in the captures this program learned from."""

_SCALE = np.array([4.0, 0.12, 0.15, 0.2])  # differences in the four looks that count alike
_IDLE_S = 0.25  # lips that meet for longer are at rest, not in a p, b or m
_SHORTEST, _SHORTEST_CLOSED, _EARLIER = 7, 8, 6  # hundredths of a second, as in Rhubarb
_ROUND = indices("mouthPucker", "mouthFunnel")
_ROLL = indices("mouthRollLower", "mouthRollUpper")
_TONGUE = indices("tongueOut")

Run = tuple[str, int]
"""A mouth and for how many hundredths of a second it is shown."""


def mouth_cues(weights: np.ndarray, fps: float) -> list[MouthCue]:
    """Weights (T, 52) -> cues without gaps from 0 to the end, no two alike in a row.

    The end is the clip's, cut to a whole hundredth of a second, but one at least.
    """
    length = max(int(len(weights) / fps * CUES_PER_SECOND + 1e-6), 1)
    at = np.minimum(np.arange(length) / CUES_PER_SECOND * fps, len(weights) - 1)
    looks = np.stack([np.interp(at, np.arange(len(weights)), look) for look in _looks(weights).T], axis=1)
    runs = _idle_told(_runs([tuple(MOUTHS)[number] for number in _nearest(looks)]))
    runs = _closures_seen(_short_ones_gone(runs))
    ends = np.cumsum([length for _, length in runs])
    return [
        MouthCue((end - length) / CUES_PER_SECOND, end / CUES_PER_SECOND, shape)
        for (shape, length), end in zip(runs, ends.tolist(), strict=True)
    ]


def _looks(weights: np.ndarray) -> np.ndarray:
    """(T, 52) -> (T, 4): gap in mm, rounding, tuck and tongue."""
    tuck = weights[:, _ROLL[0]] - weights[:, _ROLL[1]]
    return np.stack([lip_gap_mm(weights), weights[:, _ROUND].max(axis=1), tuck, weights[:, _TONGUE[0]]], axis=1)


def _nearest(looks: np.ndarray) -> np.ndarray:
    mouths = np.array([[look.gap_mm, look.rounding, look.tuck, look.tongue] for look in MOUTHS.values()])
    return np.linalg.norm((looks[:, None] - mouths) / _SCALE, axis=-1).argmin(axis=1)


def _runs(shapes: list[str]) -> list[Run]:
    runs: list[Run] = []
    for shape in shapes:
        if runs and runs[-1][0] == shape:
            runs[-1] = (shape, runs[-1][1] + 1)
        else:
            runs.append((shape, 1))
    return runs


def _idle_told(runs: list[Run]) -> list[Run]:
    """Lips that meet at either end, or for long, are X; between other mouths and for short they are A."""
    longest = _IDLE_S * CUES_PER_SECOND
    ends = (0, len(runs) - 1)
    return [
        ("X", length) if shape == "A" and (number in ends or length > longest) else (shape, length)
        for number, (shape, length) in enumerate(runs)
    ]


def _closures_seen(runs: list[Run]) -> list[Run]:
    """Short closures begin earlier, at the expense of the mouth before, as far as that is not too short then."""
    seen = list(runs)
    for number in range(1, len(seen)):
        (before, room), (shape, length) = seen[number - 1], seen[number]
        if shape == "A":
            more = max(min(_SHORTEST_CLOSED - length, _EARLIER, room - _SHORTEST), 0)
            seen[number - 1], seen[number] = (before, room - more), (shape, length + more)
    return seen


def _short_ones_gone(runs: list[Run]) -> list[Run]:
    """Cues that are too short go, the shortest first, to a neighbour: rather an open one, then the longer; A stays."""
    shapes, lengths = [shape for shape, _ in runs], [length for _, length in runs]
    before, behind = list(range(-1, len(runs) - 1)), [*range(1, len(runs)), -1]
    waiting = [(length, place) for place, (shape, length) in enumerate(runs) if length < _SHORTEST and shape != "A"]
    heapq.heapify(waiting)

    def give(place: int, taker: int) -> None:
        lengths[taker] += lengths[place]
        lengths[place] = 0
        if before[place] >= 0:
            behind[before[place]] = behind[place]
        if behind[place] >= 0:
            before[behind[place]] = before[place]

    while waiting:
        length, place = heapq.heappop(waiting)
        beside = [near for near in (before[place], behind[place]) if near >= 0]
        if lengths[place] != length or not beside:
            continue  # it went, or grew, since it was noted
        taker = max(beside, key=lambda near: (shapes[near] not in "AX", lengths[near], near))
        give(place, taker)
        for near in (before[taker], behind[taker]):
            if near >= 0 and shapes[near] == shapes[taker]:
                give(near, taker)
        if lengths[taker] < _SHORTEST and shapes[taker] != "A":
            heapq.heappush(waiting, (lengths[taker], taker))
    return [(shape, length) for shape, length in zip(shapes, lengths, strict=True) if length]
