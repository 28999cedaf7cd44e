"""What the names of a file's meshes and materials say about them."""

from rig.formats.shape_names import words_of

_EYES = ("eye", "sclera", "iris", "cornea", "pupil")
_NO_EYES = (
    "lash", "brow", "lid", "blink", "occlusion", "blend", "socket", "shadow", "lacrimal", "tear", "glass", "line",
)  # fmt: skip
NO_SKIN = ("teeth", "tooth", "tongue", "gum", "lash", "hair", "brow", "eyeball", "sclera", "occlusion", "lacrimal")
_LEFT, _RIGHT = {"l", "left"}, {"r", "right"}


def eye_side(name: str) -> int | None:
    """0 for what is called a left eyeball, 1 for a right one, None for anything else."""
    words = words_of(name)
    text = "".join(words)
    if not any(part in text for part in _EYES) or any(part in text for part in _NO_EYES):
        return None
    if "left" in text or _LEFT & set(words) or text in ("leye", "leyeball"):
        return 0
    if "right" in text or _RIGHT & set(words) or text in ("reye", "reyeball"):
        return 1
    return None


def is_in(name: str, *parts: str) -> bool:
    """Whether any of these parts of words occurs in a name."""
    text = "".join(words_of(name))
    return any(part in text for part in parts)
