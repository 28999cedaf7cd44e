"""Reader of CTranslate2 model files (`model.bin`, binary version 6), as far as float weights need it.

Layout, little-endian: u32 version, string spec, u32 revision, u32 count; then for each tensor: string name, u8 rank,
u32 sizes, u8 type, u32 byte count, the bytes. A string is a u16 length, then bytes that end in NUL.
Source: CTranslate2, `python/ctranslate2/specs/model_spec.py`.
"""

import struct

import numpy as np

from dreamtalk.errors import WeightsError

_VERSION = 6
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_ctranslate2(data: bytes | bytearray, prefix: str = "") -> dict[str, np.ndarray]:
    """Tensors of a CTranslate2 file whose names start with `prefix`, by name.

    The arrays are read-only views of `data`, in the types they are stored in. Raises WeightsError where `data` is no
    such file, of another version, or ends too early.
    """
    try:
        return _tensors(_Cursor(data), prefix)
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError("The CTranslate2 model file is damaged or cut off; install or download it again.") from None


def _tensors(cursor: "_Cursor", prefix: str) -> dict[str, np.ndarray]:
    version = cursor.number("I")
    if version != _VERSION:
        raise WeightsError(f"This is no CTranslate2 model of version {_VERSION} (its first number is {version}).")
    cursor.string(), cursor.number("I")  # specification and its revision
    tensors = {}
    for _ in range(cursor.number("I")):
        name = cursor.string()
        shape = [cursor.number("I") for _ in range(cursor.number("B"))]
        dtype = _TYPES[cursor.number("B")]
        raw = cursor.take(cursor.number("I"))
        if name.startswith(prefix):
            tensors[name] = np.frombuffer(raw, dtype).reshape(shape)
    return tensors


class _Cursor:
    """A place in the file that moves on as values are read."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data, self._at = memoryview(data).toreadonly(), 0

    def take(self, size: int) -> memoryview:
        if self._at + size > len(self._data):
            raise ValueError("past the end")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, kind: str) -> int:
        return struct.unpack("<" + kind, self.take(struct.calcsize("<" + kind)))[0]

    def string(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode()
