"""The mouth of a portrait: its shapes, its lips and what lies between them."""

import numpy as np
from scipy.ndimage import gaussian_filter

from rig.aperture import aperture_strip
from rig.arkit import INDEX
from rig.correspondence import LIPS_INNER_LOWER, LIPS_INNER_UPPER, FaceCorrespondence
from rig.face_rig import FaceRig
from rig.lip_contact import PAINTED_GAIN, LipContact, LipLine
from rig.picture_softness import softness
from rig.portrait.portrait_colours import LUMA, palette
from rig.portrait.portrait_lip_shapes import seen_jaw, seen_pucker
from rig.portrait.portrait_pose import Pose
from rig.rotation import matrix_from_angles

RIG, MARKS = FaceRig.load(), FaceCorrespondence.load()
PUCKER = RIG.deltas[INDEX["mouthPucker"]]
CORNERS, BORDERS = [61, 291], [0, 17]  # landmarks


def test_a_pucker_is_narrower_and_fuller_and_stays_shut() -> None:
    before = MARKS.positions(RIG.neutral)
    own, seen = (MARKS.positions(RIG.neutral + delta) for delta in (PUCKER, seen_pucker(RIG, PUCKER)))
    width, height = (lambda points: np.ptp(points[CORNERS, 0])), (lambda points: np.ptp(points[BORDERS, 1]))
    assert width(seen) < 0.78 * width(before) < width(own)
    assert height(seen) > height(own) + 0.003
    line = LipLine.of_rig(RIG, 19)
    assert np.abs(line.gap(seen_pucker(RIG, PUCKER)) - line.gap(PUCKER)).max() < 0.0003


def test_a_pucker_is_the_same_on_both_sides_and_leaves_the_eyes_alone() -> None:
    seen = seen_pucker(RIG, PUCKER)
    assert np.abs(seen - seen[RIG.mirror] * (-1, 1, 1)).max() < 0.0002
    far = RIG.neutral[:, 1] > -0.03
    assert np.array_equal(seen[far], PUCKER[far] * np.float32([1.42, 1, 1]))


def test_what_a_bowed_head_hides_of_the_gap_is_made_up_for() -> None:
    marks = MARKS.positions(RIG.neutral)
    face_m = float(np.linalg.norm(marks[10] - marks[152]))
    contact = LipContact.of_fit(RIG, RIG.neutral, RIG.deltas, face_m)
    parted = np.zeros(52, np.float32)
    parted[INDEX["jawOpen"]] = 0.5
    gains, shown = [], []
    for pitch in (0.0, 0.3):
        pose = Pose(matrix_from_angles(np.array([pitch, 0.0, 0.0])), np.array([0.0, 0.0, -1.1]), 1300.0, np.zeros(2))
        lips = contact.apply(RIG.neutral + 0.5 * RIG.deltas[INDEX["jawOpen"]], parted)
        seen = contact.as_pictured(lips, pose, 1.1 / 1300)
        gains.append(seen.gain)
        wider = seen.apply(RIG.neutral + 0.5 * RIG.deltas[INDEX["jawOpen"]], parted)
        shown.append(contact.line.gap(wider).max() / contact.line.gap(lips).max())
    assert gains[0] < gains[1] <= 1.121 * PAINTED_GAIN
    assert np.allclose(shown, gains, atol=0.02)


def test_the_lower_lip_falls_in_a_round() -> None:
    jaw = RIG.deltas[INDEX["jawOpen"]]
    line = LipLine.of_rig(RIG, 19)
    own, seen = line.gap(jaw), line.gap(seen_jaw(RIG, jaw))
    assert abs(seen[9] - own[9]) < 0.0005 and seen[0] == own[0]
    assert seen[5] / seen[9] > own[5] / own[9] + 0.03  # a V opens by half half-way to the corner
    lower_face = RIG.neutral[:, 1] < -0.05
    assert np.array_equal(seen_jaw(RIG, jaw)[~lower_face], jaw[~lower_face])


def test_rims_meet_at_the_corners_and_keep_the_middle() -> None:
    line = LipLine.of_rig(RIG, 64)
    opened = RIG.morph(np.eye(52, dtype=np.float32)[INDEX["jawOpen"]])
    (upper, lower), (own_upper, own_lower) = line.drawn_rims(opened), line.rims(opened)
    assert np.array_equal(upper[[0, -1]], lower[[0, -1]])
    assert np.abs(upper[8:-8] - own_upper[8:-8]).max() < 1e-6 and np.abs(lower[8:-8] - own_lower[8:-8]).max() < 1e-6


def test_steep_rims_fade_across_and_not_along() -> None:
    x = np.linspace(0, 10, 21)
    steep = np.column_stack([x, 5 * x])
    strip = aperture_strip(steep, steep + (0.0, 30.0), 2, 1.0)
    off = strip.positions.reshape(4, 21, 2)[0] - steep
    assert np.allclose(np.linalg.norm(off, axis=1), 1) and np.allclose(off @ (1, 5), 0, atol=1e-5)


def test_teeth_that_a_picture_shows_give_their_colour() -> None:
    marks = np.tile(np.float32([[50, 20]]), (478, 1))
    picture = np.full((100, 100, 3), (180, 140, 120), np.uint8)
    picture[60:80, 20:80] = (240, 235, 215)
    marks[LIPS_INNER_UPPER] = np.column_stack([np.linspace(20, 79, 11), np.full(11, 60)])
    marks[LIPS_INNER_LOWER] = np.column_stack([np.linspace(20, 79, 11), np.full(11, 79)])
    assert np.abs(palette(picture, marks, 60.0).teeth * 255 - (240, 235, 215)).max() < 2
    picture[60:80] = (60, 30, 30)
    guessed = palette(picture, marks, 60.0).teeth
    assert np.ptp(guessed) < 0.45 * guessed.max() and guessed @ LUMA > 0.55


def test_enlarged_pictures_are_soft_and_crisp_ones_are_not() -> None:
    crisp = np.random.default_rng(0).integers(0, 255, (120, 120, 3)).astype(np.uint8)
    enlarged = np.repeat(np.repeat(crisp[:30, :30], 4, 0), 4, 1)
    enlarged = np.stack([gaussian_filter(enlarged[..., k], 2.0) for k in range(3)], axis=-1)
    corners = np.float32([[10, 10], [110, 110]])
    assert softness(crisp, corners) == 1.0
    assert 1.3 < softness(enlarged, corners) <= 2.0
    assert softness(crisp, np.float32([[10, 10], [12, 12]])) == 1.0


def test_lips_shown_open_press_together_when_they_close() -> None:
    shown = RIG.morph(0.5 * np.eye(52, dtype=np.float32)[INDEX["jawOpen"]])
    calm = np.zeros(52, np.float32)
    opened = LipContact.of_fit(RIG, shown, RIG.deltas, 0.18)
    closed = LipContact.of_fit(RIG, RIG.neutral, RIG.deltas, 0.18)
    assert not opened.shut and closed.shut
    gap = opened.line.gap(opened.apply(RIG.neutral.copy(), calm))[2:-2]
    assert gap.max() < -0.0004 and gap.min() > -0.0012
