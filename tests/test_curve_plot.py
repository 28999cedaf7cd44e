"""Plots of curves: the same panels as picture, as drawing and as a page that works in a browser."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from browser import in_chromium
from PIL import Image

from apps.cli import main
from dreamtalk.errors import OptionError
from dreamtalk.plots.curve_plot import compared_curves, curve_plot, plot_height, write_curve_plot
from dreamtalk.plots.panels import WIDTH
from dreamtalk.speech.audio import Waveform
from rig import INDEX, BlendshapeClip, RigError
from rig.clip_file import write_clip

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"><script>alert(1)</script></text>&amp;{{DATA}}</title>\x01<!--.csv"


def a_clip(frames: int = 50, fps: float = 25.0, seed: int = 0) -> BlendshapeClip:
    rng = np.random.default_rng(seed)
    weights = np.zeros((frames, 52))
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft", "tongueOut"):
        weights[:, INDEX[name]] = rng.uniform(0, 1, frames)
    return BlendshapeClip(weights, rng.normal(0, 0.1, (frames, 3)), fps)


def a_sound(seconds: float = 2.0) -> Waveform:
    t = np.arange(round(16_000 * seconds)) / 16_000
    return Waveform((t / seconds * np.sin(2 * np.pi * 200 * t)).astype(np.float32))


def test_all_three_kinds_are_written(tmp_path):
    clip, sound = a_clip(), a_sound()
    for suffix in ("png", "svg", "html"):
        write_curve_plot(tmp_path / f"a.{suffix}", clip, sound, title="a")
        write_curve_plot(tmp_path / f"b.{suffix}", clip, None, against=a_clip(70, 60), shapes=["jawOpen"])
    assert Image.open(tmp_path / "a.png").size == (WIDTH, plot_height(curve_plot(clip, sound)))
    assert len(list(tmp_path.iterdir())) == 6


def test_the_same_clip_gives_the_same_bytes(tmp_path):
    for suffix in ("png", "svg", "html"):
        for name in "ab":
            write_curve_plot(tmp_path / f"{name}.{suffix}", a_clip(), a_sound(), title="take")
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize("frames", [1, 2, 40_000])
def test_clips_of_any_length_are_drawn(tmp_path, frames):
    for suffix in ("png", "svg", "html"):
        write_curve_plot(tmp_path / f"a.{suffix}", a_clip(frames), title="x" * 300)
        assert 1_000 < (tmp_path / f"a.{suffix}").stat().st_size < 200_000 + 300 * frames


def test_panels_are_the_parts_of_the_face_or_the_shapes_named():
    clip = a_clip()
    assert [panel.name for panel in curve_plot(clip).panels] == ["Mouth", "Brows, cheeks, nose", "Eyes", "Head"]
    named = curve_plot(clip, shapes=["tongueOut", "jawOpen", "jawLeft"]).panels
    assert [[curve.label for curve in panel.curves] for panel in named] == [["jawLeft", "jawOpen"], ["tongueOut"]]
    np.testing.assert_array_equal(named[0].curves[1].values, clip.column("jawOpen"))


def test_two_clips_share_a_time_axis_and_are_compared_where_they_move_most():
    clip, other = a_clip(50, 25), a_clip(180, 60, seed=1)
    plot = curve_plot(clip, against=other, title="one", against_title="two")
    assert plot.duration_s == 3.0
    assert {panel.name for panel in plot.panels[:5]} >= {"jawOpen", "mouthSmile", "eyeBlink", "tongueOut"}
    assert [panel.name for panel in plot.panels[-3:]] == ["Head pitch", "Head yaw", "Head roll"]
    assert [curve.label for curve in plot.panels[0].curves] == ["one", "two"]
    smile = compared_curves(clip, other, ("a", "b"))["mouthSmile"]
    np.testing.assert_allclose(smile[0].values, clip.column("mouthSmileLeft") / 2, atol=1e-6)
    assert (len(smile[1].values), smile[1].seconds[-1]) == (180, pytest.approx(179 / 60))
    still = curve_plot(BlendshapeClip.rest(5, 25), against=BlendshapeClip.rest(5, 25))
    assert not any(panel.name.startswith("Head") for panel in still.panels)


def test_a_hostile_name_stays_text_in_the_drawing(tmp_path):
    write_curve_plot(tmp_path / "a.svg", a_clip(), title=HOSTILE[:40], against=a_clip(), against_title=HOSTILE)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds == {"svg", "rect", "text", "polyline", "polygon"}
    assert any("<script>" in (text.text or "") for text in root.iter(f"{SVG}text"))


class Elements(HTMLParser):
    """The scripts of a page, its title, and every address that it names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.texts: dict[str, str] = {}
        self.addresses: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self._inside = tag
        self.scripts += [""] if tag == "script" else []
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "data", "action")]

    def handle_data(self, text):
        if self._inside == "script":
            self.scripts[-1] += text
        self.texts[self._inside] = self.texts.get(self._inside, "") + text

    def handle_endtag(self, tag):
        self._inside = ""


def page_of(path: Path, **given) -> Elements:
    write_curve_plot(path, **given)
    return Elements(path.read_text(encoding="utf-8"))


def test_a_hostile_name_stays_text_in_the_page(tmp_path):
    page = page_of(tmp_path / "a.html", clip=a_clip(), title=HOSTILE)
    assert len(page.scripts) == 2 and "alert(1)" in page.texts["title"]
    assert "alert(1)" not in page.scripts[1] and json.loads(page.scripts[0])["clips"][0]["title"] == HOSTILE


def test_the_page_holds_everything_and_asks_the_network_for_nothing(tmp_path):
    clip, sound = a_clip(), a_sound()
    page = page_of(tmp_path / "a.html", clip=clip, waveform=sound)
    assert len(page.addresses) == 1 and page.addresses[0].startswith("data:audio/wav;base64,")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text and not re.search(r"https?:|@import|url\(|fetch\(|XMLHttp|innerHTML", text)
    data = json.loads(page.scripts[0])
    jaw = np.frombuffer(base64.b64decode(data["clips"][0]["weights"]["jawOpen"]), "<u2") / 65_535
    np.testing.assert_allclose(jaw, clip.column("jawOpen"), atol=1 / 65_535)
    yaw = np.frombuffer(base64.b64decode(data["clips"][0]["head"][1]), "<f4")
    np.testing.assert_allclose(yaw, np.degrees(clip.head_rotation[:, 1]), rtol=1e-6)
    wav = base64.b64decode(page.addresses[0].partition(",")[2])
    np.testing.assert_allclose(np.frombuffer(wav[44:], "<i2") / 32_767, sound.samples, atol=1 / 32_000)
    level = np.frombuffer(base64.b64decode(data["level"]), np.uint8)
    np.testing.assert_allclose(level[10:390] / 255, np.arange(10, 390) / 400, atol=0.02)


def test_the_page_works_in_a_browser(tmp_path):
    clip, other = a_clip(), a_clip(75, 25, 1)
    write_curve_plot(tmp_path / "a.html", clip, a_sound(), title="a", against=other, against_title="b")
    seen = in_chromium("pages/curves.html", {"files": tmp_path}, file="/files/a.html")
    assert seen["title"] == "a / b"
    assert seen["names"] == ["Sound", "Mouth", "Brows, cheeks, nose", "Eyes", "Tongue", "Head"]
    # The axis is 3 s long, so that its middle is 1.5 s: frame 38 of both, halves rounded up.
    assert seen["middle"] == "1.500 s   frame 38 / 38"
    for name in ("jawOpen", "tongueOut"):
        assert seen["values"][name] == f"{clip.column(name)[38]:.2f} / {other.column(name)[38]:.2f}"
    assert seen["values"]["yaw"].startswith(f"{np.degrees(clip.head_rotation[38, 1]):.1f}°")
    assert seen["hidden"] and np.diff(seen["closer"]) == pytest.approx(3 / np.e, abs=0.01)
    assert seen["all"] == [0, 3] and seen["stepped"] == 0.04
    assert seen["played"][0] == pytest.approx(seen["played"][1], abs=0.05) and seen["played"][0] > 0.8


def test_a_plot_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"must end in one of \.png"):
        write_curve_plot(tmp_path / "a.pdf", a_clip())
    with pytest.raises(RigError, match="does not exist"):
        write_curve_plot(tmp_path / "none" / "a.svg", a_clip())
    assert not list(tmp_path.iterdir())


def test_the_command_writes_every_output(tmp_path, speech, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_clip(a_clip(), "a.npz")
    write_clip(a_clip(60, 30, 1), "b.npz")
    names = ["-o", "a.png", "-o", "a.svg", "-o", "a.html"]
    assert main(["plot", "a.npz", "--audio", str(speech), "--shapes", "jawOpen,brows", *names]) == 0
    assert main(["plot", "a.npz", "--against", "b.npz", "--quiet", "-o", "b.svg"]) == 0
    assert capsys.readouterr().out == "wrote a.png\nwrote a.svg\nwrote a.html\n"
    assert "browInnerUp" in Path("a.svg").read_text(encoding="utf-8")
    assert "a.npz / b.npz" in Path("b.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-o a.pdf", "suffix picks the format"),
        ("-o a.npz", "suffix picks"),
        ("--shapes jawDrop -o a.svg", "'jawDrop' is not known"),
        ("--shapes head -o a.svg", "no shape"),
        ("--against none.npz -o a.svg", "no file none.npz"),
    ],
)
def test_what_cannot_be_plotted_is_one_sentence(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    write_clip(a_clip(), "a.npz")
    assert main(["plot", "a.npz", *words.split()]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1 and [path.name for path in tmp_path.iterdir()] == ["a.npz"]
