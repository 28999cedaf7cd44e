"""Mouth curves for speech whose phones are known but whose speaker nobody saw."""

import hashlib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from dreamtalk.training.training_clip import Recording
from rig.arkit import MOUTH, NAMES

if TYPE_CHECKING:
    from dreamtalk.mouth.articulation import ArticulationModel


def with_mouth(recording: Recording, any_style: bool, model: "ArticulationModel | None" = None) -> Recording:
    """The recording with jaw and mouth only, which is what training looks at; by the articulation model where unseen.

    any_style: every recording gets a speaking style of its own, drawn by its name; else all speak plainly. model: None
    takes the one that comes with the package. `captured` stays as it is, so that a loss can tell curves that were seen
    from curves that were inferred. Raises WeightsError where the model's weights are missing.
    """
    if recording.captured.any() or not recording.phones:
        kept = np.isin(np.arange(len(NAMES)), MOUTH)
        return replace(recording, weights=np.where(kept, recording.weights, 0.0).astype(np.float32))
    from dreamtalk.mouth.speaking_style import SpeakingStyle

    seed = int.from_bytes(hashlib.sha256(recording.name.encode()).digest()[:4], "little")
    style = SpeakingStyle.sampled(np.random.default_rng(seed)) if any_style else SpeakingStyle()
    weights = (model or _model()).mouth(recording.phones, len(recording), style=style)
    return replace(recording, weights=weights)


@cache
def _model() -> "ArticulationModel":
    from dreamtalk.mouth.articulation import ArticulationModel

    return ArticulationModel.load()
