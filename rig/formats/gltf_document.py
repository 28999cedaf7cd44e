"""A glTF document in the making: arrays become accessors, and go to the file without being copied."""

import copy
import io
from pathlib import Path
from typing import Any, Self

import numpy as np

from rig.formats.glb import GltfContainer, load_uri, write_gltf
from rig.formats.gltf_json import index_of, whole

VERTICES, CORNERS = 34962, 34963
"""What a buffer view is for, as glTF counts it."""
_COMPONENTS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}


class GltfDocument:
    """lists: the document's lists by their names ("nodes", "meshes", ...), to which add() appends.

    Give arrays C-contiguous: they are kept, not copied, until write().
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self._pieces: list[Any] = []
        self._length = 0

    @classmethod
    def copied(cls, container: GltfContainer) -> Self:
        """Another file's lists, its buffers put end to end and its pictures within, to be added to."""
        made, file = cls(), container.path.name
        members = {key: value for key, value in container.document.items() if isinstance(value, list)}
        made.lists = copy.deepcopy({key: value for key, value in members.items() if key not in ("buffers", "scenes")})
        starts = []
        for buffer in container.buffers:
            starts.append(made._length)
            made._keep(buffer)
        for number, view in enumerate(made.lists.get("bufferViews", [])):
            place = index_of(view.get("buffer"), len(starts), f"bufferView {number}, buffer", file)
            view |= {"buffer": 0, "byteOffset": whole(view, "byteOffset", file, 0) + starts[place]}
        for image in made.lists.get("images", []):
            if "bufferView" not in image and not str(image.get("uri")).startswith("data:"):
                data = load_uri(container.path, image.pop("uri", None))
                kind = "image/png" if bytes(data[:4]) == b"\x89PNG" else "image/jpeg"
                image |= {"bufferView": made.add_bytes(data), "mimeType": image.get("mimeType", kind)}
        return made

    def add(self, kind: str, entry: dict[str, Any]) -> int:
        """Append an entry to one of the lists; its index."""
        entries = self.lists.setdefault(kind, [])
        entries.append(entry)
        return len(entries) - 1

    def add_bytes(self, data: Any, target: int | None = None) -> int:
        """A buffer view of bytes or of an array."""
        view = {"buffer": 0, "byteOffset": self._length, "byteLength": memoryview(data).nbytes}
        self._keep(data)
        return self.add("bufferViews", view | ({"target": target} if target else {}))

    def add_array(self, array: np.ndarray, target: int | None = None, limits: bool = False, **extra: Any) -> int:
        """An accessor of (N,), (N, 2..4) or (N, 4, 4) numbers; matrices are given column by column.

        limits: write min and max, which positions and times need.
        """
        entry = {"bufferView": self.add_bytes(array, target), **_shape(array), **extra}
        return self.add("accessors", entry | (_limits(array) if limits else {}))

    def add_sparse(self, array: np.ndarray) -> int:
        """An accessor of (N, 3) float32 that keeps only the rows that are not zero."""
        rows = np.flatnonzero(array.any(axis=1))
        entry = {**_shape(array), **_limits(array)}
        if len(rows):
            rows = rows.astype(np.uint16 if len(array) <= 65_535 else np.uint32)
            entry["sparse"] = {
                "count": len(rows),
                "indices": {"bufferView": self.add_bytes(rows), "componentType": _component(rows.dtype)},
                "values": {"bufferView": self.add_bytes(np.ascontiguousarray(array[rows]))},
            }
        return self.add("accessors", entry)

    def add_picture(self, picture: np.ndarray, name: str) -> int:
        """A texture of an (h, w, 3) uint8 sRGB picture, as JPEG."""
        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=92, subsampling=0)
        view = self.add_bytes(file.getvalue())
        image = self.add("images", {"name": name, "mimeType": "image/jpeg", "bufferView": view})
        if "samplers" not in self.lists:
            self.add("samplers", {"magFilter": 9729, "minFilter": 9987})  # linear, with mipmaps
        return self.add("textures", {"name": name, "source": image, "sampler": 0})

    @property
    def pieces(self) -> list[Any]:
        """What the file's one buffer is made of, end to end."""
        return self._pieces

    def _keep(self, data: Any) -> None:
        length = memoryview(data).nbytes
        self._pieces += [data, b"\0" * (-length % 4)]
        self._length += length + -length % 4

    def write(self, path: Path, scene: dict[str, Any], **rest: Any) -> None:
        """Write .gltf with its .bin, or GLB under any other suffix; errors as rig.formats.glb.write_gltf.

        scene: the one scene.  rest: other top-level members of the document, such as extensions.
        """
        document = {
            "asset": {"version": "2.0", "generator": "dreamtalk"}, "scene": 0, "scenes": [scene], **self.lists, **rest,
        }  # fmt: skip
        write_gltf(document, self._pieces, path)


def _component(dtype: np.dtype) -> int:
    return _COMPONENTS[dtype.str[1:]]


def _shape(array: np.ndarray) -> dict[str, Any]:
    return {"componentType": _component(array.dtype), "count": len(array), "type": _TYPES[array.shape[1:]]}


def _limits(array: np.ndarray) -> dict[str, Any]:
    columns = array.reshape(len(array), -1)
    return {"min": columns.min(axis=0).tolist(), "max": columns.max(axis=0).tolist()}
