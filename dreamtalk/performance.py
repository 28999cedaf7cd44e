"""What an animation is made of: a clip, its sound and how it came about; saved and shown on demand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from dreamtalk.audio import Waveform
from dreamtalk.errors import OptionError
from dreamtalk.options import AnimationOptions
from rig.clip import BlendshapeClip
from rig.clip_file import WRITERS, write_clip

Progress = Callable[[int, int], None]
"""Called with (done, total) while long work goes on."""

RendererName = Literal["rig", "face-vid2vid"]

PERFORMANCE_SUFFIXES = (*WRITERS, ".mp4", ".png")
"""What Performance.save can write."""


@dataclass(frozen=True, eq=False)
class Video:
    """Frames that are drawn when they are asked for, with their sound.

    make_frames: starts a new pass over the frames, each (H, W, 3) uint8 RGB.
    frame_count, fps: length and rate.
    waveform: the sound, or None for a silent video.
    """

    make_frames: Callable[[], Iterator[np.ndarray]]
    frame_count: int
    fps: float
    waveform: Waveform | None

    def frames(self) -> Iterator[np.ndarray]:
        """One pass over the frames, each (H, W, 3) uint8 RGB; nothing is kept."""
        return self.make_frames()

    def save(self, path: str | Path, progress: Progress | None = None) -> None:
        """Write an H.264 + AAC .mp4, whole or not at all. Raises OptionError for another suffix or a bad folder."""
        from dreamtalk.video import write_video

        write_video(path, self.frames(), self.fps, self.waveform, frame_count=self.frame_count, progress=progress)


@dataclass(frozen=True, eq=False)
class Performance:
    """One animated speech.

    clip: the curves and head pose.
    waveform: the speech, or None where a clip was read from a file without its sound.
    style: what the emotion was taken from, as a user would say it ("happy:0.8", "my_take.csv").
    options: how the curves were sampled, or None where they were read from a file.
    """

    clip: BlendshapeClip
    waveform: Waveform | None = None
    style: str = ""
    options: AnimationOptions | None = None

    def render(self, portrait: str | Path | None = None, *, size: int = 512, renderer: RendererName = "rig") -> Video:
        """The performance as a lazy video of size x size pixels: on a portrait when one is given, else on the avatar.

        renderer: "rig" moves the portrait's own pixels by the fitted head, "face-vid2vid" is the paper's network.
        The portrait is read and fitted at once, so that a bad one is refused here (PortraitError), not mid-film.
        """
        if portrait is None:
            return Video(lambda: self._avatar_frames(size), len(self.clip), self.clip.fps, self.waveform)
        from dreamtalk.portrait import load_portrait
        from dreamtalk.portrait_video import portrait_frames

        face = load_portrait(portrait)

        def frames() -> Iterator[np.ndarray]:
            return portrait_frames(face, self.clip, size=size, renderer=renderer)

        return Video(frames, len(self.clip), self.clip.fps, self.waveform)

    def _avatar_frames(self, size: int) -> Iterator[np.ndarray]:
        from rig.face_rig import FaceRig
        from rig.render import render_frames

        return render_frames(FaceRig.load(), self.clip, size)

    def save(self, path: str | Path, progress: Progress | None = None) -> None:
        """Write by suffix: .csv (Live Link Face), .npz (exact arrays), .mp4 (the avatar speaks), .png (contact sheet).

        Raises OptionError for other suffixes, OptionError or RigError where the folder cannot be written.
        """
        suffix = Path(path).suffix.lower()
        if suffix in WRITERS:
            write_clip(self.clip, path)
        elif suffix == ".mp4":
            self.render().save(path, progress)
        elif suffix == ".png":
            self.save_contact_sheet(path, self.render())
        else:
            raise OptionError(
                f"{Path(path).name} ends in {suffix or 'nothing'}; use {', '.join(PERFORMANCE_SUFFIXES)}."
            )

    def save_contact_sheet(self, path: str | Path, video: Video) -> None:
        """Write a PNG of the curves over the waveform with frames of `video` beside them."""
        from dreamtalk.contact_sheet import write_contact_sheet

        write_contact_sheet(path, self.clip, self.waveform, video.frames(), title=self.style)
