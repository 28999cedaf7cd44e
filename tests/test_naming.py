"""Names of shapes on the way in and out, and frame rates."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.errors import RigError
from rig.formats.export_options import ExportOptions
from rig.formats.frame_rate import FrameRate
from rig.formats.naming import STYLES, Naming, read_name_map, styled
from rig.formats.shape_names import shape_of


@given(st.sampled_from(NAMES), st.sampled_from(STYLES), st.sampled_from(["", "blendShape1.", "Head/Mesh:", "CC_Base_"]))
def test_every_name_that_is_written_is_known_again(name: str, style: str, prefix: str) -> None:
    assert shape_of(prefix + styled(name, style)) == name


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("eyeBlink_L", "eyeBlinkLeft"), ("eyeBlink.R", "eyeBlinkRight"), ("MOUTHSMILELEFT", "mouthSmileLeft"),
        ("mouth_smile_left", "mouthSmileLeft"), ("jaw_L", "jawLeft"), ("mouthLeft", "mouthLeft"),
        ("  BrowInnerUp ", "browInnerUp"), ("Fcl_ALL_Joy", None), ("browInnerUp_L", None), ("", None), ("_", None),
        ("mouth", None), ("HeadYaw", None),
    ],
)  # fmt: skip
def test_other_spellings(text: str, shape: str | None) -> None:
    assert shape_of(text) == shape


def test_directions_of_jaw_and_mouth_keep_their_names_with_sides_as_letters() -> None:
    assert [styled(name, "underscore") for name in ("jawLeft", "mouthRight", "mouthSmileRight", "jawOpen")] == [
        "jawLeft", "mouthRight", "mouthSmile_R", "jawOpen",
    ]  # fmt: skip


def test_a_map_is_above_style_and_prefix_and_a_subset_keeps_its_order() -> None:
    naming = Naming("pascal", "x.", shapes=("mouthClose", "jawOpen"), names={"jawOpen": "Jaw"})
    assert naming.written() == ("x.MouthClose", "Jaw") and not naming.plain and Naming().plain


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"style": "snake"}, "style"),
        ({"shapes": ("smile",)}, "'smile'"),
        ({"shapes": ()}, "empty"),
        ({"shapes": ("jawOpen", "jawOpen")}, "twice"),
        ({"names": {"jawOpen": "A", "mouthClose": "A"}}, "Two shapes"),
        ({"prefix": "a\n"}, "control characters"),
        ({"names": {"jawOpen": "\ud800"}}, "control characters"),
    ],
)
def test_names_that_cannot_be(arguments: dict, word: str) -> None:
    with pytest.raises(RigError, match=word):
        Naming(**arguments)


@pytest.mark.parametrize("suffix", [".csv", ".wide.csv", ".long.csv", ".a2f.csv", ".txt"])
@pytest.mark.parametrize("name", ["jaw, open", 'jaw "open"'])
def test_a_name_that_would_break_a_table_is_refused(suffix: str, name: str, tmp_path) -> None:
    options = ExportOptions(naming=Naming(names={"jawOpen": name}))
    with pytest.raises(RigError, match="without comma"):
        write_clip(BlendshapeClip.rest(2, 30), tmp_path / f"a{suffix}", options)
    assert not list(tmp_path.iterdir())


def test_a_map_file_as_lines_or_json(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("jawOpen,Jaw_Open\n\neyeBlink_L , Lid\n", encoding="utf-8-sig")
    (tmp_path / "a.json").write_text('{"JawOpen": "Jaw_Open", "eyeBlinkLeft": "Lid"}')
    expected = {"jawOpen": "Jaw_Open", "eyeBlinkLeft": "Lid"}
    assert read_name_map(tmp_path / "a.csv") == read_name_map(tmp_path / "a.json") == expected


def test_a_map_file_of_a_spreadsheet_may_quote_its_cells(tmp_path) -> None:
    text = '"jawOpen","Kiefer, ""auf"""\n"eyeBlinkLeft","口角 左"\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert read_name_map(tmp_path / "a.csv") == {"jawOpen": 'Kiefer, "auf"', "eyeBlinkLeft": "口角 左"}


@pytest.mark.parametrize(
    "text", ["jawOpen", "smile,A", "jawOpen,", '{"jawOpen": 3}', "{", "jawOpen,A\nJawOpen,B", 'jawOpen,"A']
)
def test_a_broken_map_file_is_one_sentence(tmp_path, text: str) -> None:
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(RigError, match="map.csv") as caught:
        read_name_map(tmp_path / "map.csv")
    assert "\n" not in str(caught.value)


def test_television_rates_are_exact() -> None:
    assert FrameRate.parse("29.97df") == FrameRate(Fraction(30000, 1001), "drop")
    assert FrameRate.parse("23.976").exact == Fraction(24000, 1001) and FrameRate.parse(" 59.94NDF").count == "non-drop"
    assert FrameRate.parse("60").exact == 60 and FrameRate.parse("30000/1001").fps == pytest.approx(29.97003)
    assert FrameRate.near(29.97).exact == Fraction(30000, 1001) and FrameRate.near(30.0).exact == 30
    assert FrameRate.near(12.345).fps == pytest.approx(12.345) and FrameRate.parse("59.94").nominal == 60


@pytest.mark.parametrize("text", ["", "fast", "0", "-5", "nan", "inf", "1/0", "30df", "23.976df", "5000"])
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(RigError):
        FrameRate.parse(text)
