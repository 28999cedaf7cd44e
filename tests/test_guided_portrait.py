"""Qualities and renderers of the portrait video: what they share, what they may change."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamtalk.portrait.guided_portrait import BATCH, guided_frames
from dreamtalk.portrait.portrait import Portrait, load_portrait
from dreamtalk.portrait.portrait_video import portrait_frames
from dreamtalk.portrait.resampled import BEST, resampled
from renderer.guided_face_vid2vid import GuidedConfig, GuidedFaceVid2Vid
from rig.arkit import INDEX
from rig.clip import BlendshapeClip

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(EXAMPLE)


@pytest.fixture(scope="module")
def network() -> GuidedFaceVid2Vid:
    torch.manual_seed(0)
    network = GuidedFaceVid2Vid(replace(GuidedConfig.debug(), source_size=256)).eval()
    torch.nn.init.normal_(network.generator.picture.weight, std=0.1)
    return network


def talking(count: int) -> BlendshapeClip:
    """From rest to an open mouth and shut eyes."""
    weights = np.zeros((count, 52), np.float32)
    for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"):
        weights[:, INDEX[name]] = np.linspace(0, 0.8, count)
    return BlendshapeClip(weights, np.zeros((count, 3), np.float32), 25.0)


def test_mended_frames_differ_about_what_was_painted(portrait: Portrait, network: GuidedFaceVid2Vid) -> None:
    clip = talking(BATCH + 2)
    plain, mended = list(portrait_frames(portrait, clip)), list(guided_frames(portrait, clip, network))
    assert len(mended) == len(plain)
    assert (mended[-1] != plain[-1]).any()
    marks = portrait.face.points[:, :2]
    rows, columns = np.nonzero((mended[-1] != plain[-1]).any(axis=2))
    room = 0.4 * portrait.fit.eye_distance_px  # the jaw falls
    low, high = marks.min(axis=0) - room, marks.max(axis=0) + room
    assert columns.min() > low[0] and columns.max() < high[0] and rows.min() > low[1] and rows.max() < high[1]


def test_shipped_generator_gives_the_same_bytes_twice(portrait: Portrait) -> None:
    one, other = (list(portrait_frames(portrait, talking(3), renderer="guided")) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_reader_may_stop_early(portrait: Portrait) -> None:
    assert len(list(islice(portrait_frames(portrait, talking(20)), 2))) == 2


def test_best_has_the_size_and_the_rest_of_default(portrait: Portrait) -> None:
    best = list(portrait_frames(portrait, talking(2), quality="best"))
    assert best[0].shape == portrait.picture.shape
    assert (best[0] == next(portrait_frames(portrait, talking(2)))).mean() > 0.98
    assert (best[1] != best[0]).any()


def test_resampled_is_the_same_face(portrait: Portrait) -> None:
    large = resampled(portrait, BEST)
    assert large.picture.shape[0] == BEST * portrait.picture.shape[0]
    assert large.fit.eye_distance_px == pytest.approx(BEST * portrait.fit.eye_distance_px, rel=0.01)
    assert np.abs(large.face.points[:, :2] - BEST * portrait.face.points[:, :2]).max() <= BEST


def test_draft_moves_alike(portrait: Portrait) -> None:
    clip = talking(4)
    draft, whole = (list(portrait_frames(portrait, clip, quality=quality)) for quality in ("draft", "default"))
    error = np.abs(draft[-1].astype(int) - whole[-1])
    still = np.abs(whole[-1].astype(int) - whole[0])
    assert error.mean() < 0.25 * still.mean()
    assert (draft[-1][:8] == portrait.picture[:8]).all()
