"""The mouth of a portrait: its shapes, its lips and what lies between them."""

import numpy as np

from rig.arkit import INDEX
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.lip_contact import LipContact, LipLine
from rig.portrait_lip_shapes import seen_jaw, seen_pucker
from rig.portrait_pose import Pose
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
    assert gains[0] < gains[1] <= 1.1201
    assert np.allclose(shown, gains, atol=0.02)


def test_the_lower_lip_falls_in_a_round() -> None:
    jaw = RIG.deltas[INDEX["jawOpen"]]
    line = LipLine.of_rig(RIG, 19)
    own, seen = line.gap(jaw), line.gap(seen_jaw(RIG, jaw))
    assert abs(seen[9] - own[9]) < 0.0005 and seen[0] == own[0]
    assert seen[5] / seen[9] > own[5] / own[9] + 0.03  # a V opens by half half-way to the corner
    lower_face = RIG.neutral[:, 1] < -0.05
    assert np.array_equal(seen_jaw(RIG, jaw)[~lower_face], jaw[~lower_face])
