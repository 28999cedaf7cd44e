"""Any .csv of curves: what its first lines look like picks the reader."""

from pathlib import Path

from rig.clip import BlendshapeClip
from rig.formats.live_link_reader import read_live_link_csv
from rig.formats.long_csv import read_long_csv
from rig.formats.text_table import TextTable
from rig.formats.wide_csv import read_wide_csv


def read_csv_clip(path: str | Path) -> BlendshapeClip:
    """Read a Live Link Face recording, an Audio2Face table, or a plain table, wide or long, whatever it is called.

    Raises RigError where it is none of them.
    """
    table = TextTable.opened(path)
    header = [cell.lower() for cell in table.header]
    if "name" in header and "value" in header:
        return read_long_csv(path)
    # Audio2Face has a timeCode as well, but of plain seconds.
    if "timecode" in header and not _is_seconds(table, header.index("timecode")):
        return read_live_link_csv(path)
    return read_wide_csv(path)


def _is_seconds(table: TextTable, column: int) -> bool:
    cells = table.first_row()
    return len(cells) > column and cells[column] != "" and ":" not in cells[column]
