"""Oculus visemes and Rhubarb cues out of the curves: the tables, the timing, the four layouts."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.mouth.articulation import ArticulationModel
from dreamtalk.speech.phones import Phone
from rig import INDEX, NAMES, BlendshapeClip, RigError
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.mouth_shapes import MOUTHS, mouth_cues
from rig.formats.naming import Naming
from rig.formats.oculus_visemes import PATTERNS, VISEMES, viseme_weights

FPS = 50.0


def mouth_of(pattern: dict[str, float]) -> np.ndarray:
    """A frame (1, 52) that shows a pattern of the table, both sides alike."""
    weights = np.zeros((1, len(NAMES)), np.float32)
    for shape, weight in pattern.items():
        for name in (shape, f"{shape}Left", f"{shape}Right"):
            if name in INDEX:
                weights[0, INDEX[name]] = weight
    return weights


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """'a p a', 'a f a', 'a w a' and 'a', a second each with silence around, by the model of how mouths speak."""
    phones = []
    for number, middle in enumerate("pfwa"):
        start = number + 0.3
        phones += [
            Phone(start + n * 0.14, start + (n + 1) * 0.14, symbol) for n, symbol in enumerate(("a", middle, "a"))
        ]
    return ArticulationModel.load().mouth(phones, int(4.5 * FPS), FPS)


def test_there_are_the_fifteen_visemes_in_oculus_order():
    assert VISEMES == tuple("sil PP FF TH DD kk CH SS nn RR aa E I O U".split())


@pytest.mark.parametrize("viseme", VISEMES)
def test_a_mouth_of_the_table_is_its_own_viseme(viseme):
    weights = viseme_weights(mouth_of(PATTERNS[viseme]))[0]
    assert VISEMES[weights.argmax()] == viseme and weights.max() > 0.8


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1))
def test_visemes_are_shares_of_one(seed, most):
    weights = viseme_weights(np.random.default_rng(seed).uniform(0, most, (3, 52)).astype(np.float32))
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_half_a_mouth_is_half_a_viseme():
    half = {shape: weight / 2 for shape, weight in PATTERNS["FF"].items()}
    weights = dict(zip(VISEMES, viseme_weights(mouth_of(half))[0], strict=True))
    assert weights["FF"] == pytest.approx(0.5, abs=0.1) and weights["sil"] == pytest.approx(0.5, abs=0.15)


def test_spoken_mouths_give_their_visemes(spoken):
    weights = viseme_weights(spoken)
    frames = {"sil": 5, "PP": int(0.51 * FPS), "FF": int(1.52 * FPS), "U": int(2.52 * FPS), "aa": int(3.52 * FPS)}
    shares = {viseme: weights[frame - 2 : frame + 3, VISEMES.index(viseme)].max() for viseme, frame in frames.items()}
    assert min(shares.values()) > 0.5, shares
    assert VISEMES[weights[frames["sil"]].argmax()] == "sil"


def test_spoken_mouths_give_their_cues(spoken):
    cues = mouth_cues(spoken, FPS)

    def shown(start_s: float, end_s: float) -> str:
        return "".join(cue.shape for cue in cues if cue.start_s < end_s and cue.end_s > start_s)

    assert cues[0].shape == cues[-1].shape == "X"
    assert "A" in shown(0.45, 0.6) and "X" not in shown(0.45, 0.6)
    assert "G" in shown(1.45, 1.6) and "F" in shown(2.45, 2.6)
    assert "D" in shown(3.35, 3.7) or "C" in shown(3.35, 3.7)
    assert not set(shown(3.35, 3.7)) & set("AXGF")


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.sampled_from([12.0, 25.0, 29.97, 60.0]), st.integers(0, 1000), st.floats(0.05, 1))
def test_cues_fill_the_clip_without_flicker(frames, fps, seed, most):
    weights = np.random.default_rng(seed).uniform(0, most, (frames, 52)).astype(np.float32)
    cues = mouth_cues(weights, fps)
    assert cues[0].start_s == 0 and cues[-1].end_s == pytest.approx(max(int(frames / fps * 100 + 1e-6), 1) / 100)
    for before, after in zip(cues, cues[1:], strict=False):
        assert before.end_s == after.start_s and before.shape != after.shape
    assert set(cue.shape for cue in cues) <= set("ABCDEFGHX")
    if len(cues) > 1:
        assert all(cue.end_s - cue.start_s > 0.0699 for cue in cues if cue.shape not in "A")


def test_a_mouth_that_stays_shut_is_at_rest_and_a_short_closure_is_not():
    weights = np.zeros((100, 52), np.float32)
    weights[10:90, INDEX["jawOpen"]] = 0.4
    weights[48:51, INDEX["jawOpen"]] = 0.0
    assert [cue.shape for cue in mouth_cues(weights, 50.0)] == ["X", "D", "A", "D", "X"]
    closure = mouth_cues(weights, 50.0)[2]
    assert closure.end_s - closure.start_s >= 0.0799  # 0.06 s of lips, begun a little earlier
    weights[40:60, INDEX["jawOpen"]] = 0.0
    assert [cue.shape for cue in mouth_cues(weights, 50.0)] == ["X", "D", "X", "D", "X"]


def test_every_shape_but_x_has_a_look():
    assert "".join(MOUTHS) == "ABCDEFGH"


def opening_clip() -> BlendshapeClip:
    weights = np.zeros((60, 52))
    weights[20:40, INDEX["jawOpen"]] = 0.5
    return BlendshapeClip(weights, np.zeros((60, 3)), 30.0)


def test_visemes_are_written_as_a_table(tmp_path):
    write_clip(opening_clip(), tmp_path / "a.visemes.csv", ExportOptions(naming=Naming(prefix="viseme_")))
    rows = list(csv.DictReader((tmp_path / "a.visemes.csv").open(encoding="utf-8")))
    assert len(rows) == 60 and list(rows[0])[:3] == ["time_s", "viseme_sil", "viseme_PP"]
    assert float(rows[0]["viseme_sil"]) == 1 and float(rows[30]["viseme_aa"]) > 0.8
    assert float(rows[30]["time_s"]) == 1


def test_the_four_layouts_tell_the_same_cues(tmp_path):
    clip, options = opening_clip(), ExportOptions(sound=tmp_path / "a & b.wav")
    for suffix in ("tsv", "xml", "json", "dat"):
        write_clip(clip, tmp_path / f"a.rhubarb.{suffix}", options)
    lines = (tmp_path / "a.rhubarb.tsv").read_text().splitlines()
    assert lines[0] == "0.00\tX" and lines[-1] == "2.00\tX"  # the last line is the end, with the mouth shut
    cues = [(float(start), shape) for start, shape in (line.split("\t") for line in lines[:-1])]
    ends = [start for start, _ in cues[1:]] + [2.0]

    told = json.loads((tmp_path / "a.rhubarb.json").read_text())
    assert told["metadata"] == {"soundFile": "a & b.wav", "duration": 2.0}
    assert [(c["start"], c["value"]) for c in told["mouthCues"]] == cues
    assert [c["end"] for c in told["mouthCues"]] == ends

    tree = ElementTree.parse(tmp_path / "a.rhubarb.xml").getroot()
    assert tree.tag == "rhubarbResult" and tree.findtext("metadata/soundFile") == "a & b.wav"
    assert tree.findtext("metadata/duration") == "2.00"
    assert [(float(c.get("start")), c.text) for c in tree.iterfind("mouthCues/mouthCue")] == cues

    dat = (tmp_path / "a.rhubarb.dat").read_text().splitlines()
    assert dat[0] == "MohoSwitch1" and dat[-1] == "61 X"
    assert dat[1:-1] == [f"{1 + int(30 * start + 1e-9)} {shape}" for start, shape in cues]


def test_cues_are_only_written_and_moho_wants_its_rates(tmp_path):
    write_clip(opening_clip(), tmp_path / "a.rhubarb.json")
    with pytest.raises(RigError, match="holds no curves"):
        read_clip(tmp_path / "a.rhubarb.json")
    with pytest.raises(RigError, match="from 10 to 100"):
        write_clip(BlendshapeClip.rest(9, 120), tmp_path / "a.rhubarb.dat")
    assert not (tmp_path / "a.rhubarb.dat").exists()
