"""Training clips kept on disk: hearing an hour of speech five times over is worth doing once."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from dreamtalk.corpus.augmentation import augmented
from dreamtalk.speech.hearing import PhoneRun
from dreamtalk.speech.phone_head import PhoneHead
from dreamtalk.speech.running_encoder import RunningEncoder
from dreamtalk.training.training_clip import Recording, TrainingClip
from dreamtalk.training.training_reels import heard, reels
from rig.safe_file import written_beside

COPIES = 4
"""Copies of every recording that training hears: the first as it is, the others augmented."""
_ARRAYS = ("states", "posteriors", "phones", "loudness", "weights", "valid", "head_rotation")

log = logging.getLogger(__name__)


def cached_clips(
    recordings: list[Recording],
    cache: Path,
    encoder: RunningEncoder,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainingClip]:
    """All COPIES of all recordings, joined to reels, as training clips; each copy is kept in `cache` for the next run.

    The cache is only as good as its recordings: give every data folder a cache of its own.
    """
    cache.mkdir(parents=True, exist_ok=True)
    clips: list[TrainingClip] = []
    for copy in range(COPIES):
        path = cache / f"clips_{copy}.npz"
        if not path.is_file():
            rng = np.random.default_rng((seed, copy))
            made = [augmented(reel, rng) if copy else reel for reel in reels(recordings, rng)]
            save_clips([heard(reel, encoder) for reel in made], path)
            log.info("heard copy %d of %d", copy + 1, COPIES)
        clips += load_clips(path)
        if progress:
            progress(copy + 1, COPIES)
    return clips


def with_phones(clips: list[TrainingClip], head: PhoneHead) -> list[TrainingClip]:
    """The clips with what `head` makes of their states."""
    with torch.inference_mode():
        return [
            replace(clip, posteriors=PhoneRun(head).posteriors(clip.states.astype(np.float32)).astype(np.float16))
            for clip in clips
        ]


def save_clips(clips: list[TrainingClip], path: Path) -> None:
    """Write training clips, end to end, into one npz."""
    arrays = {name: np.concatenate([getattr(clip, name) for clip in clips]) for name in _ARRAYS}
    with written_beside(path) as beside:
        np.savez(
            beside, names=[clip.name for clip in clips], corpora=[clip.corpus for clip in clips],
            offsets=np.cumsum([0] + [len(clip) for clip in clips]), **arrays,
        )  # fmt: skip


def load_clips(path: Path) -> list[TrainingClip]:
    """Read what save_clips wrote."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in _ARRAYS}
        names, corpora, offsets = stored["names"], stored["corpora"], stored["offsets"]
    return [
        TrainingClip(str(name), str(corpus), **{key: array[start:stop] for key, array in arrays.items()})
        for name, corpus, start, stop in zip(names, corpora, offsets[:-1], offsets[1:], strict=True)
    ]
