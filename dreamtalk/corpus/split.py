"""The training data of a folder: every corpus in it, split into what trains and what only tests."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dreamtalk.corpus import facegood_corpus, grid_corpus
from dreamtalk.errors import DreamTalkError
from dreamtalk.training_clip import Recording

HELD_OUT_FACEGOOD = "facegood/2_04"
"""The FACEGOOD file that never trains."""
_HELD_OUT_SHARE = 10  # one GRID sentence in so many never trains


@dataclass(frozen=True, eq=False)
class Corpus:
    """Recordings for training and, apart from them, for validation."""

    training: list[Recording]
    validation: list[Recording]


def is_held_out(name: str) -> bool:
    """Whether the recording `name` belongs to validation: by sentence in GRID, by file in FACEGOOD."""
    if name.startswith(facegood_corpus.CORPUS):
        return name == HELD_OUT_FACEGOOD
    return hashlib.sha256(name.encode()).digest()[0] * _HELD_OUT_SHARE < 256


def read_corpus(folder: str | Path) -> Corpus:
    """Read `grid_s1` and `facegood` inside `folder`, whichever are there. Raises DreamTalkError where neither is."""
    folder = Path(folder)
    recordings: list[Recording] = []
    if (folder / grid_corpus.CORPUS).is_dir():
        recordings += grid_corpus.read_grid(folder / grid_corpus.CORPUS)
    if (folder / facegood_corpus.CORPUS).is_dir():
        recordings += facegood_corpus.read_facegood(folder / facegood_corpus.CORPUS)
    if not recordings:
        raise DreamTalkError(f"{folder} holds neither grid_s1 nor facegood; give the data folder the README describes.")
    held_out = [is_held_out(recording.name) for recording in recordings]
    return Corpus(
        [recording for recording, out in zip(recordings, held_out, strict=True) if not out],
        [recording for recording, out in zip(recordings, held_out, strict=True) if out],
    )
