"""animation_frames.csv, as the Python client of NVIDIA's Audio2Face-3D writes it.

The client flattens its frames with pandas: an unnamed index, timeCode in seconds, then blendShapes.EyeBlinkLeft and so
on in the order of Unreal's enum. Its service adds 16 shapes of the tongue, which ARKit lacks: they are left out here,
on the way out and, with a warning, on the way in. Head and eyes have no place in it. rig.formats.wide_csv reads it.
"""

from pathlib import Path

from rig.clip import BlendshapeClip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.safe_file import written_beside
from rig.timing import frame_times

_ROWS_AT_ONCE = 8192


def write_a2f_csv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write index, timeCode and weights, each with the digits that give it back exactly.

    The service runs at 30 frames a second; the file takes any rate. It appears whole or not at all; raises RigError
    where it cannot.
    """
    import polars as pl

    columns, times = options.naming.columns(), frame_times(len(clip), clip.fps)
    header = ["", "timeCode", *(f"blendShapes.{name}" for name in options.naming.cells("pascal"))]
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(header) + "\n")
        for first in range(0, len(clip), _ROWS_AT_ONCE):
            block = slice(first, first + _ROWS_AT_ONCE)
            rows = range(len(clip))[block]
            table = pl.DataFrame([pl.Series("index", rows), pl.Series("timeCode", times[block])])
            weights = pl.DataFrame(clip.weights[block][:, columns], schema=header[2:], orient="row")
            file.write(table.hstack(weights).write_csv(include_header=False))

