"""What is said, as a user gives it, and when it shuts the lips."""

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from dreamtalk.errors import OptionError
from dreamtalk.speech.audio import Waveform

if TYPE_CHECKING:
    from dreamtalk.mouth.lip_contacts import LipContacts

LARGEST_BYTES = 4_000_000
FOREIGN_SHARE = 0.1
"""Of the letters, as many that English does not write mean another language; café and naïve do not."""


def read_transcript(given: str) -> str:
    """The text itself, or that of the file it names.

    Raises OptionError for a .txt that is not there, a file that is no text, or an empty text.
    """
    path = Path(given)
    if _is_file(path):
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise OptionError(f"The transcript {path.name} is over {LARGEST_BYTES // 10**6} MB; give text alone.")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise OptionError(f"The transcript {path.name} cannot be read; give a text file in UTF-8.") from None
    elif path.suffix.lower() == ".txt":
        raise OptionError(f"There is no transcript {given}; name a text file, or give the words themselves.")
    else:
        text = given
    if not text.strip():
        raise OptionError("The transcript is empty; give the words that are spoken.")
    return text


def check_english(text: str) -> None:
    """Raise OptionError where a text is surely not English, since words are aligned in English only."""
    letters = [letter for letter in text if letter.isalpha()]
    foreign = [letter for letter in letters if not ("a" <= _plain(letter) <= "z") or letter in "äöüßÄÖÜ"]
    if letters and len(foreign) / len(letters) > FOREIGN_SHARE:
        raise OptionError(
            "The transcript is not in English, and only English can be aligned; leave it out, the lips move without it."
        )


def contacts_of_text(waveform: Waveform, text: str, frame_count: int, fps: float) -> "LipContacts":
    """Where the lips meet in speech (16 kHz) whose words are known.

    Raises OptionError for another language, DreamTalkError where no aligner is installed or text and speech differ.
    """
    check_english(text)
    from dreamtalk.mouth.lip_contacts import LipContacts
    from dreamtalk.speech.alignment import aligned_phones

    return LipContacts.of_phones(aligned_phones(waveform.samples, text), frame_count, fps)


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter.lower())[0]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # words that are longer than a file's name can be
        return False
