"""Which morphs of a rig are the 52 shapes, by name; and what stands in for those that are missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rig.arkit import INDEX, NAMES
from rig.errors import RigError
from rig.foreign.morph import Morph, combined
from rig.foreign.stand_ins import Term, stand_ins, terms_of
from rig.formats.shape_names import shape_of, words_of
from rig.smoothstep import smoothstep

EYEBALL_TURNS = "the eyeball turns"
"""What stands in for a look that the rig has no morph for, where its eyes turn anyway."""
MIDLINE_M = 0.006
"""Halves of a shape fade into each other this far to both sides of the midline."""


@dataclass(frozen=True, eq=False)
class ShapeFit:
    """morphs: ARKit name -> what it moves.  found: ARKit name -> the rig's own name for it.

    approximated: ARKit name -> the sum that stands in for it.  missing: the shapes that move nothing.
    """

    morphs: Mapping[str, Morph]
    found: Mapping[str, str]
    approximated: Mapping[str, str]
    missing: tuple[str, ...]


def find_shapes(own: Iterable[str], names: Mapping[str, str], file: str) -> dict[str, str]:
    """ARKit name -> which of the rig's `own` names means it; `names`, ARKit name -> own name, stands above aliases.

    Raises RigError where `names` holds a name that the rig does not have, or no shape is found at all.
    """
    own = list(own)
    by_small = {name.lower(): name for name in reversed(own)}
    found: dict[str, str] = {}
    for shape, wanted in names.items():
        if wanted.lower() not in by_small:
            raise RigError(
                f"{file} has no morph {wanted!r}, which the map gives for {shape}; `dreamtalk rig {file}` lists them."
            )
        found[shape] = wanted if wanted in own else by_small[wanted.lower()]
    for name in sorted(own, key=len):  # of jawOpen and Body.jawOpen_2 the plain one
        shape = shape_of(name)
        if shape is not None and name not in names.values():
            found.setdefault(shape, name)
    return {shape: found[shape] for shape in NAMES if shape in found}


def fit_shapes(
    own: Mapping[str, Morph], found: Mapping[str, str], neutral: np.ndarray, eyes_turn: bool
) -> ShapeFit:
    """The shapes of a rig in our axes and metres, origin between the eyes.

    own: every morph by its own name.  found: as find_shapes gives it.  neutral: (V, 3).  eyes_turn: whether eyeLook
    turns eyeballs, so that its morphs are not missed.
    """
    morphs = {shape: own[name] for shape, name in found.items()}
    sources = _by_every_ending(own) | {shape.lower(): morph for shape, morph in morphs.items()}
    approximated: dict[str, str] = {}
    for shape, text in stand_ins():
        terms = terms_of(text)
        if shape in morphs or any(_plain(term.source) not in sources for term in terms):
            continue
        if eyes_turn and shape.startswith("eyeLook"):
            continue
        parts = [(term.factor, _cut(sources[_plain(term.source)], term, neutral)) for term in terms]
        morphs[shape] = sources[shape.lower()] = combined(parts, len(neutral))
        approximated[shape] = text
    if eyes_turn:
        turned = [name for name in NAMES if name.startswith("eyeLook") and name not in morphs]
        approximated |= {name: EYEBALL_TURNS for name in turned}
    missing = tuple(name for name in NAMES if name not in morphs and name not in approximated)
    order = sorted(morphs, key=INDEX.__getitem__)
    views = [MappingProxyType(view) for view in ({name: morphs[name] for name in order}, dict(found), approximated)]
    return ShapeFit(*views, missing)


def _plain(text: str) -> str:
    return "".join(words_of(text))


def _by_every_ending(own: Mapping[str, Morph]) -> dict[str, Morph]:
    """Morphs by their plain name, and by its ends: head.browInnerUp_L is also found as browInnerUpLeft."""
    found: dict[str, Morph] = {}
    for name in sorted(own, key=len):
        words = words_of(name)
        for first in range(len(words)):
            found.setdefault("".join(words[first:]), own[name])
    return found


def _cut(morph: Morph, term: Term, neutral: np.ndarray) -> Morph:
    """The part of a morph that a term asks for."""
    if not term.cuts:
        return morph
    x, y = neutral[:, 0], neutral[:, 1]
    masks = {
        "left": smoothstep(-MIDLINE_M, MIDLINE_M, x), "right": smoothstep(MIDLINE_M, -MIDLINE_M, x),
        "mouth": smoothstep(-0.022, -0.035, y), "brows": smoothstep(0.010, 0.018, y),
    }  # fmt: skip
    return morph.masked(np.prod([masks[cut] for cut in term.cuts], axis=0))
