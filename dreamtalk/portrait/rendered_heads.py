"""Rendered heads as training material for the neural portrait renderer: random people, poses, light, backgrounds.

Each head's textures are varied beyond what people look like, so that the networks learn motion rather than this rig's
own skin and hair.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.portrait.head_pairs import HeadViews
from dreamtalk.portrait.head_truth import head_truth
from dreamtalk.portrait.random_poses import random_head, random_weights
from rig.avatar import Avatar
from rig.camera import Camera
from rig.face_rig import FaceRig
from rig.gaze import eye_rotation_from_weights
from rig.look import Look
from rig.render_moderngl import ModernglRenderer

PICTURE_SIZE = 256
VIEWS, SOURCES = 12, 4
LARGE_VIEWS = 2  # pictures kept at twice the size, for super-resolution
FIELD_OF_VIEW_RAD = 0.243  # frames the face as dreamtalk.portrait.neural_crop does
OWN_AVATAR_SHARE = 0.08  # heads that are the product's avatar itself, the driver at use

_log = logging.getLogger(__name__)


def render_heads(
    out_dir: Path, count: int, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Render `count` heads into out_dir/00000.npz...; heads already there are kept. Returns out_dir.

    Beside each, out_dir/large/ gets its first pictures at 512 x 512 (.png). About three CPU seconds a head.
    """
    (out_dir / "large").mkdir(parents=True, exist_ok=True)
    rig = FaceRig.load()
    for index in range(count):
        path = out_dir / f"{index:05d}.npz"
        if not path.is_file():
            views, large = render_head(rig, np.random.default_rng((seed, index)))
            for number, picture in enumerate(large):
                cv2.imwrite(str(out_dir / "large" / f"{index:05d}_{number}.png"), picture[..., ::-1])
            views.save(path)
        if progress:
            progress(index + 1, count)
    return out_dir


def render_head(rig: FaceRig, rng: np.random.Generator) -> tuple[HeadViews, list[np.ndarray]]:
    """One random head in VIEWS poses: the views at 256 x 256 and the first LARGE_VIEWS pictures at 512 x 512."""
    if rng.random() < OWN_AVATAR_SHARE:
        avatar = Avatar(rig, Look(), Camera(field_of_view_rad=FIELD_OF_VIEW_RAD))
    else:
        person = rig.with_identity(rng.normal(0, 0.8, len(rig.identity_modes)))
        avatar = Avatar(person, Look.random(rng), random_camera(rng))
        avatar.layers = tuple(varied_layer(layer, rng) for layer in avatar.layers)
    weights = np.stack([random_weights(rng) for _ in range(VIEWS)])
    weights[0] *= 0.1  # one calm face, as portraits mostly are
    head = np.stack([random_head(rng) for _ in range(VIEWS)])
    eyes = eye_rotation_from_weights(weights)
    renderer = ModernglRenderer(avatar, 2 * PICTURE_SIZE, samples=2)
    try:
        large = [renderer.draw(avatar.pose(*pose)) for pose in zip(weights, head, eyes, strict=True)]
    finally:
        renderer.release()
    truth = head_truth(avatar, weights, head, eyes, SOURCES)
    small = [cv2.resize(picture, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_AREA) for picture in large]
    return HeadViews(np.stack(small), truth, rendered=True), large[:LARGE_VIEWS]


def random_camera(rng: np.random.Generator) -> Camera:
    """About the framing of the neural renderer's square, from a little to the side, nearer or farther."""
    field_of_view = FIELD_OF_VIEW_RAD * float(np.exp(rng.uniform(-0.16, 0.2)))
    shift = rng.uniform(-0.012, 0.012, 2)
    target = (float(shift[0]), float(-0.035 + shift[1]), 0.0)
    camera = Camera(position=(float(shift[0]), float(-0.03 + shift[1]), 1.35), target=target)
    nearer = float(np.exp(rng.uniform(-0.35, 0.35)))
    camera = camera.moved(float(rng.normal(0, 0.08)), float(rng.normal(0, 0.06)), nearer)
    return replace(camera, field_of_view_rad=2 * float(np.arctan(np.tan(field_of_view / 2) / nearer)))


def varied_layer(layer, rng: np.random.Generator):
    """Another background, or skin with blotches and strokes."""
    if layer.name == "background" and rng.random() < 0.7:
        return replace(layer, texture=random_background(rng, 256))
    if layer.name == "skin" and rng.random() < 0.5:
        height, width = layer.texture.shape[:2]
        blotches = 1 + rng.uniform(0.02, 0.12) * _soft_noise(rng, height, width)
        texture = np.clip(layer.texture * blotches, 0, 255).astype(np.uint8)
        return replace(layer, texture=texture)
    return layer


def random_background(rng: np.random.Generator, size: int) -> np.ndarray:
    """(size, size, 3) uint8: a gradient with blurred shapes, sharp lines or noise."""
    corners = rng.uniform(20, 235, (2, 2, 3)).astype(np.float32)
    picture = cv2.resize(corners, (size, size), interpolation=cv2.INTER_LINEAR)
    for _ in range(rng.integers(0, 14)):
        colour = tuple(float(value) for value in rng.uniform(10, 245, 3))
        start, end = (tuple(int(value) for value in rng.integers(0, size, 2)) for _ in range(2))
        if rng.random() < 0.5:
            cv2.rectangle(picture, start, end, colour, -1)
        else:
            cv2.circle(picture, start, int(rng.integers(4, size // 4)), colour, -1)
    if rng.random() < 0.7:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(1, 20)))
    picture = picture * (1 + rng.uniform(0, 0.15) * _soft_noise(rng, size, size))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _soft_noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """(height, width, 3) float32 noise of several scales, standard deviation about 1."""
    total = np.zeros((height, width, 3), np.float32)
    for cells in (8, 32, 128):
        coarse = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return total / np.float32(1.4)
