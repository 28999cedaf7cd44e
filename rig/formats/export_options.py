"""What a user may ask of a curve file; one record for every writer."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rig.formats.frame_rate import FrameRate
from rig.formats.naming import Naming

if TYPE_CHECKING:
    from rig.face_rig import FaceRig


@dataclass(frozen=True)
class ExportOptions:
    """A writer uses what its format has room for, and leaves the rest.

    naming: names, subset and mesh path.  rate: the clip is resampled to it first (keeping peaks), and timecode counts
    its way; None = the clip's own rate.  start: timecode of the first frame, hh:mm:ss:ff or hh:mm:ss:ff.fff at 60
    frames a second, or seconds.  subject: what the file calls the character, slate or animation.
    take_file: a Live Link .csv gets the app's take .json beside it.  sound: a sound file that the output shall name, as
    sound_from has it.  rig: the head that mesh formats carry, None = the one of this package.
    onto: a .glb, .gltf or .vrm of one's own that glTF is a copy of, with the clip as its first animation, instead.
    """

    naming: Naming = field(default_factory=Naming)
    rate: FrameRate | None = None
    start: str = "00:00:00:00"
    subject: str = "dreamtalk"
    take_file: bool = False
    sound: Path | None = None
    rig: "FaceRig | None" = None
    onto: Path | None = None

    def sound_from(self, path: str | Path) -> str:
        """How a file at `path` names the sound: by its way from there, with slashes; "" where there is none."""
        if self.sound is None:
            return ""
        try:
            return Path(os.path.relpath(self.sound, Path(path).parent)).as_posix()
        except ValueError:  # another drive
            return self.sound.name


AS_IT_IS = ExportOptions()
"""Nothing asked for."""
