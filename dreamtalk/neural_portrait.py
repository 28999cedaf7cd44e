"""A portrait moved by Face-Vid2Vid: the paper's path, with the rendered avatar as driver.

clip -> rig -> avatar frames -> keypoints -> relative motion -> generator -> super-resolution -> pasted back into the
portrait. `--renderer face-vid2vid` asks for it.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.neural_crop import face_square
from dreamtalk.portrait import Portrait
from dreamtalk.weights import resolve
from renderer.face_vid2vid import FaceVid2Vid, animate
from renderer.super_resolution import SRVGGNetCompact, enlarge
from rig.arkit import NAMES
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.render import render_frames

AVATAR_CAMERA = Camera(field_of_view_rad=0.243)
"""Frames the avatar's face as the networks know it (dreamtalk.neural_crop.FACE_SHARE)."""


def neural_portrait_frames(
    portrait: Portrait,
    clip: BlendshapeClip,
    size: int = 512,
    network: FaceVid2Vid | None = None,
    super_resolution: SRVGGNetCompact | None = None,
) -> Iterator[np.ndarray]:
    """The portrait with the clip's motion, (size, size, 3) uint8 RGB frames, one per frame of the clip.

    network, super_resolution: other weights than the shipped ones. Raises WeightsError when those are missing.
    """
    network = network or FaceVid2Vid.from_directory(_folder("face_vid2vid"))
    super_resolution = super_resolution or SRVGGNetCompact.from_directory(_folder("super_resolution"))
    whole = portrait.picture
    square = face_square(portrait.face.points, whole.shape[:2])
    face = square.cut(whole, network.config.image_size)
    driving = avatar_frames(clip, network.config.image_size)
    frames = animate(network, face, driving)
    next(frames)  # the calm face that motion is measured from
    for frame in frames:
        pasted = paste_motion(whole, square, face, enlarge(super_resolution, frame))
        yield pasted if size == whole.shape[0] else cv2.resize(pasted, (size, size), interpolation=cv2.INTER_AREA)


def avatar_frames(clip: BlendshapeClip, size: int) -> Iterator[np.ndarray]:
    """The avatar at rest, then once per frame of the clip: (size, size, 3) uint8 RGB.

    The first frame is the state a calm portrait is in: neutral face, no turn (papers.md 5.5).
    """
    weights = np.concatenate((np.zeros((1, len(NAMES))), clip.weights))
    head = np.concatenate((np.zeros((1, 3)), clip.head_rotation))
    eyes = np.concatenate((np.zeros((1, 2, 3)), clip.eyes()))
    driving = BlendshapeClip(weights, head, clip.fps, eyes)
    return render_frames(FaceRig.load(), driving, size=size, camera=AVATAR_CAMERA)


def _folder(name: str) -> Path:
    return Path(resolve(name))
