"""A clip as what the sender asks: the face of each frame, once or over and over."""

from collections.abc import Callable

from dreamtalk.live.face import ClipFaces, Face
from rig.clip import BlendshapeClip


class ClipFeed:
    """The clip's own frames, one for each frame that is sent: resample it to the sender's rate first."""

    def __init__(self, clip: BlendshapeClip, loop: bool = False, on_begin: Callable[[], None] = lambda: None) -> None:
        """on_begin: called when the clip begins, each time it does; it must not wait."""
        self._faces, self._loop, self._on_begin = ClipFaces(clip), loop, on_begin
        self._begun = 0

    def face_at(self, number: int, deadline_s: float) -> Face | None:
        """The face of frame `number` from the start on; None behind the end of a clip that does not loop."""
        times, index = divmod(number, len(self._faces))
        if times and not self._loop:
            return None
        if times >= self._begun:
            self._begun = times + 1
            self._on_begin()
        return self._faces[index]
