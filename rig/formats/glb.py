"""The containers of glTF 2.0: .glb, and .gltf with its buffers beside it; nothing outside their folder is opened."""

import base64
import binascii
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from rig.errors import RigError
from rig.reading import reading
from rig.safe_file import written_beside

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
LARGEST_GLB = 2**32 - 1
"""Bytes; the header counts them in 32 bits."""
_OUTSIDE = re.compile(r"^[/\\]|[\\:\0]|(^|/)\.\.(/|$)")


@dataclass(frozen=True, eq=False)
class GltfContainer:
    """document: the JSON object.  buffers: one memoryview for each of document["buffers"], as long as it says.

    path: the file they came from; its folder is all that load_uri opens.
    """

    document: dict[str, Any]
    buffers: tuple[memoryview, ...]
    path: Path

    @property
    def byte_count(self) -> int:
        """Bytes in all buffers together: no honest file describes more elements than this."""
        return sum(len(buffer) for buffer in self.buffers)


def read_gltf(path: str | Path) -> GltfContainer:
    """Read a .glb or .gltf, told apart by the first bytes.

    Raises RigError where it is neither, is cut off, or names a buffer that is missing, too short or not in its folder.
    """
    path = Path(path)
    with reading(path, "a .glb or .gltf"):
        content = memoryview(path.read_bytes())
    text, binary = _chunks(content, path.name) if bytes(content[:4]) == MAGIC else (content, None)
    document = _json_object(text, path.name)
    version = document["asset"].get("version") if isinstance(document.get("asset"), dict) else None
    if not str(version).startswith("2."):
        raise RigError(f"{path.name} is glTF of the version {str(version)[:20]!r}; export it as glTF 2.0.")
    entries = document.get("buffers", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RigError(f"{path.name} has no list of buffers; export it anew as glTF 2.0.")
    buffers = tuple(_buffer(path, number, entry, binary) for number, entry in enumerate(entries))
    return GltfContainer(document, buffers, path)


def _chunks(content: memoryview, name: str) -> tuple[memoryview, memoryview | None]:
    """The JSON chunk, and the binary one where there is any."""
    if len(content) < 20:
        raise RigError(f"{name} ends within its header; copy or export the file anew.")
    version, length = struct.unpack_from("<II", content, 4)
    if version != VERSION:
        raise RigError(f"{name} is a GLB of version {version}; export it as glTF 2.0.")
    if length > len(content):
        raise RigError(f"{name} has {len(content)} of its {length} bytes; copy or export the file anew.")
    chunks, place = [], 12
    while place + 8 <= length:
        size, kind = struct.unpack_from("<I4s", content, place)
        if place + 8 + size > length:
            raise RigError(f"{name} has a chunk of {size} bytes that runs past its end; export the file anew.")
        chunks.append((kind, content[place + 8 : place + 8 + size]))
        place += 8 + size + -size % 4
    if not chunks or chunks[0][0] != JSON_CHUNK:
        raise RigError(f"{name} does not begin with a JSON chunk; export the file anew as GLB.")
    return chunks[0][1], next((data for kind, data in chunks[1:] if kind == BINARY_CHUNK), None)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _json_object(text: memoryview, name: str) -> dict[str, Any]:
    try:
        document = json.loads(str(text, "utf-8-sig").rstrip("\0 \t\r\n"), parse_constant=_no_constant)
    except RecursionError:
        raise RigError(f"{name} nests its JSON too deeply; export the file anew.") from None
    except ValueError as error:
        raise RigError(f"{name} holds no glTF ({error}); name a .glb or .gltf.") from None
    if not isinstance(document, dict):
        raise RigError(f"{name} holds JSON, but no glTF; name a .glb or .gltf.")
    return document


def _buffer(path: Path, number: int, entry: dict[str, Any], binary: memoryview | None) -> memoryview:
    length = entry.get("byteLength")
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise RigError(f"Buffer {number} of {path.name} has the byteLength {length!r}; export the file anew.")
    if "uri" in entry:
        data = load_uri(path, entry["uri"])
    elif number == 0 and binary is not None:
        data = binary
    else:
        raise RigError(f"Buffer {number} of {path.name} has neither a uri nor a binary chunk; export the file anew.")
    if len(data) < length:
        raise RigError(f"Buffer {number} of {path.name} has {len(data)} of its {length} bytes; export the file anew.")
    return data[:length]


def load_uri(path: Path, uri: Any) -> memoryview:
    """The bytes of a data: URI, or of a file in the folder of `path` or below; links that lead out count as outside.

    Raises RigError for anything else, before any file is opened.
    """
    if not isinstance(uri, str):
        raise RigError(f"{path.name} has a uri that is no text; export the file anew.")
    if uri[:5].lower() == "data:":
        header, comma, text = uri.partition(",")
        try:
            return memoryview(base64.b64decode(text, validate=True) if header.endswith(";base64") else None)
        except (TypeError, ValueError, binascii.Error):
            raise RigError(f"{path.name} has a data: URI that is not base64; export the file anew.") from None
    relative = unquote(uri)
    folder = path.parent.resolve()
    try:
        found = None if _OUTSIDE.search(relative) else (folder / relative).resolve()
        if found is None or not found.is_relative_to(folder):
            raise RigError(
                f"{path.name} names {uri[:80]!r}, which is not in its own folder; put the file there and name it so."
            )
        if not found.is_file():
            raise RigError(f"{path.name} needs the file {relative[:80]!r} beside it; put it there.")
        return memoryview(found.read_bytes())
    except (OSError, RuntimeError, UnicodeError) as error:
        raise RigError(f"{path.name} needs {relative[:80]!r}, which cannot be read ({str(error)[:60]}).") from None


def write_gltf(document: dict[str, Any], pieces: Sequence[Any], path: str | Path) -> None:
    """Write a document and its one buffer, the pieces end to end, as .glb, or as .gltf with a .bin beside it.

    document: without "buffers".  pieces: bytes or C-contiguous arrays, little-endian; written one by one, never joined.
    The files appear whole or not at all. Raises RigError where the folder cannot be written, for a .glb over 4 GiB, and
    where a .bin of that name stands there without its .gltf.
    """
    path = Path(path)
    views = [memoryview(piece).cast("B") for piece in pieces if memoryview(piece).nbytes]
    length = sum(view.nbytes for view in views)
    if path.suffix.lower() == ".gltf":
        _write_beside(document, views, length, path)
        return
    text = _json_bytes({**document, "buffers": [{"byteLength": length}]} if length else document)
    padding = -length % 4
    total = 20 + len(text) + (8 + length + padding if length else 0)
    if total > LARGEST_GLB:
        raise RigError(f"{path.name} would have {total / 2**30:.1f} GiB; a GLB ends at 4 GiB, write .gltf instead.")
    with written_beside(path) as beside, beside.open("wb") as file:
        file.write(struct.pack("<4sII", MAGIC, VERSION, total) + struct.pack("<I4s", len(text), JSON_CHUNK) + text)
        if length:
            file.write(struct.pack("<I4s", length + padding, BINARY_CHUNK))
            file.writelines(views)
            file.write(b"\0" * padding)


def _write_beside(document: dict[str, Any], views: Sequence[memoryview], length: int, path: Path) -> None:
    binary = path.with_suffix(".bin")
    if binary.exists() and not path.exists():
        raise RigError(f"{binary} stands where the buffer of {path.name} must go; move it, or choose another name.")
    whole = {**document, "buffers": [{"byteLength": length, "uri": quote(binary.name)}]}
    with written_beside(path) as text, written_beside(binary) as beside:
        with beside.open("wb") as file:
            file.writelines(views)
        text.write_bytes(_json_bytes(whole))


def _json_bytes(document: dict[str, Any]) -> bytes:
    """UTF-8 without blanks, filled up to a multiple of 4 with spaces. NaN never gets into a file."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    return text + b" " * (-len(text) % 4)
