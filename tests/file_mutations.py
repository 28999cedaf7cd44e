"""Small valid curve files and their damaged relatives, the same for the same seed."""

import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rig import BlendshapeClip
from rig.arkit import NAMES
from rig.clip_file import ClipFormat
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming

FRAMES = 6
SHAPES = ("jawOpen", "mouthClose", "eyeBlinkLeft", "eyeBlinkRight", "tongueOut")

_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_]{3,}")
_STRANGE_NUMBERS = (
    b"nan", b"NaN", b"inf", b"Infinity", b"1e999", b"-1e999", b"1e-999", b"-1", b"-0.5", b"0", b"2", b"4294967295",
    b"99999999999999999999999999", b"1" * 5000, b"2147483648", b"x", b"", b"null", b"true", b'"0.5"', b"[]", b"{}",
    b"0,5", b"1_0", b"0x1f", b"\xff\xfe", b"\xd9\xa3", b"12:34:56:78", b"1e30", b"65536", b"1e6",
)  # fmt: skip


def small_clip() -> BlendshapeClip:
    rng = np.random.default_rng(7)
    weights = np.zeros((FRAMES, len(NAMES)))
    weights[:, [NAMES.index(name) for name in SHAPES]] = rng.uniform(0, 1, (FRAMES, len(SHAPES))).round(3)
    return BlendshapeClip(weights, rng.normal(0, 0.1, (FRAMES, 3)).round(3), 30.0)


def _mediapipe_json() -> bytes:
    clip = small_clip()
    frames = []
    for number, row in enumerate(clip.weights):
        categories = [{"score": float(row[NAMES.index(name)]), "categoryName": name} for name in SHAPES]
        matrix = {"rows": 4, "columns": 4, "data": np.eye(4).ravel().tolist()}
        frames.append(
            {
                "timestampMs": number * 40, "faceBlendshapes": [{"categories": categories}],
                "facialTransformationMatrixes": [matrix],
            }
        )  # fmt: skip
    return json.dumps({"fps": 25, "frames": frames}).encode()


def _mediapipe_npz() -> bytes:
    file = io.BytesIO()
    scores = small_clip().weights[:, [NAMES.index(name) for name in SHAPES]].astype(np.float16)
    heads, ok = np.tile(np.eye(4, dtype=np.float32), (FRAMES, 1, 1)), np.arange(FRAMES) != 2
    np.savez(file, names=np.array(SHAPES), scores=scores, head=heads, ok=ok, fps=np.float32(25))
    return file.getvalue()


_MADE: dict[str, Callable[[], bytes]] = {".mediapipe.json": _mediapipe_json, ".mediapipe.npz": _mediapipe_npz}


def valid_file(format: ClipFormat, folder: Path) -> Path:
    """A small file of a readable format, with what stands beside it; USD without the head's mesh, to be small."""
    path = folder / f"take{format.suffix}"
    if format.write is None:
        path.write_bytes(_MADE[format.suffix]())
    else:
        format.write(small_clip(), path, ExportOptions(naming=Naming(shapes=SHAPES)))
    if format.name == "usd":
        _take_meshes_out(path)
    return path


def _take_meshes_out(path: Path) -> None:
    from pxr import Sdf

    layer = Sdf.Layer.FindOrOpen(str(path))

    def clean(prim: object) -> None:
        for child in list(prim.nameChildren):
            if child.typeName in ("Mesh", "Material", "Scope"):
                del prim.nameChildren[child.name]
            else:
                clean(child)

    clean(layer.pseudoRoot)
    layer.Export(str(path))


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """`data` damaged once to a few times; a container is now and then damaged inside, and packed soundly again."""
    if rng.random() < 0.02:
        return rng.bytes(int(rng.integers(0, 400)))
    if data[:4] == b"glTF" and rng.random() < 0.7:
        return _glb_repacked(data, rng)
    if data[:2] == b"PK" and rng.random() < 0.7:
        return _zip_repacked(data, rng)
    text = b"\0" not in data[:200]
    for _ in range(int(rng.integers(1, 4))):
        ways = _TEXT_WAYS + _BYTE_WAYS[:2] if text else _BYTE_WAYS
        data = ways[int(rng.integers(len(ways)))](data, rng)
    return data


def _span(data: bytes, rng: np.random.Generator, longest: int = 64) -> tuple[int, int]:
    first = int(rng.integers(0, len(data) + 1))
    return first, min(len(data), first + int(rng.integers(1, longest)))


def _flipped(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        if changed:
            changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut_off(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(0, len(data) + 1))]


def _deleted(data: bytes, rng: np.random.Generator) -> bytes:
    first, last = _span(data, rng)
    return data[:first] + data[last:]


def _inserted(data: bytes, rng: np.random.Generator) -> bytes:
    first, _ = _span(data, rng)
    return data[:first] + rng.bytes(int(rng.integers(1, 9))) + data[first:]


def _filled(data: bytes, rng: np.random.Generator) -> bytes:
    first, last = _span(data, rng, 12)
    return data[:first] + (b"\0", b"\xff", b"\x7f", b"\x80")[int(rng.integers(4))] * (last - first) + data[last:]


def _one_replaced(pattern: re.Pattern[bytes], data: bytes, by: bytes, rng: np.random.Generator) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return data
    here = found[int(rng.integers(len(found)))]
    return data[: here.start()] + by + data[here.end() :]


def _number_replaced(data: bytes, rng: np.random.Generator) -> bytes:
    return _one_replaced(_NUMBER, data, _STRANGE_NUMBERS[int(rng.integers(len(_STRANGE_NUMBERS)))], rng)


def _word_replaced(data: bytes, rng: np.random.Generator) -> bytes:
    words = [match[0] for match in _WORD.finditer(data)] or [b"x"]
    others = (words[int(rng.integers(len(words)))], b"", b"x" * 500)
    return _one_replaced(_WORD, data, others[int(rng.integers(3))], rng)


def _lines_changed(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.integers(len(lines), size=2)
    way = int(rng.integers(3))
    if way == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 1:
        lines.insert(int(one), lines[other])
    else:
        del lines[one]
    return b"\n".join(lines)


def _nested(data: bytes, rng: np.random.Generator) -> bytes:
    opening = (b"[", b'{"a":', b"(", b'[{"a":')[int(rng.integers(4))]
    return _one_replaced(_NUMBER, data, opening * 20_000, rng)


def _recoded(data: bytes, rng: np.random.Generator) -> bytes:
    ways = (
        lambda: b"\xef\xbb\xbf" + data, lambda: data.replace(b"\n", b"\r\n"), lambda: data.replace(b"\n", b"\r"),
        lambda: data.decode("latin-1").encode("utf-16"), lambda: data.replace(b",", b";"), lambda: data + data,
        lambda: data.replace(b",", b"\t"), lambda: data.rstrip() + b",\n\n\n", lambda: data.replace(b"\n", b""),
    )  # fmt: skip
    return ways[int(rng.integers(len(ways)))]()


_BYTE_WAYS = (_flipped, _cut_off, _deleted, _inserted, _filled)
_TEXT_WAYS = (
    _number_replaced, _number_replaced, _number_replaced, _word_replaced, _lines_changed, _nested, _recoded, _deleted,
    _inserted,
)  # fmt: skip


def _glb_repacked(data: bytes, rng: np.random.Generator) -> bytes:
    length = struct.unpack_from("<I", data, 12)[0]
    text, rest = data[20 : 20 + length], data[20 + length :]
    for _ in range(int(rng.integers(1, 4))):
        text = (_number_replaced, _number_replaced, _word_replaced, _nested)[int(rng.integers(4))](text, rng)
    text += b" " * (-len(text) % 4)
    return data[:8] + struct.pack("<III", 20 + len(text) + len(rest), len(text), 0x4E4F534A) + text + rest


def _zip_repacked(data: bytes, rng: np.random.Generator) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        wrong = names[int(rng.integers(len(names)))]
        for name in names:
            member = old.read(name)
            ways = (_flipped, _cut_off, _number_replaced, _word_replaced, _filled)
            new.writestr(name, ways[int(rng.integers(len(ways)))](member, rng) if name == wrong else member)
    return packed.getvalue()
