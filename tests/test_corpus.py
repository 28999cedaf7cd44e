"""Corpus readers, reels, samples and the training of tiny networks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from dreamtalk.corpus import is_held_out, read_corpus
from dreamtalk.corpus.facegood_corpus import read_facegood
from dreamtalk.corpus.grid_corpus import head_turn, with_aperture
from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig
from dreamtalk.diffusion.emodiff import EmoDiff, WindowPlan
from dreamtalk.diffusion.motion_space import MotionSpace, clip_of, motion_of
from dreamtalk.errors import DreamTalkError, OptionError
from dreamtalk.motion import MotionGenerator
from dreamtalk.mouth.lip_refiner import LipRefiner, LipRefinerConfig
from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.hearing import FEATURE_SIZE, Hearing
from dreamtalk.speech.phone_head import PhoneHead, PhoneHeadConfig
from dreamtalk.speech.phones import PHONE_INDEX, PHONES, Phone
from dreamtalk.training.clip_cache import load_clips, save_clips, with_phones
from dreamtalk.training.dataset import TrainingData, mirrored
from dreamtalk.training.train_emodiff import emodiff_card
from dreamtalk.training.train_emodiff import train_network as train_emodiff_network
from dreamtalk.training.train_lips import lips_card
from dreamtalk.training.train_lips import train_network as train_lip_network
from dreamtalk.training.train_phones import phone_scores, phones_card
from dreamtalk.training.train_phones import train_network as train_phone_head
from dreamtalk.training.training_clip import UNKNOWN, Recording, TrainingClip
from dreamtalk.training.training_reels import heard, joined, reels
from dreamtalk.training.weight_card import validation_scores
from dreamtalk.weight_folder import begin_from, save_folder
from rig.arkit import INDEX, MOUTH, NAMES
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm
from rig.rotation import matrix_from_angles

HEARING = Hearing.debug()


def recording(seconds: float = 3.0, corpus: str = "grid_s1", seed: int = 0) -> Recording:
    rng = np.random.default_rng(seed)
    count = round(seconds * 25)
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.2 + 0.2 * np.sin(np.arange(count) / 3)
    samples = (0.1 * rng.standard_normal(count * 640)).astype(np.float32)
    head = rng.normal(0, 0.01, (count, 3)).astype(np.float32)
    return Recording(f"{corpus}/{seed}", corpus, samples, weights, np.ones(count, bool), head)


def training_clip(seconds: float = 5.0, corpus: str = "grid_s1", seed: int = 0) -> TrainingClip:
    source = recording(seconds, corpus, seed)
    rng, count = np.random.default_rng(seed), len(source)
    return TrainingClip(
        source.name, corpus, rng.standard_normal((count, 2, 512)).astype(np.float16),
        rng.dirichlet(np.ones(len(PHONES)), (count, 2)).reshape(count, -1).astype(np.float16),
        rng.integers(0, len(PHONES), (count, 2)).astype(np.int8), np.full(count, 0.7, np.float32), source.weights,
        source.valid, source.head_rotation,
    )  # fmt: skip


def write_facegood(folder: Path, seconds: float = 2.0, delay_s: float = 1 / 30) -> np.ndarray:
    """A FACEGOOD folder whose jaw is a ramp; returns the ramp's value at every 30 fps row."""
    (folder / "audio").mkdir(parents=True)
    (folder / "curves").mkdir()
    count = round(seconds * 30)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    curves = np.full((count, 52), np.nan, np.float32)
    names = sorted(NAMES)
    captured = np.array([INDEX[name] in MOUTH for name in names])
    curves[:, captured] = 0.0
    curves[:, names.index("jawOpen")] = ramp
    np.savez(folder / "curves" / "1_01.npz", curves=curves, names=names, captured=captured, fps=30.0,
             curve_delay_s=delay_s)  # fmt: skip
    noise = np.random.default_rng(0).integers(-9000, 9000, round(seconds * 16_000)).astype(np.int16)
    wavfile.write(folder / "audio" / "1_01.flac", 16_000, noise)  # the reader goes by content, not by suffix
    return ramp


def test_facegood_is_read_by_name_without_its_delay(tmp_path: Path):
    ramp = write_facegood(tmp_path)
    (found,) = read_facegood(tmp_path)
    assert len(found) == 50 and found.corpus == "facegood"
    at = np.arange(50) / 25 * 30 + 1  # one row late at 30 fps
    wanted = np.interp(at, np.arange(60), ramp)
    assert np.allclose(found.weights[:, INDEX["jawOpen"]], wanted, atol=1e-5)
    assert np.isfinite(found.weights).all() and found.weights[:, INDEX["browInnerUp"]].max() == 0


def test_a_folder_without_corpora_is_refused(tmp_path: Path):
    with pytest.raises(DreamTalkError, match="neither grid_s1 nor facegood"):
        read_corpus(tmp_path)
    (tmp_path / "grid_s1").mkdir()
    with pytest.raises(DreamTalkError, match="tracks.npz"):
        read_corpus(tmp_path)


def test_grid_is_calibrated_to_the_tracked_lip_gap(tmp_path: Path):
    folder = tmp_path / "grid_s1"
    (folder / "audio").mkdir(parents=True)
    names = ["_neutral", *sorted(set(NAMES) - {"tongueOut"})]
    lip = np.where(np.arange(75) % 25 < 5, 0.001, 0.05).astype(np.float32)
    scores = np.full((75, 52), 0.01, np.float16)
    scores[:, names.index("jawOpen")] = 0.15
    ok = np.ones(75, bool)
    ok[10] = False
    scores[10], lip[10] = np.nan, np.nan
    head = np.tile(np.eye(4, dtype=np.float32), (75, 1, 1))
    np.savez(folder / "tracks.npz", ids=["aaaa1a"], offsets=[0, 75], names=names, scores=scores, head=head, ok=ok,
             lip=lip, fps=25)  # fmt: skip
    wavfile.write(folder / "audio" / "aaaa1a.flac", 16_000, np.random.default_rng(0).integers(-99, 99, 47648, np.int16))
    (folder / "words.json").write_text(json.dumps({"aaaa1a": [[0, 1, "sil"]]}))
    corpus = read_corpus(tmp_path)
    (found,) = corpus.training + corpus.validation
    aperture = lip_aperture_mm(FaceRig.load(), found.weights)
    assert not found.valid[10] and found.valid.sum() == 74
    assert aperture[:5].max() < 0.6 and np.allclose(aperture[20:25], 185 * (0.05 - 0.0015), atol=1.0)
    assert len(found.samples) == 75 * 640


@given(st.floats(0, 12))
@settings(max_examples=15, deadline=None)
def test_lips_meet_a_wanted_aperture(wanted_mm):
    rig = FaceRig.load()
    weights = np.zeros((1, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.25
    met = with_aperture(weights, np.array([wanted_mm]), rig)
    assert lip_aperture_mm(rig, met)[0] == pytest.approx(wanted_mm, abs=1.0)
    assert met[0, INDEX["jawOpen"]] == weights[0, INDEX["jawOpen"]]
    assert met[0, INDEX["mouthClose"]] <= met[0, INDEX["jawOpen"]]


def test_head_turn_is_taken_from_the_mean_pose():
    turn = np.zeros((60, 3))
    turn[:, 1] = 0.1 * np.sin(np.arange(60) * 2 * np.pi / 30)
    poses = np.tile(np.eye(4), (60, 1, 1))
    poses[:, :3, :3] = matrix_from_angles(turn) @ matrix_from_angles(np.array([0.2, -0.1, 0.05]))
    assert np.allclose(head_turn(poses), turn, atol=2e-3)


def test_a_faster_copy_is_shorter_and_shows_the_same_motion():
    source = recording()
    fast = source.at_speed(1.25)
    assert len(fast) == 60 and len(fast.samples) == pytest.approx(len(source.samples) / 1.25, abs=2)
    position = np.arange(60) * 1.25
    wanted = np.interp(position, np.arange(75), source.weights[:, INDEX["jawOpen"]])
    assert np.allclose(fast.weights[:, INDEX["jawOpen"]], wanted, atol=1e-5)


def test_reels_hold_every_sentence_once_with_closed_mouths_between():
    sources = [recording(seed=seed) for seed in range(7)]
    made = reels(sources, np.random.default_rng(0), reel_s=9.0)
    assert sorted("+".join(reel.name for reel in made).split("+")) == [str(k) for k in range(7)]
    assert all(len(reel.samples) == len(reel) * 640 for reel in made)
    one = joined(sources[:2], np.random.default_rng(3), longest_pause_s=1.6)
    pause = one.weights[75 : len(one) - 75]
    if len(pause) > 12:
        assert pause[6:-6].max() == 0.0


def test_training_clips_survive_a_file(tmp_path: Path):
    spoken = replace(recording(), phones=(Phone(1.0, 2.0, "p"),))
    clips = [heard(source, HEARING.encoder) for source in (spoken, recording(seed=1))]
    save_clips(clips, tmp_path / "clips.npz")
    again = load_clips(tmp_path / "clips.npz")
    assert [clip.name for clip in again] == [clip.name for clip in clips]
    assert all(np.array_equal(a.states, b.states) for a, b in zip(again, clips, strict=True))
    assert again[1].states.shape == (75, 2, 512) and again[1].loudness.max() <= 1.0
    said = again[0].phones.ravel()
    assert (said[50:100] == PHONE_INDEX["p"]).all() and (said[:50] == PHONE_INDEX["sil"]).all()
    assert (again[1].phones == UNKNOWN).all()
    told = with_phones(again, HEARING.phone_head)[0]
    assert np.allclose(told.features(slice(0, 75)), HEARING.features(Waveform(spoken.samples), 75), atol=2e-2)


def test_joined_recordings_keep_their_phones():
    sources = [replace(recording(seed=seed), phones=(Phone(1.0, 1.2, "m"),)) for seed in range(2)]
    reel = joined(sources, np.random.default_rng(0))
    first, second = reel.phones
    assert first.start_s == 1.0 and second.start_s == pytest.approx(len(reel) / 25 - 2.0)


def test_a_phone_head_learns_and_loads(tmp_path: Path):
    clips = [training_clip(8.0, seed=seed) for seed in range(2)]
    head = train_phone_head(clips, PhoneHeadConfig.debug(), tmp_path / "p.ckpt", 2, 0)
    save_folder(tmp_path / "head", head.state_dict(), {"network": head.config.as_dict()}, phones_card({}, "`train`"))
    again = PhoneHead.from_directory(tmp_path / "head")
    right, recall, precision = phone_scores(again, clips)
    assert 0 <= right <= 1 and 0 <= recall <= 1 and 0 <= precision <= 1
    with pytest.raises(DreamTalkError, match="phone times"):
        train_phone_head([heard(recording(6.0), HEARING.encoder)], head.config, tmp_path / "q.ckpt", 1, 0)


def test_the_split_is_fixed_and_about_a_tenth():
    names = [f"grid_s1/{k:04d}" for k in range(2000)]
    assert 0.07 < np.mean([is_held_out(name) for name in names]) < 0.13
    assert is_held_out("facegood/2_04") and not is_held_out("facegood/2_01")


def test_samples_are_reproducible_lawful_and_differ_from_their_style():
    data = TrainingData([training_clip(20.0)], 200)
    first, second = (data.sample(100, 120, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.motion, second.motion) and np.array_equal(first.style, second.style)
    assert first.motion.shape == (100, 55) and first.style.shape == (120, 55)
    assert first.features.shape == (100, FEATURE_SIZE)
    assert first.motion[:, :52].min() >= 0 and first.motion[:, :52].max() <= 1
    assert not np.array_equal(first.motion[:100, :52], first.style[:100, :52])


def test_mirroring_twice_is_nothing():
    motion = np.random.default_rng(0).random((9, 55)).astype(np.float32)
    assert np.array_equal(mirrored(mirrored(motion)), motion) and not np.array_equal(mirrored(motion), motion)


@given(st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_motion_space_is_inverted(seed):
    rng = np.random.default_rng(seed)
    motion = (rng.random((30, 55)) * 0.5).astype(np.float32)
    motion[:, INDEX["tongueOut"]] = 0
    motion[:, INDEX["mouthClose"]] = motion[:, INDEX["jawOpen"]] * 0.5
    space = MotionSpace.measured(motion)
    assert np.allclose(space.raw(space.normalised(motion)), motion, atol=1e-5)
    assert np.allclose(motion_of(clip_of(motion, 25.0)), motion)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> tuple[Path, list[TrainingClip]]:
    """A tiny EmoDiff trained for three steps."""
    folder = tmp_path_factory.mktemp("emodiff")
    clips = [training_clip(24.0, seed=0), training_clip(24.0, "facegood", seed=1)]
    plan = WindowPlan(length=24, carry=4, style_count=4)
    config = DenoiserConfig.debug()
    made = train_emodiff_network(clips, config, plan, folder / "c.ckpt", 3, 0, False, False, None, batch=2)
    made.write(folder, "card")
    return folder, clips


def test_training_writes_weights_that_load(tiny):
    folder, clips = tiny
    emodiff = EmoDiff.from_directory(folder)
    assert emodiff.plan.length == 24
    tensors = train_lip_network(
        clips, emodiff, LipRefinerConfig.debug(), folder / "l.ckpt", 2, 0, False, False, None, batch=2
    )
    save_folder(folder / "lips", tensors, {"network": LipRefinerConfig.debug().as_dict()}, "card")
    refiner = LipRefiner.from_directory(folder / "lips")
    assert (refiner.network.amplitude >= 1).all() and torch.isfinite(refiner.network.centre).all()


def test_resumed_training_equals_training_in_one_go(tiny, tmp_path: Path):
    folder, clips = tiny
    plan = WindowPlan(length=24, carry=4, style_count=4)

    def run(steps: int, resume: bool, name: str, until: int | None = None):
        class Stop(Exception):
            pass

        def stop(done: int, total: int) -> None:
            if until is not None and done == until:
                raise Stop

        try:
            return train_emodiff_network(
                clips, DenoiserConfig.debug(), plan, tmp_path / name, steps, 0, resume, False, stop, 2, save_every=1
            )
        except Stop:
            return None

    whole = run(4, False, "whole.ckpt")
    assert run(4, False, "cut.ckpt", until=2) is None
    resumed = run(4, True, "cut.ckpt")
    assert all(torch.equal(whole.tensors[name], resumed.tensors[name]) for name in whole.tensors)


def test_training_may_begin_from_other_weights(tiny):
    other, network = Denoiser(replace(DenoiserConfig.debug(), motion_size=54)), Denoiser(DenoiserConfig.debug())
    anew = begin_from(network, tiny[0])
    assert anew == [] and "motion_in.weight" in begin_from(other, tiny[0])


def test_resuming_from_nothing_is_refused(tiny, tmp_path: Path):
    plan = WindowPlan(length=24, carry=4, style_count=4)
    with pytest.raises(OptionError, match="checkpoint"):
        train_emodiff_network(tiny[1], DenoiserConfig.debug(), plan, tmp_path / "n", 2, 0, True, False, None, batch=2)


def test_a_card_names_data_command_and_figures(tiny):
    generator = MotionGenerator(HEARING, EmoDiff.from_directory(tiny[0]), None)
    scores = validation_scores(generator, [recording(), recording(corpus="facegood", seed=1)])
    assert set(scores) == {"grid_s1", "facegood"} and scores["grid_s1"].clips == 1
    text = emodiff_card(scores, "`train it`")
    assert "CC BY 4.0" in text and "`train it`" in text and "| jaw_r |" in text and "facegood/2_04" in text
    assert lips_card({}, "`train`").startswith("# Lip refiner")
