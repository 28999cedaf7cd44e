"""The training data of a folder: every corpus in it, split into what trains and what only tests."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dreamtalk.corpus import facegood_corpus, grid_corpus
from dreamtalk.corpus.mouth_of_phones import with_mouth
from dreamtalk.corpus.prepared import LIST, TEST, TRAIN, read_list, read_prepared
from dreamtalk.errors import DreamTalkError
from dreamtalk.training.training_clip import Recording

HELD_OUT_FACEGOOD = "facegood/2_04"
"""The FACEGOOD file that never trains."""
_HELD_OUT_SHARE = 10  # one GRID sentence in so many never trains


@dataclass(frozen=True, eq=False)
class Corpus:
    """Recordings for training and, apart from them, for validation."""

    training: list[Recording]
    validation: list[Recording]

    def __add__(self, other: "Corpus") -> "Corpus":
        return Corpus(self.training + other.training, self.validation + other.validation)


def is_held_out(name: str) -> bool:
    """Whether the recording `name` belongs to validation: by sentence in GRID, by file in FACEGOOD."""
    if name.startswith(facegood_corpus.CORPUS):
        return name == HELD_OUT_FACEGOOD
    return hashlib.sha256(name.encode()).digest()[0] * _HELD_OUT_SHARE < 256


def read_corpus(folder: str | Path, articulate: bool = True) -> Corpus:
    """Read `grid_s1` and `facegood` inside `folder`, whichever are there, and every prepared corpus in or at it.

    A prepared corpus is a folder with corpus.json (dreamtalk.corpus.prepared); its own split counts, and one named
    grid_s1 or facegood stands in for the raw folder. Speech without curves gets those of the articulation model, in
    training in a style of its own; with `articulate` False it is left out. Raises DreamTalkError where nothing is.
    """
    folder = Path(folder)
    corpus = Corpus([], [])
    prepared = [path for path in (folder, *sorted(folder.glob("*/"))) if (path / LIST).is_file()]
    for path in prepared:
        corpus = corpus + _prepared(path, articulate)
    known = {read_list(path).name for path in prepared}
    readers = {grid_corpus.CORPUS: grid_corpus.read_grid, facegood_corpus.CORPUS: facegood_corpus.read_facegood}
    for name, read in readers.items():
        if name not in known and (folder / name).is_dir():
            corpus = corpus + _raw(read(folder / name))
    if not corpus.training and not corpus.validation:
        raise DreamTalkError(
            f"{folder} holds neither grid_s1 nor facegood nor a prepared corpus; give the data folder of the README."
        )
    return corpus


def _raw(recordings: list[Recording]) -> Corpus:
    held_out = [is_held_out(recording.name) for recording in recordings]
    return Corpus(
        [recording for recording, out in zip(recordings, held_out, strict=True) if not out],
        [recording for recording, out in zip(recordings, held_out, strict=True) if out],
    )


def _prepared(folder: Path, articulate: bool) -> Corpus:
    pairs = [
        (item.split, with_mouth(recording, any_style=item.split == TRAIN))
        for item, recording in read_prepared(folder)
        if articulate or recording.captured.any()
    ]
    return Corpus([one for split, one in pairs if split == TRAIN], [one for split, one in pairs if split == TEST])
