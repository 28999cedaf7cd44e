"""Materials and pictures of a glTF file."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.glb import GltfContainer, load_uri
from rig.formats.gltf_accessors import Accessors
from rig.formats.gltf_json import entries, index_of, numbers, object_at, text_at

LARGEST_SIDE = 16_384


@dataclass(frozen=True, eq=False)
class GltfImage:
    """A picture as its file's bytes; decoded on demand. what: for messages."""

    data: memoryview
    what: str

    def pixels(self) -> np.ndarray:
        """(H, W, 4) uint8 sRGB with alpha, row 0 at the top. Raises RigError for kinds that Pillow cannot read."""
        from PIL import Image

        try:
            with Image.open(io.BytesIO(self.data)) as picture:
                if max(picture.size) > LARGEST_SIDE:
                    raise RigError(f"{self.what} is {picture.size} pixels large; {LARGEST_SIDE} a side is the most.")
                return np.asarray(picture.convert("RGBA"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            if isinstance(error, RigError):
                raise
            raise RigError(f"{self.what} cannot be decoded ({error}); use PNG or JPEG.") from None


@dataclass(frozen=True, eq=False)
class GltfMaterial:
    """colour: (4,) float64 linear RGBA, the base colour's factor.  image: index of its picture, or None.

    alpha_mode: "OPAQUE", "MASK" (cut at alpha_cutoff) or "BLEND".  double_sided: whether backs are seen.
    """

    name: str
    colour: np.ndarray
    image: int | None
    alpha_mode: str
    alpha_cutoff: float
    double_sided: bool


def read_images(container: GltfContainer, accessors: Accessors) -> tuple[GltfImage, ...]:
    """The pictures, of which none is decoded yet. Raises RigError for those that lie outside the file's folder."""
    file = container.path.name
    images = []
    for number, entry in enumerate(entries(container.document, "images", file)):
        if "bufferView" in entry:
            data = accessors.view_bytes(entry["bufferView"])
        else:
            data = load_uri(container.path, entry.get("uri"))
        images.append(GltfImage(data, f"Picture {number} of {file}"))
    return tuple(images)


def read_materials(document: dict[str, Any], image_count: int, file: str) -> tuple[GltfMaterial, ...]:
    """The materials. Raises RigError for indices out of range."""
    textures = entries(document, "textures", file)
    return tuple(_material(entry, textures, image_count, file) for entry in entries(document, "materials", file))


def _material(entry: dict[str, Any], textures: list[dict[str, Any]], image_count: int, file: str) -> GltfMaterial:
    surface = object_at(entry, "pbrMetallicRoughness", file)
    picked = object_at(surface, "baseColorTexture", file)
    image = None
    if picked:
        texture = textures[index_of(picked.get("index"), len(textures), "texture", file)]
        webp = object_at(object_at(texture, "extensions", file), "EXT_texture_webp", file)
        source = webp.get("source", texture.get("source"))
        image = None if source is None else index_of(source, image_count, "picture", file)
    mode = entry.get("alphaMode", "OPAQUE")
    return GltfMaterial(
        text_at(entry, "name"), numbers(surface, "baseColorFactor", 4, file, (1, 1, 1, 1)), image,
        mode if mode in ("OPAQUE", "MASK", "BLEND") else "OPAQUE",
        float(numbers({"alphaCutoff": [entry.get("alphaCutoff", 0.5)]}, "alphaCutoff", 1, file)[0]),
        entry.get("doubleSided") is True,
    )  # fmt: skip
