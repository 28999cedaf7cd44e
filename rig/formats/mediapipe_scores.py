"""Expression scores of MediaPipe's FaceLandmarker, as people save them; only read.

As .json a list of frames, or an object with "frames" and "fps". A frame is what the task gives (its faceBlendshapes,
or one face's categories with categoryName and score, or name -> score), or a row of numbers under "names". As .npz
names (N,), scores (T, N), fps, and, where there are, head (T, 4, 4) and ok (T,). Scores are taken as they are, without
calibration. "_neutral" is left out, and tongueOut is not among MediaPipe's scores.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.frame_rate import usable_fps
from rig.formats.json_stream import json_text, take_documents
from rig.formats.mediapipe_frames import MediaPipeFrames
from rig.formats.named_weights import check_finite, weights_by_name
from rig.formats.npz_arrays import npz_arrays
from rig.formats.row_grid import RowGrid, check_rising, second_grid
from rig.rotation import angles_from_matrix

_IGNORED = ("_neutral",)
_ARRAYS = ("names", "scores", "fps", "head", "ok", "offsets")


def read_mediapipe(path: str | Path) -> BlendshapeClip:
    """Read scores from .json or .npz by names; frames without a face are led across, and not seen.

    The head's turn comes from its 4 x 4 matrices where the file has them, else it is 0. Raises RigError where the file
    holds no scores, or no rate and no timestamps.
    """
    path = Path(path)
    if path.suffix.lower() == ".npz":
        return _npz_clip(path)
    return mediapipe_clip(json_text(path), path.name)


def mediapipe_clip(text: str, file_name: str) -> BlendshapeClip:
    """The clip in the text of such a JSON file; file_name: for messages."""
    frames = MediaPipeFrames(file_name)
    told: dict[str, Any] = {}

    def take(document: Any) -> None:
        if isinstance(document, dict) and frames.listed:
            told.update(document)
        else:
            frames.add(document)

    take_documents(text, file_name, take, {"frames": frames.add_listed})
    fps, names = told.get("fps"), frames.names or told.get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RigError(f"{file_name} holds no frames of MediaPipe's blendshape scores; name a file that does.")
    if frames.times_s:
        grid = _timed(np.array(frames.times_s), fps, file_name)
    elif fps is not None:
        grid = _counted(len(frames.seen), fps, file_name)
    else:
        raise RigError(f'{file_name} has no timestamps and no rate; write it as {{"fps": 25, "frames": [...]}}.')
    return _clip(file_name, names, frames.rows.array(), np.array(frames.seen), frames.matrices(), grid)


def _npz_clip(path: Path) -> BlendshapeClip:
    arrays = npz_arrays(path, _ARRAYS, "MediaPipe's scores")
    if not {"names", "scores", "fps"} <= set(arrays):
        raise RigError(f"{path.name} lacks names, scores or fps; an npz of MediaPipe's scores holds them.")
    names = [str(name) for name in arrays["names"].ravel()]
    scores, head = arrays["scores"], arrays.get("head")
    count = len(scores) if scores.ndim == 2 else 0
    ok = arrays.get("ok", np.ones(count))
    shapes = [array.shape for array in (head, ok) if array is not None]
    numbers = [array.dtype.kind in "fiub" for array in (scores, ok, arrays["fps"], *([] if head is None else [head]))]
    if not count or scores.shape[1] != len(names) or not set(shapes) <= {(count, 4, 4), (count,)} or not all(numbers):
        raise RigError(f"{path.name} needs scores (frames, names), and head (frames, 4, 4) and ok (frames) if any.")
    if arrays.get("offsets", np.zeros(2)).size > 2:
        raise RigError(f"{path.name} holds {arrays['offsets'].size - 1} takes one after the other; cut one out first.")
    scores = scores.astype(np.float32)
    seen = ok.astype(bool) & np.isfinite(scores).all(axis=1)
    if head is not None:
        seen &= np.isfinite(head).all(axis=(1, 2))
    grid = _counted(count, float(arrays["fps"].ravel()[0]) if arrays["fps"].size == 1 else None, path.name)
    return _clip(path.name, names, scores[seen], seen, None if head is None else head[seen], grid)


def _counted(count: int, fps: Any, file_name: str) -> RowGrid:
    return RowGrid(usable_fps(fps, file_name, "fps"), np.arange(count, dtype=np.float64))


def _timed(times_s: np.ndarray, fps: Any, file_name: str) -> RowGrid:
    """fps: what the file says, which counts only where a single frame has no rate of its own."""
    if len(times_s) == 1:
        return _counted(1, 30.0 if fps is None else fps, file_name)
    check_finite(file_name, times_s[:, None], ("time",))
    check_rising(times_s, np.arange(len(times_s)), Path(file_name), "frame")
    return second_grid(times_s, Path(file_name))


def _clip(
    file_name: str, names: list[str], rows: np.ndarray, seen: np.ndarray, heads: np.ndarray | None, grid: RowGrid
) -> BlendshapeClip:
    """rows, heads: of the frames in which a face was seen; grid: where all frames stand."""
    if not seen.any():
        raise RigError(f"{file_name} has no frame with a face; name a recording that has one.")
    if rows.shape[1] != len(names):
        raise RigError(f"{file_name} has {len(names)} names and {rows.shape[1]} scores a frame; mend names.")
    weights, angles = np.zeros((len(seen), len(NAMES)), dtype=np.float32), np.zeros((len(seen), 3))
    weights[seen] = weights_by_name(file_name, names, rows, _IGNORED)
    if heads is not None:
        angles[seen] = _head_angles(heads, file_name)
    led = (grid.led_across(values, seen) for values in (weights, angles))
    return BlendshapeClip(*led, grid.fps, seen=grid.seen(seen))


def _head_angles(heads: np.ndarray, file_name: str) -> np.ndarray:
    """(T, 4, 4) MediaPipe head matrices -> (T, 3) radians; their axes are rig.rotation's, their scale is left out."""
    turns = heads[:, :3, :3].astype(np.float64)
    if not np.isfinite(turns).all():
        raise RigError(f"{file_name} has a head matrix that is not finite; mend or drop that frame.")
    left, _, right = np.linalg.svd(turns)
    return angles_from_matrix(left @ right)
