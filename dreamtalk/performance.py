"""What an animation is made of: a clip, its sound and how it came about; saved and shown on demand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform
from rig.clip import BlendshapeClip
from rig.clip_file import WRITABLE, format_of, write_clip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.safe_file import written_beside

if TYPE_CHECKING:
    from dreamtalk.content_credentials import ContentCredentials
    from dreamtalk.portrait.framing import FrameName
    from dreamtalk.portrait.portrait import Portrait
    from dreamtalk.portrait.video_choices import Quality, RendererName
    from rig.face_rig import FaceRig
    from rig.foreign.foreign_rig import ForeignRig

Progress = Callable[[int, int], None]
"""Called with (done, total) while long work goes on."""

AVATAR_SIZE_PX = 512

POSTER_SUFFIXES = (".png", ".jpg", ".jpeg")

PERFORMANCE_SUFFIXES = (*WRITABLE, ".mp4", ".png")
"""What Performance.save can write."""


@dataclass(frozen=True, eq=False)
class Video:
    """A clip and the face that shows it; frames are drawn when they are asked for.

    draw: a clip -> its frames, each (H, W, 3) uint8 RGB.
    clip: the curves that are shown.
    waveform: the sound, or None for a silent video.
    """

    draw: Callable[[BlendshapeClip], Iterator[np.ndarray]]
    clip: BlendshapeClip
    waveform: Waveform | None

    def frames(self) -> Iterator[np.ndarray]:
        """One pass over the frames, each (H, W, 3) uint8 RGB; nothing is kept."""
        return self.draw(self.clip)

    def stills(self, indices: np.ndarray) -> Iterator[np.ndarray]:
        """The frames with the given indices (K,) alone, each (H, W, 3) uint8 RGB."""
        clip = self.clip
        return self.draw(
            BlendshapeClip(clip.weights[indices], clip.head_rotation[indices], clip.fps, clip.eyes()[indices])
        )

    def marked(self) -> "Video":
        """The same video with a discreet, visible mark in its corner that it is synthetic."""
        from dreamtalk.video_mark import marked

        return replace(self, draw=lambda clip: marked(self.draw(clip)))

    def save(
        self,
        path: str | Path,
        progress: Progress | None = None,
        *,
        lossless: bool = False,
        credentials: "ContentCredentials | None" = None,
    ) -> None:
        """Write an .mp4 (H.264 and AAC) or, for a name like frames/%05d.png, numbered pictures; whole or not at all.

        lossless: the .mp4 keeps every bit (see dreamtalk.video.write_video). credentials: who signs the .mp4 (C2PA).
        Raises OptionError for another suffix or a bad folder.
        """
        from dreamtalk.video import write_video
        from dreamtalk.video_sequence import is_sequence, write_sequence

        count = len(self.clip)
        if is_sequence(Path(path)):
            write_sequence(path, self.frames(), frame_count=count, progress=progress)
            return
        write_video(
            path, self.frames(), self.clip.fps, self.waveform,
            lossless=lossless, credentials=credentials, frame_count=count, progress=progress,
        )  # fmt: skip

    def save_poster(self, path: str | Path) -> None:
        """Write the most telling frame as .png or .jpg. Raises OptionError for another suffix, RigError for a bad
        folder."""
        from PIL import Image

        from dreamtalk.provenance import save_picture
        from dreamtalk.telling_frames import telling_frames

        if Path(path).suffix.lower() not in POSTER_SUFFIXES:
            raise OptionError(f"The poster {Path(path).name} must end in one of {', '.join(POSTER_SUFFIXES)}.")
        with written_beside(path) as beside:
            (picture,) = self.stills(telling_frames(self.clip, 1))
            save_picture(Image.fromarray(picture), beside)


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

    def render(
        self,
        portrait: "str | Path | Portrait | None" = None,
        *,
        size: int | None = None,
        face: int | None = None,
        frame: "FrameName | None" = None,
        renderer: "RendererName" = "rig",
        quality: "Quality" = "default",
        rig: "FaceRig | ForeignRig | None" = None,
    ) -> Video:
        """The performance as a lazy video: on a portrait when one is given, else on the avatar.

        size: side of the square (512), or longer side of the whole picture (its own, at most 1920); never more than
            the picture's own.
        face: which of a picture's faces, from left to right, from 1; None = the largest.
        frame: "square" (head and shoulders; the default) or "full" (the whole picture).
        renderer: "rig" moves the portrait's own pixels by the fitted head, "face-vid2vid" is the paper's network.
        quality: of the rig's way: "draft" (fastest), "default" or "best" (slowest).
        rig: another head than the avatar's own, as FaceRig.from_gltf, its like, or as_person give it.
        portrait: a picture file, or what `load_portrait` made of it, so that many performances share one fit; face
            and frame are then its own. A file is read and fitted at once: a bad one is refused here (PortraitError),
            not mid-film.
        """
        if portrait is None:
            if face is not None or frame is not None:
                raise OptionError("A face or a frame was chosen without a portrait; give a portrait as well.")
            return Video(partial(_avatar_frames, size=size or AVATAR_SIZE_PX, rig=rig), self.clip, self.waveform)
        if rig is not None:
            raise OptionError("A rig is given besides a portrait; give one of them.")
        from dreamtalk.portrait.portrait import Portrait, load_portrait
        from dreamtalk.portrait.portrait_video import portrait_frames

        if not isinstance(portrait, Portrait):
            portrait = load_portrait(portrait, face=face, size=size, frame=frame or "square")
            size = portrait.limited(size)
        elif face is not None or frame is not None:
            raise OptionError("The portrait is loaded already; choose its face and frame when it is loaded.")
        draw = partial(portrait_frames, portrait, size=size, renderer=renderer, quality=quality)
        return Video(draw, self.clip, self.waveform)

    def save(
        self, path: str | Path, progress: Progress | None = None, *, options: ExportOptions = AS_IT_IS
    ) -> None:
        """Write by suffix: curves in any format of rig.clip_file.FORMATS, .mp4 (the avatar speaks), .png (contact
        sheet), frames/%05d.png (the avatar in numbered pictures).

        options: names, frame rate and timecode of curve files. Raises OptionError for other suffixes, OptionError or
        RigError where the folder cannot be written.
        """
        from dreamtalk.video_sequence import is_sequence

        suffix = Path(path).suffix.lower()
        if Path(path).name.lower().endswith(WRITABLE):
            write_clip(self.clip, path, options)
        elif suffix == ".mp4" or is_sequence(Path(path)):
            self.render().save(path, progress)
        elif suffix == ".png":
            self.save_contact_sheet(path, self.render())
        else:
            raise OptionError(
                f"{Path(path).name} ends in {suffix or 'nothing'}; use {', '.join(PERFORMANCE_SUFFIXES)}."
            )

    def save_curves(
        self, path: str | Path, options: ExportOptions = AS_IT_IS, format: str | None = None
    ) -> tuple[Path, ...]:
        """Write the curves, and the sound beside them: face.wav for face.glb, named in the formats that can name one.

        options: with a sound of its own, that one is named and none is written.  format: one of rig.clip_file.FORMATS
        by name; None = as the end of the name says. Returns the files written. Raises RigError as write_clip does.
        """
        from dreamtalk.speech.wav_file import wav_bytes

        path, sound = Path(path), None
        if self.waveform is None or options.sound is not None:
            write_clip(self.clip, path, options, format)
        else:
            sound = sound_beside(path, format)
            with written_beside(sound) as beside:  # it takes its place only once the curves are written
                beside.write_bytes(wav_bytes(self.waveform))
                write_clip(self.clip, path, replace(options, sound=sound), format)
        return tuple(written for written in (path, sound, _take_beside(path, format)) if written is not None)

    def save_contact_sheet(self, path: str | Path, video: Video) -> None:
        """Write a PNG of the curves over the waveform with the most telling frames of `video`."""
        from dreamtalk.contact_sheet import FRAMES_SHOWN, write_contact_sheet
        from dreamtalk.telling_frames import telling_frames

        pictures = video.stills(telling_frames(self.clip, FRAMES_SHOWN))
        write_contact_sheet(path, self.clip, self.waveform, pictures, title=self.style)


def sound_beside(path: Path, format: str | None = None) -> Path:
    """Where save_curves puts the sound of a curve file: face.wav for face.glb and for face.a2f.csv."""
    suffix = format_of(path, format).suffix
    stem = path.name[: -len(suffix)] if path.name.lower().endswith(suffix) else path.stem
    return path.with_name(f"{stem}.wav")


def _take_beside(path: Path, format: str | None) -> Path | None:
    """The take file that a Live Link CSV was written with, where it was."""
    from rig.formats.take_json import take_path

    take = take_path(path)
    return take if format_of(path, format).name == "live-link" and take.exists() else None


def _avatar_frames(clip: BlendshapeClip, size: int, rig: "FaceRig | ForeignRig | None") -> Iterator[np.ndarray]:
    from rig.face_rig import FaceRig
    from rig.render import render_frames

    return render_frames(rig or FaceRig.load(), clip, size)
