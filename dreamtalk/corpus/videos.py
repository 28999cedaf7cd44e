"""Talking video written as a prepared corpus: the face tracked, the sound beside it, cut into pieces that are whole.

A piece ends at a cut of the film, where the face is away for long, and where nobody speaks for long: none of them
teaches how a mouth moves with speech. What MediaPipe never sees is marked as not captured.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dreamtalk.corpus.pauses import silences
from dreamtalk.corpus.prepared import TEST, TRAIN, CorpusList, Item, PreparedWriter
from dreamtalk.corpus.video_layouts import TalkingVideo, talking_videos
from dreamtalk.errors import AudioError, DreamTalkError, OptionError
from dreamtalk.speech.audio import load_audio
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording, interpolated
from rig.arkit import NAMES, indices
from rig.timing import frame_count, frame_times

if TYPE_CHECKING:
    from dreamtalk.face.face_capture import FaceCapture

UNSEEN = ("tongueOut", "cheekPuff", "jawForward", "jawLeft", "jawRight")
"""Shapes that the tracker does not tell."""
SHORTEST_S = 1.0
_LOST_S = 0.4  # a face away for longer ends a piece
_SILENT_S, _SILENT_EDGE_S = 3.0, 0.5  # a silence this long ends a piece; how much of it is kept on either side
_TEST_SHARE = 10  # one speaker in so many is kept for tests; one video in so many where there is only one speaker
_HOP = round(SAMPLE_RATE / FPS)

Capture = Callable[[Path], "FaceCapture"]

log = logging.getLogger(__name__)


def prepare_videos(
    folder: str | Path,
    out: str | Path,
    name: str = "videos",
    licence: str = "as the videos",
    layout: str | None = None,
    language: str = "en",
    progress: Callable[[int, int], None] | None = None,
    capture: Capture | None = None,
) -> CorpusList:
    """Track every video under `folder` into the prepared corpus `out`; videos done before are kept.

    layout: see dreamtalk.corpus.video_layouts. language: ISO 639 code of what is spoken. capture: what tracks a face;
    None takes dreamtalk.face.face_capture. A video without a usable face or sound is left out with a warning. Raises
    OptionError where there are no videos, DreamTalkError where none of them could be used.
    """
    videos = talking_videos(folder, layout)
    if Path(out).resolve() == Path(folder).resolve():
        raise OptionError(f"The output {out} is the folder of the videos; name another.")
    writer = PreparedWriter(out, name, licence, f"dreamtalk prepare videos: {len(videos)} videos")
    done = _done(writer.listed)
    several = len({video.speaker for video in videos}) > 1
    for number, video in enumerate(videos):
        if video.id not in done:
            _add(writer, video, language, _split(video, several), capture or _tracked)
        if progress:
            progress(number + 1, len(videos))
    if not writer.listed.items:
        raise DreamTalkError(f"None of the {len(videos)} videos in {folder} shows a speaking face; give other ones.")
    return writer.listed


def _done(listed: CorpusList) -> set[str]:
    """Ids of the videos whose pieces are all there."""
    found = Counter((item.labels["video"], int(item.labels["pieces"])) for item in listed.items)
    return {video for (video, count), here in found.items() if here >= count}


def _split(video: TalkingVideo, several: bool) -> str:
    key = video.speaker if several else video.id
    return TEST if hashlib.sha256(key.encode()).digest()[0] * _TEST_SHARE < 256 else TRAIN


def _tracked(path: Path) -> "FaceCapture":
    from dreamtalk.face.face_capture import capture_face

    return capture_face(path)


def _add(writer: PreparedWriter, video: TalkingVideo, language: str, split: str, capture: Capture) -> None:
    try:
        samples = load_audio(video.sound).samples
        recordings = pieces(capture(video.path), samples, video, language)
    except (AudioError, OptionError) as error:
        log.warning("left out: %s", error)
        return
    for number, recording in enumerate(recordings):
        item_id = f"{video.id}-{number:02d}"
        labels = {**video.labels, "video": video.id, "pieces": str(len(recordings))}
        writer.add(Item(item_id, video.speaker, language, "", split, labels), recording)


def pieces(capture: "FaceCapture", samples: np.ndarray, video: TalkingVideo, language: str) -> list[Recording]:
    """The usable pieces of one video as recordings at 25 fps; samples (S,) at 16 kHz, both from second 0."""
    count = frame_count(min(len(samples) / SAMPLE_RATE, len(capture) / capture.fps), FPS)
    position = frame_times(count, FPS) * capture.fps
    weights = interpolated(capture.weights, position)
    head = interpolated(capture.head_rotation, position)
    valid = interpolated(capture.valid[:, None].astype(np.float32), position)[:, 0] > 0.999
    captured = np.ones(len(NAMES), bool)
    captured[indices(*UNSEEN)] = False
    samples = np.pad(samples, (0, max(0, count * _HOP - len(samples))))
    cuts = [round(cut / capture.fps * FPS) for cut in capture.cuts]
    return [
        Recording(
            f"{video.id}/{start}", "videos", samples[start * _HOP : stop * _HOP].astype(np.float32),
            weights[start:stop], valid[start:stop], head[start:stop] - head[start:stop].mean(0),
            speaker=video.speaker, language=language, captured=captured,
        )
        for start, stop in usable_spans(valid, silences(samples, SAMPLE_RATE), cuts)
    ]  # fmt: skip


def usable_spans(valid: np.ndarray, quiet: list[tuple[float, float]], cuts: list[int]) -> list[tuple[int, int]]:
    """(first, end) frames at 25 fps of the stretches to learn from.

    valid: (T,) bool, the face was seen. quiet: (start_s, end_s) of silences. cuts: frames at which a shot begins.
    """
    kept = np.ones(len(valid), bool)
    for start, stop in _runs(~valid):
        if (stop - start) / FPS > _LOST_S or start == 0 or stop == len(valid):
            kept[start:stop] = False
    for begin, end in quiet:
        if end - begin > _SILENT_S:
            kept[round((begin + _SILENT_EDGE_S) * FPS) : round((end - _SILENT_EDGE_S) * FPS)] = False
    spans = [span for run in _runs(kept) for span in _divided(run, cuts)]
    return [(start, stop) for start, stop in spans if (stop - start) / FPS >= SHORTEST_S]


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _divided(run: tuple[int, int], cuts: list[int]) -> Iterator[tuple[int, int]]:
    edges = [run[0], *sorted(cut for cut in cuts if run[0] < cut < run[1]), run[1]]
    yield from zip(edges[:-1], edges[1:], strict=True)
