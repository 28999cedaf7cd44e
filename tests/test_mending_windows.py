"""The generator's windows: cut and pasted in register, corners that do not crawl, places that follow the flow."""

import cv2
import numpy as np
import pytest

from dreamtalk.portrait.mending_windows import (
    CELL_PX,
    EYE_SIZE,
    MOUTH_SIZE,
    MendingWindow,
    face_windows,
    source_places,
    source_square,
    window_scale,
)

HEIGHT, WIDTH = 240, 300


def smooth_picture() -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (12, 15, 3)).astype(np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def ramp() -> np.ndarray:
    """(H, W, 2) float32: each pixel holds its own x and y."""
    return np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float32)


def test_a_scale_near_one_is_one():
    assert window_scale(101.5) == 1.0 and window_scale(97.0) == pytest.approx(0.97)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.1, 1.9])
def test_a_cut_shows_the_places_that_centres_names(scale):
    window = MendingWindow.about(np.array([150.3, 121.8]), scale, 48, 64)
    assert window.left % CELL_PX == 0 and window.top % CELL_PX == 0
    x, y = window.centres(1)
    shown = window.cut(ramp())
    np.testing.assert_allclose(shown[..., 0], np.broadcast_to(x, (48, 64)), atol=0.04)
    np.testing.assert_allclose(shown[..., 1], np.broadcast_to(y[:, None], (48, 64)), atol=0.04)
    middle = np.array([x.mean(), y.mean()])
    assert np.abs(middle - (150.3, 121.8)).max() <= CELL_PX / 2 * scale + 1e-6


@pytest.mark.parametrize("scale", [1.0, 1.4])
@pytest.mark.parametrize("centre", [(2.0, 3.0), (299.0, 120.0), (150.0, 239.0), (-500.0, 900.0)])
def test_beyond_the_picture_its_border_goes_on(scale, centre):
    shown = MendingWindow.about(np.array(centre), scale, 48, 64).cut(ramp())
    assert shown.shape == (48, 64, 2)
    assert shown.min() >= 0 and shown[..., 0].max() <= WIDTH - 1 and shown[..., 1].max() <= HEIGHT - 1


def test_a_change_goes_where_the_cut_came_from():
    picture = smooth_picture()
    for scale in (0.7, 1.0, 1.3):
        window = MendingWindow.about(np.array([140.0, 110.0]), scale, 64, 96)
        before = window.cut(picture).astype(np.float32)
        target = picture.astype(np.float32) * 0.5 + 60
        change = window.cut(np.rint(target).astype(np.uint8)) - before
        frame = picture.copy()
        window.paste_change(frame, change, np.ones((64, 96), np.float32))
        inner = np.s_[int(110 - 18 * scale) : int(110 + 18 * scale), int(140 - 34 * scale) : int(140 + 34 * scale)]
        assert np.abs(frame[inner] - target[inner]).max() < 3


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3])
def test_nothing_changes_outside_the_window_or_without_share(scale):
    picture = smooth_picture()
    window = MendingWindow.about(np.array([140.0, 110.0]), scale, 48, 64)
    frame = picture.copy()
    window.paste_change(frame, np.full((48, 64, 3), 90.0, np.float32), np.zeros((48, 64), np.float32))
    assert np.array_equal(frame, picture)
    window.paste_change(frame, np.full((48, 64, 3), 90.0, np.float32), np.ones((48, 64), np.float32))
    touched = (frame != picture).any(axis=2)
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    assert rows[0] >= scale * window.top - 1 and rows[-1] <= scale * (window.top + 48)
    assert columns[0] >= scale * window.left - 1 and columns[-1] <= scale * (window.left + 64)
    edge = np.abs(np.diff(frame.astype(int) - picture, axis=1)).max()
    assert edge < 30  # a change of 90 levels fades in over several pixels


def test_a_window_half_outside_is_pasted_on_the_half_inside():
    for scale in (1.0, 1.4):
        window = MendingWindow.about(np.array([0.0, 120.0]), scale, 48, 64)
        frame = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
        window.paste_change(frame, np.full((48, 64, 3), 50.0, np.float32), np.ones((48, 64), np.float32))
        assert frame[120, 1].tolist() == [150, 150, 150] and frame[120, -1].tolist() == [100, 100, 100]
    far = MendingWindow.about(np.array([-900.0, 120.0]), 1.0, 48, 64)
    far.paste_change(frame, np.full((48, 64, 3), 50.0, np.float32), np.ones((48, 64), np.float32))


def test_the_three_windows_lie_about_mouth_and_eyes():
    windows = face_windows(np.array([150.0, 170.0]), np.array([[180.0, 90.0], [120.0, 90.0]]), 90.0)
    assert [(window.rows, window.columns) for window in windows] == [MOUTH_SIZE, EYE_SIZE, EYE_SIZE]
    for window, centre in zip(windows, ((150, 170), (180, 90), (120, 90)), strict=True):
        x, y = window.centres(1)
        assert abs(x.mean() - centre[0]) <= 1.9 and abs(y.mean() - centre[1]) <= 1.9


@pytest.mark.parametrize("eye_distance", [62.0, 100.0, 170.0])
def test_places_find_in_the_square_what_the_flow_brings(eye_distance):
    """Sampling the square at the places shows what warping the whole picture shows."""
    oval = np.array([[100.0, 60.0], [200.0, 60.0], [150.0, 200.0]])
    square = source_square(oval, eye_distance)
    window = MendingWindow.about(np.array([150.0, 140.0]), window_scale(eye_distance), *EYE_SIZE)
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[..., 0], flow[..., 1] = 7.5, -4.0
    places = source_places(window, square, flow)
    assert places.shape == (12, 16, 2) and places.dtype == np.float32
    shown = square.cut(ramp())
    at = ((places + 1) * square.columns / 2 - 0.5).astype(np.float32)
    found = cv2.remap(shown, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    x, y = np.meshgrid(*window.centres(CELL_PX))
    np.testing.assert_allclose(found[..., 0], np.clip(x + 7.5, 0, WIDTH - 1), atol=0.2)
    np.testing.assert_allclose(found[..., 1], np.clip(y - 4.0, 0, HEIGHT - 1), atol=0.2)
