"""The JSON of LAM-A2E (LAM_Audio2Expression): names once, then one object a frame.

LAM leaves each frame's "rotation" empty, and so does this program. A head that moves, and eyes with angles of their
own, stand in two members behind the frames, "head_rotation" and "eye_rotation", which readers that go by LAM's
members pass over: radians (pitch, yaw, roll) as rig.rotation has them, for the eyes left then right.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.frame_rate import usable_fps
from rig.formats.json_numbers import NumberRows, number_rows
from rig.formats.json_stream import json_object
from rig.formats.named_weights import check_finite, weights_by_name
from rig.safe_file import written_beside

LAM_ORDER: tuple[str, ...] = tuple(sorted(NAMES))
"""The order of LAM's own files: alphabetical, so that tongueOut is the last."""

_ANGLES = ("pitch", "yaw", "roll")


def write_lam_json(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a clip as LAM-A2E does, in LAM's order unless a subset was asked for; numbers read back exactly.

    Which frames a capture had seen is not kept. Raises RigError where the file cannot be written.
    """
    naming = options.naming
    if naming.shapes == NAMES:
        naming = replace(naming, shapes=LAM_ORDER)
    names = naming.written()
    metadata = {"fps": clip.fps, "frame_count": len(clip), "blendshape_names": names}
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        start = json.dumps({"names": names, "metadata": metadata}, ensure_ascii=False)
        file.write(start[:-1] + ', "frames": [\n')
        for number, row in enumerate(number_rows(clip.weights[:, naming.columns()])):
            time_s = repr(round(number / clip.fps, 9))
            file.write(f'{"," if number else ""}{{"weights":[{row}],"time":{time_s},"rotation":[]}}\n')
        file.write("]")
        if clip.head_rotation.any():
            file.writelines(_member("head_rotation", clip.head_rotation))
        if clip.eye_rotation is not None:
            file.writelines(_member("eye_rotation", clip.eye_rotation.reshape(-1, 6)))
        file.write("}\n")


def _member(name: str, values: np.ndarray) -> list[str]:
    rows = [f"{',' if number else ''}[{row}]\n" for number, row in enumerate(number_rows(values))]
    return [f', "{name}": [\n', *rows, "]"]


def lam_clip(text: str, file_name: str) -> BlendshapeClip:
    """The clip in the text of LAM-A2E's JSON, by names, whatever their order; file_name: for messages.

    Raises RigError where the text is none; says by warnings what is unknown, missing or clipped.
    """
    weights, head, eyes = (NumberRows(f"{file_name}: {what}") for what in ("weights", "head_rotation", "eye_rotation"))

    def take(frame: Any) -> None:
        weights.add(frame.get("weights") if isinstance(frame, dict) else None)

    lists = {"frames": take, "head_rotation": head.add, "eye_rotation": eyes.add}
    document = json_object(text, file_name, lists)
    values = weights.array()
    metadata = document.get("metadata") if isinstance(document.get("metadata"), dict) else {}
    names = document.get("names", metadata.get("blendshape_names"))
    if not isinstance(names, list) or len(names) != values.shape[1] or not all(isinstance(n, str) for n in names):
        raise RigError(f"{file_name} has not one text in names for each of {values.shape[1]} weights; mend names.")
    fps = usable_fps(metadata.get("fps"), file_name, "fps in metadata")
    curves = weights_by_name(file_name, names, values)
    head_rotation = np.zeros((len(curves), 3)) if len(head) == 0 else _angles(head, file_name, curves, 1)
    eye_rotation = None if len(eyes) == 0 else _angles(eyes, file_name, curves, 2).reshape(-1, 2, 3)
    return BlendshapeClip(curves, head_rotation, fps, eye_rotation)


def _angles(rows: NumberRows, file_name: str, weights: np.ndarray, parts: int) -> np.ndarray:
    values = rows.array()
    if values.shape != (len(weights), 3 * parts):
        raise RigError(
            f"{file_name} has rotations of shape {values.shape}; {len(weights)} frames of {3 * parts} are needed."
        )
    check_finite(file_name, values, _ANGLES * parts)
    return values
