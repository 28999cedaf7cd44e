"""A prepared corpus on disk: speech, what is known of it, and one list with the SHA-256 of every file.

    corpus.json         format, name, licence, source, items
    audio/<id>.flac     16 kHz mono
    curves/<id>.npz     weights float16 (T, 52) at 25 fps, valid bool (T,), captured bool (52,), head_rotation (T, 3);
                        left out for speech without a face
    phones/<id>.json    [[start_s, end_s, phone], ...]; left out where nobody knows them

The list is written anew after every item, so a corpus may be read while it grows and its making may be taken up again.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from dreamtalk.corpus.flac import write_flac
from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.phones import PHONE_INDEX, Phone
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording
from rig.arkit import NAMES
from rig.safe_file import written_beside
from rig.timing import frame_count

FORMAT = 1
LIST = "corpus.json"
TRAIN, TEST = "train", "test"
_ID = re.compile(r"[A-Za-z0-9_+@.\-]{1,120}")


@dataclass(frozen=True)
class Item:
    """One recording in the list. id: its file name. split: train or test. labels: emotion, level, view and the like.
    files: path inside the corpus -> SHA-256."""

    id: str
    speaker: str
    language: str
    text: str
    split: str
    labels: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CorpusList:
    """What corpus.json says."""

    name: str
    licence: str
    source: str
    items: tuple[Item, ...] = ()


class PreparedWriter:
    """Adds recordings to a prepared corpus, new or begun earlier; items already in its list are kept."""

    def __init__(self, folder: str | Path, name: str, licence: str, source: str) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._list = CorpusList(name, licence, source)
        if (self._folder / LIST).is_file():
            before = read_list(self._folder)
            if before.name != name:
                raise DreamTalkError(
                    f"{folder} holds the corpus {before.name}, not {name}; name another output folder."
                )
            self._list = replace(self._list, items=before.items)
        self._ids = {item.id for item in self._list.items}

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._ids

    @property
    def listed(self) -> CorpusList:
        """The list as it stands."""
        return self._list

    def add(self, item: Item, recording: Recording) -> None:
        """Write one recording's files and put `item`, with their hashes, into the list. Curves are written where the
        recording captured any shape, phones where it has any."""
        if not _ID.fullmatch(item.id) or item.split not in (TRAIN, TEST):
            raise DreamTalkError(
                f"The item {item.id!r} ({item.split}) needs a plain file name and the split train or test."
            )
        files = dict(_written(self._folder, item.id, recording))
        kept = tuple(old for old in self._list.items if old.id != item.id)
        self._list = replace(self._list, items=(*kept, replace(item, files=files)))
        self._ids.add(item.id)
        write_list(self._folder, self._list)


def _written(folder: Path, item_id: str, recording: Recording) -> Iterator[tuple[str, str]]:
    for part in ("audio", "curves", "phones"):
        (folder / part).mkdir(exist_ok=True)
    audio = folder / "audio" / f"{item_id}.flac"
    write_flac(audio, recording.samples, SAMPLE_RATE)
    yield _listed(folder, audio)
    if recording.captured.any():
        path = folder / "curves" / f"{item_id}.npz"
        with written_beside(path) as beside:
            np.savez_compressed(
                beside, weights=recording.weights.astype(np.float16), valid=recording.valid,
                captured=recording.captured, head_rotation=recording.head_rotation.astype(np.float32), fps=FPS,
            )  # fmt: skip
        yield _listed(folder, path)
    if recording.phones:
        path = folder / "phones" / f"{item_id}.json"
        rows = [[round(p.start_s, 4), round(p.end_s, 4), p.symbol] for p in recording.phones]
        with written_beside(path) as beside:
            beside.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        yield _listed(folder, path)


def _listed(folder: Path, path: Path) -> tuple[str, str]:
    return path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()


def write_list(folder: Path, listed: CorpusList) -> None:
    """Write corpus.json."""
    with written_beside(folder / LIST) as beside:
        text = json.dumps({"format": FORMAT, **asdict(listed)}, ensure_ascii=False, indent=1)
        beside.write_text(text + "\n", encoding="utf-8")


def read_list(folder: str | Path) -> CorpusList:
    """Read corpus.json. Raises DreamTalkError where it is missing, broken, or of a format this version cannot read."""
    path = Path(folder) / LIST
    if not path.is_file():
        raise DreamTalkError(f"{folder} holds no {LIST}; give a folder that dreamtalk prepare wrote.")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        number = stored.pop("format")
        items = tuple(Item(**item) for item in stored.pop("items"))
        listed = CorpusList(**stored, items=items)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DreamTalkError(
            f"{path} is no list of a prepared corpus ({error}); run dreamtalk prepare again."
        ) from None
    if number != FORMAT:
        raise DreamTalkError(f"{path} has format {number}, this version reads {FORMAT}; run dreamtalk prepare again.")
    return listed


def read_prepared(
    folder: str | Path, splits: Iterable[str] = (TRAIN, TEST), check: bool = True
) -> list[tuple[Item, Recording]]:
    """The recordings of a prepared corpus, in the order of its list.

    Speech stored without curves comes with weights of zero and `captured` all False; valid is True all over. check:
    compare every file with its hash. Raises DreamTalkError for a file that is missing or altered.
    """
    folder = Path(folder)
    listed, wanted = read_list(folder), set(splits)
    return [(item, _read(folder, listed.name, item, check)) for item in listed.items if item.split in wanted]


def _read(folder: Path, corpus: str, item: Item, check: bool) -> Recording:
    for path, expected in item.files.items():
        _check(folder / path, expected if check else None)
    samples = load_audio(folder / "audio" / f"{item.id}.flac").samples
    count = frame_count(len(samples) / SAMPLE_RATE, FPS)
    weights, valid = np.zeros((count, len(NAMES)), np.float32), np.ones(count, bool)
    head, captured = np.zeros((count, 3), np.float32), np.zeros(len(NAMES), bool)
    if f"curves/{item.id}.npz" in item.files:
        with np.load(folder / "curves" / f"{item.id}.npz") as stored:
            weights, valid = stored["weights"].astype(np.float32), stored["valid"]
            head, captured = stored["head_rotation"], stored["captured"]
    phones: tuple[Phone, ...] = ()
    if f"phones/{item.id}.json" in item.files:
        phones = read_phones(folder / "phones" / f"{item.id}.json")
    return Recording(
        f"{corpus}/{item.id}", corpus, samples, weights, valid, head, phones, item.speaker, item.language, captured
    )


def _check(path: Path, expected: str | None) -> None:
    if not path.is_file():
        raise DreamTalkError(f"The prepared corpus lacks {path}; run dreamtalk prepare again.")
    if expected and hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise DreamTalkError(f"{path} is not the file its list names (SHA-256 differs); run dreamtalk prepare again.")


def read_phones(path: Path) -> tuple[Phone, ...]:
    """Phones of a phones/<id>.json. Raises DreamTalkError where a row is not [start_s, end_s, phone]."""
    try:
        phones = tuple(
            Phone(float(start), float(end), str(name)) for start, end, name in json.loads(path.read_text("utf-8"))
        )
    except (ValueError, TypeError) as error:
        raise DreamTalkError(f"{path} holds no rows [start_s, end_s, phone] ({error}); prepare it again.") from None
    unknown = {phone.symbol for phone in phones} - set(PHONE_INDEX)
    if unknown:
        raise DreamTalkError(f"{path} names phones that are not in the inventory: {', '.join(sorted(unknown))}.")
    return phones
