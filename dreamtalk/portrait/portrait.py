"""A portrait made ready to move: the face found, cut out with its surroundings, and the rig fitted to it."""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.errors import OptionError, PortraitError
from dreamtalk.face.face_landmarks import FaceLandmarks, detect_faces
from dreamtalk.portrait.face_choice import LEAST_FACE_PX, chosen_face
from dreamtalk.portrait.framing import FRAMES, LONGEST_FULL_PX, SIZE_PX, FrameName, Framing
from dreamtalk.portrait.person_mask import person_mask
from dreamtalk.portrait.picture_file import read_picture
from dreamtalk.portrait.portrait_doubts import asleep, eyes_shut, refuse_cut_off, warn_of_doubts
from renderer.split_picture import SplitPicture
from rig.portrait.portrait_fit import PortraitFit, fit_portrait

LEAST_SIZE_PX = 16

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Portrait:
    """One person's picture and the rig that was fitted to it.

    picture: (H, W, 3) uint8 RGB, the part that is animated: a square, 512x512 unless another size was asked for, or
        where the whole picture is shown, a rectangle of its pixels.
    full_picture: (H, W, 3) uint8 RGB, the whole picture.
    framing: where the part lies in the whole.
    face: landmarks and scores in pixels of the part.
    fit: the rig's camera, pose, identity and expression.
    person: (H, W) float32, 1 on the person's hair and body, or None where they could not be told from the ground.
    frame: what its video shows, "square" (the part) or "full" (the whole picture).
    """

    picture: np.ndarray
    full_picture: np.ndarray
    framing: Framing
    face: FaceLandmarks
    fit: PortraitFit
    person: np.ndarray | None = None
    frame: FrameName = "square"

    @property
    def crop_to_full(self) -> np.ndarray:
        """(2, 3) float64, maps (x, y, 1) of the part to pixels of the whole; pixel centres are whole numbers."""
        return self.framing.to_picture

    @functools.cached_property
    def split(self) -> SplitPicture | None:
        """The part in two layers, person and ground; None where the person could not be told."""
        return None if self.person is None else SplitPicture.of(self.picture, self.person, self.face.size_px)

    @property
    def own_size(self) -> int:
        """The largest size of its frames: side of the square, or longer side of the whole picture."""
        return max(self.picture.shape if self.frame == "square" else self.full_picture.shape)

    def limited(self, size: int | None) -> int:
        """The size that its frames get where `size` was asked for."""
        return self.own_size if size is None or self.frame == "full" else min(size, self.own_size)


def load_portrait(
    path: str | Path, *, face: int | None = None, size: int | None = None, frame: FrameName = "square"
) -> Portrait:
    """Read a picture file and make a Portrait of one of its faces.

    face: its number from left to right, from 1; None = the largest.
    frame: "square" (head and shoulders) or "full" (the whole picture).
    size: side of the square (512), or longer side of the whole picture (its own, at most 1920); never more than
        the picture's own.

    Raises PortraitError or OptionError, one sentence each.
    """
    return portrait_from_picture(read_picture(path), str(path), face=face, size=size, frame=frame)


def portrait_from_picture(
    picture: np.ndarray,
    name: str = "The picture",
    *,
    face: int | None = None,
    size: int | None = None,
    frame: FrameName = "square",
) -> Portrait:
    """(H, W, 3) uint8 RGB -> Portrait, as load_portrait does it. Errors call the picture by `name`."""
    if frame not in FRAMES:
        raise OptionError(f"There is no frame {frame!r}; choose one of {', '.join(FRAMES)}.")
    if size is not None and size < LEAST_SIZE_PX:
        raise OptionError(f"A video of {size} pixels is too small; give {LEAST_SIZE_PX} or more, such as {SIZE_PX}.")
    found = chosen_face(picture, name, face)
    refuse_cut_off(found, picture.shape, name)
    if frame == "full":
        picture, found = _reduced(picture, found, name, LONGEST_FULL_PX if size is None else size)
        framing = Framing.on_pixels(found, picture.shape[:2])
    else:
        framing = Framing.square(found, picture.shape[:2], size or SIZE_PX)
        if size and size > framing.size[0]:
            _log.warning("The square about the face in %s has %d pixels; so has the video.", name, framing.size[0])
    part = framing.cut(picture)
    scale = framing.size[0] / framing.width
    moved = found.moved(scale, -framing.to_picture[:, 2] * scale)
    own = _same_face(detect_faces(part), moved)
    warn_of_doubts(part, own, found.size_px, name)
    fit = fit_portrait(own.points, own.scores, framing.size)
    if eyes_shut(own):
        fit = asleep(fit)
    return Portrait(part, picture, framing, own, fit, person_mask(part, own), frame)


def _reduced(picture: np.ndarray, face: FaceLandmarks, name: str, longest_px: int) -> tuple[np.ndarray, FaceLandmarks]:
    """The whole picture with its longer side at most `longest_px`, and its face there."""
    longest = max(picture.shape[:2])
    if longest <= longest_px:
        return picture, face
    shrink = longest_px / longest
    if face.size_px * shrink < LEAST_FACE_PX:
        raise PortraitError(
            f"The face in {name} has only {face.size_px * shrink:.0f} pixels when the whole picture has {longest_px}; "
            f"give a --size of {round(LEAST_FACE_PX / face.size_px * longest) + 1} to {longest}, or show the square."
        )
    size = tuple(max(1, round(side * shrink)) for side in picture.shape[1::-1])
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _log.warning("%s is shown at %dx%d, its own size is %dx%d.", name, *size, *picture.shape[1::-1])
    return small, face.moved(shrink, np.full(2, (shrink - 1) / 2))


def _same_face(faces: tuple[FaceLandmarks, ...], expected: FaceLandmarks) -> FaceLandmarks:
    """The face of the part that lies where the whole picture had it; the latter itself if the part hides it."""

    def distance(face: FaceLandmarks) -> float:
        return float(np.linalg.norm(face.points[:, :2].mean(0) - expected.points[:, :2].mean(0)))

    nearest = min(faces, key=distance, default=expected)
    return nearest if distance(nearest) < 0.2 * expected.size_px else expected
