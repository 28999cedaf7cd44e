"""How shapes are called in a file that is written."""

import csv
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from rig.arkit import INDEX, NAMES, stem_and_side
from rig.errors import RigError
from rig.formats.shape_names import shape_of

STYLES = ("arkit", "pascal", "underscore")
"""eyeBlinkLeft, EyeBlinkLeft, eyeBlink_L."""


def styled(name: str, style: str) -> str:
    """An ARKit name in one of STYLES."""
    if style == "pascal":
        return name[0].upper() + name[1:]
    stem, side = stem_and_side(name)
    return f"{stem}_{side[0]}" if style == "underscore" and side else name


@dataclass(frozen=True)
class Naming:
    """Names on the way out; the same for every writer.

    style: one of STYLES, or None for the format's own.  prefix: put before each name, "blendShape1.".
    mesh_path: where the mesh stands in the scene or hierarchy, for the formats that name it ("Body/Head").
    shapes: the subset that is written, in this order.  names: ARKit name -> the name to write, above style and prefix.

    Raises RigError for another style, for names that are none of the 52, for control characters, and where two shapes
    would share a name.
    """

    style: str | None = None
    prefix: str = ""
    mesh_path: str = ""
    shapes: tuple[str, ...] = NAMES
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.style is not None and self.style not in STYLES:
            raise RigError(f"The naming style {self.style!r} is not known; choose one of {', '.join(STYLES)}.")
        strange = [name for name in (*self.shapes, *self.names) if name not in INDEX]
        if strange:
            raise RigError(f"{strange[0]!r} is not an ARKit shape; the names are those of rig.NAMES, such as jawOpen.")
        if not self.shapes or len(set(self.shapes)) != len(self.shapes):
            raise RigError("The subset of shapes is empty or names one twice; list each shape once.")
        written = self.written()
        unspeakable = [name for name in written if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)]
        if unspeakable:
            raise RigError(f"A shape cannot be called {unspeakable[0]!r}; use a name without control characters.")
        twice = next((name for name in written if written.count(name) > 1), None)
        if twice is not None:
            raise RigError(f"Two shapes would be called {twice!r}; give each its own name.")
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))

    @property
    def plain(self) -> bool:
        """Whether nothing was asked for: a format then writes exactly what it always does."""
        return self.style is None and not self.prefix and self.shapes == NAMES and not self.names

    def written(self, own_style: str = "arkit") -> tuple[str, ...]:
        """The names of `shapes` as they are written; own_style: the format's own style."""
        style = self.style or own_style
        return tuple(self.names.get(name) or self.prefix + styled(name, style) for name in self.shapes)

    def cells(self, own_style: str = "arkit") -> tuple[str, ...]:
        """The same for tables. Raises RigError for a name with a comma or a quote, which their readers split at."""
        written = self.written(own_style)
        broken = next((name for name in written if "," in name or '"' in name), None)
        if broken is not None:
            raise RigError(f"A table cannot have a column called {broken!r}; use a name without comma and quote.")
        return written

    def columns(self) -> list[int]:
        """Columns of a weights array that are written, in the order of `shapes`."""
        return [INDEX[name] for name in self.shapes]


def read_name_map(path: str | Path) -> dict[str, str]:
    """Read a map file, {"jawOpen": "Jaw_Open"} as .json or lines `jawOpen,Jaw_Open`: ARKit name -> name to write.

    The ARKit side may be spelled any way that shape_of knows. Raises RigError, naming the line, for anything else.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RigError(f"{path.name} cannot be read as a map of names ({error}); give a .json or .csv file.") from None
    try:
        rows = list(json.loads(text).items()) if text.lstrip().startswith("{") else _lines(text)
    except (ValueError, RecursionError, csv.Error) as error:
        raise RigError(f"{path.name} is no map of names ({error}); write jawOpen,Jaw_Open on each line.") from None
    found: dict[str, str] = {}
    for ours, theirs in rows:
        name = shape_of(ours)
        if name is None or not isinstance(theirs, str) or not theirs.strip() or name in found:
            raise RigError(f"{path.name} maps {ours!r} to {theirs!r}; map each ARKit name once, to a name.")
        found[name] = theirs.strip()
    return found


def _lines(text: str) -> list[tuple[str, str]]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            cells = next(csv.reader([line], skipinitialspace=True, strict=True))
            if len(cells) != 2:
                raise ValueError(f"line {number} has {len(cells)} cells, not 2")
            rows.append((cells[0], cells[1]))
    return rows
