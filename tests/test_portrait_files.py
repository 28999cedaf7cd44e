"""Portrait files of every kind, good and bad: each becomes a portrait or one clear sentence."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamtalk.errors import PortraitError, WeightsError
from dreamtalk.portrait.framing import FACE_SHARE, SIZE_PX
from dreamtalk.portrait.person_mask import person_mask
from dreamtalk.portrait.picture_file import GROUND_RGB, read_picture
from dreamtalk.portrait.portrait import Portrait, load_portrait

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"


@pytest.fixture(scope="module")
def example() -> Image.Image:
    return Image.open(EXAMPLE).convert("RGB")


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(EXAMPLE)


def assert_one_sentence(error: pytest.ExceptionInfo) -> None:
    text = str(error.value)
    assert text.endswith(".") and "\n" not in text and "Traceback" not in text
    assert not re.search(r"[a-z]\. [A-Z]", text)


def test_the_square_maps_back_onto_the_whole_picture(portrait: Portrait) -> None:
    assert portrait.picture.shape == (SIZE_PX, SIZE_PX, 3) and portrait.picture.dtype == np.uint8
    corners = np.array([[0, 0, 1], [SIZE_PX - 1, SIZE_PX - 1, 1]]) @ portrait.crop_to_full.T
    height, width = portrait.full_picture.shape[:2]
    assert corners.min() > -1 and (corners[1] < (width, height)).all()
    point = portrait.crop_to_full @ (200, 300, 1)
    seen = portrait.full_picture[round(point[1]), round(point[0])]
    assert np.abs(portrait.picture[300, 200].astype(int) - seen).max() < 30


def test_head_and_shoulders_are_framed_in_a_wide_picture(example: Image.Image, tmp_path: Path) -> None:
    wide = Image.new("RGB", (1800, 1000), (150, 150, 150))
    wide.paste(example.resize((700, 700)), (1000, 100))
    wide.save(tmp_path / "wide.jpg")
    framed = load_portrait(tmp_path / "wide.jpg")
    assert framed.face.size_px / SIZE_PX == pytest.approx(FACE_SHARE, abs=0.03)
    assert framed.face.points[1, 0] == pytest.approx(SIZE_PX / 2, abs=25)


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "LA", "I;16"])
def test_every_pixel_kind_gives_the_same_picture(example: Image.Image, tmp_path: Path, mode: str) -> None:
    suffix = ".tif" if mode == "CMYK" else ".png"
    if mode == "I;16":
        deep = np.asarray(example.convert("L"), dtype=np.uint16) * 257
        converted = Image.fromarray(deep)
    else:
        converted = example.convert(mode)
    path = tmp_path / f"picture{suffix}"
    converted.save(path)
    wanted = example.convert("L").convert("RGB") if mode in ("L", "LA", "I;16") else example
    difference = np.abs(read_picture(path).astype(int) - np.asarray(wanted))
    assert difference.mean() < 20 and read_picture(path).dtype == np.uint8


def test_alpha_is_laid_on_a_neutral_ground(example: Image.Image, tmp_path: Path) -> None:
    clear = example.convert("RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png") == GROUND_RGB).all()


def test_a_turned_picture_is_set_upright(example: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to view
    example.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    upright = read_picture(tmp_path / "turned.jpg")
    assert np.abs(upright.astype(int) - np.asarray(example)).mean() < 4


def test_of_several_faces_the_largest_is_taken_and_said_so(
    example: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = Image.new("RGB", (1100, 600), (160, 160, 160))
    both.paste(example.resize((600, 600)), (500, 0))
    both.paste(example.resize((400, 400)), (50, 150))
    both.save(tmp_path / "both.png")
    with caplog.at_level(logging.WARNING):
        portrait = load_portrait(tmp_path / "both.png")
    assert "2 faces" in caplog.text and "largest" in caplog.text
    assert (portrait.crop_to_full @ (*portrait.face.points[1, :2], 1))[0] > 600


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.png", None, "no picture at"),
        ("text.png", b"this is text", "not a picture"),
        ("empty.jpg", b"", "not a picture"),
    ],
)
def test_what_is_no_picture_is_said_so(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PortraitError, match=words) as error:
        load_portrait(tmp_path / name)
    assert name in str(error.value)
    assert_one_sentence(error)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(PortraitError, match="is a folder") as error:
        load_portrait(tmp_path)
    assert_one_sentence(error)


def test_a_cut_file_is_named_damaged(tmp_path: Path, example: Image.Image) -> None:
    example.save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:20000])
    with pytest.raises(PortraitError, match="damaged or cut short") as error:
        load_portrait(tmp_path / "cut.png")
    assert_one_sentence(error)


def test_no_face(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), (90, 120, 200)).save(tmp_path / "sky.png")
    with pytest.raises(PortraitError, match="No face was found in .*sky.png") as error:
        load_portrait(tmp_path / "sky.png")
    assert_one_sentence(error)


def test_a_tiny_face_is_told_its_size(tmp_path: Path, example: Image.Image) -> None:
    example.resize((100, 100)).save(tmp_path / "tiny.png")
    with pytest.raises(PortraitError, match=r"only \d+ pixels high; it must be at least 64") as error:
        load_portrait(tmp_path / "tiny.png")
    assert_one_sentence(error)


def test_a_tiny_picture_is_told_its_size(tmp_path: Path, example: Image.Image) -> None:
    example.resize((32, 32)).save(tmp_path / "icon.png")
    with pytest.raises(PortraitError, match="only 32x32 pixels") as error:
        load_portrait(tmp_path / "icon.png")
    assert_one_sentence(error)


def test_the_person_is_told_from_the_ground(portrait: Portrait) -> None:
    assert portrait.person is not None and portrait.person.shape == (SIZE_PX, SIZE_PX)
    nose = portrait.face.points[1, :2].round().astype(int)
    assert portrait.person[nose[1], nose[0]] > 0.95
    assert portrait.person[:200, [0, -1]].max() < 0.05


def test_one_colour_all_over_has_no_outline(portrait: Portrait) -> None:
    assert person_mask(np.full((SIZE_PX, SIZE_PX, 3), 128, np.uint8), portrait.face) is None


def test_the_person_is_told_alike_each_time_and_at_any_size(portrait: Portrait) -> None:
    again = person_mask(portrait.picture, portrait.face)
    assert again is not None and portrait.person is not None and np.array_equal(again, portrait.person)
    wide = np.pad(portrait.picture, ((0, 0), (0, 200), (0, 0)), mode="edge")
    widened = person_mask(wide, portrait.face)
    assert widened is not None and widened.shape == wide.shape[:2]
    assert np.abs(widened[:, :SIZE_PX] - portrait.person).mean() < 0.03


def test_an_altered_segmenter_is_refused(portrait: Portrait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamtalk.portrait.person_mask.MODEL_SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="altered") as error:
        person_mask(portrait.picture, portrait.face)
    assert_one_sentence(error)
