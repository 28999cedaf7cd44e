"""Who speaks in a video, and how, as told by its place in the folder.

MEAD   <actor>/video/<view>/<emotion>/level_<n>/<k>.mp4, sound in <actor>/audio/<emotion>/level_<n>/<k>.m4a
HDTF   flat; clips named after the speaker: WDA_BarackObama0_003.mp4, RD_Radio10_000.mp4
plain  anything else: the folder a video lies in is its speaker, or the video itself where it lies in the folder given
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dreamtalk.errors import OptionError

SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"})
SOUND_SUFFIXES = (".m4a", ".wav", ".flac", ".mp3")
MEAD, HDTF, PLAIN = "mead", "hdtf", "plain"
LAYOUTS = (MEAD, HDTF, PLAIN)
_MEAD_PATH = re.compile(
    r"(?P<speaker>[^/]+)/video/(?P<view>[^/]+)/(?P<emotion>[^/]+)/level_(?P<level>[^/]+)/(?P<take>[^/]+)$"
)
_HDTF_NAME = re.compile(r"(?P<speaker>(?P<show>RD|WDA|WRA)_[A-Za-z.'\-]+?\d*)(?P<take>_\d+)*$")


@dataclass(frozen=True)
class TalkingVideo:
    """A video of somebody speaking. id: plain and unique in the folder. sound: a file of its own, or the video."""

    path: Path
    sound: Path
    id: str
    speaker: str
    labels: Mapping[str, str] = field(default_factory=dict)


def talking_videos(folder: str | Path, layout: str | None = None) -> list[TalkingVideo]:
    """All videos under `folder`, by path. layout: one of LAYOUTS; None looks at the names.

    Raises OptionError where the folder is missing, holds no video, or the layout named does not fit.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise OptionError(f"{folder} is no folder; give one that holds videos of people speaking.")
    if layout is not None and layout not in LAYOUTS:
        raise OptionError(f"The layout {layout!r} is unknown; choose from {', '.join(LAYOUTS)}.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise OptionError(f"{folder} holds no videos ({', '.join(sorted(SUFFIXES))}); give a folder with some.")
    layout = layout or guessed_layout(folder, paths)
    videos = [_described(path, folder, layout) for path in paths]
    if None in videos:
        odd = paths[videos.index(None)].relative_to(folder)
        raise OptionError(f"{odd} does not fit the layout {layout} (docs/corpus.md); leave --layout out or move it.")
    return list(_distinct(video for video in videos if video))


def guessed_layout(folder: Path, paths: list[Path]) -> str:
    """The layout that all paths fit; plain where none does."""
    for layout in (MEAD, HDTF):
        if all(_described(path, folder, layout) for path in paths):
            return layout
    return PLAIN


def _described(path: Path, folder: Path, layout: str) -> TalkingVideo | None:
    stem = path.relative_to(folder).with_suffix("").as_posix()
    plain_id = re.sub(r"[^A-Za-z0-9_.\-]+", "_", stem.replace("/", "-"))
    if layout == MEAD:
        # The folder given may be one actor's own.
        found = _MEAD_PATH.search(path.with_suffix("").resolve().as_posix())
        if not found:
            return None
        labels = {name: found[name] for name in ("view", "emotion", "level")}
        sound = path.parents[4] / "audio" / found["emotion"] / f"level_{found['level']}" / path.stem
        plain_id = "-".join(found[name] for name in ("speaker", "view", "emotion", "level", "take"))
        return TalkingVideo(path, _sound_beside(sound, path), plain_id, found["speaker"], labels)
    if layout == HDTF:
        found = _HDTF_NAME.fullmatch(path.stem)
        if not found:
            return None
        speaker = found["speaker"] if found["show"] == "RD" else found["speaker"].rstrip("0123456789")
        return TalkingVideo(path, _sound_beside(path.with_suffix(""), path), plain_id, speaker)
    speaker = path.parent.name if path.parent != folder else path.stem
    return TalkingVideo(path, _sound_beside(path.with_suffix(""), path), plain_id, speaker)


def _sound_beside(stem: Path, video: Path) -> Path:
    beside = [stem.with_name(stem.name + suffix) for suffix in SOUND_SUFFIXES]
    return next((path for path in beside if path.is_file()), video)


def _distinct(videos: Iterator[TalkingVideo]) -> Iterator[TalkingVideo]:
    """Videos whose ids would be the same (take.mp4 beside take.mov) told apart by a number."""
    seen: dict[str, int] = {}
    for video in videos:
        seen[video.id] = seen.get(video.id, 0) + 1
        again = f"-{seen[video.id]}" if seen[video.id] > 1 else ""
        yield TalkingVideo(video.path, video.sound, video.id + again, video.speaker, video.labels)
