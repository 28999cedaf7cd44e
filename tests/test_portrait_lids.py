"""Lids that close: what they are painted with, where their lashes go, and that they meet."""

import numpy as np
import pytest

from rig.arkit import INDEX
from rig.correspondence import LID_LOWER, LID_UPPER, FaceCorrespondence
from rig.face_rig import FaceRig
from rig.lid_paint import lid_lashes, lid_skin
from rig.portrait.portrait_eyes import Eye
from rig.portrait.portrait_fit import PortraitFit, Pose, fit_portrait
from rig.portrait.portrait_lids import Lids
from rig.texture_atlas import Atlas

RIG, MARKS = FaceRig.load(), FaceCorrespondence.load()
BLINK = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
SKIN = np.array([200, 150, 120], np.uint8)


@pytest.fixture(scope="module")
def fit() -> PortraitFit:
    """The rig's own head, with eyes a quarter closed."""
    weights = np.zeros(52, np.float32)
    weights[BLINK] = 0.25
    pose = Pose(np.eye(3), np.array([0.0, 0.02, -1.1]), 1300.0, np.array([255.5, 255.5]))
    points = pose.to_pixels(pose.to_camera(MARKS.positions(RIG.morph(weights)).astype(np.float64)))
    points = np.column_stack([points, np.zeros(len(points))]).astype(np.float32)
    return fit_portrait(np.concatenate([points, points[:10]]), np.zeros(52, np.float32), (512, 512))


def pixels(fit: PortraitFit, blink: float) -> np.ndarray:
    vertices = fit.vertices + blink * fit.deltas[BLINK].sum(axis=0)
    return fit.pose.to_pixels(fit.pose.to_camera(vertices))


def lids(fit: PortraitFit, picture: np.ndarray) -> Lids:
    eyes = [Eye.of_fit(fit.rig, fit.vertices, side) for side in ("left", "right")]
    return Lids(fit, picture, pixels(fit, 0.0), eyes)


def test_a_full_blink_closes_the_whole_opening(fit: PortraitFit) -> None:
    opened, closed = (MARKS.positions(fit.vertices + w * fit.deltas[BLINK].sum(axis=0)) for w in (0.0, 1.0))
    for side in ("left", "right"):
        upper, lower = LID_UPPER[side][1:-1], LID_LOWER[side][1:-1]
        before = (opened[upper] - opened[lower])[:, 1]
        assert (before > 0).all()
        assert ((closed[upper] - closed[lower])[:, 1] < 0.12 * before.max()).all()


def test_open_lids_add_nothing_and_closed_ones_cover_the_eye(fit: PortraitFit) -> None:
    own = lids(fit, np.broadcast_to(SKIN, (512, 512, 3)))
    rest = own.layers(pixels(fit, 0.0))
    assert not (rest.flow or rest.skin or rest.lashes or rest.seams)
    opacity = [own.layers(pixels(fit, w)).skin[0].values[:, 2].max() for w in (0.3, 0.5, 1.0)]
    assert 0 < opacity[0] < opacity[1] <= opacity[2] == pytest.approx(1.0, abs=0.02)
    shut = own.layers(pixels(fit, 1.0))
    assert len(shut.flow) == len(shut.skin) == len(shut.lashes) == len(shut.seams) / 2 == 2
    for layer, side in zip(shut.skin, ("left", "right"), strict=True):
        covered = layer.positions[layer.values[:, 2] > 0.9]
        eye = fit.landmarks[np.concatenate([LID_UPPER[side][2:-2], LID_LOWER[side][2:-2]])]
        assert covered[:, 1].min() < eye[:, 1].min() + 3 and covered[:, 1].max() > eye[:, 1].max() - 3


def test_lashes_turn_over(fit: PortraitFit) -> None:
    own = lids(fit, np.broadcast_to(SKIN, (512, 512, 3)))
    rise = []
    for weight in (0.3, 1.0):
        layer = own.layers(pixels(fit, weight)).lashes[0]
        rows = layer.positions.reshape(-1, 28, 2)
        rise.append(float((rows[0] - rows[-1])[:, 1].mean()))
    assert rise[0] > 0 > rise[1]


def test_the_lid_has_the_colour_of_the_skin_around_and_not_of_a_frame() -> None:
    picture = np.broadcast_to(SKIN, (200, 200, 3)).copy()
    x = np.linspace(60, 140, 28)
    fold, below = (np.column_stack([x, np.full(28, y)]) for y in (80.0, 130.0))
    plain = lid_skin(picture, fold, below, np.full(28, 30.0))
    assert plain.shape[2] == 4 and (plain[..., 3] == 1).all()
    assert np.abs(plain[..., :3] * 255 - SKIN).max() < 0.3 * SKIN.max()
    picture[70:90] = 5  # a black bar of glasses over the fold
    framed = lid_skin(picture, fold, below, np.full(28, 30.0))
    assert np.abs(framed - plain).max() < 0.05


def test_lashes_are_told_from_the_skin_behind() -> None:
    picture = np.broadcast_to(SKIN, (100, 200, 3)).copy()
    picture[30:50, 60:140:8] = 20
    picture[48:52] = 20
    x = np.linspace(50, 150, 28)
    rim = np.column_stack([x, np.full(28, 50.0)])
    found = lid_lashes(picture, rim, 12.0, np.full(3, 20 / 255))
    row = found[6, :, 3]
    assert row.max() > 0.5 and np.median(row) < 0.05
    assert found[0, 20:80, 3].mean() > 0.8
    assert lid_lashes(np.broadcast_to(SKIN, (100, 200, 3)), rim, 12.0, SKIN / 255.0)[..., 3].max() == 0


def test_tiles_are_found_again() -> None:
    rng = np.random.default_rng(0)
    tiles = {"one": rng.random((5, 9, 4)), "other": rng.random((8, 4, 4))}
    atlas = Atlas.of_tiles(tiles)
    for name, tile in tiles.items():
        place = atlas.coordinates(name, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        x, y = (place * atlas.picture.shape[1::-1] - 0.5).round().astype(int).T
        assert np.allclose(atlas.picture[y, x] / 255, tile[[0, -1], [0, -1]], atol=0.003)
