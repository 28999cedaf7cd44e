"""A portrait moved by Face-Vid2Vid: clip -> avatar -> keypoints -> relative motion -> generator -> super-resolution.

`--renderer face-vid2vid` asks for it. Two sources of keypoints:

- "rig" (default): the driver's come exactly from the rig that draws the avatar, the portrait's from its face landmarks.
- "network": the paper's path (papers.md 5): the avatar is drawn, and the keypoint nets look at its frames and at the
  portrait.

What the generator keeps of the source is taken from the portrait at full resolution; the rest of the frame is its
256 x 256 picture, doubled by super-resolution. The square is laid back into the portrait with a soft seam.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

from dreamtalk.errors import OptionError
from dreamtalk.portrait.head_truth import KeypointTracks, cell_centres, rig_keypoints
from dreamtalk.portrait.neural_crop import face_square
from dreamtalk.portrait.portrait import Portrait
from dreamtalk.portrait.real_heads import tracked_keypoints
from dreamtalk.weights import resolve
from renderer.face_vid2vid import FaceVid2Vid, PosedPortrait, Source, animate_keypoints, network_keypoints
from renderer.keypoints import Keypoints
from renderer.super_resolution import SRVGGNetCompact, enlarge
from rig.arkit import NAMES
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.render import render_frames

KEYPOINT_SOURCES = ("rig", "network")
AVATAR_CAMERA = Camera(field_of_view_rad=0.243)
"""Frames the avatar's face as the networks know it (dreamtalk.portrait.neural_crop.FACE_SHARE)."""
BATCH = 4


def neural_portrait_frames(
    portrait: Portrait,
    clip: BlendshapeClip,
    size: int | None = None,
    *,
    keypoints: str = "rig",
    network: FaceVid2Vid | None = None,
    super_resolution: SRVGGNetCompact | None = None,
) -> Iterator[np.ndarray]:
    """The portrait with the clip's motion, one (H, W, 3) uint8 RGB frame for each frame of the clip.

    size: side of the frames, of a square portrait; None = as the portrait is.
    keypoints: "rig" or "network". network, super_resolution: other weights than the shipped ones. Raises OptionError
    for other keypoints, WeightsError where weights are missing.
    """
    if keypoints not in KEYPOINT_SOURCES:
        raise OptionError(f"There are no keypoints {keypoints!r}; choose one of {', '.join(KEYPOINT_SOURCES)}.")
    network = network or FaceVid2Vid.from_directory(Path(resolve("face_vid2vid")))
    enlarger = super_resolution or SRVGGNetCompact.from_directory(Path(resolve("super_resolution")))
    return _frames(portrait, clip, size, keypoints, network, enlarger)


def _frames(
    portrait: Portrait,
    clip: BlendshapeClip,
    size: int | None,
    keypoints: str,
    network: FaceVid2Vid,
    enlarger: SRVGGNetCompact,
) -> Iterator[np.ndarray]:
    whole, side = portrait.picture, network.config.image_size
    square = face_square(portrait.face.points, whole.shape[:2])
    source = network.source(square.cut(whole, side))
    driver = _from_calm(clip)
    if keypoints == "rig":
        source = Source(source.picture, source.volume, _keypoints(tracked_keypoints([portrait.face], square)))
        driving = avatar_keypoints(driver)
    else:
        frames = render_frames(FaceRig.load(), driver, size=side, camera=AVATAR_CAMERA)
        driving = network_keypoints(network, frames, BATCH)
    sharp = square.cut(whole, 2 * side)
    for posed in islice(animate_keypoints(network, source, driving), 1, None):
        frame = square.paste(whole, at_full_resolution(posed, sharp, enlarge(enlarger, posed.picture)))
        yield frame if size in (None, len(frame)) else cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)


def avatar_keypoints(clip: BlendshapeClip) -> Iterator[Keypoints]:
    """Exact keypoints of the avatar, BATCH frames at a time."""
    rig, eyes = FaceRig.load(), clip.eyes()
    for start in range(0, len(clip), BATCH):
        rows = slice(start, start + BATCH)
        tracks = rig_keypoints(rig, AVATAR_CAMERA, clip.weights[rows], clip.head_rotation[rows], eyes[rows])
        yield _keypoints(tracks)


def at_full_resolution(posed: PosedPortrait, sharp: np.ndarray, enlarged: np.ndarray) -> np.ndarray:
    """The frame at the size of `enlarged`, (s, s, 3) uint8: what is kept of the source comes from `sharp`, the source
    at that size; what was painted comes from `enlarged`.
    """
    size = len(enlarged)
    shift = posed.flow - cell_centres(len(posed.flow))
    places = cv2.resize(shift, (size, size), interpolation=cv2.INTER_LINEAR) + cell_centres(size)
    column, row = (places[..., 0] + 1) * (size / 2) - 0.5, (1 - places[..., 1]) * (size / 2) - 0.5
    moved = cv2.remap(sharp, column, row, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    keep = cv2.resize(posed.keep, (size, size), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.rint(np.clip(enlarged + keep * (moved - enlarged), 0, 255)).astype(np.uint8)


def _from_calm(clip: BlendshapeClip) -> BlendshapeClip:
    """The clip behind one frame of rest: neutral face, no turn, the state a calm portrait is in (papers.md 5.5)."""
    weights = np.concatenate((np.zeros((1, len(NAMES))), clip.weights))
    head = np.concatenate((np.zeros((1, 3)), clip.head_rotation))
    eyes = np.concatenate((np.zeros((1, 2, 3)), clip.eyes()))
    return BlendshapeClip(weights, head, clip.fps, eyes)


def _keypoints(tracks: KeypointTracks) -> Keypoints:
    rotation, translation = torch.from_numpy(tracks.rotation), torch.from_numpy(tracks.translation)
    canonical = torch.from_numpy(tracks.canonical).expand(len(rotation), -1, -1)
    rigid = canonical @ rotation.mT + translation[:, None]
    return Keypoints(canonical, rotation, translation, torch.from_numpy(tracks.positions) - rigid)
