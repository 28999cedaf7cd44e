"""Wavefront .obj: the vertices, and the triangles by material or group."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rig.errors import RigError
from rig.reading import reading

LARGEST_BYTES = 400_000_000


@dataclass(frozen=True, eq=False)
class ObjMesh:
    """points: (V, 3) float64.  parts: name of a material, object or group -> (F, 3) int32 triangles."""

    points: np.ndarray
    parts: dict[str, np.ndarray]


def read_obj_points(path: Path) -> np.ndarray:
    """(V, 3) float64, the vertices alone. Raises RigError, naming the line, where a number is none."""
    return _points(_lines(path), path.name)


def read_obj(path: Path) -> ObjMesh:
    """The whole mesh. Raises RigError, naming the line, for text in numbers and faces out of range."""
    lines = _lines(path)
    points = _points(lines, path.name)
    corners: dict[str, list[list[int]]] = {}
    part = "mesh"
    has_materials = any(line.startswith(b"usemtl") for line in lines)
    marks = (b"usemtl",) if has_materials else (b"o", b"g")
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if words and words[0] in marks and len(words) > 1:
            part = words[1].decode("utf-8", "replace")
        elif words and words[0] == b"f":
            corners.setdefault(part, []).extend(_triangles(words[1:], len(points), f"Line {number} of {path.name}"))
    if not corners:
        raise RigError(f"{path.name} has no faces; export the head as a mesh.")
    return ObjMesh(points, {name: np.array(rows, dtype=np.int32) for name, rows in corners.items()})


def _lines(path: Path) -> list[bytes]:
    with reading(path, "an .obj"):
        if path.stat().st_size > LARGEST_BYTES:
            raise RigError(f"{path.name} is too large for a head; give an .obj under {LARGEST_BYTES // 10**6} MB.")
        return path.read_bytes().splitlines()


def _points(lines: Iterable[bytes], file: str) -> np.ndarray:
    rows = [line.split()[1:4] for line in lines if line.startswith((b"v ", b"v\t"))]
    try:
        points = np.array(rows, dtype=np.float64).reshape(-1, 3)
    except ValueError:
        points = None
    if points is None or not np.isfinite(points).all():
        raise RigError(f"{_first_bad_line(lines, file)} is no vertex of three numbers; export the file anew.")
    if not len(points):
        raise RigError(f"{file} has no vertices; give an .obj of a head.")
    return points


def _first_bad_line(lines: Iterable[bytes], file: str) -> str:
    for number, line in enumerate(lines, start=1):
        if line.startswith((b"v ", b"v\t")):
            try:
                row = [float(word) for word in line.split()[1:4]]
            except ValueError:
                row = []
            if len(row) != 3 or not np.isfinite(row).all():
                return f"Line {number} of {file}"
    return f"A line of {file}"


def _triangles(words: list[bytes], count: int, where: str) -> list[list[int]]:
    """A face of any number of corners as a fan; negative numbers count from the end."""
    try:
        corners = [int(word.split(b"/", 1)[0]) for word in words]
    except ValueError:
        raise RigError(f"{where} is no face of whole numbers; export the file anew.") from None
    corners = [corner - 1 if corner > 0 else corner + count for corner in corners]
    if len(corners) < 3 or not all(0 <= corner < count for corner in corners):
        raise RigError(f"{where} is a face of vertices that are not there; export the file anew.")
    return [[corners[0], *pair] for pair in zip(corners[1:], corners[2:], strict=False)]
