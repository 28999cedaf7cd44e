"""The packed head: shapes, symmetry, pivots, identities, lip measures."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rig.arkit import INDEX, MIRROR, MOUTH, NAMES
from rig.errors import RigError
from rig.face_rig import FaceRig, drawable_weights
from rig.mouth import lip_aperture_mm, lip_basis, lip_vertices_mm, mouth_width_mm
from rig.rotation import matrix_from_angles

RIG = FaceRig.load()
WEIGHTS = arrays(np.float32, len(NAMES), elements=st.floats(0, 1, width=32))
ANGLES = arrays(np.float32, 3, elements=st.floats(-0.5, 0.5, width=32))


def weights_of(**shapes: float) -> np.ndarray:
    weights = np.zeros(len(NAMES), dtype=np.float32)
    for name, value in shapes.items():
        weights[INDEX[name]] = value
    return weights


def lid_gap_mm(rig: FaceRig, side: str, weights: np.ndarray) -> float:
    """Largest height between the rims of the lids, away from the corners."""
    loop = rig.loops[f"lids_{side}"]
    rest, posed = rig.neutral[loop], rig.vertices(weights)[loop]
    first, last = sorted((int(rest[:, 0].argmin()), int(rest[:, 0].argmax())))
    arcs = [np.arange(first, last + 1), np.r_[last : len(loop), 0 : first + 1]]
    upper, lower = sorted(arcs, key=lambda arc: -rest[arc, 1].mean())
    across = np.linspace(posed[:, 0].min() + 0.006, posed[:, 0].max() - 0.006, 9)
    heights = [np.interp(across, *posed[arc][np.argsort(posed[arc, 0])][:, :2].T) for arc in (upper, lower)]
    return float(np.max(heights[0] - heights[1])) * 1000


def test_pack_is_sound():
    count = RIG.vertex_count
    assert RIG.neutral.dtype == RIG.deltas.dtype == RIG.identity_modes.dtype == np.float32
    assert RIG.deltas.shape == (52, count, 3) and RIG.identity_modes.shape == (50, count, 3)
    assert RIG.faces.dtype == np.int32 and RIG.faces.min() == 0 and RIG.faces.max() == count - 1
    assert len(RIG.face_parts) == len(RIG.faces)
    assert all(np.isfinite(array).all() for array in (RIG.neutral, RIG.deltas, RIG.identity_modes, RIG.uv))
    assert all(np.abs(delta).max() > 0.001 for delta in RIG.deltas), "each of the 52 shapes moves something"
    assert 0.18 < np.ptp(RIG.neutral[RIG.regions["head"], 1]) < 0.26, "a head is about 22 cm high"


def test_arrays_are_read_only():
    with pytest.raises(ValueError):
        RIG.neutral[0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        RIG.neutral = RIG.neutral


def test_parts_partition_the_vertices():
    assert np.all(sum(RIG.regions[name].astype(int) for name in FaceRig.PARTS) == 1)
    assert not (RIG.regions["lip_upper"] & RIG.regions["lip_lower"]).any()
    assert RIG.head_weight[RIG.regions["bust"]].max() == 0 and RIG.head_weight[RIG.regions["head"]].min() > 0.99


def test_axes_and_sides():
    left, right = RIG.eye_pivots
    assert left[0] > 0 > right[0], "x is the character's left"
    assert RIG.neutral[RIG.loops["lips_inner"], 1].mean() < left[1] - 0.04, "the mouth lies under the eyes"
    assert RIG.neutral[RIG.loops["lips_inner"], 2].min() > RIG.neck_pivot[2], "the face looks to +z"
    np.testing.assert_allclose((left + right) / 2, 0, atol=1e-6)


def test_mirror_symmetry():
    flip = np.float32([-1, 1, 1])
    np.testing.assert_allclose(RIG.neutral[RIG.mirror] * flip, RIG.neutral, atol=1e-6)
    np.testing.assert_allclose(RIG.deltas[MIRROR][:, RIG.mirror] * flip, RIG.deltas, atol=2.1e-5)


@settings(max_examples=20, deadline=None)
@given(WEIGHTS, ANGLES)
def test_mirrored_weights_give_the_mirrored_head(weights, angles):
    flip = np.float32([-1, 1, 1])
    turned = RIG.vertices(weights, angles)
    mirrored = RIG.vertices(weights[MIRROR], angles * np.float32([1, -1, -1]))
    np.testing.assert_allclose(mirrored[RIG.mirror] * flip, turned, atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(WEIGHTS, WEIGHTS, st.floats(0, 1, width=32))
def test_morph_is_linear(first, second, share):
    first, second = drawable_weights(first), drawable_weights(second)
    mixed = RIG.morph((1 - share) * first + share * second)
    np.testing.assert_allclose(mixed, (1 - share) * RIG.morph(first) + share * RIG.morph(second), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(WEIGHTS)
def test_mouth_close_never_passes_jaw_open(weights):
    kept = drawable_weights(weights)
    assert kept[INDEX["mouthClose"]] <= kept[INDEX["jawOpen"]]
    others = np.delete(np.arange(52), INDEX["mouthClose"])
    np.testing.assert_array_equal(kept[others], weights[others])
    np.testing.assert_array_equal(RIG.morph(weights), RIG.morph(kept))


def test_mouth_close_alone_changes_nothing():
    np.testing.assert_array_equal(RIG.morph(weights_of(mouthClose=1)), RIG.neutral)


@settings(max_examples=15, deadline=None)
@given(WEIGHTS, ANGLES)
def test_head_turns_rigidly_about_the_neck(weights, angles):
    still, turned = RIG.vertices(weights), RIG.vertices(weights, angles)
    matrix = matrix_from_angles(angles)
    rigid = RIG.head_weight == 1
    expected = (still[rigid] - RIG.neck_pivot) @ matrix.T + RIG.neck_pivot
    np.testing.assert_allclose(turned[rigid], expected, atol=2e-6)
    np.testing.assert_array_equal(turned[RIG.regions["bust"]], still[RIG.regions["bust"]])


def test_head_turn_signs():
    nose = int(np.argmax(RIG.neutral[:, 2] * RIG.regions["face"]))
    pitch, yaw, roll = (RIG.vertices(np.zeros(52), np.float32(angle))[nose] for angle in np.eye(3) * 0.3)
    assert yaw[0] > 0.02, "+yaw turns to the picture's right"
    assert pitch[1] < RIG.neutral[nose, 1] - 0.02, "+pitch turns down"
    assert roll[0] < -0.005, "+roll turns counter-clockwise: the nose, above the pivot, goes to the picture's left"


@settings(max_examples=15, deadline=None)
@given(ANGLES)
def test_eyeballs_turn_about_their_pivots(angles):
    turned = RIG.vertices(np.zeros(52), eye_rotation=np.stack([angles, np.zeros(3)]))
    left, right = RIG.regions["eye_left"], RIG.regions["eye_right"]
    expected = (RIG.neutral[left] - RIG.eye_pivots[0]) @ matrix_from_angles(angles).T + RIG.eye_pivots[0]
    np.testing.assert_allclose(turned[left], expected, atol=1e-6)
    np.testing.assert_array_equal(turned[right], RIG.neutral[right])


def test_look_weights_turn_the_eyes_and_move_the_lids():
    posed = RIG.vertices(weights_of(eyeLookUpLeft=1, eyeLookUpRight=1))
    ball = RIG.regions["eye_left"]
    front = np.flatnonzero(ball)[np.argmax(RIG.neutral[ball, 2])]
    assert posed[front, 1] > RIG.neutral[front, 1] + 0.005
    rim = RIG.loops["lids_left"]
    assert np.abs(posed[rim] - RIG.neutral[rim]).max() > 0.0005


def test_blink_closes_the_eye_of_anyone():
    blink = weights_of(eyeBlinkLeft=1, eyeBlinkRight=1)
    rng = np.random.default_rng(3)
    for rig in (RIG, *(RIG.with_identity(rng.normal(0, 1, 50)) for _ in range(8))):
        for side in ("left", "right"):
            assert lid_gap_mm(rig, side, np.zeros(52)) > 3.0
            assert lid_gap_mm(rig, side, blink) < 2.0


def test_identity_modes_are_orthogonal_over_the_head():
    flat = RIG.identity_modes[:, RIG.regions["head"]].reshape(50, -1).astype(np.float64)
    gram = flat @ flat.T
    size = np.sqrt(np.diag(gram))
    assert np.abs(gram / size[:, None] / size - np.eye(50)).max() < 0.01
    assert np.all(np.diff(size) < 1e-6), "the first modes are the largest"


def test_identity_moves_neutral_and_pivots_together():
    coefficients = np.random.default_rng(0).normal(0, 1, 50)
    other = RIG.with_identity(coefficients)
    expected = RIG.neutral + np.tensordot(coefficients.astype(np.float32), RIG.identity_modes, axes=1)
    np.testing.assert_allclose(other.neutral, expected, atol=1e-6)
    for eye, pivot in zip(("eye_left", "eye_right"), other.eye_pivots, strict=True):
        distance = np.linalg.norm(other.neutral[other.regions[eye]] - pivot, axis=1)
        assert np.ptp(distance) < 0.003, "the pivot stays the middle of the eyeball"
    np.testing.assert_array_equal(RIG.with_identity([]).neutral, RIG.neutral)


def test_lips_have_the_documented_size():
    rest, jaw = np.zeros(52), weights_of(jawOpen=1)
    aperture = lip_aperture_mm(RIG, np.stack([rest, jaw]))
    assert aperture[0] < 0.2 and abs(aperture[1] - 34) < 0.5
    assert abs(mouth_width_mm(RIG, rest[None])[0] - 40) < 0.5


def test_lip_measures_see_only_jaw_and_mouth():
    others = np.ones(52, dtype=np.float32)
    others[MOUTH] = 0
    assert lip_aperture_mm(RIG, others[None])[0] == lip_aperture_mm(RIG, np.zeros((1, 52)))[0]


def test_lip_directions():
    names = ("mouthSmileLeft", "mouthPucker", "mouthUpperUpLeft", "mouthLowerDownLeft", "mouthFunnel")
    poses = np.stack([np.zeros(52), *(weights_of(**{name: 1.0, name.replace("Left", "Right"): 1.0}) for name in names)])
    width, aperture = mouth_width_mm(RIG, poses), lip_aperture_mm(RIG, poses)
    assert width[1] > width[0] + 4 and width[2] < width[0] - 4
    assert (aperture[3:] > aperture[0] + 1.5).all()


@settings(max_examples=20, deadline=None)
@given(WEIGHTS)
def test_lip_basis_repeats_the_rig(weights):
    basis = lip_basis(RIG)
    points = lip_vertices_mm(RIG, weights[None])[0]
    mouth_only = np.zeros(52, dtype=np.float32)
    mouth_only[MOUTH] = weights[MOUTH]
    direct = RIG.morph(mouth_only) * 1000
    corner = RIG.loops["lips_inner"][9]
    np.testing.assert_allclose(points[basis.corners[0]], direct[corner], atol=1e-3)
    assert basis.neutral.shape == points.shape and len(basis.upper) == len(basis.lower) == 4


@pytest.mark.parametrize("wrong", [np.zeros(51), np.zeros((52, 2)), np.zeros(0), np.zeros((3, 52))])
def test_wrong_weights_are_refused(wrong):
    with pytest.raises(RigError, match="52"):
        RIG.vertices(wrong)


@pytest.mark.parametrize("wrong", [np.zeros(51), np.zeros((1, 5)), [np.nan]])
def test_wrong_identities_are_refused(wrong):
    with pytest.raises(RigError):
        RIG.with_identity(wrong)
