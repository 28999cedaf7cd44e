"""Lips that meet for p, b and m, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dreamtalk.mouth.closures import (
    TUCKED_GAP_MM,
    close_lips,
    closing_of_phones,
    closing_of_shares,
    lip_shares,
    tuck_lip,
    tucking_of_phones,
)
from dreamtalk.speech.phones import PHONE_INDEX, PHONES, Phone
from rig.arkit import INDEX, MOUTH, NAMES
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm

FPS = 25.0
JAW, CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def open_mouth(count: int, jaw: float = 0.5) -> np.ndarray:
    weights = np.zeros((count, len(NAMES)), np.float32)
    weights[:, JAW], weights[:, INDEX["mouthFunnel"]] = jaw, 0.2
    weights[:, [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]] = 0.3
    return weights


def test_an_open_mouth_shuts_on_the_rig_and_opens_again():
    weights = open_mouth(25)
    closing = closing_of_phones([Phone(0.45, 0.53, "p")], 25, FPS)
    aperture = lip_aperture_mm(FaceRig.load(), close_lips(weights, closing))
    assert aperture[12] < 0.5 and (aperture < 1.0).sum() <= 3
    assert (aperture[[8, 16]] > 15).all()


@pytest.mark.parametrize("phone", ["p", "m"])
@pytest.mark.parametrize("start", [0.0, 0.313, 0.4, 0.777])
@pytest.mark.parametrize("length", [0.02, 0.06, 0.3])
@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
def test_every_bilabial_has_a_frame_that_is_shut(phone, start, length, fps):
    closing = closing_of_phones([Phone(start, start + length, phone)], round(2 * fps), fps)
    assert closing.max() == 1.0
    assert abs(np.argmax(closing) / fps - (start + length / 2)) <= 0.04 + 0.5 / fps
    away = np.abs(np.arange(len(closing)) / fps - start - length / 2) > 0.15
    assert not closing[away].any()


def test_other_phones_ask_for_nothing():
    others = [symbol for symbol in PHONES if symbol not in ("p", "m")]
    phones = [Phone(0.1 * number, 0.1 * number + 0.1, symbol) for number, symbol in enumerate(others)]
    assert not closing_of_phones(phones, 100, FPS).any()


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float32, (6, len(NAMES)), elements=st.floats(0, 1, width=32)),
    arrays(np.float32, 6, elements=st.floats(-1, 2, width=32)),
)
def test_weights_stay_in_range_and_only_what_is_asked_moves(weights, closing):
    weights[:, CLOSE] = np.minimum(weights[:, CLOSE], weights[:, JAW])
    before = weights.copy()
    shut = close_lips(weights, closing)
    assert shut.dtype == np.float32 and (shut >= 0).all() and (shut <= 1).all()
    assert (shut[:, CLOSE] <= shut[:, JAW] + 1e-6).all()
    assert (shut[closing <= 0] == before[closing <= 0]).all() and (weights == before).all()
    others = np.setdiff1d(np.arange(len(NAMES)), MOUTH)
    assert (shut[:, others] == before[:, others]).all()
    rig = FaceRig.load()
    assert (lip_aperture_mm(rig, shut) <= lip_aperture_mm(rig, before) + 1.0).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.floats(0, 0.6), st.floats(0, 0.4))
def test_what_mouths_do_is_shut_on_the_rig(jaw, funnel, lower):
    weights = open_mouth(1, jaw)
    weights[:, INDEX["mouthFunnel"]] = funnel
    weights[:, [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]] = lower
    assert lip_aperture_mm(FaceRig.load(), close_lips(weights, np.ones(1)))[0] < 1.0


def test_closing_again_changes_nothing():
    shut = close_lips(open_mouth(5), np.ones(5))
    assert np.allclose(close_lips(shut, np.ones(5)), shut, atol=1e-5)


def test_posteriors_close_where_they_peak():
    posterior = np.full((100, len(PHONES)), 0.01, np.float32)
    posterior[40:44, PHONE_INDEX["p"]], posterior[42, PHONE_INDEX["m"]] = 0.4, 0.3
    posterior[70, PHONE_INDEX["m"]] = 0.2
    closing = closing_of_shares(lip_shares(posterior), 50, FPS)
    assert np.argmax(closing) in (20, 21) and not closing[30:].any()
    assert closing_of_shares(lip_shares(posterior), 50, FPS, threshold=0.15)[35] == 1.0
    earlier = closing_of_shares(lip_shares(posterior), 50, FPS, early_s=0.08)
    assert np.argmax(earlier) == np.argmax(closing) - 2


def test_posteriors_of_silence_close_nothing():
    posterior = np.zeros((60, len(PHONES)), np.float32)
    posterior[:, 0] = 1.0
    assert not closing_of_shares(lip_shares(posterior), 30, FPS).any()


def test_an_f_tucks_the_lip_without_shutting_the_mouth():
    tucking = tucking_of_phones([Phone(0.45, 0.55, "f")], 25, FPS)
    tucked = tuck_lip(open_mouth(25), tucking)
    assert tucked[12, INDEX["mouthRollLower"]] > 0.3 and tucked[0, INDEX["mouthRollLower"]] == 0
    aperture = lip_aperture_mm(FaceRig.load(), tucked)
    assert 1.5 < aperture[12] < TUCKED_GAP_MM[1] + 1.5 and aperture[0] > 15
    assert lip_aperture_mm(FaceRig.load(), tuck_lip(np.zeros((1, len(NAMES)), np.float32), np.ones(1)))[0] > 1.0
