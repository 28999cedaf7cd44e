"""The base colours of a glTF file as textures for our backends."""

import logging

import numpy as np

from rig.avatar_part import WHITE
from rig.errors import RigError
from rig.formats.gltf_materials import GltfMaterial
from rig.formats.gltf_scene import GltfScene

LARGEST_PX = 1024
FAINTEST = 0.5
"""What is fainter than this all over is glass, fluid or a shadow, and is left out."""
GAMMA = 1 / 2.2

_log = logging.getLogger(__name__)


def painted(scene: GltfScene, material: GltfMaterial) -> np.ndarray | None:
    """(h, w, 3) uint8 sRGB, (h, w, 4) where alpha cuts; WHITE where a material says nothing; None to leave it out.

    Pictures are made at most LARGEST_PX a side. One that cannot be decoded gives way to the plain colour, with a
    warning.
    """
    if material.alpha_mode == "BLEND" and material.colour[3] < FAINTEST:
        return None
    factor = np.clip(material.colour[:3], 0, 1) ** GAMMA
    picture = _pixels(scene, material)
    if picture is None:
        plain = np.allclose(factor, 1.0, atol=0.01)
        return WHITE if plain else np.round(factor * 255).astype(np.uint8).reshape(1, 1, 3)
    colour = np.round(picture[..., :3] * factor).astype(np.uint8)
    alpha = picture[..., 3]
    if material.alpha_mode == "OPAQUE" or alpha.min() == 255:
        return colour
    # The backends cut at one half, whatever the file's own limit is.
    limit = max(material.alpha_cutoff if material.alpha_mode == "MASK" else FAINTEST, 1e-3)
    cut = np.clip(alpha * (0.5 / limit), 0, 255).astype(np.uint8)
    return np.dstack([colour, cut]) if cut.max() >= 128 else None


def _pixels(scene: GltfScene, material: GltfMaterial) -> np.ndarray | None:
    if material.image is None:
        return None
    try:
        pixels = scene.images[material.image].pixels()
    except RigError as error:
        _log.warning("%s: %s", scene.path.name, error)
        return None
    step = -(-max(pixels.shape[:2]) // LARGEST_PX)
    if step == 1:
        return pixels
    height, width = (size // step * step for size in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // step, step, width // step, step, 4)
    return np.round(blocks.mean(axis=(1, 3))).astype(np.uint8)
