"""A portrait moved by the rig, then mended: geometry in one thread, the generator behind it in another.

Geometry gives every frame whole (rig.portrait.portrait_motion); the rig-guided Face-Vid2Vid relights what lies about
painted pixels in three windows, mouth and eyes. Where nothing was painted, the frame is geometry's, bit by bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from dreamtalk.face.face_landmarks import FACE_OVAL
from dreamtalk.one_thread import one_thread
from dreamtalk.portrait.mending_windows import MendingWindow, face_windows, source_places, source_square
from dreamtalk.portrait.moved_frames import MovedFrame, moved_frames
from dreamtalk.portrait.portrait import Portrait
from dreamtalk.prefetched import prefetched
from dreamtalk.weights import resolve
from renderer.guided_face_vid2vid import GuidedFaceVid2Vid
from rig.clip import BlendshapeClip

WEIGHTS = "guided_face_vid2vid"
BATCH = 8
"""Frames that the generator paints at once."""


@dataclass(frozen=True, eq=False)
class WindowView:
    """What the generator is shown of one window: pixels (h, w, 3) uint8, opacity (h, w) uint8 of what geometry painted,
    places (h/4, w/4, 2) float32 in the source square."""

    window: MendingWindow
    pixels: np.ndarray
    opacity: np.ndarray
    places: np.ndarray


@dataclass(frozen=True, eq=False)
class DrawnFrame:
    """One frame by geometry alone, (H, W, 3) uint8, and its windows: the mouth's, the left eye's, the right eye's."""

    picture: np.ndarray
    views: tuple[WindowView, ...]


def drawn_frames(portrait: Portrait, clip: BlendshapeClip) -> Iterator[DrawnFrame]:
    """Frames by geometry alone, with what the generator must see of them."""
    distance = portrait.fit.eye_distance_px
    square = source_square(portrait.face.points[FACE_OVAL], distance)
    for moved in moved_frames(portrait, clip):
        windows = face_windows(moved.maps.mouth_centre, moved.maps.eye_centres, distance)
        yield DrawnFrame(moved.picture, tuple(view_of(window, square, moved) for window in windows))


def view_of(window: MendingWindow, square: MendingWindow, moved: MovedFrame) -> WindowView:
    """One window of a frame; square: dreamtalk.portrait.mending_windows.source_square."""
    opacity = np.ascontiguousarray(moved.maps.paint[..., 3])
    places = source_places(window, square, moved.maps.flow)
    return WindowView(window, window.cut(moved.picture).copy(), window.cut(opacity), places)


def guided_frames(
    portrait: Portrait, clip: BlendshapeClip, network: GuidedFaceVid2Vid | None = None
) -> Iterator[np.ndarray]:
    """The mended frames, (H, W, 3) uint8 RGB of the portrait's square, one per frame of the clip.

    network: another than the shipped one. Raises WeightsError where weights are missing.
    """
    network = network or GuidedFaceVid2Vid.from_directory(Path(resolve(WEIGHTS)))
    return _mended_frames(portrait, clip, network)


def _mended_frames(portrait: Portrait, clip: BlendshapeClip, network: GuidedFaceVid2Vid) -> Iterator[np.ndarray]:
    square = source_square(portrait.face.points[FACE_OVAL], portrait.fit.eye_distance_px)
    with one_thread():
        volume = network.source(square.cut(portrait.picture))
    for frames in prefetched(_batches(drawn_frames(portrait, clip))):
        with one_thread():
            mend(network, volume, frames)
        yield from (frame.picture for frame in frames)


def _batches(frames: Iterator[DrawnFrame]) -> Iterator[tuple[DrawnFrame, ...]]:
    while batch := tuple(islice(frames, BATCH)):
        yield batch


def mend(network: GuidedFaceVid2Vid, volume: torch.Tensor, frames: tuple[DrawnFrame, ...]) -> None:
    """Paint into the frames' pictures, in place; windows of one size go through the network together."""
    for own, mouth in ((slice(0, 1), True), (slice(1, None), False)):
        shown = [(frame, view) for frame in frames for view in frame.views[own] if view.opacity.any()]
        if not shown:
            continue
        views = [view for _, view in shown]
        made = network.mend(
            volume,
            np.stack([view.pixels for view in views]),
            np.stack([view.opacity for view in views]),
            np.stack([view.places for view in views]),
            mouth,
        )
        for (frame, view), painted, share in zip(shown, made.painted, made.share, strict=True):
            view.window.paste_change(frame.picture, painted - view.pixels, share)
