"""The containers of glTF: pieces in and out, what is broken, and that nothing outside a file's folder is opened."""

import base64
import json
import os
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig import RigError
from rig.formats.glb import read_gltf, write_gltf
from rig.formats.gltf_scene import read_gltf_scene

ASSET = {"asset": {"version": "2.0"}}
SMALL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SMALL
@given(st.lists(st.binary(max_size=40), max_size=5), st.sampled_from(["a.glb", "a.vrm", "a.gltf"]))
def test_pieces_come_back_end_to_end(tmp_path, pieces, name):
    write_gltf(ASSET | {"extras": {"näme": "✓"}}, pieces, tmp_path / name)
    back = read_gltf(tmp_path / name)
    assert b"".join(map(bytes, back.buffers)) == b"".join(pieces)
    assert back.document["extras"] == {"näme": "✓"}
    assert name.endswith("gltf") or (tmp_path / name).stat().st_size % 4 == 0


@SMALL
@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_make_the_reader_stumble(tmp_path, tail, glb):
    path = tmp_path / "a.glb"
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(tail)) + tail if glb else tail)
    with pytest.raises(RigError):
        read_gltf(path)


@pytest.mark.parametrize(
    "uri",
    [
        "../secret.bin", "a/../../secret.bin", "%2e%2e/secret.bin", "/etc/passwd", "\\\\host\\x", "C:\\secret.bin",
        "file:///etc/passwd", "http://example.com/a.bin", "c:secret.bin", "a\0b", "..", "link/secret.bin", "secret.bin",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_opened(tmp_path, uri, monkeypatch):
    (tmp_path / "secret.bin").write_bytes(b"secret" * 10)
    folder = tmp_path / "in"
    folder.mkdir()
    for name, target in (("link", tmp_path), ("secret.bin", tmp_path / "secret.bin")):
        try:
            os.symlink(target, folder / name, target_is_directory=target.is_dir())
        except OSError:
            pytest.skip("This system lets nobody make links.")
    document = ASSET | {"buffers": [{"uri": uri, "byteLength": 6}]}
    (folder / "a.gltf").write_text(json.dumps(document))
    with pytest.raises(RigError, match="not in its own folder"):
        read_gltf(folder / "a.gltf")
    (folder / "b.gltf").write_text(json.dumps(ASSET | {"images": [{"uri": uri}]}))
    with pytest.raises(RigError, match="not in its own folder"):
        read_gltf_scene(folder / "b.gltf")


def test_buffers_beside_below_and_within_are_read(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.bin").write_bytes(b"12345678")
    data = "data:application/octet-stream;base64," + base64.b64encode(b"abcd").decode()
    buffers = [{"uri": "sub/a%20b.bin", "byteLength": 6}, {"uri": data, "byteLength": 4}]
    (tmp_path / "a.gltf").write_text(json.dumps(ASSET | {"buffers": buffers}))
    assert [bytes(buffer) for buffer in read_gltf(tmp_path / "a.gltf").buffers] == [b"123456", b"abcd"]


@pytest.mark.parametrize(
    ("buffers", "word"),
    [
        ([{"uri": "none.bin", "byteLength": 1}], "needs the file 'none.bin' beside"),
        ([{"uri": "short.bin", "byteLength": 9}], "has 4 of its 9 bytes"),
        ([{"uri": "data:;base64,???", "byteLength": 1}], "not base64"),
        ([{"uri": "data:text/plain,hello", "byteLength": 1}], "not base64"),
        ([{"uri": 7, "byteLength": 1}], "no text"),
        ([{"byteLength": 1}], "neither a uri"),
        ([{"uri": "short.bin"}], "byteLength None"),
        ([{"uri": "short.bin", "byteLength": True}], "byteLength True"),
        ("buffers", "no list of buffers"),
    ],
)
def test_buffers_that_are_not_there_are_refused(tmp_path, buffers, word):
    (tmp_path / "short.bin").write_bytes(b"1234")
    (tmp_path / "a.gltf").write_text(json.dumps(ASSET | {"buffers": buffers}))
    with pytest.raises(RigError, match=word):
        read_gltf(tmp_path / "a.gltf")


def glb(version=2, length=None, kind=b"JSON", text=b'{"asset":{"version":"2.0"}}  ', size=None):
    chunk = struct.pack("<I4s", len(text) if size is None else size, kind) + text
    return struct.pack("<4sII", b"glTF", version, 12 + len(chunk) if length is None else length) + chunk


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "holds no glTF"),
        (b"glTF", "ends within its header"),
        (glb(version=1), "version 1"),
        (glb(length=10**6), "of its 1000000 bytes"),
        (glb(size=10**6), "runs past its end"),
        (glb(kind=b"BIN\0"), "does not begin with a JSON chunk"),
        (glb(text=b"{}  "), "version 'None'"),
        (glb(text=b'{"asset":{"version":"1.0"}}'), "version '1.0'"),
        (glb(text=b"[1] "), "no glTF"),
        (glb(text=b"\xff\xfe{}"), "holds no glTF"),
        (glb(text=b"[" * 200_000), "too deeply"),
        (b"PK\3\4 a zip", "holds no glTF"),
        (b'{"asset": {"version": "2.0"}, "n": ' + b"9" * 5000 + b"}", "holds no glTF"),
    ],
)
def test_a_broken_container_is_refused(tmp_path, content, word):
    (tmp_path / "a.glb").write_bytes(content)
    with pytest.raises(RigError, match=word):
        read_gltf(tmp_path / "a.glb")


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(RigError, match="There is no file"):
        read_gltf(tmp_path / "none.glb")
    with pytest.raises(RigError, match="cannot be read"):
        read_gltf(tmp_path)
