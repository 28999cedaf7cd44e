"""Drawing: golden pictures for both backends, the rasterizer against arithmetic, camera, looks, bad input.

The golden pictures are remade by: DREAMTALK_REMAKE_GOLDEN=1 python -m pytest tests/test_render.py
"""

import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rig.arkit import INDEX, NAMES
from rig.avatar import Avatar
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.gl import MeshRasterizer, create_context
from rig.look import HAIR_STYLES, Look
from rig.render import render_frames
from rig.render_moderngl import ModernglRenderer
from rig.render_pyrender import PyrenderRenderer, import_pyrender
from rig.render_pytorch3d import Pytorch3dRenderer
from rig.skin_map import skin_map
from rig.skin_paint import paint_skin

GOLDEN = Path(__file__).parent / "golden"
SIZE = 192
MEAN_TOLERANCE, SHARE_TOLERANCE = 1.5, 0.01
"""Grey levels of 255 on average, and the share of values that may be off by more than 24: edges differ by driver."""
RIG = FaceRig.load()


def has_gl() -> bool:
    try:
        create_context().release()
    except RigError:
        return False
    return True


needs_gl = pytest.mark.skipif(not has_gl(), reason="no OpenGL on this machine")


def clip_of(head=(0.0, 0.0, 0.0), **shapes: float) -> BlendshapeClip:
    weights = np.zeros((1, len(NAMES)))
    for name, value in shapes.items():
        for full in (name, f"{name}Left", f"{name}Right"):
            if full in INDEX:
                weights[0, INDEX[full]] = value
    return BlendshapeClip(weights, np.array([head]), 25.0)


POSES = {
    "rest": (clip_of(), Look()),
    "open": (clip_of(head=(0.1, 0.35, 0.05), jawOpen=0.7, browInnerUp=0.8), Look(hair="bob", skin=(160, 108, 78))),
    "blink": (clip_of(head=(0.0, -0.2, 0.0), eyeBlink=1.0, mouthSmile=0.8), Look(hair="shaved", stubble=0.7)),
}


@cache
def avatar_of(name: str) -> Avatar:
    return Avatar(RIG, POSES[name][1], Camera())


@needs_gl
@pytest.mark.parametrize("renderer", [ModernglRenderer, PyrenderRenderer])
@pytest.mark.parametrize("name", list(POSES))
def test_golden_pictures(name, renderer):
    clip, path = POSES[name][0], GOLDEN / f"{name}.png"
    drawing = renderer(avatar_of(name), SIZE, 4)
    frame = drawing.draw(avatar_of(name).pose(clip.weights[0], clip.head_rotation[0]))
    drawing.release()
    if os.environ.get("DREAMTALK_REMAKE_GOLDEN") and renderer is ModernglRenderer:
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(frame).save(path)
    difference = np.abs(frame.astype(int) - np.array(Image.open(path)).astype(int))
    assert difference.mean() < MEAN_TOLERANCE
    assert (difference > 24).mean() < SHARE_TOLERANCE


@needs_gl
def test_golden_poses_are_told_apart():
    pictures = [np.array(Image.open(GOLDEN / f"{name}.png")).astype(int) for name in POSES]
    assert np.abs(pictures[0] - pictures[1]).mean() > 4 * MEAN_TOLERANCE


@needs_gl
def test_frames_follow_the_clip_and_repeat_exactly():
    clip = BlendshapeClip(np.zeros((3, 52)), np.zeros((3, 3)), 25.0)
    frames = list(render_frames(RIG, clip, 64))
    assert len(frames) == 3 and all(frame.shape == (64, 64, 3) and frame.dtype == np.uint8 for frame in frames)
    np.testing.assert_array_equal(frames[0], frames[2])
    np.testing.assert_array_equal(frames[0], next(render_frames(RIG, clip, 64)))


@needs_gl
def test_one_shape_changes_only_its_part_of_the_picture():
    avatar, drawing = avatar_of("rest"), ModernglRenderer(avatar_of("rest"), 128, 4)
    rest, jaw = (drawing.draw(avatar.pose(clip_of(jawOpen=value).weights[0])).astype(int) for value in (0.0, 0.6))
    drawing.release()
    changed = np.abs(jaw - rest).max(axis=2) > 12
    assert changed[64:].sum() > 100, "the mouth opens"
    assert changed[:48].sum() == 0, "brows and hair stay"


@needs_gl
def test_renderers_do_not_disturb_each_other():
    avatar = avatar_of("rest")
    rest, jaw = (avatar.pose(clip_of(jawOpen=value).weights[0]) for value in (0.0, 0.8))
    first, second = ModernglRenderer(avatar, 96, 4), ModernglRenderer(avatar, 64, 1)
    third = PyrenderRenderer(avatar, 96)
    with MeshRasterizer(RIG.faces, 32, 32) as rasterizer:
        alone = first.draw(rest)
        for other in (second, third):
            other.draw(jaw)
            rasterizer.draw(Camera().clip_positions(RIG.neutral), RIG.neutral)
            np.testing.assert_array_equal(first.draw(rest), alone)
            other.release()
            np.testing.assert_array_equal(first.draw(rest), alone)
    first.release()


@needs_gl
def test_a_blink_hides_the_eyeballs():
    both = RIG.regions["eye_left"] | RIG.regions["eye_right"]
    with MeshRasterizer(RIG.faces, 512, 512) as rasterizer:
        seen = []
        for value in (0.0, 1.0):
            posed = RIG.vertices(clip_of(eyeBlink=value).weights[0])
            mask, _ = rasterizer.draw(Camera().clip_positions(posed), both[:, None].astype(np.float32))
            seen.append((mask > 0.5).sum())
    assert seen[0] > 300 and seen[1] < 0.03 * seen[0]


@needs_gl
def test_teeth_show_when_the_mouth_opens():
    teeth = (RIG.regions["teeth_upper"] | RIG.regions["teeth_lower"])[:, None].astype(np.float32)
    with MeshRasterizer(RIG.faces, 512, 512) as rasterizer:
        seen = []
        for jaw in (0.0, 0.4):
            posed = RIG.vertices(clip_of(jawOpen=jaw, mouthUpperUp=0.3 * (jaw > 0)).weights[0])
            seen.append((rasterizer.draw(Camera().clip_positions(posed), teeth)[0] > 0.5).sum())
    assert seen[0] < 40 and seen[1] > 200


@needs_gl
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 19))
def test_rasterizer_interpolates_in_perspective(seed, channels):
    rng = np.random.default_rng(seed)
    camera, size = Camera(), 48
    points = np.float32([[-0.3, -0.3, 0.1], [0.3, -0.3, -0.2], [0.0, 0.4, -0.5]])
    attributes = rng.normal(size=(3, channels)).astype(np.float32)
    with MeshRasterizer(np.array([[0, 1, 2]]), size, size) as rasterizer:
        picture, depth = rasterizer.draw(camera.clip_positions(points), attributes, background=-9.0)
    assert picture.shape == (size, size, channels) and depth.shape == (size, size)
    row, column = 24, 22
    clip = camera.clip_positions(points)
    plane = np.array([(column + 0.5) / size * 2 - 1, 1 - (row + 0.5) / size * 2])
    screen = np.concatenate([clip[:, :2] / clip[:, 3:], np.ones((3, 1))], axis=1)
    flat = np.linalg.solve(screen.T, [*plane, 1.0])
    share = flat / clip[:, 3]
    expected = share @ attributes / share.sum()
    np.testing.assert_allclose(picture[row, column], expected, atol=2e-3)
    assert (depth[picture[..., 0] == -9.0] == 1.0).all() and depth[row, column] < 1.0


@needs_gl
def test_rasterizer_hides_what_lies_behind():
    near = np.float32([[-1, -1, 0.1], [1, -1, 0.1], [0, 1, 0.1]])
    points = np.concatenate([near - [0, 0, 0.5], near])
    values = np.float32([[1], [1], [1], [2], [2], [2]])
    with MeshRasterizer(np.array([[3, 4, 5], [0, 1, 2]]), 9, 9) as rasterizer:
        picture, _ = rasterizer.draw(Camera().clip_positions(points), values)
    assert picture[5, 4, 0] == 2.0


def test_camera_puts_its_target_in_the_middle():
    camera = Camera(position=(0.4, 0.2, 1.0), target=(0.05, -0.02, 0.0))
    np.testing.assert_allclose(camera.pixels(np.float32([camera.target]), 200, 100), [[100, 50]], atol=1e-3)
    right, up = camera.pixels(np.float32([[0.06, -0.02, 0.0], [0.05, -0.01, 0.0]]), 200, 200)
    assert right[0] > 100 and up[1] < 100


@given(st.floats(-1, 1), st.floats(-0.5, 0.5), st.floats(0.5, 2))
def test_moved_camera_keeps_target_and_distance(yaw, pitch, scale):
    camera = Camera(position=(0.0, 0.0, 1.2), target=(0.0, 0.0, 0.0))
    moved = camera.moved(yaw, pitch, scale)
    assert moved.target == camera.target
    assert abs(np.linalg.norm(moved.position) - 1.2 * scale) < 1e-6
    assert np.sign(round(moved.position[0], 9)) == np.sign(round(yaw, 9))


@given(st.integers(0, 2**32 - 1))
def test_random_looks_are_valid_and_repeat(seed):
    look = Look.random(np.random.default_rng(seed))
    assert look == Look.random(np.random.default_rng(seed)) and look.hair in HAIR_STYLES


def test_avatar_layers_are_sound():
    avatar = avatar_of("rest")
    pose = avatar.pose(np.zeros(52))
    assert pose.points.shape == pose.colours.shape == (len(avatar.uv), 3)
    used = np.unique(np.concatenate([layer.faces.ravel() for layer in avatar.layers]))
    assert used.min() == 0 and used.max() == len(avatar.uv) - 1
    assert np.isfinite(pose.points).all() and pose.colours.min() >= 0


def test_texture_depends_on_the_seed_alone():
    where = skin_map(RIG)
    first, again, other = (paint_skin(RIG, Look(seed=seed), where) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@needs_gl
def test_pyrender_leaves_numpy_and_the_environment_alone():
    before = hasattr(np, "infty"), dict(os.environ)
    import_pyrender()
    PyrenderRenderer(avatar_of("rest"), 32).draw(avatar_of("rest").pose(np.zeros(52)))
    assert (hasattr(np, "infty"), dict(os.environ)) == before


def rasterize_like_pytorch3d(meshes, image_size, faces_per_pixel, perspective_correct):
    """PyTorch3D's rasterize_meshes by its documentation: x to the left, y up, z the distance; (1, H, W, 1, ...)."""
    torch = pytest.importorskip("torch")
    assert faces_per_pixel == 1 and perspective_correct
    corners, camera = meshes.verts_packed().numpy(), Camera()
    assert (meshes.faces_packed().numpy() == np.arange(len(corners)).reshape(-1, 3)).all()
    third_row = camera.projection()[2]
    depth = third_row[2] * -corners[:, 2] + third_row[3]
    clip = np.stack([-corners[:, 0] * corners[:, 2], corners[:, 1] * corners[:, 2], depth, corners[:, 2]], axis=1)
    number = np.repeat(np.arange(len(corners) // 3), 3)
    values = np.concatenate([number[:, None], np.tile(np.eye(3), (len(number) // 3, 1))], axis=1)
    with MeshRasterizer(np.arange(len(corners)).reshape(-1, 3), image_size, image_size) as rasterizer:
        picture, _ = rasterizer.draw(clip.astype(np.float32), values.astype(np.float32), background=-1.0)
    found = torch.from_numpy(np.round(picture[..., 0]).astype(np.int64))[None, ..., None]
    return found, None, torch.from_numpy(picture[..., 1:].copy())[None, :, :, None], None


@needs_gl
def test_pytorch3d_glue_draws_the_same_picture(monkeypatch):
    """PyTorch3D itself is not installed where tests run: its rasterizer is stood in for."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("rig.render_pytorch3d.import_pytorch3d", lambda: (torch, rasterize_like_pytorch3d))
    avatar, clip = avatar_of("open"), POSES["open"][0]
    frame = Pytorch3dRenderer(avatar, SIZE, 4).draw(avatar.pose(clip.weights[0], clip.head_rotation[0]))
    difference = np.abs(frame.astype(int) - np.array(Image.open(GOLDEN / "open.png")).astype(int))
    assert difference.mean() < 3 * MEAN_TOLERANCE and (difference > 24).mean() < 4 * SHARE_TOLERANCE


def test_pytorch3d_is_named_when_absent():
    if "pytorch3d" in sys.modules:
        pytest.skip("pytorch3d is here")
    with pytest.raises(RigError, match="moderngl"):
        next(render_frames(RIG, clip_of(), 64, backend="pytorch3d"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"backend": "vulkan"}, "moderngl"), ({"size": 4}, "16"), ({"samples": 3}, "samples"), ({"size": 9000}, "4096")],
)
def test_wrong_arguments_are_refused_at_once(arguments, word):
    with pytest.raises(RigError, match=word):
        render_frames(RIG, clip_of(), **arguments)


def test_wrong_looks_and_cameras_are_refused():
    with pytest.raises(RigError, match="short, bob, shaved"):
        Look(hair="mohawk")
    with pytest.raises(RigError, match="skin"):
        Look(skin=(300, 0, 0))
    with pytest.raises(RigError, match="near"):
        Camera(near_m=2.0, far_m=1.0)
    with pytest.raises(RigError, match="position"):
        Camera(position=(0.0, 0.0, 0.0), target=(0.0, 0.0, 0.0))


@needs_gl
def test_rasterizer_refuses_what_does_not_fit():
    with pytest.raises(RigError, match="F, 3"):
        MeshRasterizer(np.zeros((2, 4)), 8, 8)
    with pytest.raises(RigError, match="at least 1"):
        MeshRasterizer(np.zeros((2, 3)), 0, 8)
    with MeshRasterizer(np.array([[0, 1, 2]]), 8, 8) as rasterizer, pytest.raises(RigError, match="V, 4"):
        rasterizer.draw(np.zeros((3, 3)), np.zeros((3, 1)))


def test_missing_opengl_names_the_line_to_install_it(monkeypatch):
    import moderngl

    def refuse(**_):
        raise RuntimeError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(moderngl, "create_context", refuse)
    with pytest.raises(RigError, match="apt-get install libegl1 libgl1 libgl1-mesa-dri"):
        create_context()
