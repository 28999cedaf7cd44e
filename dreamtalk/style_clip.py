"""The style condition: a clip whose manner the face takes on."""

from pathlib import Path

from dreamtalk.errors import OptionError
from rig.clip import BlendshapeClip
from rig.clip_file import READERS, read_clip

STYLE_FPS = 25.0
"""The rate that the motion model hears styles at."""

_VIDEO = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


def load_style_clip(path: str | Path) -> BlendshapeClip:
    """Read a style clip from curves (.csv of Live Link Face, or .npz), at 25 frames a second.

    Raises OptionError for a file that is missing or of another kind, RigError for one that holds no clip.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in _VIDEO:
        raise OptionError(
            f"{path.name} is a video, which cannot be a style yet; give curves captured from it, "
            f"as {' or '.join(READERS)}."
        )
    if suffix not in READERS:
        raise OptionError(
            f"{path.name} is not a style clip; give curves as {' or '.join(READERS)}, or choose an emotion by name."
        )
    if not path.is_file():
        raise OptionError(f"There is no style clip {path}; give curves as {' or '.join(READERS)}.")
    return read_clip(path).resampled(STYLE_FPS)
