"""A portrait and a clip in, frames of the talking portrait out."""

from collections.abc import Iterator
from typing import Literal, get_args

import cv2
import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.portrait.portrait import SIZE_PX, Portrait
from renderer.rig_guided import rig_guided_frame
from rig.clip import BlendshapeClip
from rig.portrait_motion import PortraitMotion

RendererName = Literal["rig", "face-vid2vid"]
Quality = Literal["draft", "default", "best"]
RENDERERS: tuple[str, ...] = get_args(RendererName)
QUALITIES: tuple[str, ...] = get_args(Quality)


def portrait_frames(
    portrait: Portrait,
    clip: BlendshapeClip,
    size: int = SIZE_PX,
    renderer: RendererName = "rig",
    quality: Quality = "default",
) -> Iterator[np.ndarray]:
    """Yield one (size, size, 3) uint8 RGB frame for each frame of the clip.

    Zeros show the person neutral; head angles are a turn away from the portrait's own pose.
    renderer: "rig" warps the portrait's own pixels, "face-vid2vid" is the paper's network.
    quality: of the renderer "rig": "draft" is the fastest, "best" takes its time.
    Raises OptionError for any other renderer, quality or a size under 16.
    """
    if renderer not in RENDERERS:
        raise OptionError(f"There is no renderer {renderer!r}; choose one of {', '.join(RENDERERS)}.")
    if quality not in QUALITIES:
        raise OptionError(f"There is no quality {quality!r}; choose one of {', '.join(QUALITIES)}.")
    if size < 16:
        raise OptionError(f"A video of {size} pixels is too small; give 16 or more, such as {SIZE_PX}.")
    if renderer == "face-vid2vid":
        from dreamtalk.portrait.neural_portrait import neural_portrait_frames

        return neural_portrait_frames(portrait, clip, size=size)
    return _rig_frames(portrait, clip, size, quality)


def _rig_frames(portrait: Portrait, clip: BlendshapeClip, size: int, quality: Quality) -> Iterator[np.ndarray]:
    """The rig-guided frames; geometry alone draws all qualities alike until the network that mends windows comes."""
    eyes = clip.eyes()
    with PortraitMotion(portrait.fit, portrait.picture, portrait.person) as motion:
        for weights, head, eye in zip(clip.weights, clip.head_rotation, eyes, strict=True):
            maps = motion.maps(weights, head, eye)
            frame = rig_guided_frame(portrait.picture, maps.flow, maps.paint)
            yield frame if size == SIZE_PX else _resized(frame, size)


def _resized(frame: np.ndarray, size: int) -> np.ndarray:
    flag = cv2.INTER_AREA if size < len(frame) else cv2.INTER_CUBIC
    return cv2.resize(frame, (size, size), interpolation=flag)
