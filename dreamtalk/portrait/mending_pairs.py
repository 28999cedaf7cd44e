"""The generator's training material, plain arrays in one folder: rendered heads, real video, drawn portraits.

out/rendered, out/real, out/portraits and out/validation hold sources.npy (M, 256, 256, 3) and, for `mouth` and `eyes`,
NAME_composite.npy, NAME_opacity.npy, NAME_flow.npy, NAME_target.npy (see mending_record.Windows) and NAME_source.npy
(N,) int32, the row of sources.npy that each window belongs to. Beside them pairs.json says what they were made of.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from dreamtalk.errors import OptionError, PortraitError
from dreamtalk.face.face_landmarks import FaceDetector
from dreamtalk.portrait.mending_drawn import MOVES, drawn_pairs
from dreamtalk.portrait.mending_real import real_pairs
from dreamtalk.portrait.mending_record import KINDS, PortraitPairs, Windows
from dreamtalk.portrait.mending_rendered import rendered_pairs
from dreamtalk.portrait.portrait import Portrait, load_portrait
from rig.face_rig import FaceRig

VALIDATION_CLIPS, VALIDATION_HEADS = 16, 8
Progress = Callable[[str, int, int], None]
"""Told the kind, how many are made, and of how many."""
Makers = list[tuple[str, Callable[[], PortraitPairs | None]]]

_log = logging.getLogger(__name__)


def prepare_mending_pairs(
    out_dir: Path, heads: int, data_dir: Path | None = None, portraits: Iterable[Path] = (), *,
    clips: int | None = None, seed: int = 0, progress: Progress | None = None,
) -> Path:  # fmt: skip
    """Make the training windows; returns out_dir. What an earlier call left in out_dir/parts is kept.

    heads: how many rendered heads.  data_dir: a folder with grid_s1/video and grid_s1/tracks.npz, or None.  portraits:
    pictures that may be learned from; which may, is for the caller to know.  clips: at most so many of the video.
    Raises OptionError where a folder lacks the video.
    """
    parts = out_dir / "parts"
    made = {"rendered": _heads(heads, seed), "portraits": _portraits(list(portraits), seed)}
    with FaceDetector(most_faces=1) as detector:
        made["real"] = _clips(data_dir, clips, seed, detector) if data_dir else []
        names = {kind: _kept(parts / kind, makers, kind, progress) for kind, makers in made.items()}
    apart = {"real": VALIDATION_CLIPS, "rendered": VALIDATION_HEADS}
    validation = [
        parts / kind / name for kind, most in apart.items() for name in names[kind][: min(most, len(names[kind]) // 3)]
    ]
    groups = {kind: [parts / kind / name for name in own] for kind, own in names.items()}
    groups = {kind: [path for path in paths if path not in validation] for kind, paths in groups.items()}
    summary = {"seed": seed}
    for group, paths in {**groups, "validation": validation}.items():
        if paths:
            summary[group] = _joined(out_dir / group, paths)
    (out_dir / "pairs.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return out_dir


def _heads(count: int, seed: int) -> Makers:
    base = FaceRig.load()
    return [(f"{index:05d}", partial(_head, base, (seed, index))) for index in range(count)]


def _head(base: FaceRig, seed: tuple[int, ...]) -> PortraitPairs | None:
    return rendered_pairs(base, np.random.default_rng(seed))


def _portraits(paths: list[Path], seed: int) -> Makers:
    moves = [(path, move) for path in paths for move in range(MOVES)]
    return [
        (f"{path.stem}-{move}", partial(_portrait, path, (seed, move, *path.stem.encode()))) for path, move in moves
    ]


def _portrait(path: Path, seed: tuple[int, ...]) -> PortraitPairs | None:
    try:
        return drawn_pairs(_fitted(path), np.random.default_rng(seed))
    except PortraitError as error:
        _log.warning("%s", error)
        return None


@lru_cache(maxsize=1)
def _fitted(path: Path) -> Portrait:
    return load_portrait(path)


def _clips(data_dir: Path, most: int | None, seed: int, detector: FaceDetector) -> Makers:
    folder = data_dir / "grid_s1"
    videos = sorted((folder / "video").glob("*.mp4"))
    if not videos or not (folder / "tracks.npz").is_file():
        raise OptionError(f"{data_dir} holds no grid_s1/video/*.mp4 with tracks.npz; give the data folder, or none.")
    # by another order than the name's, so that a part of them shows all recording days
    videos = [videos[index] for index in np.random.default_rng(seed).permutation(len(videos))][:most]
    with np.load(folder / "tracks.npz") as tracks:
        ids, offsets, lip = tracks["ids"].tolist(), tracks["offsets"], tracks["lip"].astype(np.float64)
        columns = [tracks["names"].tolist().index(f"eyeBlink{side}") for side in ("Left", "Right")]
        blink = tracks["scores"][:, columns].astype(np.float64).mean(axis=1)
    makers: Makers = []
    for video in videos:
        rows = slice(*offsets[ids.index(video.stem) :][:2])
        rng = np.random.default_rng((seed, *video.stem.encode()))
        makers.append((video.stem, partial(real_pairs, video, lip[rows], blink[rows], detector, rng)))
    return makers


def _kept(folder: Path, makers: Makers, kind: str, progress: Progress | None) -> list[str]:
    """Make what is not there yet; names of the files, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for done, (stem, make) in enumerate(makers, start=1):
        path = folder / f"{stem}.npz"
        if not path.is_file():
            pairs = make()
            if pairs is None:
                _log.warning("%s gives no windows and is left out.", stem)
                continue
            pairs.save(path)
        names.append(path.name)
        if progress:
            progress(kind, done, len(makers))
    return names


def _joined(folder: Path, paths: list[Path]) -> dict:
    """Write the arrays of a group; what it holds, for pairs.json."""
    beside = folder.with_name(folder.name + "-new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    loaded = [PortraitPairs.load(path) for path in paths]
    np.save(beside / "sources.npy", np.stack([pairs.square for pairs in loaded]))
    summary: dict = {"made_of": [path.stem for path in paths], "sources": len(loaded)}
    digest = hashlib.sha256()
    for kind in KINDS:
        owners = [np.full(len(getattr(pairs, kind).target), row, np.int32) for row, pairs in enumerate(loaded)]
        np.save(beside / f"{kind}_source.npy", np.concatenate(owners))
        for field in fields(Windows):
            values = np.concatenate([getattr(getattr(pairs, kind), field.name) for pairs in loaded])
            np.save(beside / f"{kind}_{field.name}.npy", values)
            digest.update(values.tobytes())
        summary[kind] = int(sum(map(len, owners)))
    summary["sha256"] = digest.hexdigest()
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
    return summary
