"""The skin's colour, painted from a Look: tints, lips, lids, brows, stubble, hairline and shirt."""

import numpy as np

from rig.face_rig import FaceRig
from rig.hairline import hairline_depth, on_ear
from rig.look import Look
from rig.noise import smooth_noise
from rig.skin_map import SkinMap

Array = np.ndarray


def paint_skin(rig: FaceRig, look: Look, where: SkinMap) -> Array:
    """(HEIGHT, WIDTH, 3) uint8 sRGB texture for skin_uv."""
    rng = np.random.default_rng(look.seed)
    size = where.lip_ring.shape
    colour = np.empty((*size, 3), dtype=np.float32)
    colour[:] = np.array(look.skin, dtype=np.float32) / 255
    millimetres = where.point * 1000
    colour = _tints(colour, rig, millimetres, rng, look)
    colour = _stubble_and_freckles(colour, rig, millimetres, rng, look)
    colour = _lids(colour, where)
    colour = _lips(colour, where, rng, look)
    colour = _brows(colour, rig, millimetres, rng, look)
    del millimetres  # large
    colour = _scalp(colour, rig, where, rng, look)
    colour = _shirt(colour, where, rng, look)
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)


def _mix(colour: Array, other: Array | tuple, amount: Array) -> Array:
    mixed = np.asarray(other, dtype=np.float32) - colour
    mixed *= amount[..., None]
    mixed += colour
    return mixed


def _step(value: Array, low: float, high: float) -> Array:
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def _blob(millimetres: Array, x: float, y: float, wide: float, high: float) -> Array:
    """A soft spot on both sides of the face, 1 in its middle; nothing behind the ears."""
    across = (np.abs(millimetres[..., 0]) - x) / wide
    front = _step(millimetres[..., 2], -90, -60)
    return np.exp(-0.5 * (across**2 + ((millimetres[..., 1] - y) / high) ** 2)) * front


def _heights(rig: FaceRig) -> dict[str, float]:
    """Where nose tip, mouth and chin are, in millimetres below the eyes."""
    skin = rig.regions["face"]
    middle = skin & (np.abs(rig.neutral[:, 0]) < 0.004)
    nose = rig.neutral[middle][np.argmax(rig.neutral[middle, 2]), 1] * 1000
    mouth = rig.neutral[rig.loops["lip_midline"]][..., 1].mean() * 1000
    return {"nose": float(nose), "mouth": float(mouth), "chin": float(mouth + 1.45 * (mouth - nose))}


def _tints(colour: Array, rig: FaceRig, mm: Array, rng: np.random.Generator, look: Look) -> Array:
    size, height = colour.shape[:2], _heights(rig)
    light = np.mean(look.skin) / 255
    red = np.array([1.0 + 0.03 * light, 0.80, 0.78], dtype=np.float32)
    blush = 0.42 * _blob(mm, 40, height["nose"] + 2, 17, 13) + 0.28 * _blob(mm, 0, height["nose"], 11, 9)
    blush += 0.35 * _blob(mm, 0, height["chin"], 15, 11) + 0.25 * _blob(mm, 30, 4, 15, 7)
    blush += 0.55 * _step(np.abs(mm[..., 0]), 68, 78) * _step(mm[..., 1], -75, -55)
    blush *= 1 + 0.12 * smooth_noise(rng, size, 26)
    tinted = colour * (1 + (red - 1) * np.clip(blush, 0, 1)[..., None])
    shade = 0.30 * _blob(mm, 28, -15, 13, 5.5) + 0.20 * _blob(mm, 15, 2, 5, 10)
    tinted *= 1 + (np.array([0.80, 0.74, 0.80], dtype=np.float32) - 1) * shade[..., None]
    tinted *= 1 + (0.05 * _blob(mm, 0, 52, 34, 22) + 0.04 * _blob(mm, 0, -20, 6, 16))[..., None]
    mottle = 0.012 * smooth_noise(rng, size, 40) + 0.008 * smooth_noise(rng, size, 9)
    mottle = mottle + 0.010 * smooth_noise(rng, size, 2)
    warmth = 0.012 * smooth_noise(rng, size, 16)
    return tinted * (1 + mottle[..., None] + warmth[..., None] * np.array([0.4, -0.6, -0.8], dtype=np.float32))


def _stubble_and_freckles(colour: Array, rig: FaceRig, mm: Array, rng: np.random.Generator, look: Look) -> Array:
    size, height = colour.shape[:2], _heights(rig)
    if look.stubble > 0:
        jaw = _step(-mm[..., 1], -height["nose"] + 8, -height["nose"] + 26) * _step(mm[..., 2], -110, -80)
        jaw *= 1 - _blob(mm, 34, height["nose"] - 8, 15, 17)
        jaw *= _step(mm[..., 1], height["chin"] - 42, height["chin"] - 14)
        grain = 0.72 + 0.28 * np.clip(smooth_noise(rng, size, 2), -1.5, 1.5)
        shade = np.array(look.brows, dtype=np.float32) / 255 * 0.6 + colour * 0.4
        colour = _mix(colour, shade, np.clip(0.55 * look.stubble * jaw * grain, 0, 1))
    if look.freckles > 0:
        spots = _step(smooth_noise(rng, size, 4.5), 1.5, 2.2) * look.freckles
        zone = _blob(mm, 30, height["nose"] + 8, 24, 15) + 0.6 * _blob(mm, 0, height["nose"] + 12, 14, 12)
        share = (0.45 * np.clip(zone, 0, 1) * spots)[..., None]
        colour = colour * (1 - share * np.array([0.5, 0.8, 1.0], dtype=np.float32))
    return colour


def _lids(colour: Array, where: SkinMap) -> Array:
    ring, upper = where.lid_ring, _step(where.point[..., 1], -0.001, 0.002)
    rim = (1 - _step(ring, 0.1, 1.1)) * (ring < 8)
    colour = _mix(colour, colour * np.array([0.93, 0.70, 0.66], dtype=np.float32), 0.6 * rim)
    line = np.exp(-0.5 * ((ring - 0.6) / 0.75) ** 2) * upper
    colour = _mix(colour, colour * np.array([0.42, 0.34, 0.32], dtype=np.float32), 0.75 * line)
    crease = np.exp(-0.5 * ((ring - 5.2) / 0.9) ** 2) * upper
    return _mix(colour, colour * np.array([0.80, 0.70, 0.68], dtype=np.float32), 0.5 * crease)


def _lips(colour: Array, where: SkinMap, rng: np.random.Generator, look: Look) -> Array:
    size = colour.shape[:2]
    lips = np.array(look.lips, dtype=np.float32) / 255
    edge = where.lip_ring + 0.12 * smooth_noise(rng, size, 5)
    inside = _step(edge, -0.55, 0.75) * (where.lip_ring > -6)
    furrows = 1 + 0.045 * smooth_noise(rng, size, (9, 2)) * _step(where.lip_ring, 0.0, 1.5)
    painted = lips * furrows[..., None]
    glow = np.exp(-0.5 * ((where.lip_ring + 1.1) / 0.8) ** 2) * (where.lip_ring > -6)
    colour = colour * (1 + 0.035 * glow)[..., None]
    return _mix(colour, painted, 0.88 * inside)


def _brows(colour: Array, rig: FaceRig, mm: Array, rng: np.random.Generator, look: Look) -> Array:
    x, y = np.abs(mm[..., 0]), mm[..., 1]
    along = (x - 11.0) / 39.0
    lids = np.concatenate([rig.neutral[rig.loops[f"lids_{side}"], 1] for side in ("left", "right")]).max() * 1000
    low = lids + 8.4 + np.interp(along, [0, 0.25, 0.62, 1.0], [0.6, 2.2, 5.0, 0.4]).astype(np.float32)
    body = _brow_body(along, y - low, rng, look) * _step(mm[..., 2], -60, -40)
    lean = y - 0.9 * np.clip(along, 0, 1) * x
    size = colour.shape[:2]
    phase = 2 * np.pi * (x * 0.62 + lean * 0.02) + 1.3 * smooth_noise(rng, size, (10, 5))
    strands = 0.80 + 0.10 * np.sin(phase + 0.55 * (y - low)) + 0.06 * smooth_noise(rng, size, (4, 2))
    return _mix(colour, np.array(look.brows, dtype=np.float32) / 255, np.clip(0.86 * body * strands, 0, 0.9))


def _brow_body(along: Array, above: Array, rng: np.random.Generator, look: Look) -> Array:
    """How much brow there is: along it from 0 to 1, and millimetres above its lower edge."""
    thick = look.brow_thickness * np.interp(along, [0, 0.15, 0.5, 1.0], [6.2, 7.0, 5.2, 1.2]).astype(np.float32)
    across = above / thick + 0.09 * smooth_noise(rng, along.shape, (6, 3))
    body = _step(across, -0.15, 0.30) * (1 - _step(across, 0.60, 1.12))
    body *= _step(along + 0.06 * smooth_noise(rng, along.shape, 5), -0.08, 0.20)
    return body * (1 - _step(along, 0.90, 1.03))


def _scalp(colour: Array, rig: FaceRig, where: SkinMap, rng: np.random.Generator, look: Look) -> Array:
    size = colour.shape[:2]
    depth = hairline_depth(where.point.reshape(-1, 3)).reshape(size).astype(np.float32) * 1000
    depth = depth + 1.6 * smooth_noise(rng, size, (6, 2)) + 1.2 * smooth_noise(rng, size, 14)
    cover = _step(depth, -3.0, 6.0) * (where.point[..., 1] > -0.11) * ~on_ear(where.point, rig.neutral)
    hair = np.array(look.hair_colour, dtype=np.float32) / 255
    shade = hair * (0.85 + 0.08 * smooth_noise(rng, size, (8, 2)))[..., None]
    return _mix(colour, shade, np.clip(cover * (0.62 if look.hair == "shaved" else 0.9), 0, 1))


def neckline_depth(points: np.ndarray) -> np.ndarray:
    """(..., 3) metres -> (...,) metres below the neckline of the shirt; positive where there is cloth."""
    return -0.176 - 0.42 * (points[..., 2] + 0.045) - points[..., 1]


def _shirt(colour: Array, where: SkinMap, rng: np.random.Generator, look: Look) -> Array:
    size = colour.shape[:2]
    depth = neckline_depth(where.point) * 1000
    cloth = np.array(look.cloth, dtype=np.float32) / 255
    knit = 1 + 0.025 * smooth_noise(rng, size, (3, 2)) + 0.03 * smooth_noise(rng, size, 60)
    band = 1 - 0.16 * np.exp(-0.5 * ((depth - 15) / 1.1) ** 2) + 0.05 * ((depth > 0) & (depth < 15))
    shadow = 1 - 0.35 * np.exp(-np.maximum(-depth, 0) / 3.5)
    colour *= np.where(depth < 0, shadow, 1.0)[..., None]
    return _mix(colour, cloth * (knit * band)[..., None], _step(depth, -0.5, 0.5))
