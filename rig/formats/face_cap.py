"""Recordings of the Face Cap app for iPhones, as its .txt export has them.

Lines of commas: "info" with what a row holds, "bs" with the names of the shapes, then a "k" a frame: milliseconds,
head position (x, y, z), head angles (x, y, z), left eye angles (x, y), right eye angles (x, y), weights. Angles are
degrees in SceneKit's axes, applied roll, pitch, yaw, as the Unity receiver of the app's author takes them: those of
rig.rotation. Layout and order of shapes are those that import add-ons for Blender read; no sample was at hand.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.json_numbers import number_rows
from rig.formats.named_weights import check_finite, weights_by_name
from rig.formats.row_grid import check_rising, second_grid
from rig.reading import reading
from rig.safe_file import written_beside

FACE_CAP_ORDER: tuple[str, ...] = (
    "browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight", "eyeLookUpLeft",
    "eyeLookUpRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
    "eyeLookOutRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "jawOpen",
    "jawForward", "jawLeft", "jawRight", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthRollUpper",
    "mouthRollLower", "mouthShrugUpper", "mouthShrugLower", "mouthClose", "mouthSmileLeft", "mouthSmileRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthStretchLeft", "mouthStretchRight", "tongueOut",
)  # fmt: skip
"""The app's own order of the 52, which some readers go by."""

_ANGLES = 7  # head x, y, z, then x, y of the left and of the right eye
_BEFORE_WEIGHTS = 3 + _ANGLES  # behind the time
_BLOCK = 4096  # rows taken at once
_INFO = "info,dreamtalk,milliseconds,head position xyz,head angles xyz,left eye angles xy,right eye angles xy,shapes"


def write_face_cap(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a clip as Face Cap does, in the app's order and _L/_R names unless others were asked for.

    Times are whole milliseconds, as in the app's files; the head stays in place. Raises RigError where the file
    cannot be written.
    """
    naming = options.naming
    if naming.shapes == NAMES:
        naming = replace(naming, shapes=FACE_CAP_ORDER)
    angles = np.concatenate([clip.head_rotation, clip.eyes()[:, :, :2].reshape(-1, 4)], axis=1)
    rows = number_rows(np.concatenate([np.degrees(angles), clip.weights[:, naming.columns()]], axis=1))
    with written_beside(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{_INFO}\nbs,{','.join(naming.cells('underscore'))}\n")
        for number, row in enumerate(rows):
            file.write(f"k,{round(number * 1000 / clip.fps)},0.0,0.0,0.0,{row}\n")


def read_face_cap(path: str | Path) -> BlendshapeClip:
    """Read a Face Cap .txt by the names of its "bs" line; frames stand where their milliseconds say.

    Frames between rows are led across, and not seen where rows lie more than a quarter of a second apart. Raises
    RigError, naming the line, for anything else; says by warnings what is unknown, missing or clipped.
    """
    path = Path(path)
    names, lines, times_s, values = _read_lines(path)
    names = names or (list(FACE_CAP_ORDER) if values.shape[1] == _BEFORE_WEIGHTS + len(NAMES) else [])
    if values.shape[1] != _BEFORE_WEIGHTS + len(names):
        raise RigError(
            f"{path.name} names {len(names)} shapes in its bs line, but its rows have "
            f"{values.shape[1] - _BEFORE_WEIGHTS} weights; mend that line."
        )
    check_finite(path.name, times_s[:, None], ("time",))
    check_rising(times_s, lines, path)
    grid, all_rows = second_grid(times_s, path), np.ones(len(times_s), dtype=bool)
    check_finite(path.name, values[:, 3:_BEFORE_WEIGHTS], ("head angle",) * 3 + ("eye angle",) * 4)
    angles = np.radians(grid.led_across(values[:, 3:_BEFORE_WEIGHTS], all_rows))
    weights = weights_by_name(path.name, names, grid.led_across(values[:, _BEFORE_WEIGHTS:], all_rows))
    eyes = np.zeros((len(angles), 2, 3), dtype=np.float32)
    eyes[:, :, :2] = angles[:, 3:].reshape(-1, 2, 2)
    return BlendshapeClip(weights, angles[:, :3], grid.fps, eyes, grid.seen(all_rows))


def _read_lines(path: Path) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Names of the shapes, empty without a bs line; of the rows: their lines in the file (N,), seconds (N,) and the
    numbers behind them (N, 10 + shapes)."""
    names: list[str] = []
    places: list[int] = []
    keys: list[tuple[int, str]] = []
    blocks: list[np.ndarray] = []
    with reading(path, "a recording of Face Cap"), path.open(encoding="utf-8-sig") as file:
        for place, line in enumerate(file, start=1):
            kind, _, rest = line.rstrip().rstrip(",").partition(",")
            if kind == "k":
                places.append(place)
                keys.append((place, rest))
            elif kind == "bs":
                names = [name.strip() for name in rest.split(",")]
            elif kind not in ("", "info"):
                raise RigError(f"Line {place} of {path.name} begins with no info, bs or k; name Face Cap's text.")
            if len(keys) == _BLOCK:
                blocks.append(_numbers(keys, path.name))
                keys = []
    blocks += [_numbers(keys, path.name)] if keys else []
    if not blocks:
        raise RigError(f"{path.name} has no line that begins with k; name a recording of Face Cap.")
    if len({block.shape[1] for block in blocks}) > 1 or blocks[0].shape[1] <= 1 + _BEFORE_WEIGHTS:
        raise RigError(f"{path.name} has rows of unequal length, or without weights; mend or drop them.")
    rows = np.concatenate(blocks)
    return names, np.array(places), rows[:, 0] / 1000, rows[:, 1:].astype(np.float32)


def _numbers(keys: list[tuple[int, str]], file_name: str) -> np.ndarray:
    """(n, K) float64 of n lines, given with their place in the file."""
    try:
        return np.loadtxt([rest for _, rest in keys], delimiter=",", comments=None, ndmin=2)
    except (ValueError, OverflowError):
        wrong = next((place for place, rest in keys if not _is_row(rest, keys[0][1].count(","))), keys[0][0])
    raise RigError(f"Line {wrong} of {file_name} holds no row of numbers as the others do; mend or drop it.")


def _is_row(rest: str, commas: int) -> bool:
    try:
        return len([float(cell) for cell in rest.split(",")]) == commas + 1
    except ValueError:
        return False
