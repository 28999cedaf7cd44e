"""What stands in for shapes that a rig does not have: short sums of shapes that it has."""

import re
from dataclasses import dataclass

from rig.arkit import NAMES, stem_and_side

_TERM = re.compile(r"(-?[\d.]+ )?([\w.]+)(?: \(([a-z ]+)\))?")

# {Side} is Left or Right, {side} left or right, {other} the other one. First come, first served: what a line names must
# be there, or have been made by a line above. Factors are by eye.
STAND_INS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("jawOpen", ("mouthOpen", "0.8 viseme_aa", "1.2 preset.aa")),
    ("mouthClose", ("-1 jawOpen",)),
    ("mouthPucker", ("0.8 viseme_U", "preset.ou", "0.8 mouthFunnel")),
    ("mouthFunnel", ("0.5 viseme_O", "0.5 preset.oh", "0.7 mouthPucker")),
    ("eyeBlink{Side}", ("eyesClosed ({side})", "preset.blink{Side}", "preset.blink ({side})", "blink ({side})")),
    ("eyeSquint{Side}", ("0.3 eyeBlink{Side}",)),
    ("eyeWide{Side}", ("-0.15 eyeBlink{Side}",)),
    ("eyeLookUp{Side}", ("eyesLookUp ({side})", "preset.lookUp ({side})")),
    ("eyeLookDown{Side}", ("eyesLookDown ({side})", "preset.lookDown ({side})")),
    ("eyeLookOut{Side}", ("preset.look{Side} ({side})",)),
    ("eyeLookIn{Side}", ("preset.look{Other} ({side})",)),
    ("mouthSmile{Side}", ("0.6 preset.relaxed ({side} mouth)", "0.4 preset.happy ({side} mouth)")),
    ("mouthFrown{Side}", ("0.6 preset.sad ({side} mouth)",)),
    ("mouthStretch{Side}", ("0.5 mouthSmile{Side} + 0.5 mouthFrown{Side}", "0.5 preset.ih ({side} mouth)")),
    ("mouthDimple{Side}", ("0.4 mouthSmile{Side}",)),
    ("mouthUpperUp{Side}", ("0.5 noseSneer{Side}",)),
    ("noseSneer{Side}", ("0.4 mouthUpperUp{Side}",)),
    ("browInnerUp", ("0.7 preset.sad (brows)",)),
    ("browDown{Side}", ("0.7 preset.angry ({side} brows)",)),
    ("browOuterUp{Side}", ("0.7 preset.surprised ({side} brows)",)),
)


@dataclass(frozen=True)
class Term:
    """factor * source; cuts: which part of the source, out of "left", "right", "mouth" and "brows"."""

    factor: float
    source: str
    cuts: tuple[str, ...] = ()


def terms_of(text: str) -> tuple[Term, ...]:
    """"0.5 mouthSmileLeft + 0.7 preset.sad (left mouth)" as terms."""
    matches = [_TERM.fullmatch(part) for part in text.split(" + ")]
    return tuple(Term(float(match[1] or 1), match[2], tuple((match[3] or "").split())) for match in matches)


def stand_ins() -> list[tuple[str, str]]:
    """(ARKit name, sum as text) in the order in which they are tried: halves and sums of sides, then STAND_INS."""
    found = [(name, text) for name in NAMES for text in _by_side(name)]
    for pattern, texts in STAND_INS:
        sides = (("Left", "Right"), ("Right", "Left")) if "{Side}" in pattern else (("", ""),)
        for side, other in sides:
            words = {"Side": side, "side": side.lower(), "Other": other}
            found += [(pattern.format(**words), text.format(**words)) for text in texts]
    return found


def _by_side(name: str) -> list[str]:
    """mouthSmileLeft is the left half of mouthSmile; browInnerUp is the sum of its sides."""
    stem, side = stem_and_side(name)
    if side:
        return [f"{stem} ({side.lower()})"]
    return [] if name.endswith(("Left", "Right")) else [f"{name}Left + {name}Right"]
