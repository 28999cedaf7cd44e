"""Phone times from a file, for recordings whose corpus holds none, or others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.phones import PHONE_INDEX, Phone
from dreamtalk.training.training_clip import Recording

PhoneTimes = Mapping[str, tuple[Phone, ...]]
"""Name of a recording -> what is said when."""


def read_phone_times(path: str | Path) -> PhoneTimes:
    """Read a JSON file {"corpus/recording": [[start_s, end_s, phone], ...], ...}.

    Raises DreamTalkError where the file is missing, of another form, or names a phone that is not of PHONES.
    """
    path = Path(path)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {name: tuple(_phone(path, *row) for row in each) for name, each in rows.items()}
    except OSError as error:
        raise DreamTalkError(f"The phone times {path} cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, AttributeError):
        raise DreamTalkError(
            f'{path} holds no phone times; give JSON of the form {{"corpus/name": [[0.31, 0.38, "m"], ...]}}.'
        ) from None


def with_phone_times(recordings: Sequence[Recording], times: PhoneTimes) -> list[Recording]:
    """The recordings; those that `times` names get their phones from there."""
    return [replace(each, phones=tuple(times[each.name])) if each.name in times else each for each in recordings]


def _phone(path: Path, start_s: float, end_s: float, symbol: str) -> Phone:
    if symbol not in PHONE_INDEX:
        raise DreamTalkError(f"{path} names the phone {symbol!r}; known are {' '.join(PHONE_INDEX)}.")
    return Phone(float(start_s), float(end_s), symbol)
