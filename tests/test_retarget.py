"""The same lips and lids on another rig."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rig.arkit import INDEX, MIRROR, NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.errors import RigError
from rig.face_rig import FaceRig, drawable_weights
from rig.lip_and_lid_pairs import lid_pairs, lip_pairs
from rig.retarget import LipsAndLids, Retarget

ICT = Path(__file__).resolve().parents[2] / "shared" / "data" / "rigs" / "ict_light.npz"


@pytest.fixture(scope="module")
def rig() -> FaceRig:
    return FaceRig.load()


@pytest.fixture(scope="module")
def lazy(rig: FaceRig) -> FaceRig:
    """The head with a jaw that opens by two thirds, a mouthClose that closes by half and lids that fall short."""
    deltas = rig.deltas.copy()
    for name, gain in (("jawOpen", 0.66), ("mouthClose", 0.5), ("eyeBlinkLeft", 0.8), ("mouthSmileRight", 1.4)):
        deltas[INDEX[name]] *= gain
    return replace(rig, deltas=deltas)


def speech(count: int = 60) -> np.ndarray:
    """Weights of a mouth that opens, rounds, spreads and shuts, with a blink."""
    time = np.arange(count) / 25
    weights = np.zeros((count, len(NAMES)))
    weights[:, INDEX["jawOpen"]] = 0.3 * np.sin(9 * time) ** 2
    weights[:, INDEX["mouthClose"]] = weights[:, INDEX["jawOpen"]] * (np.sin(5 * time) > 0.6)
    weights[:, INDEX["mouthPucker"]] = 0.4 * np.clip(np.sin(4 * time), 0, 1)
    for side in ("Left", "Right"):
        weights[:, INDEX[f"mouthSmile{side}"]] = 0.3 * np.clip(np.cos(4 * time), 0, 1)
        weights[20:26, INDEX[f"eyeBlink{side}"]] = 0.7
    return weights


def gap(lips: LipsAndLids, weights: np.ndarray) -> np.ndarray:
    """Opening of the lips over the mouth's width."""
    return drawable_weights(weights) @ lips.lip_gap


def test_pairs_are_the_lips_and_the_lids(rig: FaceRig) -> None:
    lips = lip_pairs(rig.neutral, rig.deltas)
    assert lips.width_m == pytest.approx(0.040, abs=0.004)
    assert rig.regions["lips"][[*lips.upper, *lips.lower]].all()
    assert (np.diff(rig.neutral[lips.upper, 0]) > -0.001).all(), "from the character's right to the left"
    for side, sign in (("Left", 1), ("Right", -1)):
        lids = lid_pairs(rig.neutral, rig.deltas, side)
        assert (sign * rig.neutral[lids.upper, 0] > 0).all()
        assert (rig.neutral[lids.upper, 1] - rig.neutral[lids.lower, 1] > 0.004).all()


def test_onto_the_same_rig_nothing_changes(rig: FaceRig) -> None:
    weights = speech()
    np.testing.assert_allclose(Retarget.between(rig, rig).weights(weights), weights, atol=2e-3)


def test_a_lazy_rig_opens_shuts_and_blinks_as_ours_does(rig: FaceRig, lazy: FaceRig) -> None:
    weights, retarget = speech(), Retarget.between(rig, lazy)
    wanted, before = gap(retarget.source, weights), gap(retarget.target, weights)
    solved = retarget.weights(weights)
    assert solved.dtype == np.float32 and solved.min() >= 0 and solved.max() <= 1
    assert (solved[:, INDEX["mouthClose"]] <= solved[:, INDEX["jawOpen"]] + 1e-6).all()
    after = gap(retarget.target, solved)
    assert np.abs(after - wanted).mean() < 0.35 * np.abs(before - wanted).mean()
    shut = wanted < 0.02
    assert shut.any() and after[shut].mean() < 0.02
    lids = [side @ (solved - weights).T for side in retarget.target.lid_gap]
    blink = retarget.source.lid_gap @ weights[22] - retarget.target.lid_gap @ solved[22]
    assert np.abs(blink).max() < 0.05 and np.abs(lids[1][40]) < 0.01, "the right eye, which is as ours, stays"


def test_our_head_read_from_a_file_is_our_head(rig: FaceRig, tmp_path: Path) -> None:
    write_clip(BlendshapeClip.rest(1, 25), tmp_path / "head.glb")
    weights = speech()
    solved = Retarget.between(rig, FaceRig.from_gltf(tmp_path / "head.glb")).weights(weights)
    np.testing.assert_allclose(solved, weights, atol=2e-3)


def test_what_does_not_move_lips_or_lids_stays_bit_for_bit(rig: FaceRig, lazy: FaceRig) -> None:
    rng = np.random.default_rng(2)
    clip = BlendshapeClip(rng.uniform(0, 0.6, (9, 52)), rng.uniform(-0.2, 0.2, (9, 3)), 30.0)
    solved = Retarget.between(rig, lazy).applied(clip)
    for name in ("browInnerUp", "eyeLookUpLeft", "noseSneerLeft", "tongueOut"):
        np.testing.assert_array_equal(solved.column(name), clip.column(name))
    np.testing.assert_array_equal(solved.head_rotation, clip.head_rotation)


def test_left_and_right_are_treated_alike(rig: FaceRig) -> None:
    weights, retarget = speech(), Retarget.between(rig, rig.with_identity(np.full(8, 0.8)))
    np.testing.assert_allclose(
        retarget.weights(weights)[:, MIRROR], retarget.weights(weights[:, MIRROR]), atol=0.06
    )


def test_rigs_without_lips_or_lids_are_refused(rig: FaceRig) -> None:
    for name, word in (("jawOpen", "opens no mouth"), ("eyeBlinkRight", "eyeBlinkRight of anna.glb shuts no lid")):
        deltas = rig.deltas.copy()
        deltas[INDEX[name]] = 0
        with pytest.raises(RigError, match=word):
            Retarget.between(rig, replace(rig, deltas=deltas), "anna.glb")


@pytest.mark.skipif(not ICT.is_file(), reason="the ICT head is not beside the checkout")
def test_the_ict_head_gets_our_lips_and_lids(rig: FaceRig) -> None:
    weights, retarget = speech(), Retarget.between(rig, FaceRig.from_ict(ICT), "the ICT head")
    wanted = gap(retarget.source, weights)
    errors = [np.abs(gap(retarget.target, found) - wanted).mean() for found in (weights, retarget.weights(weights))]
    assert errors[1] < 0.4 * errors[0]
