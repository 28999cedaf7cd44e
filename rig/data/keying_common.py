"""What the scripts for Blender and Maya share; rig.formats.keying_scripts puts it into them."""

import base64
import logging
import re
import sys
import zlib
from array import array

TAKE: dict = {}
CURVES = ""

log = logging.getLogger("dreamtalk")


def columns():
    """Name -> array of float32, one value a frame: the shapes in [0, 1], then the turns' quaternions w, x, y, z."""
    values = array("f", zlib.decompress(base64.b64decode(CURVES)))
    if sys.byteorder == "big":
        values.byteswap()
    count = TAKE["frames"]
    return {name: values[n * count : (n + 1) * count] for n, name in enumerate(TAKE["columns"])}


def words_of(name):
    """jawOpen, JawOpen, jaw_open and eyeBlink_L alike: lower-case words without a path, sides spelled out."""
    plain = re.sub(r".*[/:|]", "", name.strip())
    plain = re.sub(r"[_\-. ]([lrLR])$", lambda side: "_left" if side[1] in "lL" else "_right", plain)
    return [word for word in re.split(r"[_\-. ]+", plain.lower()) if word]


def shapes_among(names):
    """Shape of the take -> which of the names means it: its written name, else one like its ARKit name."""
    found = {shape: written for shape, written in TAKE["shapes"].items() if written in names}
    plain = {shape.lower(): shape for shape in TAKE["shapes"]}
    for name in names:
        words = words_of(name)
        for first in range(len(words)):
            shape = plain.get("".join(words[first:]))
            if shape and shape not in found:
                found[shape] = name
    return found


def part_of(name):
    """What a bone or joint turns, by its name: "head", "eye_left", "eye_right" or None."""
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r".*[:|]", "", name)).lower())
    sides = {"l": "left", "left": "left", "r": "right", "right": "right"}
    side = [sides[word] for word in words if word in sides]
    rest = [word for word in words if word not in sides]
    if rest and rest[-1] == "head" and not side:
        return "head"
    return f"eye_{side[0]}" if rest and rest[-1] == "eye" and len(side) == 1 else None
