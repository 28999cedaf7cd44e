"""The style condition: a clip whose manner the face takes on."""

from collections.abc import Callable
from pathlib import Path

from dreamtalk.errors import OptionError
from rig.clip import BlendshapeClip
from rig.clip_file import READABLE, read_clip

STYLE_FPS = 25.0
"""The rate that the motion model hears styles at."""

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


def load_style_clip(path: str | Path, progress: Callable[[int, int], None] | None = None) -> BlendshapeClip:
    """Read a style clip from curves (.csv of Live Link Face, or .npz) or from a video with a face, at 25 fps.

    progress: called with (frames done, frames in all) while a video is tracked, which takes about its own length.
    Raises OptionError for a file that is missing, of another kind, or shows no face, RigError for one that holds no
    clip, PortraitError where MediaPipe, which tracks faces, is missing.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*READABLE, *VIDEO_SUFFIXES):
        raise OptionError(
            f"{path.name} is not a style clip; give curves as {', '.join(READABLE)}, a video such as .mp4, "
            "or choose an emotion by name."
        )
    if not path.is_file():
        raise OptionError(f"There is no style clip {path}; give curves as {', '.join(READABLE)}, or a video.")
    if suffix in READABLE:
        return read_clip(path).resampled(STYLE_FPS)
    from dreamtalk.face.face_capture import capture_face

    return capture_face(path, progress).seen().resampled(STYLE_FPS)
