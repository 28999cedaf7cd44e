"""Names of shapes as other programs spell them."""

import re

from rig.arkit import NAMES

_SIDE = re.compile(r"[_\-. ]([lr])$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[_\-. ]+")
_PATH = re.compile(r".*[/:|]")
_LONGEST = 40  # the longest name has 18 letters, and as many separators at most
_BY_PLAIN_NAME = {name.lower(): name for name in NAMES}


def shape_of(text: str) -> str | None:
    """The ARKit name that a column, morph or curve means, or None where it is none of the 52.

    Capitals, separators and sides spelled _L or .R do not matter, nor does anything before the name that ends in a
    separator: EyeBlinkLeft, eyeBlink_L, eye_blink_left, blendShape1.eyeBlinkLeft, Head/Mesh:eyeBlink.L.
    """
    words = words_of(text[-_LONGEST:])
    for first in range(len(words)):
        found = _BY_PLAIN_NAME.get("".join(words[first:]))
        if found is not None:
            return found
    return None


def words_of(text: str) -> list[str]:
    """The words of a name in small letters, its path left off and _L or .R at its end spelled out."""
    sided = _SIDE.sub(lambda side: "_left" if side[1].lower() == "l" else "_right", _PATH.sub("", text.strip()))
    return [word for word in _SEPARATORS.split(sided.lower()) if word]
