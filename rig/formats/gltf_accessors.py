"""Accessors of a glTF file as arrays: every component type, strides, sparse values; nothing beyond the buffers."""

from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.glb import GltfContainer
from rig.formats.gltf_json import entries, index_of, object_at, whole

COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": (1,), "VEC2": (2,), "VEC3": (3,), "VEC4": (4,), "MAT2": (2, 2), "MAT3": (3, 3), "MAT4": (4, 4)}
MOST_UNPACKED = 2 * 2**30
"""Bytes of all arrays of one file together; sparse and empty accessors unpack to more than the file holds."""


class Accessors:
    """The accessors of one container; each is unpacked once. Raises RigError where their lists are none."""

    def __init__(self, container: GltfContainer) -> None:
        self.container, self._file = container, container.path.name
        self._entries = entries(container.document, "accessors", self._file)
        self._views = entries(container.document, "bufferViews", self._file)
        self._arrays: dict[tuple[int, bool], np.ndarray] = {}
        self._unpacked = 0

    def floats(self, index: Any, kind: str, what: str) -> np.ndarray:
        """Accessor `index`, which must be of the type `kind` ("VEC3"), as read-only float32 (count, ...).

        Whole numbers marked as normalised become [0, 1] or [-1, 1]; matrices come row by row. what: for the message.
        Raises RigError where the accessor is missing, of another type, runs past its buffer or holds NaN or infinity.
        """
        array = self._array(index, (kind,), what)
        if array.dtype == np.float32:
            return array
        key = (index, True)
        if key not in self._arrays:
            limit = np.float32(np.iinfo(array.dtype).max)
            values = array.astype(np.float32)
            if self._entries[index].get("normalized") is True:
                values = np.maximum(values / limit, np.float32(-1))
            self._arrays[key] = self._kept(values, index)
        return self._arrays[key]

    def integers(self, index: Any, kind: str, what: str) -> np.ndarray:
        """Accessor `index` of unsigned whole numbers, read-only (count, ...). Raises RigError as floats()."""
        array = self._array(index, (kind,), what)
        if array.dtype.kind != "u":
            raise RigError(f"{self._file} has {what} that are no unsigned whole numbers; export it anew as glTF 2.0.")
        return array

    def any_floats(self, index: Any, kinds: tuple[str, ...], what: str) -> np.ndarray:
        """As floats(), for an accessor of any of `kinds`."""
        self._array(index, kinds, what)
        return self.floats(index, self._entries[index]["type"], what)

    def _array(self, index: Any, kinds: tuple[str, ...], what: str) -> np.ndarray:
        index = index_of(index, len(self._entries), f"{what}, accessor", self._file)
        entry = self._entries[index]
        if entry.get("type") not in kinds or entry.get("componentType") not in tuple(COMPONENTS):
            raise RigError(f"{self._file} has {what} that are no {' or '.join(kinds)}; export it anew as glTF 2.0.")
        key = (index, False)
        if key not in self._arrays:
            self._arrays[key] = self._kept(self._read(index, entry), index)
        return self._arrays[key]

    def _kept(self, array: np.ndarray, index: int) -> np.ndarray:
        if array.dtype == np.float32 and not np.isfinite(array).all():
            raise RigError(f"Accessor {index} of {self._file} holds NaN or infinite values; mend it and export anew.")
        array.setflags(write=False)
        return array

    def _read(self, index: int, entry: dict[str, Any]) -> np.ndarray:
        dtype, shape = np.dtype(COMPONENTS[entry["componentType"]]), WIDTHS[entry["type"]]
        count = whole(entry, "count", self._file)
        self._unpacked += count * dtype.itemsize * int(np.prod(shape))
        if count > self.container.byte_count or self._unpacked > MOST_UNPACKED:
            raise RigError(
                f"Accessor {index} of {self._file} counts {count} elements, more than the file holds or memory should; "
                "export it anew."
            )
        if "bufferView" in entry:
            array = self._viewed(index, entry, dtype, shape, count)
        else:
            array = np.zeros((count, *shape), dtype=dtype)
        sparse = object_at(entry, "sparse", self._file)
        if sparse:
            array = array.copy()
            self._fill(index, array, sparse)
        return array.swapaxes(1, 2) if len(shape) == 2 else array.reshape(count, *(shape if shape != (1,) else ()))

    def _viewed(
        self, index: int, entry: dict[str, Any], dtype: np.dtype, shape: tuple[int, ...], count: int
    ) -> np.ndarray:
        """(count, *shape) over the bytes of a buffer view, strided as it says."""
        number = index_of(entry["bufferView"], len(self._views), f"accessor {index}, bufferView", self._file)
        view = self._views[number]
        data = self.view_bytes(number)
        columns = _column_bytes(dtype, shape)
        size = columns * (shape[1] if len(shape) == 2 else 1)
        stride = whole(view, "byteStride", self._file, 0) or size
        start = whole(entry, "byteOffset", self._file, 0)
        if stride < size or (count and start + stride * (count - 1) + size > len(data)):
            raise RigError(
                f"Accessor {index} of {self._file} runs past its {len(data)} bytes ({count} elements); export it anew."
            )
        inner = (columns, dtype.itemsize) if len(shape) == 2 else (dtype.itemsize,)
        if count == 0:
            return np.zeros((0, *shape), dtype=dtype)
        return np.ndarray((count, *shape), dtype, data, start, (stride, *inner))

    def view_bytes(self, number: Any) -> memoryview:
        """The bytes of a buffer view. Raises RigError where it is missing or runs past its buffer."""
        number = index_of(number, len(self._views), "bufferView", self._file)
        view, buffers = self._views[number], self.container.buffers
        if "EXT_meshopt_compression" in object_at(view, "extensions", self._file):
            raise compressed(self._file)
        buffer = buffers[index_of(view.get("buffer"), len(buffers), f"bufferView {number}, buffer", self._file)]
        start, length = whole(view, "byteOffset", self._file, 0), whole(view, "byteLength", self._file)
        if start + length > len(buffer):
            raise RigError(f"BufferView {number} of {self._file} runs past its {len(buffer)} bytes; export it anew.")
        return buffer[start : start + length]

    def _fill(self, index: int, array: np.ndarray, sparse: dict[str, Any]) -> None:
        count = whole(sparse, "count", self._file)
        rows_at, values_at = (object_at(sparse, key, self._file) for key in ("indices", "values"))
        if rows_at.get("componentType") not in (5121, 5123, 5125) or count > len(array):
            raise RigError(f"Accessor {index} of {self._file} has sparse values of no use; export it anew as glTF 2.0.")
        row_type = np.dtype(COMPONENTS[rows_at["componentType"]])
        rows = self._packed(index, rows_at, row_type, (), count)
        values = self._packed(index, values_at, array.dtype, array.shape[1:], count)
        if count and rows.max() >= len(array):
            raise RigError(
                f"Accessor {index} of {self._file} has a sparse index {rows.max()} of {len(array)}; export it anew."
            )
        array[rows] = values

    def _packed(
        self, index: int, place: dict[str, Any], dtype: np.dtype, shape: tuple[int, ...], count: int
    ) -> np.ndarray:
        """(count, *shape), one element after the other."""
        data, start = self.view_bytes(place.get("bufferView")), whole(place, "byteOffset", self._file, 0)
        size = count * dtype.itemsize * int(np.prod(shape, dtype=int))
        if start + size > len(data):
            raise RigError(f"Accessor {index} of {self._file} runs past its {len(data)} sparse bytes; export it anew.")
        return np.frombuffer(data[start : start + size], dtype).reshape(count, *shape)


def _column_bytes(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    """Bytes of a vector, or of a matrix's column, which begins at a multiple of 4."""
    size = dtype.itemsize * shape[0]
    return size + -size % 4 if len(shape) == 2 else size


def compressed(file: str) -> RigError:
    """What is said of meshes that only a decoder of their own can unpack."""
    return RigError(
        f"{file} has compressed meshes (Draco or meshopt), which cannot be read; export it again with compression "
        "turned off."
    )
