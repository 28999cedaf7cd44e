"""The lip refiner and the windows of EmoDiff."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.diffusion.windows import edge_padded, rebatched
from dreamtalk.errors import WeightsError
from dreamtalk.mouth.lip_refiner import LipNetwork, LipRefiner, LipRefinerConfig
from dreamtalk.mouth.lip_seal import sealed
from dreamtalk.speech.hearing import FEATURE_SIZE
from dreamtalk.training.train_lips import lip_gap_mm, lip_loss
from dreamtalk.weight_folder import save_folder
from rig.arkit import INDEX, MOUTH
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm, lip_basis

STYLE = BlendshapeClip(np.full((40, 52), 0.1), np.zeros((40, 3)), 25.0)


def debug_refiner() -> LipRefiner:
    torch.manual_seed(0)
    return LipRefiner(LipNetwork(LipRefinerConfig.debug()))


def stream_of(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, FEATURE_SIZE)).astype(np.float32), rng.random((count, 55)).astype(np.float32)


def refined(refiner: LipRefiner, features: np.ndarray, motion: np.ndarray, cuts: list[int]) -> np.ndarray:
    pieces = zip(np.split(features, cuts), np.split(motion, cuts), strict=True)
    return np.concatenate(list(refiner.stream(pieces, STYLE)))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 25), st.integers(1, 25))
@settings(max_examples=30, deadline=None)
def test_rebatching_keeps_every_row_in_order(sizes, first, count):
    rows = np.arange(sum(sizes))
    pieces = list(rebatched(np.split(rows, np.cumsum(sizes)[:-1]), first, count))
    assert np.array_equal(np.concatenate(pieces), rows)
    assert all(len(piece) == (first if k == 0 else count) for k, piece in enumerate(pieces[:-1]))


def test_edges_are_repeated():
    assert edge_padded(np.array([[1], [2]]), 2, 1)[:, 0].tolist() == [1, 1, 1, 2, 2]


def test_only_the_mouth_changes_and_the_rest_is_bit_identical():
    features, motion = stream_of(60)
    result = refined(debug_refiner(), features, motion, [])
    others = np.setdiff1d(np.arange(55), MOUTH)
    assert result.shape == motion.shape
    assert result[:, others].tobytes() == motion[:, others].tobytes()
    assert (result[:, MOUTH] != motion[:, MOUTH]).any()
    assert (result[:, INDEX["mouthClose"]] <= result[:, INDEX["jawOpen"]]).all()


@given(st.integers(1, 70), st.lists(st.integers(1, 69), max_size=4))
@settings(max_examples=15, deadline=None)
def test_the_result_does_not_depend_on_the_pieces(count, cuts):
    features, motion = stream_of(count)
    cuts = sorted({cut for cut in cuts if cut < count})
    refiner = debug_refiner()
    whole = refined(refiner, features, motion, [])
    assert len(whole) == count
    assert np.allclose(whole, refined(refiner, features, motion, cuts), atol=1e-5)


def test_a_frame_looks_a_fixed_time_ahead():
    features, motion = stream_of(80)
    refiner = debug_refiner()
    before = refined(refiner, features, motion, [])
    features[60:] += 1
    after = refined(refiner, features, motion, [])
    first = 60 - refiner.network.config.ahead
    assert np.array_equal(before[:first], after[:first])
    assert not np.array_equal(before[first], after[first])


def test_what_comes_after_waits_for_the_look_ahead():
    features, motion = stream_of(30)
    refiner = debug_refiner()
    pieces = zip(np.split(features, [10, 20]), np.split(motion, [10, 20]), strict=True)
    sizes = [len(piece) for piece in refiner.stream(pieces, STYLE)]
    ahead = refiner.network.config.ahead
    assert sizes == [10 - ahead, 10, 10, ahead]


def test_the_differentiable_gap_is_the_rigs_own():
    rig, rng = FaceRig.load(), np.random.default_rng(0)
    weights = np.zeros((50, 52), np.float32)
    weights[:, MOUTH] = rng.random((50, 27)) * 0.5
    weights[:, INDEX["mouthClose"]] = np.minimum(weights[:, INDEX["mouthClose"]], weights[:, INDEX["jawOpen"]])
    gap = lip_gap_mm(torch.from_numpy(weights[:, MOUTH]), lip_basis(rig)).clamp(min=0).numpy()
    assert np.allclose(gap, lip_aperture_mm(rig, weights), atol=1e-3)


def test_missing_a_closure_costs_more_than_missing_an_opening():
    basis = lip_basis(FaceRig.load())
    jaw = int(np.flatnonzero(MOUTH == INDEX["jawOpen"])[0])
    closed, opened = torch.zeros(1, 8, 27), torch.zeros(1, 8, 27)
    opened[..., jaw] = 0.3
    valid = torch.ones(1, 8, 1)
    assert lip_loss(opened, closed, valid, basis) > lip_loss(closed, opened, valid, basis)
    assert lip_loss(opened, opened, valid, basis) == 0
    assert lip_loss(opened, closed, torch.zeros(1, 8, 1), basis) == 0


def test_weights_survive_a_folder(tmp_path: Path):
    refiner = debug_refiner()
    save_folder(tmp_path, refiner.network.state_dict(), {"network": LipRefinerConfig.debug().as_dict()}, "card")
    features, motion = stream_of(20)
    again = LipRefiner.from_directory(tmp_path)
    assert np.allclose(refined(again, features, motion, []), refined(refiner, features, motion, []), atol=2e-3)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors", "CARD.md"}


@pytest.mark.parametrize("spoil", ["model", "config", "other"])
def test_unfit_weights_are_refused_in_one_sentence(tmp_path: Path, spoil: str):
    config = {"network": LipRefinerConfig.debug().as_dict()}
    save_folder(tmp_path, debug_refiner().network.state_dict(), config, "card")
    if spoil == "model":
        (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    elif spoil == "config":
        (tmp_path / "config.json").write_text("{}")
    else:
        save_folder(tmp_path, debug_refiner().network.state_dict(), {"network": LipRefinerConfig().as_dict()}, "card")
    with pytest.raises(WeightsError, match="again"):
        LipRefiner.from_directory(tmp_path)


def test_what_is_kept_of_emodiffs_mouth_is_kept():
    network = debug_refiner().network
    predicted, own = torch.rand(3, 27), torch.rand(3, 27)
    wanted = (1 - network.config.kept) * predicted + network.config.kept * own
    assert torch.allclose(network.finished(predicted, own), wanted, atol=1e-6)
    network.amplitude.fill_(100.0)
    assert network.finished(predicted, own).max() == 1.0


def test_the_first_frame_is_emodiffs_own():
    features, motion = stream_of(40)
    motion[:, INDEX["mouthClose"]] = 0.0
    result = refined(debug_refiner(), features, motion, [3])
    assert np.array_equal(result[0], motion[0]) and not np.array_equal(result[12, MOUTH], motion[12, MOUTH])


def test_resting_lips_are_sealed_and_speaking_ones_are_not():
    weights = np.zeros((60, 52), np.float32)
    weights[:20, INDEX["jawOpen"]] = 0.04  # a slit of 1.4 mm, held
    weights[20:, INDEX["jawOpen"]] = np.where(np.arange(40) % 4 < 2, 0.04, 0.3)  # the same slit for 0.08 s at a time
    shut = sealed(weights, 25.0)
    assert shut[:14].max() < 1e-6 and np.array_equal(shut[26:], weights[26:])
    weights[:, INDEX["mouthClose"]] = 0.03
    assert (sealed(weights, 25.0)[:, INDEX["jawOpen"]] >= 0.03 - 1e-7).all()
