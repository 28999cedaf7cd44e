"""Light at each vertex: soft key, fill and rim lights over a skylight, computed once for every drawing backend."""

from dataclasses import dataclass

import numpy as np

from rig.look import Look

GAMMA = 1 / 2.2


@dataclass(frozen=True, eq=False)
class Surface:
    """What a vertex is made of, each (N, ...) float32.

    albedo: (N, 3) linear colour.  wrap: (N, 3) how far light creeps around the edge into the shade, per channel.
    gloss: (N,) strength and sharpness: (N,) exponent of the highlight.  sky: (N,) openness to the sky, 0..1.
    """

    albedo: np.ndarray
    wrap: np.ndarray
    gloss: np.ndarray
    sharpness: np.ndarray
    sky: np.ndarray


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1 along the last axis."""
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return vectors / np.maximum(length, 1e-12)[..., None]


def sampled_albedo(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(N, 3) float32 linear colour of an sRGB texture at uv, which repeats to the sides."""
    height, width = texture.shape[:2]
    column = np.clip((uv[:, 0] % 1.0 * width).astype(int), 0, width - 1)
    row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    return (texture[row, column] / np.float32(255)) ** np.float32(1 / GAMMA)


def lit(
    surface: Surface, normals: np.ndarray, to_eye: np.ndarray, look: Look, tangents: np.ndarray | None = None
) -> np.ndarray:
    """(N, 3) float32: what the sRGB texture is multiplied by.

    Since (albedo * light) ** gamma = albedo ** gamma * light ** gamma, light is turned to sRGB on its own; highlights
    are divided by the albedo first. With tangents (hair) the highlight lies across them (Kajiya and Kay 1989).
    """
    up = 0.5 + 0.5 * normals[:, 1:2]
    skylight = look.ambient * (np.float32([0.80, 0.74, 0.70]) + up * np.float32([0.22, 0.28, 0.34]))
    light = skylight * surface.sky[:, None]
    shine = np.zeros_like(light)
    open_side = np.sqrt(surface.sky)[:, None]
    lamps = (look.key, look.fill, look.rim)
    directions = unit(np.float32([lamp.direction for lamp in lamps]))
    towards = normals @ directions.T
    for lamp, direction, facing in zip(lamps, directions, towards.T, strict=True):
        colour = np.float32(lamp.colour)
        spread = np.clip((facing[:, None] + surface.wrap) / (1 + surface.wrap), 0, 1)
        light += (colour * open_side) * (spread * (0.25 + 0.75 * spread))
        half = unit(to_eye + direction)
        if tangents is None:
            glint = np.clip(np.einsum("ij,ij->i", normals, half), 0, 1)
        else:
            along = np.einsum("ij,ij->i", tangents, half)
            glint = np.sqrt(np.clip(1 - along * along, 0, 1))
        strength = surface.gloss * glint**surface.sharpness * np.clip(facing * 3 + 0.4, 0, 1)
        shine += strength[:, None] * colour * open_side
    grazing = (1 - np.clip(np.einsum("ij,ij->i", normals, to_eye), 0, 1)) ** 4
    shine += (0.35 * surface.gloss * grazing * look.ambient)[:, None] * open_side
    total = light + shine / np.maximum(surface.albedo, 0.02)
    return total**np.float32(GAMMA)
