"""The portrait path of Face-Vid2Vid: crop, keypoints from the rig, full resolution, paste. Untrained networks do."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dreamtalk.errors import OptionError
from dreamtalk.face.face_landmarks import FaceLandmarks
from dreamtalk.portrait.head_truth import KEYPOINT_COUNT, KEYPOINT_LANDMARKS, cell_centres, keypoints_of
from dreamtalk.portrait.neural_portrait import at_full_resolution, avatar_keypoints, neural_portrait_frames
from renderer.face_vid2vid import FaceVid2Vid, FaceVid2VidConfig, PosedPortrait
from renderer.super_resolution import SRVGGConfig, SRVGGNetCompact
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig


def portrait() -> SimpleNamespace:
    """A smooth picture and the landmarks of the average head within it; all that this path needs of a Portrait."""
    rows, columns = np.mgrid[:512, :512] / 511
    picture = np.stack((200 * rows, 180 * columns, 90 + 60 * rows * columns), axis=-1).astype(np.uint8)
    rig = FaceRig.load()
    points = np.zeros((478, 3), np.float32)
    places = keypoints_of(rig, rig.neutral)[:, :2] * (1000, -1000) + (256, 200)
    points[list(KEYPOINT_LANDMARKS), :2] = places
    points[10, 2] = points[152, 2] = 0
    face = FaceLandmarks(points, np.zeros(len(NAMES), np.float32), np.eye(4, dtype=np.float32))
    return SimpleNamespace(picture=picture, face=face)


@pytest.fixture(scope="module")
def networks() -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    network = FaceVid2Vid(replace(FaceVid2VidConfig.debug(), keypoints=KEYPOINT_COUNT)).eval()
    return {"network": network, "super_resolution": SRVGGNetCompact(SRVGGConfig.debug()).eval()}


def opening_jaw(frame_count: int) -> BlendshapeClip:
    weights = np.zeros((frame_count, len(NAMES)))
    weights[:, INDEX["jawOpen"]] = np.linspace(0, 1, frame_count)
    return BlendshapeClip(weights, np.zeros((frame_count, 3)), 25)


def test_one_frame_for_each_of_the_clip_and_nothing_changes_outside_the_square(networks):
    person = portrait()
    frames = list(neural_portrait_frames(person, opening_jaw(5), **networks))
    assert len(frames) == 5
    assert all(frame.shape == (512, 512, 3) and frame.dtype == np.uint8 for frame in frames)
    np.testing.assert_array_equal(frames[-1][-10:], person.picture[-10:])
    assert np.abs(frames[-1].astype(int) - frames[0]).max() > 5  # the jaw took something along
    assert next(neural_portrait_frames(person, opening_jaw(1), 128, **networks)).shape == (128, 128, 3)


def test_at_rest_an_untrained_network_shows_the_portrait(networks):
    person = portrait()
    rest = next(neural_portrait_frames(person, BlendshapeClip.rest(1, 25), **networks))
    assert np.abs(rest.astype(int) - person.picture).mean() < 4


def test_keypoints_of_the_rig_move_where_the_shapes_do():
    batches = list(avatar_keypoints(opening_jaw(6)))
    positions = torch.cat([batch.positions() for batch in batches])
    assert positions.shape == (6, KEYPOINT_COUNT, 3)
    moved = (positions[-1] - positions[0])[:, 1]
    lower_lip, chin, brow = KEYPOINT_LANDMARKS.index(14), KEYPOINT_LANDMARKS.index(152), KEYPOINT_LANDMARKS.index(105)
    assert moved[lower_lip] < -0.1 and moved[chin] < -0.05 and abs(moved[brow]) < 1e-3
    assert moved[-5:].abs().max() < 1e-5  # the skull stays


def test_full_resolution_takes_kept_pixels_from_the_source_and_others_from_the_painting():
    rng = np.random.default_rng(0)
    sharp, enlarged = rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    still, picture = cell_centres(4), np.zeros((16, 16, 3), np.uint8)
    kept = at_full_resolution(PosedPortrait(picture, still, np.ones((16, 16), np.float32)), sharp, enlarged)
    np.testing.assert_array_equal(kept, sharp)
    painted = at_full_resolution(PosedPortrait(picture, still, np.zeros((16, 16), np.float32)), sharp, enlarged)
    np.testing.assert_array_equal(painted, enlarged)
    shifted = still + np.float32([0.125, 0.0])  # two pixels of 32 to the right in the source
    moved = at_full_resolution(PosedPortrait(picture, shifted, np.ones((16, 16), np.float32)), sharp, enlarged)
    np.testing.assert_array_equal(moved[:, :-2], sharp[:, 2:])


def test_other_keypoints_are_refused_at_once(networks):
    with pytest.raises(OptionError, match="rig, network"):
        neural_portrait_frames(portrait(), opening_jaw(1), keypoints="dlib", **networks)
