"""Contact sheets of portraits: eight expressions each, whole, and large crops of mouth and eyes."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from dreamtalk.evaluation.face_regions import EYES, OUTER_LIPS
from dreamtalk.evaluation.portrait_sweep import columns
from dreamtalk.portrait.portrait import Portrait
from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.safe_file import written_beside

EXPRESSIONS: dict[str, dict[str, float]] = {
    "rest": {}, "talking": {"jawOpen": 0.35}, "wide": {"jawOpen": 0.8},
    "smile": {"mouthSmile": 0.8, "cheekSquint": 0.4, "jawOpen": 0.15}, "blink": {"eyeBlink": 1.0},
    "pucker": {"mouthPucker": 0.8}, "brows up": {"browInnerUp": 0.8, "browOuterUp": 0.5, "jawOpen": 0.15},
    "angry": {"browDown": 0.9, "noseSneer": 0.4, "mouthUpperUp": 0.5, "mouthLowerDown": 0.5},
}  # fmt: skip
TURNS = {"turned": (0.14, 0.21, 0.0), "turned back": (-0.14, -0.21, 0.0)}
"""Two more columns of the whole picture: pitch, yaw, roll in radians."""
SHEET_WIDTH = 1560
"""Pictures, in pixels: as wide as a viewer shows without shrinking."""
PER_LINE = {"whole": 6, "head": 6, "mouth": 5, "eyes": 5}
MARGIN = 0.45
"""Around mouth and eyes, in widths of what is shown."""


def expressions_clip(turns: bool = True) -> BlendshapeClip:
    """One frame per expression, then the turns of the head."""
    count = len(EXPRESSIONS) + (len(TURNS) if turns else 0)
    weights, head = np.zeros((count, len(NAMES))), np.zeros((count, 3))
    for row, shapes in enumerate(EXPRESSIONS.values()):
        for name, amount in shapes.items():
            weights[row, columns(name)] = amount
    if turns:
        head[len(EXPRESSIONS) :] = list(TURNS.values())
    return BlendshapeClip(weights, head, 25)


def sheet_rows(portrait: Portrait, frames: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The source and the frames of expressions_clip, uint8 RGB, in lines: whole, the head, the mouth, the eyes.

    Mouth and eyes leave out the turns, which carry them out of their box.
    """
    pictures = [portrait.picture, *frames]
    marks = portrait.face.points[:, :2]
    eyes = marks[[corner for _, corners in EYES for corner in corners]]
    boxes = {
        "whole": (0, 0, *portrait.picture.shape[1::-1]), "head": _box(marks, 0.18, 1.0),
        "mouth": _box(marks[OUTER_LIPS], MARGIN, 0.8), "eyes": _box(eyes, 0.3, 0.5),
    }  # fmt: skip
    shown = {name: pictures[: 1 + len(EXPRESSIONS)] if name in ("mouth", "eyes") else pictures for name in boxes}
    return {
        name: _lines([_tile(each, boxes[name], SHEET_WIDTH // PER_LINE[name]) for each in shown[name]], PER_LINE[name])
        for name in boxes
    }


def _lines(tiles: list[np.ndarray], per_line: int) -> np.ndarray:
    """Tiles of one size in lines, white where the last line ends early."""
    blank = [np.full_like(tiles[0], 255)] * (-len(tiles) % per_line)
    tiles = tiles + blank
    return np.vstack([np.hstack(tiles[start : start + per_line]) for start in range(0, len(tiles), per_line)])


def write_sheets(folder: Path, sheets: dict[str, list[np.ndarray]], rows_each: int = 3) -> list[Path]:
    """Write FOLDER/NAME_K.png, `rows_each` portraits a picture; returns the files."""
    written = []
    for name, rows in sheets.items():
        for start in range(0, len(rows), rows_each):
            path = folder / f"{name}_{start // rows_each}.png"
            with written_beside(path) as beside:
                Image.fromarray(np.vstack(rows[start : start + rows_each])).save(beside, "PNG")
            written.append(path)
    return written


def _box(points: np.ndarray, margin: float, tall: float) -> tuple[int, int, int, int]:
    """left, top, right, bottom around points; `tall` = height over width."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    width = max(float(high[0] - low[0]) * (1 + 2 * margin), 8.0)
    half = np.array([width, width * tall]) / 2
    return tuple(np.round(np.r_[middle - half, middle + half]).astype(int).tolist())  # type: ignore[return-value]


def _tile(picture: np.ndarray, box: tuple[int, int, int, int], width: int) -> np.ndarray:
    left, top, right, bottom = box
    edge = max(0, -left, -top, right - picture.shape[1], bottom - picture.shape[0])
    padded = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)), mode="edge") if edge else picture
    part = padded[top + edge : bottom + edge, left + edge : right + edge]
    height = round(width * (bottom - top) / (right - left))
    flag = cv2.INTER_AREA if width < part.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(part, (width, height), interpolation=flag)
