"""Training material of the neural renderer: what geometry knows must agree with what the pictures show."""

from dataclasses import fields

import numpy as np
import pytest
import torch
import torch._dynamo  # noqa: F401  # where torch has Triton, it must be loaded before Mesa, or both crash
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import OptionError, WeightsError
from dreamtalk.portrait.head_pairs import HeadPairs, HeadViews, TrueKeypoints, varied_colours
from dreamtalk.portrait.head_truth import (
    KEYPOINT_COUNT,
    KEYPOINT_LANDMARKS,
    MAP_SIZE,
    HeadTruth,
    KeypointSpace,
    cell_centres,
)
from dreamtalk.portrait.neural_crop import FaceSquare, face_square
from dreamtalk.portrait.perceptual import perceptual_weights_path
from dreamtalk.portrait.picture_moves import attention, move_pictures, random_similarities, random_window
from dreamtalk.portrait.random_poses import random_head, random_weights
from dreamtalk.portrait.real_heads import prepare_real_heads, tracked_keypoints
from dreamtalk.portrait.rendered_heads import SOURCES, VIEWS, random_background, random_camera, render_head
from dreamtalk.training.train_renderer import RendererTraining, _Run
from renderer.dense_motion import resize_flow, sample_picture
from renderer.face_vid2vid import FaceVid2VidConfig
from rig.arkit import INDEX, NAMES
from rig.camera import Camera
from rig.errors import RigError
from rig.face_rig import FaceRig


@pytest.fixture(scope="module")
def head() -> HeadViews:
    try:
        return render_head(FaceRig.load(), np.random.default_rng(3))[0]
    except RigError as error:
        pytest.skip(str(error))


def test_keypoints_obey_the_transform_equation_up_to_expression(head):
    truth = head.truth
    rigid = truth.canonical @ truth.rotation.mT + truth.translation[:, None]
    assert np.abs(rigid[0] - truth.positions[0]).max() < 0.05  # the first pose is almost calm
    assert np.abs(truth.rotation @ truth.rotation.mT - np.eye(3)).max() < 1e-5
    assert truth.positions.shape == (VIEWS, KEYPOINT_COUNT, 3)


def test_true_motion_carries_the_source_onto_the_driver(head):
    """Pixels fetched along the true flow must look like the driving picture, far more than the source does."""
    gains = []
    for driving in range(SOURCES, VIEWS):
        source, target = (torch.from_numpy(head.pictures[i]).permute(2, 0, 1)[None] / 255 for i in (0, driving))
        flow = resize_flow(torch.from_numpy(head.truth.flow[0, driving])[None].float(), 256)
        visible = torch.from_numpy(head.truth.visible[0, driving]).float()[None, None]
        visible = torch.nn.functional.interpolate(visible, size=256)
        moved = ((sample_picture(source, flow) - target).abs() * visible).mean()
        still = ((source - target).abs() * visible).mean()
        gains.append(float(still / moved))
    assert np.median(gains) > 1.5


def test_motion_to_itself_is_none(head):
    still = np.broadcast_to(cell_centres(MAP_SIZE), (SOURCES, MAP_SIZE, MAP_SIZE, 2))
    own = np.stack([head.truth.flow[source, source] for source in range(SOURCES)])
    assert np.abs(own - still).max() < 0.01
    assert np.mean([head.truth.visible[source, source].mean() for source in range(SOURCES)]) > 0.999


def test_heads_survive_the_disk_and_make_pairs(head, tmp_path):
    head.save(tmp_path / "00000.npz")
    loaded = HeadViews.load(tmp_path / "00000.npz")
    np.testing.assert_array_equal(loaded.pictures, head.pictures)
    for field in fields(HeadTruth):
        np.testing.assert_allclose(getattr(loaded.truth, field.name), getattr(head.truth, field.name), atol=1e-3)
    pairs = HeadPairs({tmp_path: 1.0})
    batch = pairs.batch(np.random.default_rng(0), 2)
    assert batch.source.shape == batch.driving.shape == (2, 3, 256, 256)
    assert batch.flow.shape == (2, MAP_SIZE, MAP_SIZE, 2)
    keypoints = batch.driving_truth.keypoints()
    torch.testing.assert_close(keypoints.positions(), batch.driving_truth.positions, atol=1e-5, rtol=1e-5)
    again = pairs.batch(np.random.default_rng(0), 2)
    torch.testing.assert_close(batch.source, again.source, atol=0, rtol=0)


def test_one_training_step_runs_and_resumes(head, tmp_path):
    head.save(tmp_path / "00000.npz")
    pairs = HeadPairs({tmp_path: 1.0})
    config = FaceVid2VidConfig(
        volume_channels=4, keypoints=KEYPOINT_COUNT, appearance_widths=(8, 8), motion_widths=(8, 8),
        canonical_widths=(8, 8, 8), pose_widths=(8, 8, 8, 8, 8), generator_widths=(8, 8), generator_blocks=1,
    )  # fmt: skip
    run = _Run(config, RendererTraining(pairs=1, singles=2, window=16), steps=4, seed=0)
    run.features = None
    for _ in range(4):  # the last steps use the discriminator
        figures = run.advance(pairs)
    assert {"pixels", "flow", "occlusion", "keypoints", "head_pose", "adversarial", "features"} <= set(figures)
    run.save(tmp_path / "checkpoint.pt")
    other = _Run(config, RendererTraining(pairs=1, singles=2, window=16), steps=4, seed=1)
    other.load(tmp_path / "checkpoint.pt")
    assert other.step == 4
    for one, two in zip(run.network.parameters(), other.network.parameters(), strict=True):
        torch.testing.assert_close(one, two)
    with pytest.raises(WeightsError, match="another network"):
        _Run(FaceVid2VidConfig.debug(), RendererTraining(), 4, 0).load(tmp_path / "checkpoint.pt")
    with pytest.raises(OptionError, match="no checkpoint"):
        other.load(tmp_path / "none.pt")


def test_keypoint_space_is_the_picture():
    camera = Camera()
    points = FaceRig.load().neutral[:50]
    space = KeypointSpace(camera).positions(points)
    pixels = camera.pixels(points, 256, 256)
    np.testing.assert_allclose((space[:, 0] + 1) * 128, pixels[:, 0], atol=1e-3)
    np.testing.assert_allclose((1 - space[:, 1]) * 128, pixels[:, 1], atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_material_is_in_range(seed):
    rng = np.random.default_rng(seed)
    weights = random_weights(rng)
    assert weights.shape == (len(NAMES),) and weights.min() >= 0 and weights.max() <= 1
    assert abs(weights[INDEX["eyeBlinkLeft"]] - weights[INDEX["eyeBlinkRight"]]) < 0.4
    assert np.abs(np.degrees(random_head(rng))).max() <= 25.001
    random_camera(rng)  # checks itself
    assert random_background(rng, 32).shape == (32, 32, 3)


def test_colours_vary_alike_in_both_pictures():
    same = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8).repeat(2, 0)
    for seed in range(5):
        one, two = varied_colours(np.random.default_rng(seed), same)
        assert np.abs(one - two).mean() < 0.03  # only the noise differs


def similar_truth(seed: int) -> TrueKeypoints:
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(2, 3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))[:, None, None]
    parts = (rng.normal(size=(2, 5, 3)), turn, rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 3)), np.ones(2))
    return TrueKeypoints(*(torch.from_numpy(part.astype(np.float32)) for part in parts))


def test_moving_a_picture_moves_its_keypoints():
    rng = np.random.default_rng(1)
    affine, truth = random_similarities(rng, 2), similar_truth(2)
    moved = truth.turned(affine)
    expected = truth.positions[..., :2] @ affine[:, :, :2].mT + affine[:, None, :, 2]
    torch.testing.assert_close(moved.positions[..., :2], expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(moved.rotation @ moved.rotation.mT, torch.eye(3).expand(2, 3, 3), atol=1e-5, rtol=1e-5)
    # rigid part and expression move together: the transform equation still holds
    rigid = truth.keypoints()
    before = rigid.canonical @ rigid.rotation.mT + rigid.translation[:, None]
    after = moved.canonical @ moved.rotation.mT + moved.translation[:, None]
    torch.testing.assert_close(
        after[..., :2], before[..., :2] @ affine[:, :, :2].mT + affine[:, None, :, 2], atol=1e-4, rtol=1e-4
    )


def test_moved_picture_shows_the_dot_where_the_keypoint_went():
    picture = torch.zeros(1, 3, 64, 64)
    picture[:, :, 20:23, 40:43] = 1.0
    dot = torch.tensor([[(2 * 41 + 1) / 64 - 1, 1 - (2 * 21 + 1) / 64]])
    affine = random_similarities(np.random.default_rng(5), 1)
    x, y = (dot @ affine[0, :, :2].T + affine[0, :, 2])[0].tolist()
    moved = move_pictures(picture, affine)[0, 0]
    row, column = divmod(int(moved.argmax()), 64)
    assert abs(row - ((1 - y) * 32 - 0.5)) < 2.5 and abs(column - ((x + 1) * 32 - 0.5)) < 2.5


def test_attention_peaks_at_the_centres_and_windows_stay_inside():
    centres = torch.tensor([[[0.5, 0.5]]])
    weight = attention(centres, 64)
    row, column = divmod(int(weight.argmax()), 64)
    assert (row, column) in {(15, 47), (15, 48), (16, 47), (16, 48)}
    for seed in range(20):
        window = random_window(np.random.default_rng(seed), centres, 64, 32)
        assert 0 <= window.rows[0] <= 32 and 0 <= window.columns[0] <= 32


@pytest.mark.parametrize("corner", [(3.0, 5.0), (10.25, 0.5)])
def test_square_cut_and_pasted_changes_nothing(corner):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 12, 3)).astype(np.float32)
    picture = np.clip(np.kron(coarse, np.ones((10, 10, 1))), 0, 255).astype(np.uint8)
    import cv2

    picture = cv2.GaussianBlur(picture, (0, 0), 6)
    square = FaceSquare(*corner, 100.0)
    back = square.paste(picture, square.cut(picture, 200))
    assert np.abs(back.astype(int) - picture).max() <= 3
    outside = np.ones(picture.shape[:2], bool)
    outside[int(corner[1]) : int(corner[1]) + 101, int(corner[0]) : int(corner[0]) + 101] = False
    np.testing.assert_array_equal(back[outside], picture[outside])


def test_face_square_stays_inside_the_picture():
    points = np.zeros((478, 3), np.float32)
    points[10, :2], points[152, :2] = (30, 10), (30, 110)
    square = face_square(points, (200, 240))
    assert square.left >= 0 and square.top >= 0 and square.left + square.side <= 240 and square.top + square.side <= 200
    top, chin = square.keypoint_space(points[[10, 152], :2])
    assert top[1] > chin[1]


def test_tracked_keypoints_explain_a_projected_head():
    """Landmarks projected from the average head itself are found again, depth included."""
    from dreamtalk.face.face_landmarks import FaceLandmarks
    from dreamtalk.portrait.head_truth import keypoints_of

    rig = FaceRig.load()
    square = FaceSquare(0.0, 0.0, 256.0)
    keypoints = keypoints_of(rig, rig.neutral) * 6.0
    points = np.zeros((478, 3), np.float32)
    points[list(KEYPOINT_LANDMARKS), 0] = (keypoints[:, 0] + 1) * 128 - 0.5
    points[list(KEYPOINT_LANDMARKS), 1] = (1 - keypoints[:, 1]) * 128 - 0.5
    truth = tracked_keypoints([FaceLandmarks(points, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))], square)
    rigid = truth.canonical + truth.translation[0]
    np.testing.assert_allclose(rigid[:23, :2], keypoints[:, :2], atol=2e-3)
    np.testing.assert_allclose(np.ptp(rigid[:23, 2]), np.ptp(keypoints[:, 2]), atol=2e-3)
    np.testing.assert_allclose(truth.positions[0, :23, :2], keypoints[:, :2], atol=1e-4)


def test_missing_material_is_named(tmp_path):
    with pytest.raises(OptionError, match="no heads"):
        HeadPairs({tmp_path: 1.0})
    with pytest.raises(OptionError, match="grid_s1/video"):
        prepare_real_heads(tmp_path, tmp_path / "out")
    (tmp_path / "weights.pth").write_bytes(b"other")
    with pytest.raises(WeightsError, match="altered"):
        perceptual_weights_path(tmp_path / "weights.pth")
