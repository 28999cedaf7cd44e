"""A sentence that shows a system as it is: the one on which it does middling."""

from collections.abc import Mapping, Sequence

import numpy as np

from dreamtalk import measures
from dreamtalk.evaluation.curves_picture import Sentence
from dreamtalk.evaluation.excerpts import excerpt, stretches
from dreamtalk.evaluation.lip_curves import lip_curves
from dreamtalk.evaluation.motion_score import System, fitting
from dreamtalk.training.training_clip import FPS, Recording
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_basis

SENTENCE_S = 6.0


def typical_sentence(systems: Mapping[str, System], recordings: Sequence[Recording]) -> Sentence:
    """The stretch of at most about six seconds whose aperture r is the median, by the first of `systems`.

    The others are drawn beside it. Every recording is animated whole; the stretch is cut out afterwards.
    """
    basis, first = lip_basis(FaceRig.load()), next(iter(systems.values()))
    rated = []
    for recording in recordings:
        clip = fitting(first(recording), recording)
        own, real = (lip_curves(weights, basis).aperture for weights in (clip.weights, recording.weights))
        for start, stop in stretches(recording, SENTENCE_S):
            rated.append((measures.correlation(own[start:stop], real[start:stop]), recording, start, stop))
    order = np.argsort([each[0] for each in rated], kind="stable")
    r, recording, start, stop = rated[order[len(order) // 2]]
    motions = {name: _cut(fitting(system(recording), recording), start, stop) for name, system in systems.items()}
    title = f"{recording.name}, {start / FPS:.1f} to {stop / FPS:.1f} s: aperture r {r:.2f}, the median of {len(rated)}"
    return Sentence(title, excerpt(recording, start, stop), motions)


def _cut(clip: BlendshapeClip, start: int, stop: int) -> BlendshapeClip:
    return BlendshapeClip(clip.weights[start:stop], clip.head_rotation[start:stop], clip.fps)
