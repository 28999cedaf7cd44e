"""Phone times for captures that come without: GRID's sentences are known, so they can be aligned."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dreamtalk.corpus import grid_corpus
from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.alignment import aligned_phones
from dreamtalk.training.training_clip import Recording

_PAUSES = ("sil", "sp")

log = logging.getLogger(__name__)


def with_phones(recordings: Sequence[Recording], data_dir: str | Path) -> list[Recording]:
    """The recordings, those from a GRID folder inside `data_dir` with phone times, a quarter second of work each.

    What cannot be aligned stays as it is. Raises DreamTalkError where the aligner is missing.
    """
    folder = Path(data_dir) / grid_corpus.CORPUS
    words = grid_corpus.read_words(folder) if (folder / "words.json").is_file() else {}
    return [_aligned(recording, words) for recording in recordings]


def _aligned(recording: Recording, words: dict[str, list[tuple[float, float, str]]]) -> Recording:
    spoken = [word for *_, word in words.get(recording.name.split("/")[-1], ()) if word not in _PAUSES]
    if recording.phones or recording.corpus != grid_corpus.CORPUS or not spoken:
        return recording
    try:
        return replace(recording, phones=aligned_phones(recording.samples, " ".join(spoken)))
    except DreamTalkError as error:
        if "pip install" in str(error):
            raise
        log.info("%s goes without phone times: %s", recording.name, error)
        return recording
