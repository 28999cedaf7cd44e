"""Folds come with motion, are lit by the picture's light, and spare what is not skin."""

import numpy as np
import pytest

from rig.arkit import INDEX
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.portrait.portrait_fit import PortraitFit, Pose, fit_portrait
from rig.portrait.portrait_folds import Folds, light_direction
from rig.portrait.portrait_raster import Layer

RIG, MARKS = FaceRig.load(), FaceCorrespondence.load()
SKIN = np.array([0.8, 0.6, 0.5])
FROM_ABOVE = np.array([0.0, -1.0])


@pytest.fixture(scope="module")
def fit() -> PortraitFit:
    pose = Pose(np.eye(3), np.array([0.0, 0.02, -1.1]), 1300.0, np.array([255.5, 255.5]))
    points = pose.to_pixels(pose.to_camera(MARKS.positions(RIG.neutral).astype(np.float64)))
    points = np.column_stack([points, np.zeros(len(points))]).astype(np.float32)
    return fit_portrait(np.concatenate([points, points[:10]]), np.zeros(52, np.float32), (512, 512))


def picture() -> np.ndarray:
    return np.broadcast_to((SKIN * 255).astype(np.uint8), (512, 512, 3)).copy()


def layer(fit: PortraitFit, shown: np.ndarray, light: np.ndarray = FROM_ABOVE, **values: float) -> Layer | None:
    weights = np.zeros(52, np.float32)
    for name, value in values.items():
        weights[INDEX[name]] = value
    pixels = fit.pose.to_pixels(fit.pose.to_camera(fit.vertices))
    return Folds(fit, shown, light, SKIN).layer(weights, pixels)


def test_a_face_at_rest_has_none(fit: PortraitFit) -> None:
    assert layer(fit, picture()) is None
    assert layer(fit, picture(), jawOpen=1.0, eyeBlinkLeft=1.0) is None


def test_they_deepen_with_motion_and_stay_subtle(fit: PortraitFit) -> None:
    depths = [layer(fit, picture(), browInnerUp=weight).values[:, 3].max() for weight in (0.3, 0.6, 1.0)]
    assert 0 < depths[0] < depths[1] < depths[2] < 0.4


def test_each_lies_where_it_belongs(fit: PortraitFit) -> None:
    marks = fit.landmarks
    furrow = layer(fit, picture(), browDownLeft=1.0).positions
    assert furrow[:, 0].min() > marks[9, 0] - 3 and furrow[:, 0].max() < marks[282, 0]  # inside of the left brow
    lines = layer(fit, picture(), browInnerUp=1.0).positions
    assert lines[:, 1].max() < marks[159, 1] and lines[:, 1].min() > marks[10, 1] - 5
    smile = layer(fit, picture(), mouthSmileRight=1.0).positions
    assert smile[:, 0].max() < marks[1, 0] and smile[:, 1].min() > marks[6, 1]


def test_the_wall_that_faces_the_light_is_lighter(fit: PortraitFit) -> None:
    for light, darker_above in ((FROM_ABOVE, True), (-FROM_ABOVE, False)):
        line = layer(fit, picture(), light, browInnerUp=1.0)
        rows = line.values.reshape(-1, 9, 17, 4)[0]
        y = line.positions.reshape(-1, 9, 17, 2)[0, :, 8, 1]
        dark = (rows[:, 8, :3].sum(axis=1) < SKIN.sum()) * rows[:, 8, 3]
        above, below = dark[y < np.median(y)].sum(), dark[y > np.median(y)].sum()
        assert (above > below) == darker_above


def test_hair_over_the_forehead_has_none(fit: PortraitFit) -> None:
    fringe = picture()
    fringe[: int(fit.landmarks[9, 1])] = 30
    assert layer(fit, fringe, browInnerUp=1.0).values[:, 3].max() < 0.02


def test_the_light_is_told_from_the_face() -> None:
    normals = np.random.default_rng(0).normal(size=(500, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    from_the_right = light_direction(normals, 0.5 + 0.4 * normals[:, 0])
    assert from_the_right[0] > 0.6 and np.linalg.norm(from_the_right) <= 1 + 1e-9
    from_above = light_direction(normals, 0.5 + 0.4 * normals[:, 1])
    assert from_above[1] < -0.8 and abs(from_above[0]) < 0.1
