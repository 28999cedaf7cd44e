"""Whether a binary USD file ("crate") is as long as it says: OpenUSD reserves memory by its sizes before it looks."""

import struct

_ARRAYS = {b"FIELDS": 2, b"FIELDSETS": 1, b"PATHS": 3, b"SPECS": 3}
"""Compressed arrays in each section, which follow its count."""
_MOST_TO_ONE = 1000
"""Entries or bytes that one byte of the file may stand for: compression does not reach further."""


def is_crate(content: bytes) -> bool:
    """Whether the file is binary USD at all."""
    return content[:8] == b"PXR-USDC"


def sizes_fit(content: bytes) -> bool:
    """False where a section, a count or a compressed array is larger than the file has room for."""
    try:
        (start,) = struct.unpack_from("<q", content, 16)
        (count,) = struct.unpack_from("<Q", content, start)
        sections = [struct.unpack_from("<16sqq", content, start + 8 + 32 * number) for number in range(min(count, 64))]
        return start > 0 and all(_fits(content, name.rstrip(b"\0"), first, size) for name, first, size in sections)
    except struct.error:
        return False


def _fits(content: bytes, name: bytes, start: int, size: int) -> bool:
    if not (0 < start and 0 <= size and start + size <= len(content)):
        return False
    if name == b"TOKENS":
        count, whole, packed = struct.unpack_from("<3Q", content, start)
        return max(count, whole) <= _MOST_TO_ONE * len(content) and packed <= size
    if name == b"STRINGS":
        return struct.unpack_from("<Q", content, start)[0] * 4 <= size
    if name not in _ARRAYS:
        return True
    if struct.unpack_from("<Q", content, start)[0] > _MOST_TO_ONE * len(content):
        return False
    place = start + (16 if name == b"PATHS" else 8)  # paths are counted twice
    for _ in range(_ARRAYS[name]):
        (packed,) = struct.unpack_from("<Q", content, place)
        place += 8 + packed
        if place > start + size:
            return False
    return True
