"""Emotion tracks as small files.

    time,emotion,intensity        {"transition": 0.6,
    0,neutral,                     "keys": [{"time": 0, "emotion": "neutral"},
    3.2,happy,0.8                           {"time": 3.2, "emotion": "happy", "intensity": 0.8},
    7,sad:0.5+angry:0.3,                    {"time": 7, "emotion": "sad:0.5+angry:0.3"}]}

The JSON may also be the list of keys alone. An intensity scales what its emotion says by itself.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_mix import EmotionMix
from dreamtalk.expression.emotion_track import TRANSITION_S, EmotionKey, EmotionTrack
from dreamtalk.table_file import SUFFIXES, csv_rows, json_value, number, read_table_text

COLUMNS, NEEDED = ("time", "emotion", "intensity"), ("time", "emotion")


def is_track_file(text: str) -> bool:
    """Whether what a user gave as an emotion names a file, not an emotion."""
    return text.strip().lower().endswith(SUFFIXES)


def read_emotion_track(path: str | Path, transition_s: float | None = None) -> EmotionTrack:
    """Read a track. transition_s: seconds of a change, instead of the file's own or the usual 0.6.

    Raises OptionError for a file that is missing or holds no track, naming the file and the key.
    """
    path = Path(path)
    text, own = read_table_text(path, "emotion track"), None
    if path.suffix.lower() == ".csv":
        rows: Any = csv_rows(text, path.name, COLUMNS, NEEDED)
    else:
        rows = json_value(text, path.name)
        if isinstance(rows, Mapping):
            own, rows = rows.get("transition"), rows.get("keys")
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        raise OptionError(f'{path.name} holds no keys; give a list such as [{{"time": 0, "emotion": "happy"}}].')
    if transition_s is None:
        transition_s = TRANSITION_S if own is None else number(own, f"The transition in {path.name}")
    keys = tuple(_key(row, f"Key {index} of {path.name}") for index, row in enumerate(rows, start=1))
    return EmotionTrack(keys, transition_s)


def _key(row: Mapping[str, Any], where: str) -> EmotionKey:
    missing = [name for name in NEEDED if name not in row]
    strange = [str(name) for name in row if name not in COLUMNS]
    if missing or strange:
        wrong = f"has no {missing[0]}" if missing else f"has {strange[0]}"
        raise OptionError(f"{where} {wrong}; a key holds {', '.join(COLUMNS)}.")
    time_s = number(row["time"], f"{where}: the time")
    if not isinstance(row["emotion"], str):
        raise OptionError(f"{where}: the emotion is {row['emotion']!r}; give text such as happy:0.8.")
    mix = EmotionMix.parse(row["emotion"])
    strength = number(row.get("intensity", 1.0), f"{where}: the intensity")
    if not 0.0 <= strength <= 1.0:
        raise OptionError(f"{where}: the intensity is {strength:g}; give 0 to 1.")
    return EmotionKey(time_s, mix.scaled(strength))
