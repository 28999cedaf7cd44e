"""Parts of a face by name, as editing speaks of them: brows, mouth, gaze, head."""

from collections.abc import Iterable
from dataclasses import dataclass

from rig.arkit import GROUPS, INDEX, NAMES
from rig.errors import RigError
from rig.formats.shape_names import shape_of
from rig.shape_adjustments import columns_of

LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Region:
    """columns: of the weights.  eyes: which eyes' rotations, 0 left and 1 right.  head: whether the head's turn."""

    columns: frozenset[int] = frozenset()
    eyes: frozenset[int] = frozenset()
    head: bool = False

    def __or__(self, other: "Region") -> "Region":
        return Region(self.columns | other.columns, self.eyes | other.eyes, self.head or other.head)


def _shapes(*names: str, eyes: tuple[int, ...] = ()) -> Region:
    return Region(frozenset(INDEX[name] for name in names), frozenset(eyes))


def _starting(*prefixes: str) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name.startswith(prefixes))


_EYES = _shapes(*GROUPS["left eye"], *GROUPS["right eye"], eyes=(LEFT, RIGHT))

REGIONS: dict[str, Region] = {
    "mouth": _shapes(*GROUPS["jaw"], *GROUPS["mouth"], *GROUPS["tongue"]),
    "jaw": _shapes(*GROUPS["jaw"]),
    "lips": _shapes(*GROUPS["mouth"]),
    "tongue": _shapes(*GROUPS["tongue"]),
    "brows": _shapes(*GROUPS["brows"]),
    "cheeks": _shapes(*GROUPS["cheeks"]),
    "nose": _shapes(*GROUPS["nose"]),
    "eyes": _EYES,
    "left-eye": _shapes(*GROUPS["left eye"], eyes=(LEFT,)),
    "right-eye": _shapes(*GROUPS["right eye"], eyes=(RIGHT,)),
    "blinks": _shapes(*_starting("eyeBlink")),
    "gaze": _shapes(*_starting("eyeLook"), eyes=(LEFT, RIGHT)),
    "upper-face": _shapes(*GROUPS["brows"], *GROUPS["cheeks"], *GROUPS["nose"]) | _EYES,
    "face": _shapes(*NAMES, eyes=(LEFT, RIGHT)),
    "head": Region(head=True),
}
"""mouth is all that speaks: jaw, lips and tongue; face is everything but the head's turn."""

EVERYTHING: Region = REGIONS["face"] | REGIONS["head"]


def region_of(names: Iterable[str]) -> Region:
    """All that is named: regions of REGIONS and single shapes, mouthSmile for both sides.

    Raises RigError for an unknown name, or for none.
    """
    found = Region()
    for name in [names] if isinstance(names, str) else names:
        found |= _named(name)
    if found == Region():
        raise RigError("No region is given; name one such as mouth or brows.")
    return found


def _named(name: str) -> Region:
    plain, shape = name.strip().lower().replace(" ", "-"), shape_of(name)
    if plain in REGIONS:
        return REGIONS[plain]
    try:
        return Region(frozenset(columns_of(name if shape is None else shape)))
    except RigError:
        raise RigError(
            f"The region {name!r} is not known; give {', '.join(REGIONS)}, or one of the 52 shapes such as jawOpen."
        ) from None
