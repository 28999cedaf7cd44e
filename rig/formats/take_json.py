"""The take .json that the Live Link Face app keeps with a recording.

Keys and spelling are those of a recording of app version 1.3.2. The app calls the file take.json, in a folder for each
take; here it is named after its CSV, face.take.json, so that several takes share a folder. The app's date, device and
clock readings are left out, since none of them is known; two keys are added, frameRate ("30000/1001") and
timecodeCount ("drop"), without which timecodes that count frames do not tell the rate.
"""

import json
import logging
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from rig.errors import RigError
from rig.formats.frame_rate import FrameRate
from rig.formats.timecode import DAY_S, TIMECODE_FPS, seconds_of

_log = logging.getLogger(__name__)

_LARGEST_BYTES = 1 << 20
_RATE = re.compile(r"[0-9]{1,9}(/[0-9]{1,9})?")
# The app's own endTimecode lies a row before the last.
_END_SLACK_S = 4 / TIMECODE_FPS


@dataclass(frozen=True)
class Take:
    """rate: the exact rate, None where only the app's target is known.  target_fps: the app's videoTargetFrameRate."""

    rate: FrameRate | None
    target_fps: float | None


def take_path(csv_path: Path) -> Path:
    """face.csv -> face.take.json."""
    return csv_path.with_name(csv_path.stem + ".take.json")


def take_text(subject: str, frame_count: int, rate: FrameRate, first: str, last: str) -> str:
    """The file's text; first, last: timecodes of the first and the last row."""
    fields = {
        "version": 1, "appVersion": "dreamtalk", "identifier": f"{subject}_1", "slate": subject, "take": 1,
        "subject": subject, "calibrated": False, "frames": frame_count, "videoTargetFrameRate": rate.nominal,
        "startTimecode": first, "endTimecode": last, "frameRate": str(rate.exact), "timecodeCount": rate.count,
    }  # fmt: skip
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def take_of(csv_path: Path, first_s: float, last_s: float) -> Take | None:
    """The take of a recording, from face.take.json or take.json beside it, or None.

    first_s, last_s: what the timecodes of the first and last row show. A file with other timecodes belongs to another
    recording; take.json is then passed over, and face.take.json likewise but with a warning.
    """
    for path in (take_path(csv_path), csv_path.with_name("take.json")):
        if path.is_file():
            try:
                fields = _fields(path)
                if _belongs(fields, first_s, last_s):
                    return Take(_rate(fields), _target(fields))
                complaint = f"its timecodes are not those of {csv_path.name}"
            except (ValueError, TypeError, KeyError, OSError, RecursionError):
                complaint = "it is no take file"
            if path.name != "take.json":
                _log.warning("%s was left out: %s.", path.name, complaint)
    return None


def _fields(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST_BYTES:
        raise ValueError
    fields = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(fields, dict):
        raise TypeError
    return fields


def _belongs(fields: dict[str, Any], first_s: float, last_s: float) -> bool:
    late_s = (last_s - seconds_of(fields["endTimecode"]) + DAY_S / 2) % DAY_S - DAY_S / 2
    return abs(seconds_of(fields["startTimecode"]) - first_s) < 1e-5 and abs(late_s) <= _END_SLACK_S


def _rate(fields: dict[str, Any]) -> FrameRate | None:
    if "frameRate" not in fields:
        return None
    if not _RATE.fullmatch(str(fields["frameRate"])):
        raise ValueError
    try:
        return FrameRate(Fraction(fields["frameRate"]), fields.get("timecodeCount", "clock"))
    except (RigError, ZeroDivisionError):
        raise ValueError from None


def _target(fields: dict[str, Any]) -> float | None:
    target = fields.get("videoTargetFrameRate")
    return float(target) if isinstance(target, int | float) and 1 <= target <= 1000 else None
