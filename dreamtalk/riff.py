"""How long a wav file says it is, read from its RIFF header.

The decoder library trusts the size of the file over the header, so a wav that was cut off would pass for a short one.
"""

import struct
from typing import BinaryIO

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # left by programs that write to a pipe


def promised_wav_seconds(file: BinaryIO) -> float | None:
    """Seconds that the header announces, or None where `file` is no plain wav or says nothing; rewinds `file`."""
    try:
        return _header_seconds(file)
    except struct.error:  # the header itself is cut off
        return None
    finally:
        file.seek(0)


def _header_seconds(file: BinaryIO) -> float | None:
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    bytes_per_second = 0
    while len(header := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        if name == b"data":
            return size / bytes_per_second if bytes_per_second and size not in _UNKNOWN_SIZES else None
        if name == b"fmt " and size >= 12:
            # format u16, channels u16, rate u32, bytes a second u32
            bytes_per_second = struct.unpack("<HHII", file.read(12))[3]
            size -= 12
        file.seek(size + size % 2, 1)  # chunks are padded to even length
    return None
