"""The person over the ground: what stays behind stays bit by bit, lines behind go on, and strands come along."""

import numpy as np
import pytest

from renderer.errors import RendererError
from renderer.rig_guided import rig_guided_frame
from renderer.split_picture import SplitPicture

SIDE, RADIUS, SHIFT = 160, 36, 8.0
MIDDLE = SIDE // 2
Y, X = np.mgrid[:SIDE, :SIDE]
OFF = np.hypot(X - MIDDLE, Y - MIDDLE)
DISC = np.clip(RADIUS + 0.5 - OFF, 0, 1).astype(np.float32)
"""The person: a disc in the middle."""


def ground(level: int = 60) -> np.ndarray:
    """Plain, with one bright line across, right behind the middle of the disc, and one down, beside it."""
    picture = np.full((SIDE, SIDE, 3), level, np.uint8)
    picture[:, MIDDLE + 60 : MIDDLE + 63] = 90
    picture[MIDDLE - 2 : MIDDLE + 3] = 200
    return picture


def picture(level: int = 60) -> np.ndarray:
    """The disc, dark red, before the ground."""
    share = DISC[..., None]
    return np.rint(ground(level) * (1 - share) + share * np.array([120, 20, 20])).astype(np.uint8)


def moved(shown: np.ndarray, split: SplitPicture | None, shift: float = SHIFT) -> np.ndarray:
    """Everything within twice the disc asked to go to the right."""
    flow = np.zeros((SIDE, SIDE, 2), np.float32)
    flow[OFF < 2 * RADIUS, 0] = -shift
    return rig_guided_frame(shown, flow, np.zeros((SIDE, SIDE, 4), np.uint8), split)


@pytest.fixture(scope="module")
def split() -> SplitPicture:
    return SplitPicture.of(picture(), DISC, 2 * RADIUS)


def test_no_motion_is_the_picture_bit_by_bit(split: SplitPicture) -> None:
    flow = np.zeros((SIDE, SIDE, 2), np.float32)
    flow[10, 10] = 1.0, 0.0  # so that all of the rest is not taken from the picture right away
    flow[-10, -10] = 1.0, 0.0
    frame = rig_guided_frame(picture(), flow, np.zeros((SIDE, SIDE, 4), np.uint8), split)
    assert np.array_equal(frame, picture())


def test_the_ground_that_is_not_reached_stays_bit_by_bit(split: SplitPicture) -> None:
    frame = moved(picture(), split)
    far = OFF > RADIUS + SHIFT + 8
    assert np.array_equal(frame[far], picture()[far])
    assert not np.array_equal(moved(picture(), None)[far], picture()[far])  # without layers it goes along


def test_the_person_goes_where_it_is_asked_to(split: SplitPicture) -> None:
    frame = moved(picture(), split)
    inside = np.hypot(X - MIDDLE - SHIFT, Y - MIDDLE) < RADIUS - 2
    assert np.abs(frame[inside].astype(int) - (120, 20, 20)).max() <= 2


def test_what_comes_to_light_goes_on_as_beside(split: SplitPicture) -> None:
    frame = moved(picture(), split)
    revealed = (OFF < RADIUS - 1) & (np.hypot(X - MIDDLE - SHIFT, Y - MIDDLE) > RADIUS + 2)
    assert revealed.sum() > 100
    on_line = revealed & (np.abs(Y - MIDDLE) <= 1)
    off_line = revealed & (np.abs(Y - MIDDLE) > 12)
    assert on_line.any() and frame[on_line].min() > 140
    assert np.abs(frame[off_line].astype(int) - 60).max() < 25


def test_a_strand_beside_the_outline_comes_along() -> None:
    strand = picture()
    strand[MIDDLE + 4 : MIDDLE + 14, MIDDLE - RADIUS - 2] = 0  # dark, and not in the mask
    frame = moved(strand, SplitPicture.of(strand, DISC, 2 * RADIUS))
    place = np.s_[MIDDLE + 6 : MIDDLE + 11]
    left = MIDDLE - RADIUS - 2
    assert frame[place, left].min() > 45  # it has left
    assert frame[place, left + round(SHIFT)].max() < 30  # and is there


def test_a_picture_that_is_all_person_moves_altogether() -> None:
    everywhere = SplitPicture.of(picture(), np.ones((SIDE, SIDE), np.float32), 2 * RADIUS)
    difference = np.abs(moved(picture(), everywhere).astype(int) - moved(picture(), None))
    smoothed = np.abs(OFF - 2 * RADIUS) < 3  # where the motion ends all at once
    assert difference[~smoothed].max() <= 1


def test_arrays_that_do_not_fit_get_one_sentence(split: SplitPicture) -> None:
    with pytest.raises(RendererError, match="mask"):
        SplitPicture.of(picture(), DISC[:-1], 50)
    small = picture()[:64, :64].copy()
    with pytest.raises(RendererError, match="Layers"):
        rig_guided_frame(small, np.zeros((64, 64, 2), np.float32), np.zeros((64, 64, 4), np.uint8), split)
