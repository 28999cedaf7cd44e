"""Which joint of a foreign skeleton is the head or an eye, by its name."""

import re

_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_JOINED = re.compile(r"(l|r|left|right)(eye)|(eye)(l|r|left|right)")


def part_of(joint: str) -> str | None:
    """"head", "eye_left", "eye_right" or None.

    rig/mixamorig:Head, J_Bip_C_Head, eye_left, LeftEye, eye.L and CC_Base_L_Eye are known; eyelids and head tops are
    none of these.
    """
    name = re.split(r"[/:|]", joint)[-1]
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    words = [word.lower() for word in words]
    if words:
        joined = _JOINED.fullmatch(words[-1])
        words[-1:] = [part for part in joined.groups() if part] if joined else words[-1:]
    sides = {_SIDES[word] for word in words if word in _SIDES}
    plain = [word for word in words if word not in _SIDES]
    if plain and plain[-1] == "head" and not sides:
        return "head"
    if plain and plain[-1] == "eye" and len(sides) == 1:
        return f"eye_{sides.pop()}"
    return None
