"""What the generator learns from: windows of frames that geometry made, and of pictures that show the same for real."""

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from dreamtalk.face.face_landmarks import FACE_OVAL
from dreamtalk.portrait.mending_windows import face_windows, source_places, source_square
from renderer.rig_guided import rig_guided_frame
from rig.portrait.portrait_fit import PortraitFit
from rig.portrait.portrait_motion import MotionMaps
from rig.safe_file import written_beside

KINDS = ("mouth", "eyes")


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows of one kind, (h, w) pixels each.

    composite: (N, h, w, 3) uint8, what geometry made.  opacity: (N, h, w) uint8, of its paint.  flow: (N, h/4, w/4, 2)
    float16, where in the source square each cell comes from, see mending_windows.source_places.  target: (N, h, w, 3)
    uint8, what should be seen.
    """

    composite: np.ndarray
    opacity: np.ndarray
    flow: np.ndarray
    target: np.ndarray


@dataclass(frozen=True, eq=False)
class PortraitPairs:
    """All windows of one portrait. square: (256, 256, 3) uint8, the portrait as the generator sees it."""

    square: np.ndarray
    mouth: Windows
    eyes: Windows

    def save(self, path: Path) -> None:
        """Write one .npz."""
        arrays = {"square": self.square}
        for kind in KINDS:
            own = getattr(self, kind)
            arrays |= {f"{kind}_{one.name}": getattr(own, one.name) for one in fields(Windows)}
        with written_beside(path) as beside:
            np.savez(beside, **arrays)

    @classmethod
    def load(cls, path: Path) -> "PortraitPairs":
        """Read what `save` wrote."""
        with np.load(path) as file:
            kinds = {kind: Windows(*(file[f"{kind}_{one.name}"] for one in fields(Windows))) for kind in KINDS}
            return cls(file["square"], **kinds)


@dataclass(eq=False)
class PairCollector:
    """Gathers the windows of one portrait. fit: of the portrait.  picture: (H, W, 3) uint8."""

    fit: PortraitFit
    picture: np.ndarray
    _mouth: list[tuple] = field(default_factory=list)
    _eyes: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._square = source_square(self.fit.landmarks[FACE_OVAL], self.fit.eye_distance_px)

    def add(self, maps: MotionMaps, target: np.ndarray) -> None:
        """One frame, and the (H, W, 3) uint8 picture that it should be. Eyes with nothing painted are left out."""
        frame = rig_guided_frame(self.picture, maps.flow, maps.paint)
        mouth, *eyes = face_windows(maps.mouth_centre, maps.eye_centres, self.fit.eye_distance_px)
        opacity = np.ascontiguousarray(maps.paint[..., 3])
        for window, kept in ((mouth, self._mouth), *((eye, self._eyes) for eye in eyes)):
            painted = window.cut(opacity)
            if kept is self._eyes and not painted.any():
                continue
            places = source_places(window, self._square, maps.flow).astype(np.float16)
            kept.append((window.cut(frame), painted, places, window.cut(target)))

    def pairs(self) -> PortraitPairs | None:
        """All that was added; None where a kind of window has none."""
        if not self._mouth or not self._eyes:
            return None
        kinds = [Windows(*(np.stack(column) for column in zip(*own, strict=True))) for own in (self._mouth, self._eyes)]
        return PortraitPairs(self._square.cut(self.picture).copy(), *kinds)
