"""EmoDiff on streams and the motion generator, with tiny random networks, and the shipped weights."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig
from dreamtalk.diffusion.emodiff import EmoDiff, WindowPlan, eased, reminded
from dreamtalk.diffusion.motion_space import MotionSpace
from dreamtalk.errors import OptionError, WeightsError
from dreamtalk.expression.emotions import EmotionLibrary
from dreamtalk.motion import MotionGenerator
from dreamtalk.mouth.lip_refiner import LipNetwork, LipRefiner, LipRefinerConfig
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform, load_audio
from dreamtalk.speech.hearing import FEATURE_SIZE, Hearing
from dreamtalk.weight_folder import save_folder
from rig.arkit import INDEX, MOUTH
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm
from rig.timing import frame_count

SPACE = MotionSpace(np.full(55, 0.2, np.float32), np.full(55, 0.1, np.float32))
STYLE = BlendshapeClip(np.full((60, 52), 0.1), np.zeros((60, 3)), 30.0)
PLAN = WindowPlan(length=20, carry=4, style_count=3)


def debug_emodiff() -> EmoDiff:
    torch.manual_seed(0)
    return EmoDiff(Denoiser(DenoiserConfig.debug()), SPACE, PLAN)


def debug_generator(refined: bool = True) -> MotionGenerator:
    emodiff = debug_emodiff()
    torch.manual_seed(1)
    lips = LipNetwork(LipRefinerConfig.debug())
    refiner = LipRefiner(lips) if refined else None
    return MotionGenerator(Hearing.debug(), emodiff, refiner)


def noise(seconds: float, seed: int = 0) -> Waveform:
    return Waveform((0.1 * np.random.default_rng(seed).standard_normal(round(seconds * 16_000))).astype(np.float32))


def motion_for(emodiff: EmoDiff, features: np.ndarray, cuts: list[int], seed: int = 0) -> np.ndarray:
    pieces = emodiff.stream(np.split(features, cuts), STYLE, np.zeros(55, np.float32), steps=2, seed=seed)
    heard, motion = zip(*pieces, strict=True)
    assert np.array_equal(np.concatenate(heard), features)
    return np.concatenate(motion)


@pytest.mark.parametrize("count", [1, 18, 19, 20, 35, 36, 77])
def test_every_frame_comes_once_whatever_the_pieces(count):
    features = np.random.default_rng(count).standard_normal((count, FEATURE_SIZE)).astype(np.float32)
    emodiff = debug_emodiff()
    whole = motion_for(emodiff, features, [])
    assert whole.shape == (count, 55)
    assert np.allclose(whole, motion_for(emodiff, features, list(range(5, count, 7))), atol=1e-6)


def test_motion_is_lawful():
    features = np.random.default_rng(0).standard_normal((50, FEATURE_SIZE)).astype(np.float32)
    motion = motion_for(debug_emodiff(), features, [])
    assert motion[:, :52].min() >= 0 and motion[:, :52].max() <= 1 and np.isfinite(motion).all()
    assert (motion[:, INDEX["tongueOut"]] == 0).all()
    assert (motion[:, INDEX["mouthClose"]] <= motion[:, INDEX["jawOpen"]]).all()


def test_a_window_knows_how_the_one_before_ended():
    emodiff = debug_emodiff()
    seen = []
    encode = emodiff.network.encode
    emodiff.network.encode = lambda conditions: seen.append(conditions) or encode(conditions)
    motion = motion_for(emodiff, np.random.default_rng(0).standard_normal((40, FEATURE_SIZE)).astype(np.float32), [])
    first, second = seen[0].initial[0], seen[1].initial[0]
    assert first[:, -1].tolist() == [1.0] + [0.0] * 19 and second[:, -1].tolist() == [1.0] * 4 + [0.0] * 16
    assert np.allclose(first[0, :-1].numpy() * 0.1 + 0.2, 0.0, atol=1e-6)
    carried = second[:4, :-1].numpy() * SPACE.deviation + SPACE.mean
    open_rows = (motion[15:19] > 0) & (motion[15:19] < 1)
    open_rows[:, [INDEX["tongueOut"], INDEX["mouthClose"]]] = False
    open_rows[:, 52:] = False
    assert np.allclose(carried[open_rows], motion[15:19][open_rows], atol=1e-5)


def test_seed_and_style_matter_and_the_same_seed_gives_the_same_bytes():
    generator, speech = debug_generator(), noise(2.0)

    def made(seed: int, style: BlendshapeClip = STYLE) -> bytes:
        return generator.generate(speech, style, None, AnimationOptions(steps=2, seed=seed)).weights.tobytes()

    assert made(1) == made(1) != made(2)
    other = BlendshapeClip(np.full((60, 52), 0.6), np.zeros((60, 3)), 30.0)
    assert made(1) != made(1, other)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 3.0, 4.02, 9.99])
def test_the_clip_is_as_long_as_the_speech(seconds):
    clip = debug_generator().generate(noise(seconds), STYLE, None, AnimationOptions(steps=1))
    assert len(clip) == frame_count(seconds, 25) and clip.fps == 25.0


def test_without_a_style_a_neutral_one_is_drawn():
    assert len(debug_generator().generate(noise(1.0), options=AnimationOptions(steps=1))) == 25


def test_only_the_mouth_differs_without_the_refiner():
    options = AnimationOptions(steps=2, seed=3)
    with_refiner = debug_generator().generate(noise(3.0), STYLE, None, options)
    without = debug_generator(refined=False).generate(noise(3.0), STYLE, None, options)
    others = np.setdiff1d(np.arange(52), MOUTH)
    assert with_refiner.weights[:, others].tobytes() == without.weights[:, others].tobytes()
    assert with_refiner.head_rotation.tobytes() == without.head_rotation.tobytes()
    assert (with_refiner.weights[:, MOUTH] != without.weights[:, MOUTH]).any()


def test_progress_rises_to_the_end():
    steps = []
    options = AnimationOptions(steps=1)
    debug_generator().generate(noise(9.0), STYLE, None, options, lambda done, total: steps.append((done, total)))
    assert steps[-1] == (225, 225) and [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert len(steps) > 3


def test_memory_does_not_grow_with_length():
    generator = debug_generator()

    def peak(pieces: int) -> int:
        rng = np.random.default_rng(0)
        features = (rng.standard_normal((50, FEATURE_SIZE)).astype(np.float32) for _ in range(pieces))
        tracemalloc.start()
        motion = generator.emodiff.stream(features, STYLE, np.zeros(55, np.float32), steps=1)
        count = sum(len(piece) for piece in generator.lip_refiner.stream(motion, STYLE))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 50 * pieces
        return found

    peak(4)
    assert peak(24) < peak(4) + 150_000


@pytest.mark.parametrize("initial", [np.zeros(51), np.full(52, 1.5), np.full(52, np.nan)])
def test_a_bad_initial_state_is_refused(initial):
    with pytest.raises(OptionError, match="52 weights"):
        debug_generator().generate(noise(0.5), STYLE, initial, AnimationOptions(steps=1))


def test_a_folder_that_holds_no_emodiff_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="config.json"):
        EmoDiff.from_directory(tmp_path)
    save_folder(tmp_path, debug_emodiff().network.state_dict(), {"network": {"width": 16}}, "card")
    with pytest.raises(WeightsError, match="does not describe"):
        EmoDiff.from_directory(tmp_path)


def test_a_window_leaves_its_known_frames_without_a_jump():
    window, known = torch.full((1, 40, 3), 2.0), torch.zeros(1, 4, 3)
    smooth = eased(window, known)
    assert torch.equal(smooth[:, :4], known) and torch.equal(smooth[:, 30:], window[:, 30:])
    assert smooth.diff(dim=1).abs().max() < 0.3


def test_the_sampler_is_reminded_of_the_known_frames():
    known = torch.ones(1, 2, 3)
    remembering = reminded(lambda x_t, t: torch.zeros_like(x_t), known)
    assert torch.equal(remembering(torch.zeros(1, 5, 3), torch.tensor([500]))[:, :2], known)
    assert (remembering(torch.zeros(1, 5, 3), torch.tensor([0])) == 0).all()


@pytest.fixture(scope="module")
def spoken() -> dict[str, BlendshapeClip]:
    """The shipped weights on the example voice, two seconds of silence behind it, with two emotions."""
    generator, library = MotionGenerator.load(), EmotionLibrary.load()
    voice = load_audio(Path(__file__).parents[1] / "examples" / "hello.wav").samples
    speech = Waveform(np.concatenate([voice, np.zeros(2 * 16_000, np.float32)]))
    options = AnimationOptions(steps=4, style_guidance=1.0, seed=1)
    styles = {name: library.clip(name, 1.0, 0) for name in ("neutral", "happy")}
    return {name: generator.generate(speech, style, None, options) for name, style in styles.items()}


def test_shipped_weights_open_the_mouth_with_the_voice_and_shut_it_in_silence(spoken):
    for clip in spoken.values():
        aperture = lip_aperture_mm(FaceRig.load(), clip.weights)
        assert aperture[: len(clip) - 60].max() > 8.0 and aperture[: len(clip) - 60].std() > 2.5
        assert aperture[-45:].max() < 1.5


def test_shipped_weights_follow_the_emotion(spoken):
    smile = {name: clip.column("mouthSmileLeft")[25:].mean() for name, clip in spoken.items()}
    assert smile["happy"] > 0.3 > smile["neutral"] + 0.2


def test_shipped_weights_start_from_the_given_face(spoken):
    assert all(clip.weights[0, MOUTH].max() < 0.25 for clip in spoken.values())
