"""Can emotions be told apart? A nearest-centroid classifier that never saw the seed or the speech it is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.arkit import GROUPS, MIRROR, NAMES, indices

_LEAST_SPREAD = 0.02
_EYES = GROUPS["left eye"] + GROUPS["right eye"]
_GAZE_AND_BLINKS = indices(*(name for name in _EYES if "Look" in name or "Blink" in name))
STEADY = np.setdiff1d(np.arange(len(NAMES)), _GAZE_AND_BLINKS)
"""Columns of the shapes whose mean over a clip says something about its emotion: all but gaze and blinks."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class was taken for which. labels: C names. counts: (C, C) int64, rows the truth."""

    labels: tuple[str, ...]
    counts: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of the samples that were recognised."""
        return float(np.trace(self.counts) / max(self.counts.sum(), 1))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Truth -> guess -> count, without the zeros."""
        return {
            truth: {guess: int(count) for guess, count in zip(self.labels, row, strict=True) if count}
            for truth, row in zip(self.labels, self.counts, strict=True)
        }


def side_free(scores: np.ndarray) -> np.ndarray:
    """(N, 52) shapes -> (N, 104) features that do not tell left from right: a smirk is one on either side."""
    mirrored = scores[:, MIRROR]
    return np.concatenate([scores + mirrored, np.abs(scores - mirrored)], axis=1) / 2


def nearest_centroid(features: np.ndarray, truth: np.ndarray, apart: Sequence[np.ndarray]) -> np.ndarray:
    """Guess each sample from the centroids of those that share nothing with it, (N, F), (N,) -> (N,) classes.

    apart: label arrays (N,), such as seeds and speeches; a sample is guessed from samples that differ from it in every
    one that takes more than one value. Distances are in units of the spread within classes.
    """
    tellable = [labels for labels in apart if len(np.unique(labels)) > 1]
    guesses = []
    for sample in range(len(truth)):
        known = np.arange(len(truth)) != sample
        for labels in tellable:
            known &= labels != labels[sample]
        classes = np.unique(truth[known])
        groups = [features[known & (truth == each)] for each in classes]
        centroids = np.stack([group.mean(axis=0) for group in groups])
        spread = np.sqrt(np.mean([group.var(axis=0) for group in groups], axis=0)) + _LEAST_SPREAD
        distance = (((features[sample] - centroids) / spread) ** 2).sum(axis=1)
        guesses.append(classes[np.argmin(distance)])
    return np.array(guesses)


def confusion(truth: np.ndarray, guesses: np.ndarray, labels: Sequence[str]) -> Confusion:
    """Count the guesses (N,) of the classes (N,)."""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for each, guess in zip(truth.tolist(), guesses.tolist(), strict=True):
        counts[labels.index(each), labels.index(guess)] += 1
    return Confusion(tuple(labels), counts)
