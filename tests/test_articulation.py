"""The mouth that phones make: closures, openings, styles, and the training that taught it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import WeightsError
from dreamtalk.mouth.articulation import (
    FEATURES,
    ArticulationConfig,
    ArticulationModel,
    ArticulationNetwork,
    phone_features,
)
from dreamtalk.mouth.speaking_style import SpeakingStyle, styled
from dreamtalk.speech.phones import BILABIAL, PHONE_INDEX, PHONES, Phone
from dreamtalk.training.train_articulation import (
    articulation_card,
    articulation_scores,
    batch_of,
    phone_clips,
    train_network,
)
from dreamtalk.training.training_clip import Recording
from dreamtalk.weight_folder import save_folder
from rig.arkit import INDEX, MOUTH, NAMES
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm, mouth_width_mm

FPS = 25.0
MODEL = ArticulationModel.load()


def spoken(text: str, start_s: float = 0.5, length_s: float = 0.12) -> list[Phone]:
    """Phones, one after another, each length_s long."""
    return [
        Phone(start_s + n * length_s, start_s + (n + 1) * length_s, symbol) for n, symbol in enumerate(text.split())
    ]


def at(phone: Phone, curve: np.ndarray) -> float:
    return float(np.interp(phone.centre_s, np.arange(len(curve)) / FPS, curve))


styles = st.builds(
    SpeakingStyle,
    jaw_gain=st.floats(0.6, 1.6), lip_gain=st.floats(0.6, 1.6), rounding=st.floats(0.6, 1.6),
    spread=st.floats(0.6, 1.6), coarticulation=st.floats(0.4, 1.6), speaker=st.floats(0, 1),
    lead_s=st.floats(-0.02, 0.02),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(PHONES), max_size=20), styles, st.sampled_from([24.0, 25.0, 30.0, 60.0]))
def test_any_phones_make_a_possible_mouth_whose_lips_meet(symbols, style, fps):
    phones = spoken(" ".join(symbols), length_s=0.1)
    count = round((1.0 + 0.1 * len(symbols)) * fps)
    weights = MODEL.mouth(phones, count, fps, style)
    assert weights.shape == (count, len(NAMES)) and weights.dtype == np.float32
    assert np.isfinite(weights).all() and (weights >= 0).all() and (weights <= 1).all()
    assert (weights[:, INDEX["mouthClose"]] <= weights[:, INDEX["jawOpen"]] + 1e-6).all()
    assert not weights[:, np.setdiff1d(np.arange(len(NAMES)), MOUTH)].any()
    aperture = lip_aperture_mm(FaceRig.load(), weights)
    for phone in (phone for phone in phones if phone.symbol in BILABIAL):
        near = np.abs(np.arange(count) / fps - phone.centre_s) <= 0.04 + abs(style.lead_s)
        assert aperture[near].min() < 1.0


@pytest.mark.parametrize("speaker", [0.0, 0.5, 1.0])
def test_vowels_open_lips_meet_and_silence_is_shut(speaker):
    phones = spoken("t a p æ m ɛ t u")
    weights = MODEL.mouth(phones, 60, FPS, SpeakingStyle(speaker=speaker))
    aperture = lip_aperture_mm(FaceRig.load(), weights)
    assert all(at(phones[n], aperture) > 4.0 for n in (1, 3, 5))
    assert at(phones[1], aperture) > at(phones[7], aperture)
    assert aperture[:5].max() < 1.0 and aperture[-5:].max() < 1.0


def test_round_sounds_are_narrower_than_broad_ones():
    rig = FaceRig.load()
    for speaker in (0.0, 1.0):
        style = SpeakingStyle(speaker=speaker)
        w, i = (mouth_width_mm(rig, MODEL.mouth(spoken(f"t {v} {v} t"), 40, FPS, style))[16:19].mean() for v in "wi")
        assert w < i - 0.3


def test_an_f_tucks_the_lower_lip():
    phones = spoken("a f a")
    assert at(phones[1], MODEL.mouth(phones, 40)[:, INDEX["mouthRollLower"]]) > 0.15


def test_styles_change_what_they_name():
    phones = spoken("t a t u t i t ɔ t a")
    rig = FaceRig.load()

    def opening(style: SpeakingStyle) -> float:
        return float(lip_aperture_mm(rig, MODEL.mouth(phones, 60, FPS, style)).std())

    assert opening(SpeakingStyle(jaw_gain=1.4)) > opening(SpeakingStyle()) > opening(SpeakingStyle(jaw_gain=0.6))
    assert opening(SpeakingStyle(coarticulation=0.4)) > opening(SpeakingStyle(coarticulation=1.6))
    jaw = MODEL.mouth(phones, 60, FPS)[:, INDEX["jawOpen"]]
    early = MODEL.mouth(phones, 60, FPS, SpeakingStyle(lead_s=0.04))[:, INDEX["jawOpen"]]
    assert np.corrcoef(early[:-1], jaw[1:])[0, 1] > np.corrcoef(early, jaw)[0, 1]


def test_sampled_styles_repeat_and_differ():
    first, again = (SpeakingStyle.sampled(np.random.default_rng(3)) for _ in range(2))
    assert first == again != SpeakingStyle.sampled(np.random.default_rng(4))


def test_a_plain_style_changes_nothing():
    mouth = np.random.default_rng(0).uniform(0, 1, (30, len(MOUTH))).astype(np.float32)
    assert np.allclose(styled(mouth, mouth[0], SpeakingStyle(), 50.0), mouth, atol=1e-6)


def test_features_are_shares_and_distances():
    features = phone_features(spoken("a", 0.5, 0.25), 60)
    assert features.shape == (60, FEATURES) and np.allclose(features[:, : len(PHONES)].sum(1), 1.0)
    assert features[30, PHONE_INDEX["a"]] == 1.0 and features[0, 0] == 1.0
    assert 0 < features[25, PHONE_INDEX["a"]] < 1  # the boundary lies inside the frame
    assert features[25, -2] == pytest.approx(1.0) and features[0, -2] == 0.0


def test_an_h_looks_like_what_follows():
    with_h, without = phone_features(spoken("h u"), 60), phone_features(spoken("u u"), 60)
    assert (with_h == without).all()


def test_broken_weights_are_named(tmp_path):
    save_folder(tmp_path, {}, {"network": {"sizes": 3}}, "")
    with pytest.raises(WeightsError, match="articulation"):
        ArticulationModel.from_directory(tmp_path)


def capture(corpus: str = "grid_s1", count: int = 90) -> Recording:
    """A mouth that opens for each a and shuts for each p."""
    phones = tuple(spoken("p a " * 10, 0.2, 0.15))
    weights = np.zeros((count, len(NAMES)), np.float32)
    times = np.arange(count) / FPS
    for phone in phones[1::2]:
        weights[:, INDEX["jawOpen"]] += 0.4 * np.exp(-(((times - phone.centre_s) / 0.06) ** 2))
    captured = np.isin(np.arange(len(NAMES)), MOUTH)
    silent = np.zeros(round(count / FPS * 16000), np.float32)
    return Recording(f"{corpus}/x", corpus, silent, weights, np.ones(count, bool), np.zeros((count, 3), np.float32),
                     phones=phones, captured=captured)  # fmt: skip


def test_training_learns_a_simple_mouth_and_writes_a_card(tmp_path):
    recordings = [capture(), capture("facegood")]
    config = ArticulationConfig.debug()
    tensors = train_network(phone_clips(recordings), config, tmp_path / "articulation.ckpt", 150, 0)
    network = ArticulationNetwork(config)
    network.load_state_dict(tensors)
    scores = articulation_scores(ArticulationModel(network), recordings)
    assert set(scores) == {"grid_s1", "facegood"} and scores["grid_s1"].jaw_r > 0.6
    text = articulation_card(scores, "`command`")
    assert "`command`" in text and "jaw_r" in text


def test_batches_count_only_what_was_seen():
    recording = capture(count=40)
    recording.valid[:10] = False
    clips = phone_clips([recording])
    _, speaker, mouth, weight = batch_of(clips, 4, np.random.default_rng(0))
    assert mouth.shape == (4, 70, len(MOUTH)) and (speaker == torch.tensor([1.0, 0.0])).all()
    assert (weight[:, 50:] == 0).all() and (weight.sum(1) > 0).all() and weight.max() == 3.0
