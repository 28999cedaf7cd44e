"""Glasses: seen where they are and only there, stiff before a face that moves, and not painted over by lids."""

import numpy as np
import pytest

from rig.arkit import INDEX
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.lid_paint import behind_frame
from rig.portrait.portrait_eyes import Eye
from rig.portrait.portrait_fit import PortraitFit, Pose, fit_portrait
from rig.portrait.portrait_glasses import glasses_mask, stiffened
from rig.portrait.portrait_sheet import face_sheet

RIG, MARKS = FaceRig.load(), FaceCorrespondence.load()
SKIN, FRAME = 190, 40


@pytest.fixture(scope="module")
def fit() -> PortraitFit:
    pose = Pose(np.eye(3), np.array([0.0, 0.02, -1.1]), 1300.0, np.array([255.5, 255.5]))
    points = pose.to_pixels(pose.to_camera(MARKS.positions(RIG.neutral).astype(np.float64)))
    points = np.column_stack([points, np.zeros(len(points))]).astype(np.float32)
    return fit_portrait(np.concatenate([points, points[:10]]), np.zeros(52, np.float32), (512, 512))


def picture(fit: PortraitFit, glasses: bool) -> np.ndarray:
    """Plain skin with dark eyes, and perhaps two round lenses with a bridge."""
    light = np.full((512, 512), SKIN, np.uint8)
    y, x = np.mgrid[:512, :512]
    middles = [fit.landmarks[list(corners)].mean(axis=0) for corners in ((33, 133), (362, 263))]
    reach = 0.25 * fit.eye_distance_px
    for middle in middles:
        distance = np.hypot(x - middle[0], y - middle[1])
        light[distance < 0.05 * fit.eye_distance_px] = 60
        if glasses:
            light[np.abs(distance - reach) < 3] = FRAME
    if glasses:
        bridge = (x > middles[0][0] + reach) & (x < middles[1][0] - reach) & (np.abs(y - middles[0][1]) < 3)
        light[bridge] = FRAME
    return np.repeat(light[..., None], 3, axis=2)


def test_glasses_are_seen_where_they_are_and_only_there(fit: PortraitFit) -> None:
    assert glasses_mask(picture(fit, False), fit.landmarks, fit.eye_distance_px) is None
    shown = picture(fit, True)
    mask = glasses_mask(shown, fit.landmarks, fit.eye_distance_px)
    assert mask.shape == (512, 512) and mask.max() <= 1
    frame = shown[..., 0] == FRAME
    assert mask[frame].mean() > 0.6  # brows and lids lie before the rest
    assert mask[:, :40].max() == 0 and mask[400:].max() == 0 and mask.mean() < 3 * frame.mean()


def test_skin_behind_the_frame_stays_and_lids_move(fit: PortraitFit) -> None:
    mask = glasses_mask(picture(fit, True), fit.landmarks, fit.eye_distance_px)
    eyes = [Eye.of_fit(fit.rig, fit.vertices, side) for side in ("left", "right")]
    rims = np.concatenate([eye.upper for eye in eyes])
    pixels = fit.pose.to_pixels(fit.pose.to_camera(fit.vertices))
    faces = face_sheet(fit.rig)
    stiff = stiffened(fit.deltas, mask, pixels, faces, rims)
    assert stiff.dtype == np.float32 and stiff.shape == fit.deltas.shape
    column, row = pixels.round().astype(int).T
    behind = np.intersect1d(np.flatnonzero(mask[row.clip(0, 511), column.clip(0, 511)] > 0.99), faces)
    moved = [np.linalg.norm(d[INDEX["cheekSquintLeft"]][behind], axis=1).sum() for d in (stiff, fit.deltas)]
    assert moved[0] < 0.5 * moved[1]
    blink = [np.linalg.norm(d[INDEX["eyeBlinkLeft"]][eyes[0].upper], axis=1).mean() for d in (stiff, fit.deltas)]
    assert blink[0] > 0.8 * blink[1]
    mouth = fit.rig.regions["lips"]
    assert np.array_equal(stiff[:, mouth], fit.deltas[:, mouth])


def test_a_frame_before_the_lid_is_kept() -> None:
    shown = np.full((100, 100, 3), SKIN, np.uint8)
    shown[50:54] = FRAME
    frame = (shown[..., 0] == FRAME).astype(np.float32)
    fold = np.column_stack([np.linspace(20, 80, 28), np.full(28, 40.0)])
    skin = np.dstack([np.full((20, 60, 3), 0.7), np.ones((20, 60))])
    lid = behind_frame(skin, shown, frame, fold, np.full(28, 20.0))
    assert np.abs(lid[11:13, :, 0] * 255 - FRAME).max() < 15 and (lid[:8] == skin[:8]).all()
