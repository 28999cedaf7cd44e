"""Pictures that make poor portraits: a sensible result, or one sentence on what was found and what to do."""

import logging
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import FACE_OVAL
from dreamtalk.portrait.face_search import DETECTION_SIDE_PX, find_faces
from dreamtalk.portrait.picture_file import read_picture
from dreamtalk.portrait.portrait import Portrait, load_portrait, portrait_from_picture
from dreamtalk.portrait.portrait_video import portrait_frames
from rig.arkit import INDEX
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.render import render_frames

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"
BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return read_picture(EXAMPLE)


@pytest.fixture(scope="module")
def portrait(picture: np.ndarray) -> Portrait:
    return portrait_from_picture(picture)


def warnings(caplog: pytest.LogCaptureFixture, picture: np.ndarray) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="dreamtalk"):
        portrait_from_picture(picture, "me.png")
    for record in caplog.records:
        assert record.getMessage().endswith(".") and record.getMessage().count(". ") == 0
    return [record.getMessage() for record in caplog.records]


def refusal(picture: np.ndarray) -> str:
    with pytest.raises(PortraitError) as error:
        portrait_from_picture(picture, "me.png")
    text = str(error.value)
    assert text.endswith(".") and ". " not in text and "me.png" in text
    return text


def avatar(yaw_deg: float = 0.0, weights: np.ndarray | None = None) -> np.ndarray:
    weights = np.zeros((1, 52)) if weights is None else weights
    camera = Camera().moved(np.radians(yaw_deg))
    (frame,) = render_frames(FaceRig.load(), BlendshapeClip(weights, np.zeros((1, 3)), 25), camera=camera)
    return frame


def test_a_good_portrait_raises_no_doubt(picture: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    assert warnings(caplog, picture) == []


@pytest.mark.parametrize("yaw", [90, 180])
def test_a_profile_and_the_back_of_a_head_show_no_face(yaw: int) -> None:
    text = refusal(avatar(yaw))
    assert "No face was found" in text and "from the front" in text


def test_a_face_turned_far_is_told_its_angle() -> None:
    text = refusal(avatar(65))
    assert re.search(r"turned [56]\d degrees", text) and "at most 50 degrees" in text


def test_a_face_turned_a_little_is_fine(caplog: pytest.LogCaptureFixture) -> None:
    assert warnings(caplog, avatar(30)) == []


def test_an_animal_is_no_portrait() -> None:
    cat = Image.new("RGB", (512, 512), (200, 190, 170))
    draw = ImageDraw.Draw(cat)
    draw.polygon([(130, 60), (110, 230), (230, 150)], fill=(150, 110, 70))
    draw.polygon([(382, 60), (402, 230), (282, 150)], fill=(150, 110, 70))
    draw.ellipse([110, 110, 402, 420], fill=(165, 125, 85))
    for x in (200, 312):
        draw.ellipse([x - 38, 210, x + 38, 270], fill=(220, 210, 90))
        draw.ellipse([x - 8, 212, x + 8, 268], fill=(10, 10, 10))
    draw.polygon([(240, 300), (272, 300), (256, 320)], fill=(220, 120, 120))
    assert "human face" in refusal(np.asarray(cat))


def test_what_the_border_cuts_off_is_named(picture: np.ndarray, portrait: Portrait) -> None:
    nose = portrait.face.points[1]
    assert "the mouth" in refusal(picture[: int(nose[1]) + 4])


def test_a_covered_mouth_is_told(picture: np.ndarray, portrait: Portrait, caplog: pytest.LogCaptureFixture) -> None:
    points = portrait.face.points
    hand = picture.copy()
    (left, top), (right, bottom) = points[[61, 0], :2].min(axis=0) - 14, points[[291, 17], :2].max(axis=0) + 10
    colour = picture[int(points[50, 1]), int(points[50, 0])].tolist()
    for finger in range(3):
        upper = int(top + finger * (bottom - top) / 3)
        corners = (int(left), upper), (int(right), int(upper + (bottom - top) / 3))
        cv2.rectangle(hand, *corners, [value - 6 * finger for value in colour], -1)
    assert [text for text in warnings(caplog, hand) if "covered" in text]
    made_up = picture.copy()
    cv2.fillPoly(made_up, [points[FACE_OVAL, :2].astype(np.int32)], (250, 245, 245))
    made_up = cv2.addWeighted(made_up, 0.6, picture, 0.4, 0)
    assert warnings(caplog, made_up) == []


def test_shut_eyes_stay_shut(portrait: Portrait, caplog: pytest.LogCaptureFixture) -> None:
    blink = np.zeros((1, 52))
    blink[0, BLINKS] = 1.0
    (asleep,) = portrait_frames(portrait, BlendshapeClip(blink, np.zeros((1, 3)), 25))
    (text,) = warnings(caplog, asleep)
    assert "are shut and stay shut" in text
    sleeper = portrait_from_picture(asleep)
    clip = BlendshapeClip(np.concatenate([0 * blink, blink]), np.zeros((2, 3)), 25)
    rest, shut = portrait_frames(sleeper, clip)
    assert (rest == shut).all()
    rows = slice(*np.sort(sleeper.face.points[[159, 145], 1].round().astype(int)) + (-6, 6))
    assert np.abs(rest[rows].astype(int) - sleeper.picture[rows]).mean() < 1


def test_a_dark_picture_is_found_and_told(picture: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    dark = (picture * 0.03).astype(np.uint8)
    (text,) = warnings(caplog, dark)
    assert "very dark" in text
    assert "which is very dark" in refusal(np.full((400, 400, 3), 2, np.uint8))


def test_a_lying_head_is_told(picture: np.ndarray, caplog: pytest.LogCaptureFixture) -> None:
    (text,) = warnings(caplog, np.ascontiguousarray(np.rot90(picture)))
    assert "tilted by" in text and "upright" in text


def test_a_small_face_in_a_huge_picture_is_found(picture: np.ndarray) -> None:
    huge = np.full((4200, 5600, 3), 150, np.uint8)
    huge[3000:3512, 4200:4712] = picture
    assert max(huge.shape) > 3 * DETECTION_SIDE_PX
    (face,) = find_faces(huge)
    assert np.abs(face.points[1, :2] - (4456, 3275)).max() < 60


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_an_animation_the_first_picture_is_taken(
    picture: np.ndarray, tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"moving.{suffix}"
    frames = [Image.fromarray(picture), Image.fromarray(255 - picture)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with caplog.at_level(logging.WARNING):
        loaded = load_portrait(path)
    assert "first frame" in caplog.text
    assert np.abs(loaded.full_picture.astype(int) - picture).mean() < 8


def test_sixteen_bits_a_colour(picture: np.ndarray, tmp_path: Path) -> None:
    for name in ("deep.png", "deep.tif"):
        cv2.imwrite(str(tmp_path / name), picture[..., ::-1].astype(np.uint16) * 257)
        assert (read_picture(tmp_path / name) == picture).all()
