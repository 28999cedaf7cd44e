"""Speech and expression in one face."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dreamtalk.errors import DreamTalkError
from dreamtalk.expression.compose import add_expression
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.facs_prototypes import PROTOTYPES
from rig.arkit import INDEX, MIRROR, NAMES
from rig.face_rig import FaceRig
from rig.lip_gap import APERTURE_MM
from rig.mouth import lip_aperture_mm, lip_basis, mouth_width_mm

weights = hnp.arrays(np.float32, (12, 52), elements=st.floats(0, 1, width=32))


@pytest.fixture(scope="module")
def rig():
    return FaceRig.load()


def syllables(count=200):
    """Talk that closes its lips for 0.12 s every 0.56 s and pauses for 1.6 s at the end."""
    time = np.arange(count) / 25
    phase = time % 0.56
    speech = np.zeros((count, 52), dtype=np.float32)
    speech[:, INDEX["jawOpen"]] = 0.3 * np.clip(np.sin(np.pi * (phase - 0.12) / 0.44), 0, 1)
    speech[-40:] = 0
    return speech


@settings(max_examples=40, deadline=None)
@given(weights, weights)
def test_the_result_is_drawable(speech, expression):
    joined = add_expression(speech, expression)
    assert joined.dtype == np.float32 and joined.min() >= 0 and joined.max() <= 1
    assert (joined[:, INDEX["mouthClose"]] <= joined[:, INDEX["jawOpen"]] + 1e-6).all()


@settings(max_examples=20, deadline=None)
@given(weights)
def test_without_expression_speech_is_untouched(speech):
    speech[:, INDEX["mouthClose"]] = np.minimum(speech[:, INDEX["mouthClose"]], speech[:, INDEX["jawOpen"]])
    np.testing.assert_allclose(add_expression(speech, np.zeros_like(speech)), speech, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(weights, weights)
def test_left_and_right_are_treated_alike(speech, expression):
    mirrored = add_expression(speech[:, MIRROR], expression[:, MIRROR])
    np.testing.assert_allclose(mirrored, add_expression(speech, expression)[:, MIRROR], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(weights, weights)
def test_inputs_are_not_changed(speech, expression):
    before = speech.copy(), expression.copy()
    add_expression(speech, expression)
    assert (speech == before[0]).all() and (expression == before[1]).all()


def test_apertures_are_those_of_the_rig(rig):
    basis = lip_basis(rig)
    for name in NAMES:
        rise = basis.deltas[INDEX[name]][:, 1]
        gap = rise[basis.upper].mean() - rise[basis.lower].mean()
        assert APERTURE_MM.get(name, 0.0) == pytest.approx(gap, abs=1.5), name


@pytest.mark.parametrize("emotion", PROTOTYPES)
def test_closures_survive_every_emotion(rig, emotion):
    speech = syllables()
    alone = lip_aperture_mm(rig, speech)
    for seed in range(4):
        expression = synthesize_expression(emotion, 1.0, len(speech), np.random.default_rng(seed)).weights
        joined = lip_aperture_mm(rig, add_expression(speech, expression))
        talking = np.arange(len(speech)) < 160
        assert joined[talking & (alone < 0.2)].max() < 1.0, "a closure was lost"
        assert joined[alone > 4.0].min() > 2.0, "an open vowel was shut"
        assert np.corrcoef(joined, alone)[0, 1] > 0.95
        assert joined[170:190].max() < 3.0, "the mouth stands open in a pause"


def test_the_corners_keep_smiling_through_a_closure(rig):
    speech = syllables()
    smile = synthesize_expression("happy", 1.0, len(speech), np.random.default_rng(0), variant="open-smile").weights
    closed = lip_aperture_mm(rig, speech)[:160] < 0.2
    wide = mouth_width_mm(rig, add_expression(speech, smile))[:160][closed]
    assert wide.min() > mouth_width_mm(rig, np.zeros((1, 52)))[0] + 3.0


def test_rounding_pulls_a_smile_in():
    speech, smile = np.zeros((2, 52)), np.zeros((2, 52))
    smile[:, INDEX["mouthSmileLeft"]] = 0.6
    speech[:, INDEX["jawOpen"]], speech[1, INDEX["mouthPucker"]] = 0.2, 0.8
    spread, rounded = add_expression(speech, smile)[:, INDEX["mouthSmileLeft"]]
    assert rounded < 0.7 * spread


def test_pressed_lips_open_to_speak():
    speech, pressed = np.zeros((60, 52)), np.zeros((60, 52))
    speech[30:, INDEX["jawOpen"]] = 0.3
    pressed[:, INDEX["mouthRollLower"]] = 0.5
    roll = add_expression(speech, pressed)[:, INDEX["mouthRollLower"]]
    assert roll[5] > 0.45 and roll[50] < 0.05


def test_unfit_arrays_get_one_sentence():
    with pytest.raises(DreamTalkError, match="frames x 52"):
        add_expression(np.zeros((3, 52)), np.zeros((4, 52)))
