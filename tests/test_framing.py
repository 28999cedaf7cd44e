"""What of a picture is shown, how large, and whose face: squares, whole pictures, one of several faces."""

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamtalk.errors import OptionError, PortraitError
from dreamtalk.performance import Performance
from dreamtalk.portrait.framing import LONGEST_FULL_PX, SIZE_PX, Framing
from dreamtalk.portrait.portrait import Portrait, load_portrait, portrait_from_picture
from dreamtalk.portrait.portrait_video import portrait_frames
from rig.arkit import INDEX
from rig.clip import BlendshapeClip

EXAMPLE = Image.open(Path(__file__).parents[1] / "examples" / "portrait.png").convert("RGB")


def scene(size: tuple[int, int], *places: tuple[int, int, int]) -> np.ndarray:
    """A striped wall of `size` (width, height) with the example portrait at each (left, top, side)."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    wall = np.stack([120 + 60 * (x // 9 % 2), 110 + 50 * (y // 7 % 2), 90 + (x + y) % 80], axis=-1)
    picture = Image.fromarray(wall.astype(np.uint8))
    for left, top, side in places:
        picture.paste(EXAMPLE.resize((side, side), Image.Resampling.LANCZOS), (left, top))
    return np.asarray(picture)


def clip(**head: float) -> BlendshapeClip:
    """Rest, then an open mouth under a turned head."""
    weights = np.zeros((2, 52), np.float32)
    weights[1, INDEX["jawOpen"]] = 0.6
    return BlendshapeClip(weights, np.array([(0, 0, 0), (0.1, 0.2, 0.1)]), 25)


def drawn(portrait: Portrait, size: int | None = None) -> list[np.ndarray]:
    return list(portrait_frames(portrait, clip(), size, quality="draft"))


def part_of(portrait: Portrait) -> np.ndarray:
    """(H, W) bool: where the whole picture may change."""
    left, top, (width, height) = int(portrait.framing.left), int(portrait.framing.top), portrait.framing.size
    mask = np.zeros(portrait.full_picture.shape[:2], bool)
    mask[top + 1 : top + height - 1, left + 1 : left + width - 1] = True
    return mask


@pytest.fixture(scope="module")
def wide() -> np.ndarray:
    return scene((901, 520), (420, 40, 400))


@pytest.fixture(scope="module")
def whole(wide: np.ndarray) -> Portrait:
    return portrait_from_picture(wide, frame="full")


def test_the_whole_picture_stays_bit_identical_outside_the_moving_part(wide: np.ndarray, whole: Portrait) -> None:
    frames = drawn(whole)
    assert [frame.shape for frame in frames] == [wide.shape] * 2
    outside = ~part_of(whole)
    assert outside.mean() > 0.3
    for frame in frames:
        assert np.array_equal(frame[outside], wide[outside])
    changed = np.abs(frames[1].astype(int) - wide).max(axis=2) > 20
    assert changed.sum() > 2_000 and np.abs(frames[0].astype(int) - wide).mean() < 0.5


def test_the_part_lies_on_the_pixels_of_the_whole(wide: np.ndarray, whole: Portrait) -> None:
    left, top, (width, height) = int(whole.framing.left), int(whole.framing.top), whole.framing.size
    assert np.array_equal(whole.picture, wide[top : top + height, left : left + width])
    assert whole.crop_to_full[:, :2].tolist() == [[1, 0], [0, 1]]


def test_a_fade_is_nothing_at_inner_borders_and_full_elsewhere() -> None:
    fade = Framing(0, 10, 60, 80, (60, 80)).fade((100, 100))  # touches the left border only
    assert fade[0].max() == fade[-1].max() == fade[:, -1].max() == 0
    assert fade[40, 0] == fade[40, 30] == 1
    assert (np.diff(fade[40, 30:]) <= 0).all()


@pytest.mark.parametrize("size", [(330, 1000), (333, 401)])
def test_narrow_pictures_are_shown_whole(size: tuple[int, int]) -> None:
    picture = scene(size, (-30, 10, 390))
    portrait = portrait_from_picture(picture, frame="full")
    frame = drawn(portrait)[1]
    assert frame.shape == picture.shape
    height, width = portrait.picture.shape[:2]
    assert width == size[0] and (height < size[1] or size[1] == 401)


def test_large_pictures_are_reduced_unless_a_size_says_otherwise(caplog: pytest.LogCaptureFixture) -> None:
    picture = scene((2400, 1300), (1000, 200, 800))
    with caplog.at_level(logging.WARNING):
        reduced = portrait_from_picture(picture, frame="full")
    assert reduced.full_picture.shape == (1040, LONGEST_FULL_PX, 3)
    assert "1920x1040, its own size is 2400x1300" in caplog.text
    nose = reduced.crop_to_full @ (*reduced.face.points[1, :2], 1)
    assert np.abs(nose / 0.8 - (1400, 620)).max() < 60
    assert np.array_equal(portrait_from_picture(picture, frame="full", size=2400).full_picture, picture)
    with pytest.raises(PortraitError, match=r"has only \d+ pixels when .* give a --size of \d+ to 2400"):
        portrait_from_picture(picture, frame="full", size=300)


def test_squares_are_as_large_as_asked_but_no_larger_than_the_picture(caplog: pytest.LogCaptureFixture) -> None:
    picture = np.asarray(EXAMPLE.resize((1100, 1100), Image.Resampling.LANCZOS))
    own = portrait_from_picture(picture, size=2000)
    side = len(own.picture)
    assert SIZE_PX < side <= 1100 and side % 2 == 0 and own.framing.width == pytest.approx(side, abs=2)
    assert f"has {side} pixels" in caplog.text
    large = portrait_from_picture(picture, size=800)
    assert large.picture.shape == (800, 800, 3) and large.face.size_px == pytest.approx(
        own.face.size_px * 800 / side, rel=0.02
    )
    frames = drawn(large)
    assert [frame.shape for frame in frames] == [(800, 800, 3)] * 2
    assert [frame.shape for frame in drawn(large, 300)] == [(300, 300, 3)] * 2
    with pytest.raises(OptionError, match="made for 800 pixels, not 900"):
        drawn(large, 900)


@pytest.fixture(scope="module")
def three() -> np.ndarray:
    return scene((1300, 560), (20, 150, 320), (360, 40, 500), (880, 120, 400))


def middle(portrait: Portrait) -> float:
    return (portrait.crop_to_full @ (*portrait.face.points[1, :2], 1))[0]


def test_faces_are_numbered_from_left_to_right(three: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert 560 < middle(portrait_from_picture(three, "trio.png")) < 660
    (line,) = caplog.messages
    assert line.startswith("3 faces were found in trio.png, from left to right: 1 (") and "largest, 2," in line
    assert 130 < middle(portrait_from_picture(three, face=1)) < 230
    assert 1030 < middle(portrait_from_picture(three, face=3, frame="full")) < 1130
    for number in (0, 4):
        with pytest.raises(PortraitError, match=rf"no face {number} in trio.png: 3 faces were found, .* 3 \(\d+ pix"):
            portrait_from_picture(three, "trio.png", face=number)


def test_faces_too_small_to_speak_are_not_counted() -> None:
    picture = scene((900, 520), (60, 200, 110), (420, 40, 400))
    assert 560 < middle(portrait_from_picture(picture, face=1)) < 680
    with pytest.raises(PortraitError, match="no face 2 in The picture: 1 face was found"):
        portrait_from_picture(picture, face=2)


def test_one_face_is_number_one(wide: np.ndarray) -> None:
    assert 580 < middle(portrait_from_picture(wide, face=1)) < 660
    with pytest.raises(PortraitError, match="no face 2 in The picture: 1 face was found"):
        portrait_from_picture(wide, face=2)


def test_performances_choose_face_frame_and_size(three: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(three).save(tmp_path / "trio.png")
    performance = Performance(clip())
    video = performance.render(tmp_path / "trio.png", face=1, frame="full", quality="draft")
    assert [frame.shape for frame in video.frames()] == [three.shape] * 2
    assert next(performance.render(tmp_path / "trio.png", size=9000, quality="draft").frames()).shape == (560, 560, 3)
    loaded = load_portrait(tmp_path / "trio.png", face=3)
    assert next(performance.render(loaded, size=64, quality="draft").frames()).shape == (64, 64, 3)
    for chosen in ({"face": 1}, {"frame": "full"}):
        with pytest.raises(OptionError, match="loaded already"):
            performance.render(loaded, **chosen)
        with pytest.raises(OptionError, match="without a portrait"):
            performance.render(**chosen)


@pytest.mark.parametrize(("named", "says"), [({"frame": "round"}, "square, full"), ({"size": 8}, "too small")])
def test_bad_framing_is_refused(wide: np.ndarray, named: dict, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        portrait_from_picture(wide, **named)
