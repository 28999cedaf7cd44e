"""Face-Vid2Vid: its geometry against plain formulas, its networks at debug size, and what it refuses."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer import losses
from renderer.checkpoint import save_network
from renderer.dense_motion import (
    DenseMotion,
    keypoint_flows,
    nearness,
    resize_flow,
    sample_picture,
    sample_volume,
)
from renderer.discriminator import PatchDiscriminator
from renderer.errors import RendererError
from renderer.face_vid2vid import FaceVid2Vid, FaceVid2VidConfig, animate
from renderer.generator import Window
from renderer.keypoints import Keypoints, PoseExpression, expected_angles, rotation_from_angles, volume_points
from renderer.relative_motion import relative_keypoints
from rig.rotation import matrix_from_angles

ANGLES = st.tuples(*[st.floats(-0.9, 0.9)] * 3)


def some_keypoints(seed: int, count: int = 1, points: int = 5) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return 0.3 * torch.randn(*shape, generator=generator)

    canonical = normal(1, points, 3).expand(count, -1, -1)
    rotation = rotation_from_angles(normal(count, 3))
    return Keypoints(canonical, rotation, normal(count, 3), 0.1 * normal(count, points, 3))


@pytest.fixture(scope="module")
def network() -> FaceVid2Vid:
    torch.manual_seed(0)
    return FaceVid2Vid(FaceVid2VidConfig.debug()).eval()


def picture(seed: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


@given(ANGLES)
def test_rotation_agrees_with_the_rig(angles):
    ours = rotation_from_angles(torch.tensor(angles, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(ours, matrix_from_angles(np.array(angles)), atol=1e-12)


def test_transform_equation_point_by_point():
    keypoints = some_keypoints(1, count=2)
    for face in range(2):
        for k in range(5):
            by_hand = (
                keypoints.rotation[face] @ keypoints.canonical[face, k]
                + keypoints.translation[face]
                + keypoints.expression[face, k]
            )
            torch.testing.assert_close(keypoints.positions()[face, k], by_hand)


def test_angle_bins_run_from_minus_99_degrees_in_steps_of_three():
    logits = torch.full((3, 66), -50.0)
    logits[0, 0] = logits[1, 33] = logits[2, 65] = 50.0
    torch.testing.assert_close(torch.rad2deg(expected_angles(logits)), torch.tensor([-99.0, 0.0, 96.0]))


def test_flow_equation_point_by_point():
    source, driving = some_keypoints(2), some_keypoints(3)
    points = torch.tensor([[0.1, -0.2, 0.3], [0.5, 0.5, -0.1]])
    flows = keypoint_flows(source, driving, points)
    assert flows.shape == (1, 6, 2, 3)
    torch.testing.assert_close(flows[0, 0], points)
    jacobian = source.rotation[0] @ torch.linalg.inv(driving.rotation[0])
    for k in range(5):
        for n, p in enumerate(points):
            by_hand = jacobian @ (p - driving.positions()[0, k]) + source.positions()[0, k]
            torch.testing.assert_close(flows[0, k + 1, n], by_hand, atol=1e-5, rtol=1e-5)


def test_a_keypoint_of_the_driver_comes_from_the_source_keypoint():
    source, driving = some_keypoints(4), some_keypoints(5)
    flows = keypoint_flows(source, driving, driving.positions()[0])
    own = torch.stack([flows[0, k + 1, k] for k in range(5)])
    torch.testing.assert_close(own, source.positions()[0], atol=1e-5, rtol=1e-5)


def test_nearness_prefers_the_nearest_keypoint_and_the_background_far_away():
    driving = some_keypoints(6)
    at_keypoints = nearness(driving, driving.positions()[..., :2])
    assert at_keypoints[0].argmax(0).tolist() == [1, 2, 3, 4, 5]
    far = torch.tensor([[[5.0, 5.0]]])
    assert int(nearness(driving, far)[0, :, 0].argmax()) == 0


def test_sampling_at_its_own_places_changes_nothing():
    volume = torch.rand(2, 3, 4, 6, 5)
    places = volume_points(4, 6, 5, 0.7, volume.device).expand(2, -1, -1, -1, -1)
    torch.testing.assert_close(sample_volume(volume, places, 0.7), volume, atol=1e-5, rtol=1e-5)
    image = torch.rand(1, 3, 8, 8)
    still = resize_flow(volume_points(1, 4, 4, 1.0, image.device)[..., :2], 8)
    torch.testing.assert_close(sample_picture(image, still), image, atol=1e-5, rtol=1e-5)


def test_y_points_up_in_sampling():
    image = torch.zeros(1, 1, 4, 4)
    image[0, 0, 0, 3] = 1.0  # top right
    assert sample_picture(image, torch.tensor([[[[0.75, 0.75]]]])).item() == pytest.approx(1.0)


def test_relative_motion_starts_at_the_portrait_itself():
    source, driver = some_keypoints(7), some_keypoints(8)
    same = relative_keypoints(source, driver, driver)
    for field in ("canonical", "rotation", "translation", "expression"):
        torch.testing.assert_close(getattr(same, field), getattr(source, field), atol=1e-5, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(ANGLES)
def test_relative_motion_carries_the_change_of_rotation(angles):
    source, first = some_keypoints(9), some_keypoints(10)
    turn = rotation_from_angles(torch.tensor([angles]))
    driving = Keypoints(first.canonical, turn @ first.rotation, first.translation, first.expression @ turn.mT)
    made = relative_keypoints(source, first, driving)
    torch.testing.assert_close(made.rotation, turn @ source.rotation, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(made.expression, source.expression @ turn.mT, atol=1e-5, rtol=1e-5)


def test_relative_motion_scales_with_the_face():
    source, first = some_keypoints(11), some_keypoints(12)
    moved = Keypoints(first.canonical, first.rotation, first.translation + 0.1, first.expression)
    once = relative_keypoints(source, first, moved).translation - source.translation
    larger = Keypoints(2 * source.canonical, source.rotation, source.translation, source.expression)
    twice = relative_keypoints(larger, first, moved).translation - source.translation
    torch.testing.assert_close(twice, 2 * once, atol=1e-4, rtol=1e-3)


def test_debug_network_animates_and_repeats_itself(network):
    driving = [picture(seed) for seed in (1, 2, 3)]
    frames = list(animate(network, picture(0), driving, batch_size=2))
    assert len(frames) == 3
    assert all(frame.shape == (64, 64, 3) and frame.dtype == np.uint8 for frame in frames)
    again = list(animate(network, picture(0), iter(driving), batch_size=2))
    np.testing.assert_array_equal(frames, again)


def test_an_untrained_network_at_rest_shows_the_portrait(network):
    portrait = np.full((64, 64, 3), 90, np.uint8)
    portrait[20:40, 20:40] = (200, 120, 60)
    rest = next(animate(network, portrait, [picture(4)]))
    assert np.abs(rest.astype(int) - portrait).mean() < 25  # it keeps what the source shows until it learns to paint


def test_window_of_the_generator_is_the_part_of_the_whole(network):
    generator = network.generator
    flow = volume_points(1, 16, 16, 1.0, torch.device("cpu"))[..., :2]
    grid = volume_points(4, 16, 16, 0.7, torch.device("cpu"))[None]
    motion = DenseMotion(grid, flow, torch.zeros(1, 1, 16, 16))
    source, volume = torch.rand(1, 3, 64, 64), torch.rand(1, 4, 4, 16, 16)
    whole = generator.carry(source, volume, motion)
    part = generator.carry(source, volume, motion, Window((4,), (6,), 8))
    torch.testing.assert_close(part.pixels, whole.pixels[..., 16:48, 24:56])
    torch.testing.assert_close(part.volume, whole.volume[..., 4:12, 6:14])


def test_every_weight_learns(network):
    """One step of the picture and keypoint losses reaches all five networks."""
    fresh = FaceVid2Vid(FaceVid2VidConfig.debug())
    for _ in range(3):  # some layers start at zero: what lies before them learns from a later step on
        source, driving = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
        canonical = fresh.canonical(source)
        first, second = fresh.pose(source), fresh.pose(driving)
        made = fresh.generate(source, fresh.appearance(source), first.join(canonical), second.join(canonical))
        loss = (made.picture - driving).abs().mean() + losses.head_pose_loss(second, torch.zeros(2, 3))
        fresh.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in fresh.parameters():
                parameter.add_(parameter.grad, alpha=-0.1) if parameter.grad is not None else None
    silent = [name for name, p in fresh.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_discriminator_losses():
    scores, features = PatchDiscriminator((4, 8))(torch.rand(1, 3, 32, 32))
    assert scores.shape == (1, 1, 8, 8) and len(features) == 2
    assert losses.hinge_discriminator_loss(torch.tensor([2.0]), torch.tensor([-3.0])).item() == 0
    assert losses.hinge_discriminator_loss(torch.tensor([0.0]), torch.tensor([0.0])).item() == 2
    assert losses.feature_matching_loss(features, features).item() == 0


def test_head_pose_loss_is_least_at_the_truth():
    logits = torch.full((1, 3, 66), -20.0)
    logits[0, :, 36] = 20.0  # 9 degrees
    motion = PoseExpression(logits, torch.zeros(1, 3), torch.zeros(1, 5, 3))
    at_truth = losses.head_pose_loss(motion, torch.full((1, 3), np.radians(9)))
    off = losses.head_pose_loss(motion, torch.full((1, 3), np.radians(15)))
    assert at_truth < 1e-3 < off


def test_equivariance_is_zero_for_points_that_move_with_the_picture():
    positions = torch.rand(2, 5, 3)
    affine = torch.tensor([[0.9, -0.1, 0.05], [0.1, 0.9, -0.02]]).expand(2, -1, -1)
    moved = torch.cat((positions[..., :2] @ affine[:, :, :2].mT + affine[:, None, :, 2], positions[..., 2:]), -1)
    assert losses.equivariance_loss(positions, moved, affine) < 1e-6
    assert losses.equivariance_loss(positions, positions, affine) > 1e-3


def test_weights_survive_the_disk(network, tmp_path):
    save_network(network, network.config, tmp_path)
    loaded = FaceVid2Vid.from_directory(tmp_path)
    assert loaded.config == network.config
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor.half().float())


def test_bad_weight_folders_are_named(network, tmp_path):
    with pytest.raises(RendererError, match="config.json is missing"):
        FaceVid2Vid.from_directory(tmp_path)
    save_network(network, network.config, tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(RendererError, match="does not fit"):
        FaceVid2Vid.from_directory(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    save_network(network, network.config, tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config | {"keypoints": 7}))
    with pytest.raises(RendererError, match="does not fit"):
        FaceVid2Vid.from_directory(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config | {"colour": 7}))
    with pytest.raises(RendererError, match="does not describe"):
        FaceVid2Vid.from_directory(tmp_path)


def test_a_picture_of_another_size_is_refused(network):
    with pytest.raises(RendererError, match="64 x 64"):
        network.source(picture(0, size=32))
    with pytest.raises(RendererError, match="uint8"):
        network.source(picture(0).astype(np.float32))
