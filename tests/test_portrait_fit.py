"""The fit, on heads whose answer is known: landmarks made from the rig itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.arkit import INDEX, MIRROR
from rig.correspondence import LANDMARK_COUNT, LIPS_INNER_LOWER, LIPS_INNER_UPPER, OVAL, FaceCorrespondence
from rig.face_rig import FaceRig
from rig.portrait.portrait_expression import own_expression
from rig.portrait.portrait_fit import PortraitFit, Pose, fit_portrait
from rig.rotation import angles_from_matrix, matrix_from_angles

SIZE = (512, 512)
RIG, MARKS = FaceRig.load(), FaceCorrespondence.load()


def landmarks(weights: np.ndarray, angles: np.ndarray, identity: np.ndarray | None = None) -> np.ndarray:
    """What a perfect detector would see, (478, 3)."""
    rig = RIG if identity is None else RIG.with_identity(identity)
    pose = Pose(matrix_from_angles(angles), np.array([0.01, 0.02, -1.1]), 1300.0, np.array([255.5, 255.5]))
    camera = pose.to_camera(MARKS.positions(rig.morph(weights)).astype(np.float64))
    depth = -(camera[:, 2] - camera[:, 2].mean()) * pose.focal_px / 1.1
    points = np.column_stack([pose.to_pixels(camera), depth])
    return np.concatenate([points, points[:10]]).astype(np.float32)


def weights(**values: float) -> np.ndarray:
    result = np.zeros(52, np.float32)
    for name, value in values.items():
        result[INDEX[name]] = value
    return result


@pytest.fixture(scope="module")
def calm() -> PortraitFit:
    return fit_portrait(landmarks(weights(), np.zeros(3)), weights(), SIZE)


def test_a_calm_head_is_found_as_it_is(calm: PortraitFit) -> None:
    assert calm.error < 0.002
    assert np.abs(np.degrees(angles_from_matrix(calm.pose.rotation))).max() < 2
    assert calm.expression.max() == 0
    assert np.abs(calm.vertices - RIG.neutral)[RIG.regions["face"]].max() < 0.006


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(-0.35, 0.35), min_size=3, max_size=3))
def test_the_turn_is_found(angles: list[float]) -> None:
    fit = fit_portrait(landmarks(weights(), np.array(angles)), weights(), SIZE)
    assert np.abs(np.degrees(angles_from_matrix(fit.pose.rotation) - angles)).max() < 4
    assert fit.error < 0.004


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_another_identity_is_met_by_the_landmarks(seed: int) -> None:
    identity = np.random.default_rng(seed).normal(0, 0.8, 12)
    fit = fit_portrait(landmarks(weights(), np.zeros(3), identity), weights(), SIZE)
    assert fit.error < 0.006 and fit.error <= fit.error_without_residual


SHOWN = {
    "calm": {},
    "open": {"jawOpen": 0.6},
    "smile": {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7},
    "brows up": {"browInnerUp": 0.7, "browOuterUpLeft": 0.5, "browOuterUpRight": 0.5},
    "asleep": {"eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9},
}


@pytest.mark.parametrize("yaw_deg", [0, -20, 35])
@pytest.mark.parametrize("shown", SHOWN)
def test_head_and_person_are_found_up_to_35_degrees(shown: str, yaw_deg: int) -> None:
    """Turn, shape (to scale, for one picture does not tell the size) and identity, whatever the face does."""
    own, angles = weights(**SHOWN[shown]), np.array([0.1, np.radians(yaw_deg), 0.05])
    identity = np.random.default_rng(len(shown) + yaw_deg % 7).normal(0, 0.8, 12)
    fit = fit_portrait(landmarks(own, angles, identity), own, SIZE)
    assert np.abs(np.degrees(angles_from_matrix(fit.pose.rotation) - angles)).max() < 4
    assert fit.error < 0.002 and fit.error_without_residual < 0.01
    face, truth = RIG.regions["face"], RIG.with_identity(identity).morph(own)
    found, wanted = (points[face] - points[face].mean(axis=0) for points in (fit.vertices, truth))
    found = found * (found * wanted).sum() / (found**2).sum()
    assert np.linalg.norm(found - wanted, axis=1).mean() < 0.0025
    assert np.corrcoef(fit.identity[:12], identity)[0, 1] > 0.55


def test_an_open_smile_is_taken_as_the_own_expression() -> None:
    shown = weights(jawOpen=0.5, mouthSmileLeft=0.7, mouthSmileRight=0.7)
    fit = fit_portrait(landmarks(shown, np.zeros(3)), shown, SIZE)
    assert fit.expression[INDEX["jawOpen"]] > 0.25
    assert fit.expression[INDEX["mouthSmileLeft"]] > 0.35


def test_mirrored_landmarks_give_the_mirrored_fit() -> None:
    shown = weights(mouthSmileLeft=0.6, jawOpen=0.3)
    points = landmarks(shown, np.array([0.0, 0.2, 0.1]))
    fit = fit_portrait(points, shown, SIZE)
    other = fit_portrait(landmarks(shown[MIRROR], np.array([0.0, -0.2, -0.1])), shown[MIRROR], SIZE)
    assert np.allclose(fit.expression, other.expression[MIRROR], atol=0.15)
    flipped = angles_from_matrix(other.pose.rotation) * (1, -1, -1)
    assert np.abs(np.degrees(angles_from_matrix(fit.pose.rotation) - flipped)).max() < 2.5


def test_inputs_stay_as_they_were() -> None:
    points, scores = landmarks(weights(), np.zeros(3)), weights()
    kept = points.copy(), scores.copy()
    fit_portrait(points, scores, SIZE)
    assert np.array_equal(points, kept[0]) and np.array_equal(scores, kept[1])


def test_a_full_blink_closes_eyes_of_any_height() -> None:
    for wide in (0.0, 0.9):
        shown = weights(eyeWideLeft=wide, eyeWideRight=wide)
        fit = fit_portrait(landmarks(shown, np.zeros(3)), weights(), SIZE)
        closed = MARKS.positions(fit.vertices + fit.deltas[INDEX["eyeBlinkLeft"]] + fit.deltas[INDEX["eyeBlinkRight"]])
        opened = MARKS.positions(fit.vertices)
        for upper, lower in ((386, 374), (159, 145)):
            assert closed[upper, 1] - closed[lower, 1] < 0.25 * (opened[upper, 1] - opened[lower, 1])


def test_the_dead_zone_leaves_calm_faces_alone() -> None:
    scores = weights(mouthPucker=0.7, browInnerUp=0.5, jawOpen=0.1, eyeLookInLeft=0.9)
    assert own_expression(scores, scores).max() == 0
    open_mouth = weights(jawOpen=0.6)
    assert 0.4 < own_expression(open_mouth, open_mouth)[INDEX["jawOpen"]] < 0.6
    assert own_expression(open_mouth, weights()).max() == 0  # MediaPipe must see it too


def test_the_correspondence_is_symmetric_and_complete() -> None:
    assert MARKS.triangles.shape == (LANDMARK_COUNT, 3) and np.allclose(MARKS.shares.sum(axis=1), 1, atol=1e-5)
    points = MARKS.positions(RIG.neutral)
    for rim in (LIPS_INNER_UPPER, LIPS_INNER_LOWER):
        assert np.abs(points[rim] - points[rim[::-1]] * (-1, 1, 1)).max() < 0.0015
    middle = points[OVAL].mean(axis=0)
    assert abs(middle[0]) < 0.002 and (MARKS.weights > 0).all()
