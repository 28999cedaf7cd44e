"""Which of the faces in a video is the one that talks: followed from frame to frame, chosen by size and length."""

from dataclasses import dataclass, field

import numpy as np

from dreamtalk.face.face_landmarks import FACE_OVAL, FaceLandmarks
from rig.arkit import NAMES
from rig.rotation import matrix_from_angles

LIP_UPPER, LIP_LOWER, FOREHEAD, CHIN = 13, 14, 10, 152
EYE_CORNERS = (33, 133, 362, 263)
OUTER_BROWS = ((334, 293, 300, 296), (105, 63, 70, 66))
"""Landmarks of the left and of the right outer brow."""
_FORGOTTEN_S = 1.0
_SHORTEST_S = 0.4
_SMALLEST_SHARE = 0.02  # of the best track's weight: less is somebody passing by
_SMALLEST_SIZE = 0.45  # of the best track's face: smaller is somebody behind
_SMALLEST_PERSON = 0.2  # of the best track's face: a person who was asked for by number may sit farther back
_RETURN_REACH = 1.5
_REACH = 0.6  # of the face's size, how far it may move between two frames
_GROWTH = 1.6


@dataclass(eq=False)
class FaceTrack:
    """One face while it is in sight: frame numbers and what was seen in each of them.

    scores: (52,) float16. angles: (3,) float32 radians. gaps: (3,) float32, inner lips apart over the face height, and
    height of the left and right outer brow over the eyes in distances of the outer eye corners.
    """

    frames: list[int] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    angles: list[np.ndarray] = field(default_factory=list)
    gaps: list[np.ndarray] = field(default_factory=list)
    weight: float = 0.0
    centre: np.ndarray = field(default_factory=lambda: np.zeros(2))
    first_centre: np.ndarray = field(default_factory=lambda: np.zeros(2))
    size: float = 1.0

    def add(self, frame: int, face: FaceLandmarks) -> None:
        """Append what is seen of the face in this frame."""
        self.frames.append(frame)
        self.scores.append(face.scores.astype(np.float16))
        self.angles.append(face.angles.astype(np.float32))
        self.gaps.append(_gaps(face))
        self.centre, self.size = _centre(face), face.size_px
        if len(self.frames) == 1:
            self.first_centre = self.centre
        self.weight += face.size_px

    @property
    def mean_size(self) -> float:
        """Mean size of the face in pixels."""
        return self.weight / max(len(self.frames), 1)

    def meets(self, other: "FaceTrack") -> bool:
        """Whether both are in sight at once."""
        return self.frames[0] <= other.frames[-1] and other.frames[0] <= self.frames[-1]

    def distance_to(self, later: "FaceTrack") -> float:
        """How far the beginning of a later track is from the end of this one, in face sizes."""
        return float(np.linalg.norm(later.first_centre - self.centre)) / max(self.size, 1.0)

    def goes_on_as(self, later: "FaceTrack") -> bool:
        """Whether a later track may be the same face, come back."""
        ratio = later.mean_size / max(self.mean_size, 1.0)
        return not self.meets(later) and self.distance_to(later) < _RETURN_REACH and 1 / _GROWTH < ratio < _GROWTH

    def fits(self, face: FaceLandmarks) -> float:
        """Distance in face sizes to a face of the next frame; inf where it cannot be the same."""
        ratio = max(face.size_px, 1.0) / max(self.size, 1.0)
        distance = float(np.linalg.norm(_centre(face) - self.centre)) / max(self.size, 1.0)
        return distance if distance < _REACH and 1 / _GROWTH < ratio < _GROWTH else np.inf


def _centre(face: FaceLandmarks) -> np.ndarray:
    return face.points[FACE_OVAL, :2].mean(axis=0)


def _gaps(face: FaceLandmarks) -> np.ndarray:
    """(3,) float32: lip gap and brow heights of one face, measured along its own upright axis."""
    points = face.points.astype(np.float64) * (1.0, -1.0, -1.0)
    height = max(float(np.linalg.norm(points[FOREHEAD] - points[CHIN])), 1.0)
    lips = float(np.linalg.norm(points[LIP_UPPER] - points[LIP_LOWER])) / height
    upright = (points - points[list(EYE_CORNERS)].mean(axis=0)) @ matrix_from_angles(face.angles)[:, 1]
    width = max(float(np.linalg.norm(points[EYE_CORNERS[0]] - points[EYE_CORNERS[3]])), 1.0)
    return np.array([lips, *(upright[list(brow)].mean() / width for brow in OUTER_BROWS)], np.float32)


class FaceFollower:
    """Sorts the faces of consecutive frames into tracks. A cut ends all of them."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._open: list[FaceTrack] = []
        self._closed: list[FaceTrack] = []

    def add(self, frame: int, faces: tuple[FaceLandmarks, ...]) -> None:
        """Take in the faces of frame number `frame`, largest first."""
        alive = [track for track in self._open if frame - track.frames[-1] <= _FORGOTTEN_S * self._fps]
        self._closed += [track for track in self._open if track not in alive]
        taken: set[int] = set()
        for face in faces:
            distances = [np.inf if number in taken else track.fits(face) for number, track in enumerate(alive)]
            nearest = int(np.argmin(distances)) if distances else -1
            if nearest < 0 or not np.isfinite(distances[nearest]):
                alive.append(FaceTrack())
                nearest = len(alive) - 1
            alive[nearest].add(frame, face)
            taken.add(nearest)
        self._open = alive

    def cut(self) -> None:
        """Nothing goes on across a cut."""
        self._closed += self._open
        self._open = []

    def chosen(self) -> list[FaceTrack]:
        """The weightiest tracks (size times time) of which no two are in sight at once, in order of time."""
        tracks, kept = self._worth_following(_SMALLEST_SIZE), []
        for track in tracks:
            if not any(track.meets(other) for other in kept):
                kept.append(track)
        return sorted(kept, key=lambda track: track.frames[0])

    def people(self) -> list[list[FaceTrack]]:
        """Everybody in sight for long, from left to right, each as the tracks of one face in order of time.

        A track goes on as another one that begins near the place where it ended; nobody is followed across a cut.
        """
        found: list[list[FaceTrack]] = []
        for track in sorted(self._worth_following(_SMALLEST_PERSON), key=lambda track: track.frames[0]):
            near = [person for person in found if person[-1].goes_on_as(track)]
            if near:
                min(near, key=lambda person: person[-1].distance_to(track)).append(track)
            else:
                found.append([track])
        return sorted(found, key=lambda person: person[0].first_centre[0])

    def _worth_following(self, smallest_size: float) -> list[FaceTrack]:
        """The tracks that are long and large enough, weightiest first."""
        tracks = sorted([*self._closed, *self._open], key=lambda track: -track.weight)
        return [
            track
            for track in tracks
            if len(track.frames) >= _SHORTEST_S * self._fps
            and track.weight >= _SMALLEST_SHARE * tracks[0].weight
            and track.mean_size >= smallest_size * tracks[0].mean_size
        ]


def gathered(tracks: list[FaceTrack], count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tracks on one time axis: scores (count, 52), angles (count, 3), gaps (count, 3), seen (count,) bool.

    Where nothing is seen the arrays are nan. Angles are turns away from each track's own middle pose, since another
    camera sees the same head from another side.
    """
    scores = np.full((count, len(NAMES)), np.nan, np.float32)
    angles, gaps = np.full((count, 3), np.nan, np.float32), np.full((count, 3), np.nan, np.float32)
    for track in tracks:
        turned = np.array(track.angles, np.float32)
        scores[track.frames] = track.scores
        angles[track.frames] = turned - np.median(turned, axis=0)
        gaps[track.frames] = track.gaps
    return scores, angles, gaps, np.isfinite(gaps[:, 0])
