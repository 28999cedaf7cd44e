"""The mouth of a portrait: its shapes, its lips and what lies between them."""

import numpy as np

from rig.arkit import INDEX
from rig.correspondence import FaceCorrespondence
from rig.face_rig import FaceRig
from rig.lip_contact import LipLine
from rig.portrait_pucker import seen_pucker

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
