"""A captured video beside the avatar that plays the curves, to see what the capture saw."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dreamtalk.performance import Progress
from dreamtalk.speech.audio import Waveform
from dreamtalk.video import write_video
from dreamtalk.video_frames import VideoFrames
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.render import render_frames

HEIGHT_PX = 512
LOST = "face lost"
_RED = (214, 48, 49)


def write_capture_preview(
    path: str | Path,
    video: str | Path,
    clip: BlendshapeClip,
    waveform: Waveform | None = None,
    most_fps: float = 30.0,
    progress: Progress | None = None,
) -> None:
    """Write an .mp4: the video on the left, the avatar on the right, a red mark where the face was lost.

    clip: the curves of `video`, frame for frame, captured with the same most_fps. Raises OptionError and RigError as
    dreamtalk.video.write_video does.
    """
    frames = _frames(video, clip, most_fps)
    write_video(path, frames, clip.fps, waveform, frame_count=len(clip), progress=progress)


def _frames(video: str | Path, clip: BlendshapeClip, most_fps: float) -> Iterator[np.ndarray]:
    seen = np.ones(len(clip), bool) if clip.seen is None else clip.seen
    with VideoFrames(video, most_fps) as pictures:
        avatar = render_frames(FaceRig.load(), clip, HEIGHT_PX)
        for picture, drawn, found in zip(pictures, avatar, seen, strict=False):
            beside = _fitted(picture)
            if not found:
                beside = np.where(_lost_mark(beside.shape[1])[..., None], np.uint8(_RED), beside)
            yield np.concatenate([beside, drawn], axis=1)


def _fitted(picture: np.ndarray) -> np.ndarray:
    """(HEIGHT_PX, W, 3): the whole picture at the avatar's height, its width even."""
    height, width = picture.shape[:2]
    size = (max(2, round(width * HEIGHT_PX / height / 2) * 2), HEIGHT_PX)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


@lru_cache(maxsize=2)
def _lost_mark(width: int) -> np.ndarray:
    """(HEIGHT_PX, width) bool: a frame around the picture, and words."""
    mark = Image.new("1", (width, HEIGHT_PX))
    draw = ImageDraw.Draw(mark)
    draw.rectangle((0, 0, width - 1, HEIGHT_PX - 1), outline=1, width=6)
    draw.text((18, 14), LOST, fill=1, font=ImageFont.load_default(28))
    return np.asarray(mark)
