"""The moving portrait: what stays still stays bit by bit, what is asked for moves, and bad arrays get one sentence."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dreamtalk.errors import OptionError
from dreamtalk.portrait.portrait import Portrait, load_portrait
from dreamtalk.portrait.portrait_video import portrait_frames
from renderer.errors import RendererError
from renderer.rig_guided import rig_guided_frame
from rig.aperture import aperture_strip, column_matrix
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.lip_contact import LipLine
from rig.polygon import signed_distance
from rig.portrait.portrait_motion import MotionMaps, PortraitMotion

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"
LIPS, LEFT_EYE, NOSE = (13, 14), (386, 374), 1


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return load_portrait(EXAMPLE)


@pytest.fixture(scope="module")
def motion(portrait: Portrait) -> Iterator[PortraitMotion]:
    with PortraitMotion(portrait.fit, portrait.picture, portrait.person) as motion:
        yield motion


def weights(**values: float) -> np.ndarray:
    result = np.zeros(52, np.float32)
    for name, value in values.items():
        result[INDEX[name]] = value
    return result


def frame(portrait: Portrait, maps: MotionMaps) -> np.ndarray:
    return rig_guided_frame(portrait.picture, maps.flow, maps.paint, portrait.split)


def test_maps_have_the_picture_s_size(portrait: Portrait, motion: PortraitMotion) -> None:
    maps = motion.maps(weights(jawOpen=0.5))
    size = portrait.picture.shape[:2]
    assert maps.flow.shape == (*size, 2) and maps.flow.dtype == np.float32
    assert maps.paint.shape == (*size, 4) and maps.paint.dtype == np.uint8
    assert maps.face.shape == size and 0 <= maps.face.min() and maps.face.max() <= 1
    assert (maps.paint[..., :3].max(axis=2) <= maps.paint[..., 3].astype(int) + 1).all()  # multiplied by opacity


def test_rest_is_the_picture_itself(portrait: Portrait, motion: PortraitMotion) -> None:
    rest = frame(portrait, motion.maps(weights()))
    error = np.mean((rest.astype(float) - portrait.picture) ** 2)
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 38
    assert (rest == portrait.picture).all(axis=2).mean() > 0.85


def test_the_background_stays_bit_by_bit_when_the_head_turns(portrait: Portrait, motion: PortraitMotion) -> None:
    turned = frame(portrait, motion.maps(weights(jawOpen=0.4), np.array([0.0, 0.12, 0.0])))
    assert not np.array_equal(turned, portrait.picture)
    for side in (np.s_[:, :40], np.s_[:, -40:]):
        assert np.array_equal(turned[side], portrait.picture[side])


def test_same_pose_same_bytes(portrait: Portrait, motion: PortraitMotion) -> None:
    pose = weights(jawOpen=0.3, eyeBlinkLeft=0.6), np.array([0.05, -0.1, 0.02])
    assert np.array_equal(frame(portrait, motion.maps(*pose)), frame(portrait, motion.maps(*pose)))


def test_the_mouth_opens_and_shows_an_inside(portrait: Portrait, motion: PortraitMotion) -> None:
    maps = motion.maps(weights(jawOpen=0.6))
    upper, lower = portrait.fit.landmarks[list(LIPS)]
    inside = maps.paint[round(lower[1]) + 10, round(lower[0])]
    assert inside[3] > 250
    assert motion.maps(weights()).paint[round(upper[1]), round(upper[0]), 3] < 130


def test_a_blink_covers_the_eye(portrait: Portrait, motion: PortraitMotion) -> None:
    middle = portrait.fit.landmarks[list(LEFT_EYE)].mean(axis=0).round().astype(int)
    open_eye = frame(portrait, motion.maps(weights()))[middle[1], middle[0]].astype(int)
    shut_eye = frame(portrait, motion.maps(weights(eyeBlinkLeft=1, eyeBlinkRight=1)))[middle[1], middle[0]].astype(int)
    assert np.abs(open_eye - shut_eye).max() > 20


@pytest.mark.parametrize(("axis", "column", "sign"), [(1, 0, 1), (0, 1, 1), (2, 0, -1)])
def test_the_head_turns_the_way_it_is_told(
    portrait: Portrait, motion: PortraitMotion, axis: int, column: int, sign: int
) -> None:
    """+yaw: nose to the right; +pitch: down; +roll, counter-clockwise: to the left. Flow points the way back."""
    angles = np.zeros(3)
    angles[axis] = 0.1
    x, y = portrait.fit.landmarks[NOSE].round().astype(int)
    assert sign * motion.maps(weights(), angles).flow[y, x, column] < -3


def test_eyes_look_where_they_are_told(portrait: Portrait, motion: PortraitMotion) -> None:
    x, y = portrait.fit.landmarks[473].round().astype(int)  # middle of the left iris
    right = np.zeros((2, 3), np.float32)
    right[:, 1] = 0.3
    assert motion.maps(weights(), np.zeros(3), right).flow[y, x, 0] < -1.5


def test_video_frames_are_streamed_in_any_size(portrait: Portrait) -> None:
    clip = BlendshapeClip(np.stack([weights(), weights(jawOpen=0.5)]), np.zeros((2, 3)), 25.0)
    frames = portrait_frames(portrait, clip, size=256)
    assert iter(frames) is frames
    shapes = [one.shape for one in frames]
    assert shapes == [(256, 256, 3)] * 2


def test_unknown_renderers_are_refused(portrait: Portrait) -> None:
    with pytest.raises(OptionError, match="no renderer 'gan'; choose one of rig, guided, face-vid2vid"):
        portrait_frames(portrait, BlendshapeClip.rest(1, 25.0), renderer="gan")
    with pytest.raises(OptionError, match="draft, default, best"):
        portrait_frames(portrait, BlendshapeClip.rest(1, 25.0), quality="worst")


def test_arrays_that_do_not_fit_are_named() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(RendererError, match=r"Flow \(4, 8, 2\)"):
        rig_guided_frame(picture, np.zeros((4, 8, 2), np.float32), np.zeros((8, 8, 4), np.uint8))
    with pytest.raises(RendererError, match="RGB"):
        rig_guided_frame(picture.astype(float), np.zeros((8, 8, 2), np.float32), np.zeros((8, 8, 4), np.uint8))


def test_flow_moves_pixels_and_paint_covers_them() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    flow, paint = np.zeros((16, 16, 2), np.float32), np.zeros((16, 16, 4), np.uint8)
    assert np.array_equal(rig_guided_frame(picture, flow, paint), picture)
    flow[4:8, 4:8, 0] = 3
    paint[10, 10] = (10, 20, 30, 255)
    result = rig_guided_frame(picture, flow, paint)
    assert np.array_equal(result[4:8, 4:8], picture[4:8, 7:11])
    assert tuple(result[10, 10]) == (10, 20, 30)
    assert np.array_equal(result[:4], picture[:4])


def test_strips_close_where_the_rims_meet() -> None:
    x = np.linspace(0, 40, 12)
    upper = np.column_stack([x, np.full(12, 10.0)])
    wide = aperture_strip(upper, upper + (0, 6), 4, 0.7)
    shut = aperture_strip(upper, upper, 4, 0.7)
    crossed = aperture_strip(upper, upper - (0, 3), 4, 0.7)
    assert wide.share.max() == 1 and shut.share.max() == 0 and crossed.share.max() == 0
    assert wide.faces.max() == len(wide.positions) - 1


def test_columns_keep_straight_rims_and_corners() -> None:
    rim = np.column_stack([np.array([0.0, 1.0, 4.0, 9.0]), np.zeros(4)])
    even = column_matrix(rim, 10) @ rim
    assert np.allclose(even[:, 0], np.arange(10), atol=1e-4)


def test_the_lip_line_is_symmetric() -> None:
    rig = FaceRig.load()
    upper, lower = LipLine.of_rig(rig, 9).rims(rig.neutral)
    assert np.abs(upper[:, 0] + upper[::-1, 0]).max() < 1e-3
    assert np.abs(upper[[0, -1]] - lower[[0, -1]]).max() < 1e-5  # the corners are shared


def test_distance_from_a_polygon_has_its_sign() -> None:
    square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    assert np.allclose(signed_distance(np.array([[5.0, 5], [5, 12], [-3, -4]]), square), [5, -2, -5])
