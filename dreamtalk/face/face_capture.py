"""A video of somebody's face -> curves: 52 weights and head angles, at the video's own time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from dreamtalk.errors import OptionError
from rig.clip import BlendshapeClip

if TYPE_CHECKING:
    from dreamtalk.face.face_following import FaceFollower, FaceTrack
    from dreamtalk.video_frames import VideoTiming

MOST_BRIDGED_S = 0.4
LEAST_SEEN_S = 0.5
MOST_FACES = 4
_HEAD_SMOOTHING_S = 0.03
_CUT_LEVEL, _CUT_RATIO = 18.0, 6.0  # mean change of a 32 x 18 picture, of 255; and against the usual change
_THUMBNAIL = (18, 32)

Progress = Callable[[int, int], None]


class Pictures(Protocol):
    """Pictures at a steady rate, opened as a context manager and iterated once; where one serves two instants, the very
    same array comes twice. name: what to call them in an error."""

    name: str
    timing: "VideoTiming"

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def __iter__(self) -> Iterator[np.ndarray]:
        """(H, W, 3) uint8 RGB each."""
        ...


@dataclass(frozen=True, eq=False)
class FaceCapture:
    """What a video shows of one face.

    weights: (T, 52) float32 in [0, 1], recalibrated (dreamtalk.face.face_calibration). head_rotation: (T, 3) float32
    radians about the middle pose of each shot. valid: (T,) bool, False where the face was not seen; curves are led
    straight across there. fps: frame n stands at n / fps seconds of the file. cuts: frames at which a new shot begins.
    """

    weights: np.ndarray
    head_rotation: np.ndarray
    valid: np.ndarray
    fps: float
    cuts: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.weights)

    def clip(self) -> BlendshapeClip:
        """The whole video as a clip, frame for frame; where the face was lost, curves run straight across, marked."""
        return BlendshapeClip(
            self.weights, self.head_rotation, self.fps, seen=None if self.valid.all() else self.valid
        )

    def seen(self) -> BlendshapeClip:
        """Only what was seen: stretches of more than 0.4 s without the face are left out."""
        lost = ~self.valid
        edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(int))).reshape(-1, 2)
        kept = np.ones(len(self), bool)
        for start, stop in edges:
            if (stop - start) / self.fps > MOST_BRIDGED_S or start == 0 or stop == len(self):
                kept[start:stop] = False
        return BlendshapeClip(self.weights[kept], self.head_rotation[kept], self.fps)


def capture_face(
    source: str | Path | Pictures,
    progress: Progress | None = None,
    *,
    face: int | None = None,
    neutral_s: tuple[float, float] | None = None,
) -> FaceCapture:
    """Track a face of a video (mp4, mov, mkv, webm, avi), or of other pictures such as a Webcam's.

    face: which of the people, numbered from 1, from left to right; None = the one that is largest for longest.
    neutral_s: a stretch (start, end) in seconds in which the face is at rest; None = its rest is guessed.
    progress: called with (frames done, frames in all) after each frame. Memory grows by some hundred bytes a frame
    only. Raises OptionError, in one sentence, for a file that is missing, no video, or shows no face for half a
    second, and where that face or that stretch is not there; PortraitError where MediaPipe or its model is missing.
    """
    from scipy.ndimage import gaussian_filter1d

    from dreamtalk.face.face_calibration import calibrated_weights
    from dreamtalk.face.face_following import gathered
    from dreamtalk.video_frames import VideoFrames

    pictures = VideoFrames(source) if isinstance(source, str | Path) else source
    follower, count, cuts = _followed(pictures, progress)
    tracks = follower.chosen() if face is None else _person(follower.people(), face, pictures.name)
    fps = pictures.timing.fps
    scores, angles, gaps, seen = gathered(tracks, count)
    if seen.sum() < LEAST_SEEN_S * fps:
        raise OptionError(
            f"{pictures.name} shows no face that could be followed; give a video in which one is seen from the front."
        )
    neutral = None if neutral_s is None else _neutral(neutral_s, seen, fps, pictures.name)
    gaps = _bridged(gaps)
    weights = calibrated_weights(_bridged(scores), gaps[:, 0], gaps[:, 1:], seen, fps, neutral)
    head = _bridged(angles) if neutral is None else _bridged(angles - np.median(angles[neutral], axis=0))
    head = gaussian_filter1d(head, _HEAD_SMOOTHING_S * fps, axis=0, mode="nearest")
    return FaceCapture(weights, head.astype(np.float32), seen, fps, tuple(cuts))


def _person(people: "list[list[FaceTrack]]", face: int, name: str) -> "list[FaceTrack]":
    if not 1 <= face <= len(people):
        there = "one face" if len(people) == 1 else f"{len(people)} faces, numbered from left to right"
        raise OptionError(f"{name} shows {there}; face {face} is not among them.")
    return people[face - 1]


def _neutral(stretch_s: tuple[float, float], seen: np.ndarray, fps: float, name: str) -> np.ndarray:
    """The frames of a stretch in which the face is seen, (T,) bool."""
    instants = np.arange(len(seen)) / fps
    inside = seen & (instants >= stretch_s[0] - 0.5 / fps) & (instants <= stretch_s[1] + 0.5 / fps)
    if not inside.any():
        raise OptionError(
            f"The face of {name} is not seen between {stretch_s[0]:g} and {stretch_s[1]:g} s; name seconds at which "
            "it is in sight and at rest."
        )
    return inside


def _followed(pictures: Pictures, progress: Progress | None) -> "tuple[FaceFollower, int, list[int]]":
    """(all faces, frames in all, frames at which a shot begins)."""
    from dreamtalk.face.face_following import FaceFollower
    from dreamtalk.face.face_landmarks import FaceDetector
    from dreamtalk.face.face_spotting import FaceSpotter

    with pictures, FaceDetector(most_faces=MOST_FACES) as detector:
        timing, follower, changes = pictures.timing, FaceFollower(pictures.timing.fps), _Changes()
        spotter, cuts, count, last, faces = FaceSpotter(detector), [], 0, None, ()
        for count, picture in enumerate(pictures, start=1):
            if picture is not last:
                if changes.cut(picture):
                    follower.cut()
                    spotter.forget()
                    cuts.append(count - 1)
                faces, last = spotter(picture), picture
            follower.add(count - 1, faces)
            if progress:
                progress(count, max(count, timing.frame_count))
    return follower, count, cuts


class _Changes:
    """Tells cuts: a picture that differs from the last one far more than pictures of this video use to."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._usual = 2.0

    def cut(self, picture: np.ndarray) -> bool:
        """Whether a new shot begins with this picture."""
        rows = np.linspace(0, picture.shape[0], _THUMBNAIL[0], endpoint=False).astype(int)
        columns = np.linspace(0, picture.shape[1], _THUMBNAIL[1], endpoint=False).astype(int)
        small = np.add.reduceat(np.add.reduceat(picture.mean(axis=2), rows, axis=0), columns, axis=1)
        small /= picture.shape[0] * picture.shape[1] / (_THUMBNAIL[0] * _THUMBNAIL[1])
        last, self._last = self._last, small
        if last is None:
            return False
        change = float(np.abs(small - last).mean())
        found = change > max(_CUT_LEVEL, _CUT_RATIO * self._usual)
        if not found:
            self._usual += 0.05 * (change - self._usual)
        return found


def _bridged(values: np.ndarray) -> np.ndarray:
    """Rows (T, C) with nan led straight from the last row seen to the next; the ends are held."""
    good = np.isfinite(values).all(axis=1)
    rows = np.arange(len(values))
    columns = [np.interp(rows, rows[good], column[good]) for column in values.T]
    return np.stack(columns, axis=1).astype(np.float32)
