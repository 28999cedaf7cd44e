"""The judge of portrait videos: known cases get known figures."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from apps.cli import main as run
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.evaluation import portrait_following, portrait_score
from dreamtalk.evaluation.face_regions import INNER_LIPS, face_box, face_height, inner_mouth, lip_gap, lips, luma
from dreamtalk.evaluation.mouth_look import mouth_look
from dreamtalk.evaluation.portrait_following import following, r_and_gain
from dreamtalk.evaluation.portrait_identity import Identity
from dreamtalk.evaluation.portrait_score import mean_score, still_frames
from dreamtalk.evaluation.portrait_sharpness import face_detail
from dreamtalk.evaluation.portrait_sheets import EXPRESSIONS, TURNS, expressions_clip, sheet_rows, write_sheets
from dreamtalk.evaluation.portrait_stillness import Stillness, background_region, psnr
from dreamtalk.evaluation.portrait_sweep import COMMANDS, SWEEP_FPS, columns, command_curve, sweep
from dreamtalk.face.face_landmarks import FaceDetector, FaceLandmarks
from dreamtalk.portrait.portrait import Portrait, load_portrait
from rig.arkit import NAMES
from rig.mouth import lip_aperture_mm
from rig.rotation import matrix_from_angles

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(EXAMPLE)


def scored(portrait: Portrait, clip: object, frames: list[np.ndarray]) -> dict[str, float]:
    with FaceDetector() as detector:
        return portrait_score.portrait_score("it", portrait, clip, frames, detector).figures


def test_the_sweep_asks_for_one_thing_at_a_time() -> None:
    clip = sweep()
    asked = np.stack([np.abs(command_curve(clip, name)) > 0 for name in COMMANDS])
    assert asked.sum(axis=0).max() == 1 and asked.any(axis=1).all() and not asked[:, 0].any()
    assert clip.weights.max(axis=0)[columns("eyeBlink")] == pytest.approx([1, 1])
    assert np.degrees(np.abs(clip.head_rotation).max(axis=0)) == pytest.approx([8, 12, 0])


def test_part_of_the_sweep() -> None:
    clip = sweep(("yaw",))
    assert clip.weights.max() == 0 and np.degrees(clip.head_rotation[:, 1]).min() == pytest.approx(-12)
    with pytest.raises(OptionError, match="no command 'wink'"):
        sweep(("wink",))


def test_a_face_that_obeys_scores_one_and_its_own_gain() -> None:
    clip = sweep()
    faces = []
    for weights, turn in zip(clip.weights, clip.head_rotation, strict=True):
        head = np.eye(4)
        head[:3, :3] = matrix_from_angles(0.8 * turn.astype(np.float64))
        faces.append(FaceLandmarks(np.zeros((478, 3), np.float32), 0.5 * weights + 0.1, head))
    faces[7] = None  # a frame without a face is left out
    figures = following(clip, faces)
    for name in COMMANDS:
        assert figures[f"{name}_r"] == pytest.approx(1, abs=1e-4), name
        assert figures[f"{name}_gain"] == pytest.approx(0.8 if name in ("yaw", "pitch") else 0.5, abs=1e-3), name


def test_a_score_that_other_commands_lower_is_judged_alone_too() -> None:
    clip = sweep(("jawOpen", "mouthPucker"))
    own, jaw = columns("mouthPucker"), columns("jawOpen")
    faces = []
    for weights in clip.weights:
        scores = weights.copy()
        scores[own] = 0.9 - weights[jaw] + 0.1 * weights[own]
        faces.append(FaceLandmarks(np.zeros((478, 3), np.float32), scores, np.eye(4)))
    figures = following(clip, faces)
    assert figures["mouthPucker_alone_r"] == pytest.approx(1, abs=1e-4) and figures["mouthPucker_r"] < 0.7


def test_what_is_late_is_measured_at_its_own_lag() -> None:
    command = np.sin(np.arange(100) * 0.3)
    assert r_and_gain(command, 0.7 * np.roll(command, 2), SWEEP_FPS) == pytest.approx((1, 0.7), abs=0.01)
    r, _ = r_and_gain(command, 0.7 * np.roll(command, 6), SWEEP_FPS)  # half a second is too late
    assert r < 0.6


def test_what_was_not_asked_is_not_measured() -> None:
    assert np.isnan(r_and_gain(np.zeros(50), np.arange(50.0), 25)).all()


def lips_at(portrait: Portrait, gaps: np.ndarray) -> list[FaceLandmarks]:
    """Faces whose inner lips are so far apart, in heights of the source's face."""
    faces = []
    for gap in gaps:
        points = portrait.face.points.copy()
        points[14, :2] = points[13, :2] + (0, gap * face_height(portrait.face))
        faces.append(replace(portrait.face, points=points))
    return faces


def test_lips_that_follow_the_rig_are_perfect_and_shut_ones_are_not(portrait: Portrait) -> None:
    clip, fit = sweep(("jawOpen", "mouthSmile")), portrait.fit
    marks = fit.correspondence.positions(fit.rig.neutral)
    asked = lip_aperture_mm(fit.rig, clip.weights) / 1000 / np.linalg.norm(marks[10] - marks[152])
    own = portrait_following.lips_following(clip, lips_at(portrait, asked), portrait.face, fit)
    assert own == pytest.approx({"lips_r": 1, "lips_gain": 1, "lips_closed": 1, "lips_open": 1}, abs=1e-3)
    shut = portrait_following.lips_following(clip, lips_at(portrait, 0 * asked), portrait.face, fit)
    assert shut == {"lips_r": 0, "lips_gain": 0, "lips_closed": 1, "lips_open": 0}
    ajar = portrait_following.lips_following(clip, lips_at(portrait, asked + 0.03), portrait.face, fit)
    assert ajar["lips_closed"] == 0 and ajar["lips_r"] == pytest.approx(1, abs=1e-3)


def test_a_still_picture_has_perfect_guards_and_follows_nothing(portrait: Portrait) -> None:
    clip = sweep(("jawOpen", "yaw"))
    figures = scored(portrait, clip, still_frames(portrait, clip))
    guards = ("rest_psnr_db", "background_std", "background_flicker", "background_changed", "far_std")
    assert [figures[name] for name in guards] == [99, 0, 0, 0, 0]
    assert figures["sharpness_face"] == figures["sharpness_mouth"] == pytest.approx(1)
    assert figures["jawOpen_r"] == figures["lips_r"] == figures["yaw_gain"] == 0
    assert figures["faces_found"] == 1 and np.isnan(figures["eyes_closed"]) and np.isnan(figures["mouth_flat"])


def test_a_blurred_video_is_told(portrait: Portrait) -> None:
    clip = sweep(("browDown",))
    blurred = cv2.GaussianBlur(portrait.picture, (0, 0), 1.0)
    figures = scored(portrait, clip, [blurred] * len(clip))
    assert figures["sharpness_face"] < 0.5 and figures["sharpness_mouth"] < 0.7 and figures["rest_psnr_db"] < 45
    noise = np.random.default_rng(0).normal(0, 12, portrait.picture.shape)
    rough = np.clip(portrait.picture + noise, 0, 255)
    assert face_detail(luma(rough), portrait.face) > 1.5 * face_detail(luma(portrait.picture), portrait.face)


def test_a_ground_that_moves_is_told() -> None:
    source = np.full((32, 32, 3), 100, np.uint8)
    region = np.zeros((32, 32), bool)
    region[:, :16] = True
    still = Stillness(source, region)
    for step in range(20):
        frame = source.copy()
        frame[:, 16:] = 255 * (step % 2)  # beside the region: of no account
        frame[:16, :8] += np.uint8(4 * (step % 2))
        still.add(frame)
    assert still.changed == pytest.approx(0.25)
    assert still.deviation == pytest.approx(0.25 * 2, abs=0.01)
    assert still.flicker == pytest.approx(0.25 * 8, abs=0.01)


def test_the_background_is_beside_the_head_and_off_the_person(portrait: Portrait) -> None:
    region = background_region(portrait.face, portrait.picture.shape)
    rows, columns_ = face_box(portrait.picture.shape, portrait.face)
    assert region[5, 5] and not region[rows, columns_].any() and not region[-5:].any()
    off = background_region(portrait.face, portrait.picture.shape, np.ones(region.shape, np.float32))
    assert not off.any()


def painted_mouth(portrait: Portrait, paint: np.ndarray | tuple[int, int, int]) -> tuple[np.ndarray, FaceLandmarks]:
    """The portrait with its lips 0.15 face heights apart, and `paint` between them."""
    points = portrait.face.points.copy()
    drop = 0.15 * face_height(portrait.face)
    points[INNER_LIPS[11:], 1] += drop * np.sin(np.linspace(0, np.pi, 11))[1:-1]
    face = replace(portrait.face, points=points)
    picture = portrait.picture.copy()
    inside = cv2.dilate(inner_mouth(picture.shape, face).astype(np.uint8), np.ones((9, 9))) > 0
    picture[inside] = paint if isinstance(paint, tuple) else paint[inside]
    return picture, face


def test_a_dark_hole_a_slab_and_teeth_are_told_apart(portrait: Portrait) -> None:
    rng = np.random.default_rng(0)
    hole = mouth_look(*painted_mouth(portrait, (12, 8, 8)))
    assert hole is not None and hole.flat > 0.95 and hole.dark > 0.95 and not hole.teeth
    red = mouth_look(*painted_mouth(portrait, (150, 40, 40)))
    assert red is not None and red.flat > 0.95 and red.dark == 0 and not red.teeth
    texture = rng.integers(0, 60, portrait.picture.shape).astype(np.uint8)
    texture[..., 1:] //= 2
    rough = mouth_look(*painted_mouth(portrait, texture))
    assert rough is not None and rough.flat < 0.05 and not rough.teeth
    middle = int(portrait.face.points[13, 1] + 0.05 * face_height(portrait.face))
    texture[:middle] += np.uint8(140)  # an upper row of teeth
    teeth = mouth_look(*painted_mouth(portrait, texture))
    assert teeth is not None and teeth.teeth and teeth.flat < 0.1
    assert lip_gap(painted_mouth(portrait, (0, 0, 0))[1]) > 0.1 * face_height(portrait.face)


def test_closed_lips_have_no_inside(portrait: Portrait) -> None:
    points = portrait.face.points.copy()
    points[INNER_LIPS[11:]] = points[INNER_LIPS[9:0:-1]]
    assert mouth_look(portrait.picture, replace(portrait.face, points=points)) is None


def test_identity_knows_a_face_again(portrait: Portrait) -> None:
    try:
        describe = Identity()
    except DreamTalkError as error:
        pytest.skip(str(error))
    own = describe(portrait.picture, portrait.face)
    brighter = np.clip(portrait.picture * 1.15, 0, 255).astype(np.uint8)
    assert np.linalg.norm(describe(brighter, portrait.face) - own) < 0.15
    upside = portrait.picture.copy()
    rows, columns_ = face_box(upside.shape, portrait.face)
    upside[rows, columns_] = upside[rows, columns_][::-1]
    assert np.linalg.norm(describe(upside, portrait.face) - own) > 0.4


def test_means_skip_what_was_not_measured_and_name_the_worst() -> None:
    one = portrait_score.PortraitScore("a", _figures(lips_gain=0.5, rest=40), np.array([0.1, 0.1]))
    two = portrait_score.PortraitScore("b", _figures(lips_gain=1.0, rest=float("nan")), np.array([0.3, 0.3]))
    mean = mean_score([one, two]).figures
    assert mean["lips_gain"] == 0.75 and mean["lips_gain_least"] == 0.5
    assert mean["rest_psnr_db"] == mean["rest_psnr_least_db"] == 40
    assert mean["identity_p90"] == pytest.approx(0.3)


def _figures(lips_gain: float, rest: float) -> dict[str, float]:
    return {
        "lips_gain": lips_gain, "rest_psnr_db": rest, "sharpness_face": 1.0, "background_std": 0.0, "identity_p90": 0.0,
    }  # fmt: skip


def test_psnr() -> None:
    black = np.zeros((4, 4), np.uint8)
    assert psnr(black, black) == 99 and psnr(black, black + 255) == pytest.approx(0)


def test_sheets_show_every_expression(portrait: Portrait, tmp_path: Path) -> None:
    clip = expressions_clip()
    assert len(clip) == len(EXPRESSIONS) + len(TURNS) and clip.weights.shape[1] == len(NAMES)
    rows = sheet_rows(portrait, [portrait.picture] * len(clip))
    files = write_sheets(tmp_path, {name: [row] for name, row in rows.items()})
    assert sorted(file.name for file in files) == ["eyes_0.png", "head_0.png", "mouth_0.png", "whole_0.png"]
    # the mouth tile is a large crop that holds the lips
    assert lips(portrait.picture.shape, portrait.face).sum() < rows["mouth"].shape[0] * rows["mouth"].shape[1] / 30


def test_the_command_prints_tables_and_writes_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("dreamtalk.evaluation.portrait_sweep.sweep", lambda: sweep(("browDown",)))
    monkeypatch.setattr("dreamtalk.evaluation.portrait_report.Identity", lambda: None)
    nobody, out = tmp_path / "no_face.png", tmp_path / "out"
    cv2.imwrite(str(nobody), np.full((300, 300, 3), 90, np.uint8))
    out.mkdir()
    pictures = [str(EXAMPLE), str(nobody)]
    assert run(["evaluate", *pictures, "--report", "portraits", "--out", str(out), "--quality", "draft"]) == 0
    told = capsys.readouterr()
    assert "portrait.png" in told.out and "mean" in told.out and "brows down r" in told.out
    assert "left out: No face was found" in told.out + told.err
    written = sorted(path.name for path in out.iterdir())
    assert written == ["eyes_0.png", "head_0.png", "mouth_0.png", "portraits.csv", "portraits.jsonl", "whole_0.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["evaluate", str(tmp_path), "--report", "portraits"]) == 2
    assert "no portrait" in capsys.readouterr().err
