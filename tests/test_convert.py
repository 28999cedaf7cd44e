"""dreamtalk convert, and the names, rates and sound that curve files are written with."""

import errno
import json
import wave

import numpy as np
import pytest

from apps.cli import main
from rig.arkit import GROUPS, NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import FORMATS, READABLE, WRITABLE, format_of, read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.naming import Naming


def a_clip(count: int = 12, fps: float = 30.0) -> BlendshapeClip:
    rng = np.random.default_rng(3)
    return BlendshapeClip(rng.uniform(0, 1, (count, 52)), rng.uniform(-0.3, 0.3, (count, 3)), fps)


@pytest.fixture
def source(tmp_path):
    write_clip(a_clip(), tmp_path / "in.npz")
    return tmp_path / "in.npz"


@pytest.fixture
def sound(source):
    path = source.with_name("voice.wav")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.sin(np.arange(8000) / 9) * 9000).astype("<i2").tobytes())
    return path


def test_the_longest_ending_picks_the_format() -> None:
    names = [format.name for format in FORMATS]
    assert format_of("a/face.npz").name == "npz" and format_of("FACE.CSV").name == "live-link"
    assert format_of("x.bin", "npz").name == "npz"
    assert len({format.suffix for format in FORMATS}) == len(FORMATS)
    for format in FORMATS:
        assert format_of(f"face{format.suffix}") is format and (format.write or format.read), names


SUMMARIES = (".presets.vrma",)
"""Formats that hold less than the 52 curves."""


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITABLE if suffix in READABLE and suffix not in SUMMARIES])
def test_every_format_that_is_read_and_written_brings_the_curves_back(tmp_path, suffix: str) -> None:
    clip = a_clip()
    write_clip(clip, tmp_path / f"face{suffix}")
    back = read_clip(tmp_path / f"face{suffix}")
    rate = back.fps / clip.fps
    assert rate == pytest.approx(round(rate), rel=1e-3)  # Azure knows 60 only
    every = back.weights[:: round(rate)]
    assert abs(len(every) - len(clip)) <= 1
    np.testing.assert_allclose(every[: len(clip)], clip.weights[: len(every)], atol=0.006)


NAMELESS = (".azure.json", ".presets.vrma")
"""Formats whose names are their own: a subset is kept, a name for a shape has no place."""


@pytest.mark.parametrize("suffix", WRITABLE)
def test_every_format_writes_a_subset_under_the_names_asked_for(tmp_path, suffix: str) -> None:
    naming = Naming(prefix="bs_", shapes=("jawOpen", "eyeBlinkLeft"), names={"jawOpen": "Kiefer"})
    path = tmp_path / f"face{suffix}"
    write_clip(a_clip(), path, ExportOptions(naming=naming))
    assert path.stat().st_size > 0
    if suffix in READABLE:
        back = read_clip(path)
        assert back.column("eyeBlinkLeft")[0] == pytest.approx(a_clip().column("eyeBlinkLeft")[0], abs=1e-3)
        assert back.column("mouthSmileLeft").max() == 0, "it is no part of the subset"
        assert (back.column("jawOpen").max() > 0) == (suffix in NAMELESS), "nobody knows a Kiefer"


def test_convert_writes_every_output_and_names_it(source, capsys) -> None:
    outputs = [source.with_name("out.csv"), source.with_name("two.npz")]
    assert main(["convert", str(source), "-o", str(outputs[0]), "-o", str(outputs[1])]) == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote {output}" for output in outputs]
    np.testing.assert_array_equal(read_clip(outputs[1]).weights, read_clip(source).weights)


def test_convert_takes_subset_style_and_map(source) -> None:
    out, names = source.with_name("out.npz"), source.with_name("map.json")
    names.write_text(json.dumps({"jawOpen": "Kiefer"}))
    arguments = ["--only", "jaw,eyeBlink", "--style-of-names", "underscore", "--names", str(names)]
    assert main(["convert", str(source), *arguments, "--fps", "60", "-o", str(out), "--quiet"]) == 0
    with np.load(out) as archive:
        assert list(archive["names"]) == ["eyeBlink_L", "eyeBlink_R", "jawForward", "jawLeft", "jawRight", "Kiefer"]
        assert archive["fps"] == 60 and len(archive["weights"]) == 24


def test_a_take_file_is_named_as_well(source, capsys) -> None:
    assert main(["convert", str(source), "--fps", "29.97df", "-o", str(source.with_name("out.csv"))]) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"wrote {source.with_name('out.take.json')}"
    assert read_clip(source.with_name("out.csv")).fps == pytest.approx(30000 / 1001)


def test_the_sound_lies_beside_and_one_that_lay_there_stays(source, sound) -> None:
    before = sound.read_bytes()
    assert main(["convert", str(source), "--audio", str(sound), "-o", str(source.with_name("face.csv"))]) == 0
    with wave.open(str(source.with_name("face.wav"))) as file:
        assert (file.getframerate(), file.getnframes()) == (16000, 8000)
    assert main(["convert", str(source), "--audio", str(sound), "-o", str(source.with_name("voice.csv"))]) == 0
    assert sound.read_bytes() == before


@pytest.mark.parametrize("suffix", [".gltf", ".usda", ".blender.py", ".maya.py", ".a2f.json", ".rhubarb.xml"])
def test_the_sound_is_named_by_its_way_from_the_output(source, sound, monkeypatch, suffix: str) -> None:
    if suffix == ".usda":
        pytest.importorskip("pxr")
    monkeypatch.chdir(source.parent)
    source.with_name("cut").mkdir()
    assert main(["convert", "in.npz", "--audio", "voice.wav", "--only", "jaw", "-o", f"cut/face{suffix}"]) == 0
    text = source.with_name("cut").joinpath(f"face{suffix}").read_text(encoding="utf-8")
    assert "face.wav" in text and "cut/face" not in text


def test_a_sound_that_two_outputs_share_is_named_once(source, sound, capsys) -> None:
    outputs = [source.with_name("face.csv"), source.with_name("face.wide.csv")]
    assert main(["convert", str(source), "--audio", str(sound), "-o", str(outputs[0]), "-o", str(outputs[1])]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"wrote {path}" for path in (outputs[0], source.with_name("face.wav"), outputs[1])]


def test_no_sound_is_left_where_the_curves_could_not_be_written(source, sound, monkeypatch, capsys) -> None:
    other = source.with_name("face.wav")
    other.write_bytes(b"another sound")
    monkeypatch.setattr("dreamtalk.performance.write_clip", full_disk)
    assert main(["convert", str(source), "--audio", str(sound), "-o", str(source.with_name("face.csv"))]) == 2
    assert other.read_bytes() == b"another sound"
    assert sorted(path.name for path in source.parent.iterdir()) == ["face.wav", "in.npz", "voice.wav"]
    assert "free some space" in capsys.readouterr().err


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_head_of_ones_own_plays_the_curves(source, capsys) -> None:
    head, out = source.with_name("head.glb"), source.with_name("out.glb")
    write_clip(BlendshapeClip.rest(2, 25), head)
    before = head.read_bytes()
    assert main(["convert", str(source), "--onto", str(head), "-o", str(out), "--quiet"]) == 0
    np.testing.assert_allclose(read_clip(out).weights, read_clip(source).weights, atol=1e-6)
    assert head.read_bytes() == before
    assert main(["convert", str(source), "--onto", str(head), "-o", str(source.with_name("out.csv"))]) == 2
    assert ".glb, .gltf" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-o", "out.docx"], "suffix"),
        (["-o", "out.csv", "--fps", "fast"], "frame rate"),
        (["-o", "out.csv", "--fps", "25df"], "drop-frame"),
        (["-o", "out.csv", "--only", "smile"], "'smile'"),
        (["-o", "out.csv", "--only", ","], "names no shape"),
        (["-o", "out.csv", "--names", "none.json"], "none.json"),
        (["-o", "out.csv", "--format", "fbx"], "'fbx'"),
        (["-o", "out.mediapipe.json"], "only be read"),
        (["-o", "in.npz"], "overwritten"),
        (["--audio", "in.bin", "-o", "in.gltf"], "in.gltf is also an input"),
        (["-o", "missing/out.csv"], "missing"),
        (["-o", "out.npz", "--take"], "it goes into live-link"),
        (["-o", "out.csv", "--person", "woman"], "it goes into glb, gltf, usd"),
        (["-o", "out.csv", "--mesh-path", "Body"], "no output has room"),
    ],
)
def test_bad_requests_end_in_one_sentence(source, monkeypatch, capsys, arguments: list[str], word: str) -> None:
    monkeypatch.chdir(source.parent)
    assert main(["convert", "in.npz", *arguments]) == 2
    complaint = capsys.readouterr().err
    assert word in complaint and complaint.count("\n") == 1
    assert [path.name for path in source.parent.iterdir()] == ["in.npz"]


def test_regions_may_be_named() -> None:
    from apps.curve_options import chosen_shapes

    assert chosen_shapes("left eye, tongue", "--only") == (*GROUPS["left eye"], "tongueOut")
    assert chosen_shapes(",".join(NAMES), "--only") == NAMES
