"""A portrait and a clip in, frames of the talking portrait out."""

from collections.abc import Iterator

import cv2
import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.portrait.framing import SIZE_PX
from dreamtalk.portrait.moved_frames import moved_frames
from dreamtalk.portrait.portrait import LEAST_SIZE_PX, Portrait
from dreamtalk.portrait.resampled import BEST, brought_down, draft_frames, resampled
from dreamtalk.portrait.video_choices import QUALITIES, RENDERERS, Quality, RendererName
from dreamtalk.prefetched import prefetched
from rig.clip import BlendshapeClip


def portrait_frames(
    portrait: Portrait,
    clip: BlendshapeClip,
    size: int | None = None,
    renderer: RendererName = "rig",
    quality: Quality = "default",
) -> Iterator[np.ndarray]:
    """Yield one (H, W, 3) uint8 RGB frame for each frame of the clip: the portrait's square, or its whole picture.

    Zeros show the person neutral; head angles are a turn away from the portrait's own pose.
    size: side of square frames, reduced at the end; None = as the portrait was made. A whole picture keeps its own.
    renderer: "rig" warps the portrait's own pixels and paints what they lack; "guided" has Face-Vid2Vid's generator go
        over what was painted; "face-vid2vid" is the paper's network.
    quality: of "rig" and "guided": "best" draws at twice the size and brings it down; of "rig": "draft" draws motion
        and paint at half the size.
    Raises OptionError for any other renderer or quality, and for a size under 16 or over the portrait's.
    """
    if renderer not in RENDERERS:
        raise OptionError(f"There is no renderer {renderer!r}; choose one of {', '.join(RENDERERS)}.")
    if quality not in QUALITIES:
        raise OptionError(f"There is no quality {quality!r}; choose one of {', '.join(QUALITIES)}.")
    if size is not None:
        _check_size(portrait, size)
    frames = _part_frames(portrait, clip, renderer, quality)
    if portrait.frame == "full":
        return _pasted(portrait, frames)
    return frames if size in (None, len(portrait.picture)) else _reduced(frames, size)


def _part_frames(
    portrait: Portrait, clip: BlendshapeClip, renderer: RendererName, quality: Quality
) -> Iterator[np.ndarray]:
    """Frames of the part that moves, each of the shape of portrait.picture."""
    if renderer == "face-vid2vid":
        from dreamtalk.portrait.neural_portrait import neural_portrait_frames

        return neural_portrait_frames(portrait, clip)
    if quality == "best":
        large = resampled(portrait, BEST)
        return brought_down(portrait, large, _drawn(large, clip, renderer))
    if quality == "draft" and renderer == "rig":
        return prefetched(draft_frames(portrait, clip))
    return _drawn(portrait, clip, renderer)


def _drawn(portrait: Portrait, clip: BlendshapeClip, renderer: RendererName) -> Iterator[np.ndarray]:
    """Drawn in a thread of its own, so that it shares two cores with whoever writes the file."""
    if renderer == "guided":
        from dreamtalk.portrait.guided_portrait import guided_frames

        return guided_frames(portrait, clip)
    return prefetched(moved.picture for moved in moved_frames(portrait, clip))


def _check_size(portrait: Portrait, size: int) -> None:
    if size < LEAST_SIZE_PX:
        raise OptionError(f"A video of {size} pixels is too small; give {LEAST_SIZE_PX} or more, such as {SIZE_PX}.")
    if size != portrait.limited(size):
        own = portrait.own_size
        raise OptionError(f"The portrait was made for {own} pixels, not {size}; give the size when it is loaded.")


def _reduced(frames: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    for frame in frames:
        yield cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)


def _pasted(portrait: Portrait, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The whole picture with each frame laid on its own pixels.

    Towards those borders of the part that lie inside the picture the frame gives way to the picture, so that there is
    no seam; what does not move is the picture's, bit by bit.
    """
    framing, whole = portrait.framing, portrait.full_picture
    left, top, (width, height) = int(framing.left), int(framing.top), framing.size
    still = whole[top : top + height, left : left + width]
    fade = framing.fade(whole.shape[:2])
    strip = fade < 1
    share, under = fade[strip][:, None], still[strip].astype(np.float32)
    for frame in frames:
        result, part = whole.copy(), frame.copy()
        part[strip] = np.rint(under + share * (frame[strip] - under)).astype(np.uint8)
        result[top : top + height, left : left + width] = part
        yield result
