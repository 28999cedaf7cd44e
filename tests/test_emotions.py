"""The library of emotion clips and the style condition."""

import json
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamtalk.errors import OptionError, WeightsError
from dreamtalk.expression import emotions
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary, parse_emotion
from dreamtalk.expression.style_clip import load_style_clip
from rig.arkit import GROUPS, INDEX, MIRROR, indices
from rig.clip_file import write_clip
from rig.errors import RigError

FELT = np.setdiff1d(np.arange(52), indices(*GROUPS["left eye"], *GROUPS["right eye"]))


@pytest.fixture(scope="module")
def library():
    return EmotionLibrary.load()


def test_the_eight_of_mead_with_variants(library):
    assert EMOTIONS == ("neutral", "happy", "sad", "angry", "fear", "disgusted", "surprised", "contempt")
    assert set(EMOTIONS) <= set(library.names)
    for emotion in EMOTIONS:
        assert len(library.variants(emotion)) >= 4
    for name in library.names:
        clip = library.clip(name)
        assert clip.fps == 25 and 6 <= clip.duration_s <= 8


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(EMOTIONS), st.integers(0, 20), st.floats(0, 1), st.floats(0, 1))
def test_intensity_is_monotone(emotion, seed, one, other):
    library = EmotionLibrary.load()
    weak, strong = (library.clip(emotion, level, seed).weights for level in sorted((one, other)))
    assert (strong[:, FELT] >= weak[:, FELT] - 2e-3).all()


def test_no_intensity_is_neutral(library):
    brows = indices(*GROUPS["brows"])
    for emotion in EMOTIONS:
        weights = library.clip(emotion, 0.0).weights
        assert weights[:, np.setdiff1d(FELT, brows)].max() < 0.12 and np.median(weights[:, brows]) < 0.05


def test_seeds_walk_through_variants_and_mirrors(library):
    variants = len(library.variants("happy"))
    clips = [library.clip("happy", 1.0, seed) for seed in range(2 * variants)]
    assert len({clip.weights.tobytes() for clip in clips}) == 2 * variants
    np.testing.assert_array_equal(clips[variants].weights, clips[0].weights[:, MIRROR])
    np.testing.assert_array_equal(clips[variants].head_rotation, clips[0].head_rotation * [1, -1, -1])
    assert library.clip("happy", 0.4, 3).weights.tobytes() == library.clip("happy", 0.4, 3).weights.tobytes()


def test_a_variant_can_be_named(library):
    np.testing.assert_array_equal(
        library.clip("happy/beaming").weights, library.clip("happy", 1.0, 3).weights
    )


def test_emotions_differ_in_their_shapes(library):
    def typical(emotion, *names):
        clips = [library.clip(emotion, 1.0, seed).weights[50:130][:, indices(*names)] for seed in range(5)]
        return float(np.mean(clips))

    assert typical("happy", "mouthSmileLeft", "mouthSmileRight") > 0.4
    assert typical("sad", "browInnerUp") > 0.5 and typical("sad", "mouthFrownLeft") > 0.35
    assert typical("angry", "browDownLeft", "browDownRight") > 0.5
    assert typical("fear", "eyeWideLeft", "eyeWideRight") > 0.35 and typical("fear", "mouthStretchLeft") > 0.3
    assert typical("disgusted", "noseSneerLeft", "noseSneerRight") > 0.45
    assert typical("surprised", "browOuterUpLeft") > 0.5 and typical("surprised", "jawOpen") > 0.08
    assert typical("neutral", *(name for name in INDEX if "eye" not in name)) < 0.03


def test_the_shipped_file_is_what_the_model_makes(library):
    """The library was built from this version of the expression model (another CPU may round differently)."""
    from dreamtalk.expression.expression_model import synthesize_expression

    row = library.labels.index("fear/worried")
    with np.load(files("dreamtalk").joinpath("data/emotions.npz")) as archive:
        seed, count = int(archive["seeds"][row]), archive["weights"].shape[2]
    made = synthesize_expression("fear", 1.0, count, np.random.default_rng(seed), variant="worried")
    np.testing.assert_allclose(library.weights[row, -1], made.weights, atol=2e-3)


def test_emotion_texts_are_parsed():
    assert parse_emotion("happy") == ("happy", 1.0)
    assert parse_emotion("sad:0.25") == ("sad", 0.25)
    assert parse_emotion("fear/worried:0") == ("fear/worried", 0.0)


@pytest.mark.parametrize("text", ["happy:2", "happy:-0.1", "happy:", "happy:loud", "happy:nan"])
def test_bad_intensities_get_one_sentence(text):
    with pytest.raises(OptionError, match="0 to 1"):
        parse_emotion(text)


def test_bad_requests_get_one_sentence(library):
    with pytest.raises(OptionError, match="neutral, happy, sad, angry, fear, disgusted, surprised, contempt"):
        library.clip("bored")
    with pytest.raises(OptionError, match="not known"):
        library.clip("happy/grim")
    for intensity in (-0.1, 1.01, float("nan")):
        with pytest.raises(OptionError, match="from 0"):
            library.clip("happy", intensity)
    with pytest.raises(OptionError, match="seed"):
        library.clip("happy", seed=-1)


def test_an_altered_library_is_refused(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(emotions, "files", lambda _: tmp_path)
    with pytest.raises(WeightsError, match="missing"):
        EmotionLibrary.load()
    shipped = files("dreamtalk").joinpath("data")
    packed = bytearray(shipped.joinpath("emotions.npz").read_bytes())
    packed[len(packed) // 2] ^= 1
    (data / "emotions.npz").write_bytes(packed)
    (data / "emotions.json").write_text(shipped.joinpath("emotions.json").read_text())
    wanted = json.loads((data / "emotions.json").read_text())["sha256"]
    with pytest.raises(WeightsError, match=re.escape(wanted)):
        EmotionLibrary.load()


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_a_style_clip_is_read_at_the_models_rate(library, tmp_path, suffix):
    clip = library.clip("sad", 0.7, 1)
    write_clip(clip.resampled(30), tmp_path / f"take{suffix}")
    style = load_style_clip(tmp_path / f"take{suffix}")
    assert style.fps == 25 and abs(len(style) - len(clip)) <= 1
    assert np.abs(style.weights[:170] - clip.weights[:170]).mean() < 0.01


def test_unfit_styles_get_one_sentence(tmp_path):
    with pytest.raises(OptionError, match="no style clip"):
        load_style_clip("take.mp4")
    with pytest.raises(OptionError, match="not a style clip"):
        load_style_clip("take.fbx")
    with pytest.raises(OptionError, match="no style clip"):
        load_style_clip(tmp_path / "absent.csv")
    (tmp_path / "broken.csv").write_text("hello")
    with pytest.raises(RigError):
        load_style_clip(tmp_path / "broken.csv")
