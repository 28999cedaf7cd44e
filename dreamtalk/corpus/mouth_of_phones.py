"""Mouth curves for speech whose phones are known but whose speaker nobody saw."""

from dataclasses import replace

import numpy as np

from dreamtalk.training_clip import Recording
from rig.arkit import MOUTH, NAMES


def with_mouth(recording: Recording) -> Recording:
    """The recording with jaw and mouth only, which is what training looks at; by the articulation model where unseen.

    `captured` stays as it is, so that a loss can tell curves that were seen from curves that were inferred.
    """
    if not recording.captured.any() and recording.phones:
        return replace(recording, weights=_articulated(recording))
    kept = np.isin(np.arange(len(NAMES)), MOUTH)
    return replace(recording, weights=np.where(kept, recording.weights, 0.0).astype(np.float32))


def _articulated(recording: Recording) -> np.ndarray:
    try:
        from dreamtalk.articulation import ArticulationModel
    except ImportError:
        return recording.weights
    return ArticulationModel.load().mouth(recording.phones, len(recording))
