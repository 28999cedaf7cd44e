"""The legacy JSON of NVIDIA's Audio2Face app, and the JSON lines of its live link.

The exported file has the frames as rows of "weightMat" under the names in "facsNames", and room for joints that this
program leaves empty: head and eye angles are not in the format. The live link sends one object a frame, which
recorders keep as one line each; these are only read.
"""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.frame_rate import usable_fps
from rig.formats.json_numbers import NumberRows, number_rows
from rig.formats.json_stream import json_object, take_documents
from rig.formats.named_weights import weights_by_name
from rig.safe_file import written_beside

_log = logging.getLogger(__name__)

_LARGEST_INDEX = 2.0**31


def write_a2f_json(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write the 52 curves as the app's blendshape export does; trackPath is the sound that was asked for, or "".

    Weights are written so that they read back exactly. Raises RigError where the file cannot be written.
    """
    names = options.naming.written()
    head = {
        "exportFps": clip.fps, "trackPath": options.sound_from(path),
        "numPoses": len(names), "numFrames": len(clip), "facsNames": names,
    }  # fmt: skip
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "weightMat": [\n')
        for number, row in enumerate(number_rows(clip.weights[:, options.naming.columns()])):
            file.write(f"{',' if number else ''}[{row}]\n")
        file.write('], "joints": [], "rotations": [], "translations": []}\n')


def a2f_clip(text: str, file_name: str) -> BlendshapeClip:
    """The clip in the text of the app's export, of 46, 52 or any poses, or of a recording of its live link, by names.

    file_name: for messages. Raises RigError where the text is neither; says by warnings what is unknown, missing or
    clipped.
    """
    if '"weightMat"' not in text:
        return _live_clip(text, file_name)
    rows = NumberRows(f"{file_name}: weightMat")
    document = json_object(text, file_name, {"weightMat": rows.add})
    names = document.get("facsNames")
    if not _all_text(names) or len(rows) == 0:
        raise RigError(f"{file_name} has no facsNames and weightMat; name the JSON that Audio2Face exported.")
    values = rows.array()
    if values.shape[1] != len(names):
        raise RigError(
            f"{file_name} has {len(names)} facsNames and {values.shape[1]} weights in each row of weightMat; "
            "there should be one name a weight."
        )
    told = document.get("numFrames", len(values))
    if told != len(values):
        _log.warning("%s has %d frames, not the number that numFrames says.", file_name, len(values))
    fps = usable_fps(document.get("exportFps"), file_name, "exportFps")
    weights = weights_by_name(file_name, names, values)
    return BlendshapeClip(weights, np.zeros((len(weights), 3)), fps)


def _all_text(names: Any) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) for name in names)


def _live_clip(text: str, file_name: str) -> BlendshapeClip:
    """Frames of the live link stand at their Index; those that were lost on the way are led across."""
    rows, places = NumberRows(f"{file_name}: Weights"), []
    told: dict[str, Any] = {}

    def take(frame: Any) -> None:
        try:
            face, timing = frame["Audio2Face"]["Facial"], frame["Audio2Face"]["FrameTiming"]
            names, fps, place = face["Names"], timing["FPS"], timing["Index"]
            rows.add(face["Weights"])
        except (KeyError, TypeError):
            raise RigError(f"{file_name} is no Audio2Face export; its frames lack Facial or FrameTiming.") from None
        if not isinstance(place, float) or not abs(place) < _LARGEST_INDEX or told.setdefault("names", names) != names:
            raise RigError(f"{file_name}: frame {len(rows) - 1} has no Index, or other Names than the first; drop it.")
        told["fps"] = fps
        places.append(place)

    take_documents(text, file_name, take, {})
    names = told.get("names")
    values = rows.array()
    if not _all_text(names) or values.shape[1] != len(names):
        raise RigError(f"{file_name} has not one name a weight; name a recording of the Audio2Face live link.")
    weights = weights_by_name(file_name, names, values)
    grid, seen = _every_index(np.array(places), file_name)
    weights = np.stack([np.interp(grid, places, column) for column in weights.T], axis=1)
    fps = usable_fps(told["fps"], file_name, "FPS")
    return BlendshapeClip(weights, np.zeros((len(grid), 3)), fps, seen=None if seen.all() else seen)


def _every_index(places: np.ndarray, file_name: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices of all frames from the first to the last, and which of them came."""
    if len(places) > 1 and np.diff(places).min() <= 0:
        raise RigError(f"{file_name}: the frames' Index does not rise; sort them.")
    if places[-1] - places[0] > 100 * len(places):
        raise RigError(f"{file_name}: the frames' Index leaps over most frames; name a recording of one take.")
    grid = np.arange(places[0], places[-1] + 1)
    return grid, np.isin(grid, places)
