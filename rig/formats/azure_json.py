"""Blend shapes as Azure's speech service sends them with its viseme events.

Each event brings {"FrameIndex": frames before this chunk, "BlendShapes": rows of 55 numbers} at 60 frames a second.
The order is documented ("Get facial position with viseme"): the 52 shapes in the order of the Unreal enum, then
headRoll, leftEyeRoll and rightEyeRoll. The page gives the rolls neither unit nor sign; they are taken as those of
Live Link Face, whose names they bear: radians, the negative of rig.rotation's. Pitch and yaw are not in the format.
"""

import logging
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.json_numbers import NumberRows, number_rows
from rig.formats.json_stream import take_documents
from rig.formats.named_weights import check_finite, weights_by_name
from rig.gaze import eye_rotation_from_weights
from rig.safe_file import written_beside

_log = logging.getLogger(__name__)

AZURE_FPS = 60.0
AZURE_ORDER: tuple[str, ...] = (*NAMES, "headRoll", "leftEyeRoll", "rightEyeRoll")
"""The documented order of the 55 numbers; its first 52 are the Unreal enum, as rig.arkit.NAMES."""

_CHUNK_FRAMES = 60


def write_azure_json(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a list of chunks of a second each, at 60 frames a second whatever the clip's rate.

    Shapes outside an asked subset are 0; names are not in the format. Raises RigError where the file cannot be
    written.
    """
    if clip.fps != AZURE_FPS:
        if options.rate is not None:
            _log.warning("%s runs at 60 frames a second, the only rate of its format.", Path(path).name)
        clip = clip.resampled(AZURE_FPS)
    values = np.zeros((len(clip), len(AZURE_ORDER)), dtype=np.float32)
    columns = options.naming.columns()
    values[:, columns] = clip.weights[:, columns]
    values[:, 52] = -clip.head_rotation[:, 2]
    values[:, 53:] = -clip.eyes()[:, :, 2]
    rows = number_rows(values + np.float32(0))  # + 0 turns -0 into 0
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        for first in range(0, len(clip), _CHUNK_FRAMES):
            chunk = "],[".join(islice(rows, _CHUNK_FRAMES))
            file.write(f'{"," if first else "["}{{"FrameIndex":{first},"BlendShapes":[[{chunk}]]}}\n')
        file.write("]\n")


def azure_clip(text: str, file_name: str) -> BlendshapeClip:
    """The clip in the text of one event's chunk, of a list of them, or of one a line; file_name: for messages.

    Raises RigError where the text holds none, or a chunk is missing, doubled or out of its order.
    """
    rows = NumberRows(f"{file_name}: BlendShapes")
    before = 0

    def take(chunk: Any) -> None:
        nonlocal before
        if not isinstance(chunk, dict) or not isinstance(chunk.get("FrameIndex"), float) or len(rows) == before:
            raise RigError(f"{file_name} has a chunk without FrameIndex or BlendShapes; name Azure's viseme events.")
        if chunk["FrameIndex"] != before:
            raise RigError(
                f"{file_name}: the chunk with FrameIndex {chunk['FrameIndex']:g} follows {before} frames; "
                "a chunk is missing, doubled or out of its order."
            )
        before = len(rows)

    take_documents(text, file_name, take, {"BlendShapes": rows.add})
    values = rows.array()
    if values.shape[1] != len(AZURE_ORDER):
        raise RigError(f"{file_name} has {values.shape[1]} numbers a frame; Azure's frames have {len(AZURE_ORDER)}.")
    check_finite(file_name, values, AZURE_ORDER)
    weights = weights_by_name(file_name, NAMES, values[:, : len(NAMES)])
    head = np.zeros((len(values), 3), dtype=np.float32)
    head[:, 2] = -values[:, 52]
    eyes = eye_rotation_from_weights(weights)
    eyes[:, :, 2] = -values[:, 53:]
    return BlendshapeClip(weights, head, AZURE_FPS, eyes if eyes[:, :, 2].any() else None)
