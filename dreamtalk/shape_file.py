"""Shape adjustments as small files.

    shape,gain,offset,low,high      {"jawOpen": {"gain": 1.2},
    jawOpen,1.2,,,                   "mouthSmile": {"offset": 0.05, "high": 0.8}}
    mouthSmile,,0.05,,0.8

What is left out is as it was. With its side left off, a shape means both: mouthSmile.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreamtalk.errors import OptionError
from dreamtalk.table_file import SUFFIXES, csv_rows, json_value, number, read_table_text
from rig.arkit import NAMES
from rig.safe_file import written_beside
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments

FIELDS = ("gain", "offset", "low", "high")
COLUMNS = ("shape", *FIELDS)


def read_shapes(path: str | Path) -> ShapeAdjustments:
    """Read adjustments from .csv or .json. Raises OptionError or RigError, naming the shape, for anything else."""
    path = Path(path)
    text = read_table_text(path, "table of shapes")
    if path.suffix.lower() == ".csv":
        rows = csv_rows(text, path.name, COLUMNS, ("shape",))
        if any("shape" not in row for row in rows):
            raise OptionError(f"{path.name} has a line without a shape; start each with a name such as jawOpen.")
        found = tuple(_adjustment(row.pop("shape"), row, path.name) for row in rows)
    else:
        value = json_value(text, path.name)
        if not isinstance(value, Mapping) or not all(isinstance(row, Mapping) for row in value.values()):
            raise OptionError(f'{path.name} holds no table of shapes; write {{"jawOpen": {{"gain": 1.2}}}}.')
        found = tuple(_adjustment(shape, row, path.name) for shape, row in value.items())
    return ShapeAdjustments(found)


def write_shapes_template(path: str | Path) -> None:
    """Write a file of all 52 shapes that changes nothing yet, .csv or .json. Raises OptionError for other suffixes."""
    path, plain = Path(path), {"gain": 1, "offset": 0, "low": 0, "high": 1}
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path.name} ends in {path.suffix or 'nothing'}; give a .csv or .json.")
    if path.suffix.lower() == ".csv":
        lines = [",".join(COLUMNS), *(",".join([name, *map(str, plain.values())]) for name in NAMES)]
    else:
        lines = ["{", ",\n".join(f'  "{name}": {json.dumps(plain)}' for name in NAMES), "}"]
    with written_beside(path) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _adjustment(shape: str, row: Mapping[str, Any], file: str) -> ShapeAdjustment:
    strange = [str(name) for name in row if name not in FIELDS]
    if strange:
        raise OptionError(f"{shape} in {file} has {strange[0]}; a shape has {', '.join(FIELDS)}.")
    values = {name: number(value, f"{name} of {shape} in {file}") for name, value in row.items()}
    return ShapeAdjustment(shape, **values)
