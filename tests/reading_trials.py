"""What may come of reading a damaged file: a clip, or one sentence."""

import logging
import time
import warnings
from pathlib import Path

from rig import BlendshapeClip, RigError
from rig.clip_file import ClipFormat

LONGEST_SENTENCE = 300
LONGEST_WARNING = 1500
LONGEST_S = 10.0


def wrong_with_reading(format: ClipFormat, path: Path, clips: list[BlendshapeClip] | None = None) -> str | None:
    """Read the file; None where a clip or a proper refusal came of it, else what is wrong. Raises nothing.

    clips: takes the clip, where there is one.
    """
    said = _Said()
    logging.getLogger("rig").addHandler(said)
    started = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            clip = format.read(path)
        wrong = None if isinstance(clip, BlendshapeClip) else f"came back with {type(clip).__name__}"
        if clips is not None:
            clips.append(clip)
    except RigError as error:
        wrong = _wrong_with_sentence(str(error), path.name)
    except (Exception, RecursionError) as error:
        wrong = f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        logging.getLogger("rig").removeHandler(said)
    if time.perf_counter() - started > LONGEST_S:
        wrong = wrong or f"took {time.perf_counter() - started:.0f} s"
    return wrong or said.wrong


def _wrong_with_sentence(text: str, name: str) -> str | None:
    if "\n" in text or "\r" in text or not text.isprintable():
        return f"refused in more than a line of plain text: {text[:300]!r}"
    if len(text) > LONGEST_SENTENCE:
        return f"refused in {len(text)} characters: {text[:300]!r}"
    return None if name in text else f"refused without the file's name: {text[:300]!r}"


class _Said(logging.Handler):
    """Warnings too are one line, and begin with the file's name."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text.isprintable() or len(text) > LONGEST_WARNING:
            self.wrong = f"warned in {len(text)} characters: {text[:300]!r}"
