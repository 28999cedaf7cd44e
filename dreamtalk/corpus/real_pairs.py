"""GRID and FACEGOOD written as prepared corpora, with what their readers correct already corrected."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dreamtalk.corpus import facegood_corpus, grid_corpus
from dreamtalk.corpus.prepared import TEST, TRAIN, CorpusList, Item, PreparedWriter
from dreamtalk.corpus.split import is_held_out
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.training.training_clip import Recording

KINDS = ("grid", "facegood")
_GRID_SOURCE = "GRID, speaker 1 (Cooke, Barker, Cunningham, Shao 2006), tracked by MediaPipe, calibrated"
_FACEGOOD_SOURCE = "FACEGOOD-Audio2Face, training part; delay taken off, 25 fps"

log = logging.getLogger(__name__)


def prepare_real(
    kind: str, data: str | Path, out: str | Path, progress: Callable[[int, int], None] | None = None
) -> CorpusList:
    """Write the corpus `kind` (grid, facegood), found in `data` or in its folder of that name, into `out`.

    GRID's sentences get phone times by forced alignment where PocketSphinx is installed. Raises DreamTalkError where
    the layout is not there.
    """
    if kind not in KINDS:
        raise OptionError(f"The corpus {kind!r} is unknown; choose from {', '.join(KINDS)}.")
    name, licence, source, language, speaker = {
        "grid": (grid_corpus.CORPUS, "CC BY 4.0", _GRID_SOURCE, "en", "grid-s1"),
        "facegood": (facegood_corpus.CORPUS, "MIT", _FACEGOOD_SOURCE, "zh", "facegood"),
    }[kind]
    data = Path(data)
    data = data / name if (data / name).is_dir() else data
    if Path(out).resolve() == data.resolve():
        raise OptionError(f"The output {out} is the data folder itself; name another.")
    recordings = grid_corpus.read_grid(data) if kind == "grid" else facegood_corpus.read_facegood(data)
    texts = _grid_texts(data) if kind == "grid" else {}
    writer = PreparedWriter(out, name, licence, source)
    for number, recording in enumerate(recordings):
        item_id = recording.name.split("/")[-1]
        if item_id not in writer:
            split = TEST if is_held_out(recording.name) else TRAIN
            item = Item(item_id, speaker, language, texts.get(item_id, ""), split)
            writer.add(item, replace(_aligned(recording, texts.get(item_id)), speaker=speaker, language=language))
        if progress:
            progress(number + 1, len(recordings))
    return writer.listed


def _grid_texts(folder: Path) -> Mapping[str, str]:
    words = grid_corpus.read_words(folder)
    return {clip: " ".join(word for *_, word in rows if word not in ("sil", "sp")) for clip, rows in words.items()}


def _aligned(recording: Recording, text: str | None) -> Recording:
    """The recording with phone times, where the text is known and can be aligned."""
    if not text:
        return recording
    from dreamtalk.speech.alignment import aligned_phones

    try:
        return replace(recording, phones=aligned_phones(recording.samples, text))
    except DreamTalkError as error:
        log.info("%s goes without phone times: %s", recording.name, error)
        return recording
