"""Build rig/data/face_correspondence.npz: where MediaPipe's landmarks lie on the packed head.

    python scripts/build_correspondence.py

The head is drawn from several sides with plain skin, lips, brows and eyes; MediaPipe finds its landmarks in each
picture, and the points of the head under them are averaged, made symmetric, and put on the nearest triangle. The rims
of lids and lips are then laid on the rig's own edge loops.
"""

import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from dreamtalk.face.face_landmarks import detect_faces  # noqa: E402
from rig.camera import Camera  # noqa: E402
from rig.correspondence import (  # noqa: E402
    LANDMARK_COUNT,
    LID_LOWER,
    LID_UPPER,
    LIPS_INNER_LOWER,
    LIPS_INNER_UPPER,
    LIPS_OUTER,
    OVAL,
)  # fmt: skip
from rig.face_rig import FaceRig  # noqa: E402
from rig.gl import MeshRasterizer  # noqa: E402
from rig.portrait.portrait_sheet import contact_ring, face_sheet, loop_chains  # noqa: E402

TABLE = Path(__file__).resolve().parents[1] / "rig" / "data" / "face_correspondence.npz"
SIZE_PX = 640
VIEWS_DEG = [(yaw, pitch) for yaw in (-24, -12, 0, 12, 24) for pitch in (-10, 0, 10)]
LEAST_VIEWS = 3
OVAL_WEIGHT, RIM_WEIGHT, UNSURE_WEIGHT = 0.35, 2.0, 0.3
UNSURE_SPREAD_M = 0.006
_SIDES = (("left", "right"), ("right", "left"))


def painted(rig: FaceRig, point: np.ndarray, normal: np.ndarray, part: np.ndarray, lips: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) uint8 of a plain drawn head from maps of neutral position, normal, part and lip share."""
    light = np.clip(normal @ np.array([0.25, 0.45, 0.86]), 0, 1)[..., None] * 0.75 + 0.25
    colour = np.broadcast_to([224.0, 172.0, 145.0], point.shape).copy()
    colour += np.clip(lips[..., None] * 2 - 0.6, 0, 1) * (np.array([176.0, 84.0, 82.0]) - colour)
    for pivot in rig.eye_pivots:
        side = np.sign(pivot[0])
        across = (point[..., 0] - pivot[0]) * side
        middle = pivot[1] + 0.0185 - 9.0 * (across - 0.003) ** 2
        brow = (np.abs(point[..., 1] - middle) < 0.0035) & (across > -0.017) & (across < 0.024) & (point[..., 2] > 0)
        colour[brow] = (72, 52, 42)
        eye = part == (1 if side > 0 else 2)
        off_axis = np.linalg.norm(point[..., :2] - pivot[:2], axis=-1)
        colour[eye] = (236, 234, 230)
        colour[eye & (off_axis < 0.0059)] = (96, 66, 42)
        colour[eye & (off_axis < 0.0026)] = (16, 14, 14)
    colour[(part == 3) | (part == 4)] = (235, 228, 215)
    colour[part == 5] = (160, 80, 80)
    return np.clip(colour * light, 0, 255).astype(np.uint8)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    corner = vertices[faces]
    flat = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, faces[:, k], flat)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def seen_points(
    rig: FaceRig, yaw_deg: float, pitch_deg: float, raster: MeshRasterizer, show: Path | None
) -> np.ndarray:
    """Landmarks of one view as points of the neutral head, (468, 3) metres, NaN where they miss it."""
    shown = rig.regions["skin"] | rig.regions["eye_left"] | rig.regions["eye_right"]
    camera = Camera(field_of_view_rad=0.2).moved(np.radians(yaw_deg), np.radians(pitch_deg))
    parts = np.zeros(rig.vertex_count)
    for index, name in enumerate(rig.PARTS):
        parts[rig.regions[name]] = index
    attributes = np.column_stack([
        rig.neutral, vertex_normals(rig.neutral, rig.faces), parts, rig.regions["lips"], shown
    ])  # fmt: skip
    maps, depth = raster.draw(camera.clip_positions(rig.neutral), attributes)
    point, normal, part, lips = maps[..., :3], maps[..., 3:6], np.round(maps[..., 6]), maps[..., 7]
    picture = painted(rig, point, normal @ camera.view()[:3, :3].T, part, lips)
    picture[depth == 1] = (150, 160, 170)
    if show:
        from PIL import Image

        Image.fromarray(picture).save(show / f"view_{yaw_deg}_{pitch_deg}.png")
    faces = detect_faces(picture)
    if not faces:
        return np.full((LANDMARK_COUNT, 3), np.nan)
    pixel = np.clip(np.round(faces[0].points[:LANDMARK_COUNT, :2]).astype(int), 0, SIZE_PX - 1)
    found = point[pixel[:, 1], pixel[:, 0]].astype(np.float64)
    found[depth[pixel[:, 1], pixel[:, 0]] == 1] = np.nan
    return found


def mirrored_landmarks(points: np.ndarray) -> np.ndarray:
    """(468,) the landmark on the other side: known for the rims of lips and lids, else told from the points."""
    other = linear_sum_assignment(cdist(points * [-1, 1, 1], points))[1]
    pairs = [(rim, rim[::-1]) for rim in (LIPS_INNER_UPPER, LIPS_INNER_LOWER)]
    pairs += [(LIPS_OUTER, LIPS_OUTER[(10 - np.arange(20)) % 20])]
    pairs += [(rim[side], rim[opposite]) for rim in (LID_UPPER, LID_LOWER) for side, opposite in _SIDES]
    for own, mirrored in pairs:
        other[own] = mirrored
    return other


def nearest_on_sheet(points: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closest point on a triangle mesh for each point -> triangles (L, 3), barycentric shares (L, 3)."""
    triangles, shares = np.empty((len(points), 3), np.int32), np.empty((len(points), 3), np.float32)
    corner = vertices[faces].astype(np.float64)
    for index, point in enumerate(points):
        near = np.argsort(np.linalg.norm(corner.mean(1) - point, axis=1))[:24]
        best = np.inf
        for face in near:
            a, b, c = corner[face]
            share = np.linalg.lstsq(np.stack([b - a, c - a], 1), point - a, rcond=None)[0]
            full = np.clip([1 - share.sum(), *share], 0, None)
            full /= full.sum()
            distance = np.linalg.norm(full @ corner[face] - point)
            if distance < best:
                best, triangles[index], shares[index] = distance, faces[face], full
    return triangles, shares


def lay_on_loop(ids: np.ndarray, chain: np.ndarray, rig: FaceRig, points: np.ndarray, tables: tuple) -> None:
    """Put landmarks on a chain of vertices, corner to corner, at their own share of the way across.

    Only x counts: with lips closed, the points seen between them lie anywhere in depth.
    """
    along = np.maximum.accumulate(np.abs(rig.neutral[chain, 0].astype(np.float64) - rig.neutral[chain[0], 0]))
    along += np.arange(len(chain)) * 1e-6  # strictly increasing
    own = np.abs(points[ids, 0] - points[ids[0], 0])
    triangles, shares = tables
    for landmark, place in zip(ids, own / own[-1] * along[-1], strict=True):
        left = min(int(np.searchsorted(along, place, side="right")) - 1, len(chain) - 2)
        share = (place - along[left]) / (along[left + 1] - along[left])
        triangles[landmark] = (chain[left], chain[left + 1], chain[left])
        shares[landmark] = (1 - share, share, 0)


def build(rig: FaceRig, show: Path | None = None) -> dict[str, np.ndarray]:
    drawn = rig.faces[np.isin(rig.face_parts, [0, 1, 2])]
    with MeshRasterizer(drawn, SIZE_PX, SIZE_PX) as raster:
        seen = np.stack([seen_points(rig, yaw, pitch, raster, show) for yaw, pitch in VIEWS_DEG])
    count = np.isfinite(seen[..., 0]).sum(0)
    print(f"{len(VIEWS_DEG)} views, {(np.isfinite(seen[..., 0]).any(1)).sum()} with a face; least seen: {count.min()}")
    points = np.nanmedian(seen, axis=0)
    spread = np.nanmedian(np.linalg.norm(seen - points, axis=-1), axis=0)
    other = mirrored_landmarks(points)
    points = (points + points[other] * [-1, 1, 1]) / 2
    sheet = face_sheet(rig)
    tables = nearest_on_sheet(points, rig.neutral, sheet)
    upper, lower = loop_chains(contact_ring(rig), rig.neutral)
    lay_on_loop(LIPS_INNER_UPPER, upper, rig, points, tables)
    lay_on_loop(LIPS_INNER_LOWER, lower, rig, points, tables)
    for side in ("left", "right"):
        upper, lower = loop_chains(rig.loops[f"lids_{side}"], rig.neutral)
        order = slice(None) if side == "left" else slice(None, None, -1)
        lay_on_loop(LID_UPPER[side], upper[order], rig, points, tables)
        lay_on_loop(LID_LOWER[side], lower[order], rig, points, tables)
    weights = np.ones(LANDMARK_COUNT, np.float32)
    for rim in (LIPS_INNER_UPPER, LIPS_INNER_LOWER, LIPS_OUTER, *LID_UPPER.values(), *LID_LOWER.values()):
        weights[rim] = RIM_WEIGHT
    weights[(spread > UNSURE_SPREAD_M) | (count < LEAST_VIEWS)] = UNSURE_WEIGHT
    weights[OVAL] = OVAL_WEIGHT
    middle, most = np.nanquantile(spread, (0.5, 0.9)) * 1000
    print(f"spread over the views: median {middle:.1f} mm, p90 {most:.1f} mm")
    return {"triangles": tables[0], "shares": tables[1], "weights": weights}


def write(table: dict[str, np.ndarray], path: Path) -> None:
    """A compressed npz whose bytes do not depend on the time, written beside the file and then over it."""
    beside = path.with_suffix(".part")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in table.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue())
    os.replace(beside, path)


if __name__ == "__main__":
    write(build(FaceRig.load(), Path(sys.argv[1]) if len(sys.argv) > 1 else None), TABLE)
    print(f"{TABLE.name}: {TABLE.stat().st_size / 1e3:.0f} kB")
