"""How long a wav or mp3 file says it is, read from its own header.

The decoder library trusts the size of a wav over its header, so one that was cut off would pass for a short one; and it
guesses the length of an mp3 that does not tell it.
"""

import struct
from typing import BinaryIO

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)  # left by programs that write to a pipe
_FIRST_MP3_FRAME = 1_500  # bytes: no frame is longer


def wav_seconds(file: BinaryIO) -> float | None:
    """Seconds that a wav's header announces, or None where `file` is no plain wav or says nothing; rewinds `file`."""
    try:
        return _wav_header_seconds(file)
    except struct.error:  # the header itself is cut off
        return None
    finally:
        file.seek(0)


def _wav_header_seconds(file: BinaryIO) -> float | None:
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


def mp3_tells_its_length(file: BinaryIO) -> bool:
    """Whether an mp3's first frame is the Xing, Info or VBRI one that counts the others; rewinds `file`."""
    head = file.read(10)
    tag_size = 0
    if head[:3] == b"ID3" and len(head) == 10:
        # ID3v2's size has seven bits a byte and leaves out its own ten bytes.
        tag_size = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(tag_size)
    frame = file.read(_FIRST_MP3_FRAME)
    file.seek(0)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))
