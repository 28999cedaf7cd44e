"""Reader of the FACEGOOD folder: studio speech with jaw and mouth curves in ARKit names.

Layout: audio/<k>.flac at 16 kHz, curves/<k>.npz with `curves` (frames, 52) in 0..1 (NaN = not captured), `names`,
`captured`, `fps` and `curve_delay_s`, by which the curves trail the sound; the delay is taken off here. When its phones
are spoken comes with the package (data/facegood_phones.json), for the five files that are known.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.phones import Phone
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording, interpolated
from rig.arkit import INDEX, MOUTH, NAMES
from rig.timing import frame_count, frame_times

CORPUS = "facegood"


def read_facegood(folder: Path) -> list[Recording]:
    """All recordings of the folder, by name. Raises DreamTalkError where the layout is not there."""
    paths = sorted((folder / "curves").glob("*.npz"))
    if not paths:
        raise DreamTalkError(f"{folder} holds no curves/*.npz; give a folder in the FACEGOOD layout of the README.")
    return [_read_one(folder, path) for path in paths]


def _read_one(folder: Path, path: Path) -> Recording:
    with np.load(path) as stored:
        names = [str(name) for name in stored["names"]]
        curves = stored["curves"].astype(np.float32)
        fps, delay_s = float(stored["fps"]), float(stored["curve_delay_s"])
    samples = load_audio(folder / "audio" / f"{path.stem}.flac").samples
    count = min(frame_count(len(samples) / SAMPLE_RATE, FPS), frame_count(len(curves) / fps, FPS))
    position = (frame_times(count, FPS) + delay_s) * fps
    weights = np.zeros((count, len(NAMES)), np.float32)
    for column, name in enumerate(names):
        if INDEX[name] in MOUTH:
            weights[:, INDEX[name]] = interpolated(curves[:, column : column + 1], position)[:, 0]
    return Recording(
        f"{CORPUS}/{path.stem}",
        CORPUS,
        samples[: round(count / FPS * SAMPLE_RATE)],
        np.nan_to_num(weights).clip(0, 1),
        np.ones(count, bool),
        np.zeros((count, 3), np.float32),
        tuple(phone for phone in _known_phones().get(path.stem, ()) if phone.end_s <= count / FPS),
        language="zh",
    )


@cache
def _known_phones() -> dict[str, tuple[Phone, ...]]:
    stored = json.loads((files("dreamtalk") / "data" / "facegood_phones.json").read_text(encoding="utf-8"))
    return {
        stem: tuple(Phone(start, end, symbol) for start, end, symbol in rows) for stem, rows in stored["phones"].items()
    }
