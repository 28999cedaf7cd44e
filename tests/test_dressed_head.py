"""The head as pieces for other programs' lights."""

import numpy as np
import pytest

from rig.arkit import INDEX
from rig.dressed_head import DressedHead, dressed_head
from rig.face_rig import FaceRig
from rig.look import Look


@pytest.fixture(scope="module")
def dressed() -> DressedHead:
    return dressed_head(FaceRig.load(), Look())


def test_pieces_are_whole(dressed):
    assert [piece.name for piece in dressed.face] == ["skin", "mouth", "teeth", "lashes"]
    for piece in (*dressed.face, *dressed.eyes, dressed.hair):
        count = len(piece.points)
        assert piece.faces.min() == 0 and piece.faces.max() == count - 1
        assert piece.points.shape == piece.normals.shape == piece.colours.shape == (count, 3)
        np.testing.assert_allclose(np.linalg.norm(piece.normals, axis=1), 1, atol=1e-4)
        assert 0 <= piece.colours.min() and piece.colours.max() <= 1
        assert (piece.uv is None) == (piece.texture is None)


def test_normals_look_outward(dressed):
    for piece in (dressed.face[0], *dressed.eyes):
        corner = piece.points[piece.faces]
        across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        along = np.einsum("ij,ij->i", across, piece.normals[piece.faces].mean(axis=1))
        assert (along > 0).mean() > 0.99


def test_lashes_go_down_with_the_lid_that_they_stand_on(dressed):
    lashes = dressed.face[3]
    left = lashes.points[:, 0] > 0
    blink = lashes.deltas[INDEX["eyeBlinkLeft"]]
    assert blink[left, 1].min() < -0.008 and not blink[~left].any()
    assert not lashes.deltas[INDEX["jawOpen"]].any()


def test_a_look_without_hair_has_none():
    assert dressed_head(FaceRig.load(), Look(hair="shaved")).hair is None
