"""Real talking faces for the generator: a frame of a video is moved exactly to where another frame shows the head.

Frames are enlarged so that windows have the faces' usual size. The video is soft, and so is what is learned from it:
how mouths and lids look that really move.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.face.face_landmarks import FaceDetector
from dreamtalk.portrait.mending_record import PairCollector, PortraitPairs
from dreamtalk.portrait.mending_windows import EYE_DISTANCE_WINDOW_PX, MOUTH_SIZE, MendingWindow, window_scale
from renderer.rig_guided import rig_guided_frame
from rig.arkit import INDEX
from rig.correspondence import LIPS_INNER_LOWER, LIPS_INNER_UPPER
from rig.head_turn import HeadTurn
from rig.lip_contact import RESTING_GAP, LipContact
from rig.portrait.portrait_eyes import Eye
from rig.portrait.portrait_fit import PortraitFit, fit_portrait
from rig.portrait.portrait_motion import MotionMaps, PortraitMotion
from rig.smoothstep import smoothstep

TARGETS = 20
OPEN_SOURCES = 1 / 3
LARGEST_MISS = 9.0
"""Mean grey levels by which the skin about the mouth may differ from the target before a frame is left out."""
SHUT_SCORES = (0.35, 0.6)
"""MediaPipe's blink between eyes that are still open and eyes that are shut."""
LID_OVERLAP = 1.04
_LID_MIDDLES = {"Left": ((385, 386, 387), (380, 374, 373)), "Right": ((160, 159, 158), (144, 145, 153))}
_IRISES = {"left": 473, "right": 468}
_FACE_TOP, _CHIN, _OUTER_EYES = 10, 152, (33, 263)

_log = logging.getLogger(__name__)


def real_pairs(
    video: Path,
    lip: np.ndarray,
    blink: np.ndarray,
    detector: FaceDetector,
    rng: np.random.Generator,
    targets: int = TARGETS,
) -> PortraitPairs | None:
    """One clip: a source frame and the windows of `targets` others; None where the face is lost.

    lip: (T,) gap of the inner lips over the face's height, blink: (T,) score, of the clip's frames.
    """  # fmt: skip
    source, chosen = chosen_frames(lip, blink, rng, targets)
    frames = _frames(video, [source, *chosen])
    faces = _Tracked.enlarged(frames[source], detector)
    if faces is None:
        return None
    fit, picture, enlarge = faces.fit, faces.picture, faces.scale
    collector = PairCollector(fit, picture)
    left_out = 0
    with PortraitMotion(fit, picture) as motion:
        for number in chosen:
            target = _Tracked.at_scale(frames[number], detector, enlarge)
            if target is None:
                continue
            weights = np.clip(target.scores - faces.scores + fit.expression, 0, 1)
            maps = motion.maps_to(*_moved(fit, target.fit, weights), weights, _gaze_change(fit, target.fit, weights))
            if skin_miss(rig_guided_frame(picture, maps.flow, maps.paint), target.picture, maps, fit) > LARGEST_MISS:
                left_out += 1
                continue
            collector.add(maps, target.picture)
    if left_out:
        _log.info("%s: %d of %d frames do not line up and are left out.", video.stem, left_out, len(chosen))
    return collector.pairs()


def chosen_frames(lip: np.ndarray, blink: np.ndarray, rng: np.random.Generator, targets: int) -> tuple[int, list[int]]:
    """A source frame, calm or in a third of the clips open-mouthed, and targets spread over openings and blinks."""
    known = np.flatnonzero(np.isfinite(lip) & np.isfinite(blink))
    by_gap = known[np.argsort(lip[known], kind="stable")]
    open_eyed = by_gap[blink[by_gap] < 0.3]
    pool = open_eyed if len(open_eyed) > 3 else by_gap
    third = max(len(pool) // 3, 1)
    source = int(rng.choice(pool[-third:] if rng.random() < OPEN_SOURCES else pool[:third]))
    blinks = known[np.argsort(-blink[known], kind="stable")][: max(targets // 5, 1)]
    blinks = [int(one) for one in blinks if blink[one] > 0.3]
    spread = by_gap[np.linspace(0, len(by_gap) - 1, targets).round().astype(int)]
    rest = [int(one) for one in rng.permutation(spread) if one not in blinks][: targets - len(blinks)]
    return source, sorted({*blinks, *rest} - {source})


def skin_miss(frame: np.ndarray, target: np.ndarray, maps: MotionMaps, fit: PortraitFit) -> float:
    """Mean grey levels between two (H, W, 3) pictures on the skin about the mouth, away from what was painted."""
    scale = window_scale(fit.eye_distance_px)
    window = MendingWindow.about(maps.mouth_centre, scale, *MOUTH_SIZE)
    painted = cv2.dilate(window.cut(np.ascontiguousarray(maps.paint[..., 3])), np.ones((25, 25), np.uint8))
    skin = (painted == 0) & (window.cut(maps.face) > 0.95)
    if skin.sum() < 200:
        return 0.0
    difference = np.abs(window.cut(frame).astype(np.float32) - window.cut(target)).mean(axis=2)
    return float(difference[skin].mean())


@dataclass(frozen=True, eq=False)
class _Tracked:
    """An enlarged frame (H, W, 3), by how much it was enlarged, its fit and MediaPipe's scores (52,)."""

    picture: np.ndarray
    scale: float
    fit: PortraitFit
    scores: np.ndarray

    @classmethod
    def enlarged(cls, frame: np.ndarray, detector: FaceDetector) -> "_Tracked | None":
        """So large that the eyes have the windows' distance."""
        faces = detector(frame)
        if not faces:
            return None
        eyes = faces[0].points[list(_OUTER_EYES), :2]
        return cls.at_scale(frame, detector, EYE_DISTANCE_WINDOW_PX / float(np.linalg.norm(eyes[0] - eyes[1])))

    @classmethod
    def at_scale(cls, frame: np.ndarray, detector: FaceDetector, scale: float) -> "_Tracked | None":
        size = tuple(round(side * scale) for side in frame.shape[1::-1])
        picture = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC)
        faces = detector(picture)
        if not faces:
            return None
        return cls(picture, scale, fit_portrait(faces[0].points, faces[0].scores, size), faces[0].scores)


def _moved(source: PortraitFit, target: PortraitFit, weights: np.ndarray) -> tuple[np.ndarray, HeadTurn]:
    """The target's head in the frame of the source's, (V, 3), and the turn that brings it to its pixels; weights: (52,)
    of the target, by which lids are known to be shut."""
    a, b = source.pose, target.pose
    camera = b.to_camera(target.vertices.astype(np.float64))
    camera[:, 2] *= a.focal_px / b.focal_px  # the other focal length: the same pixels, a little farther or nearer
    placed = (camera - a.translation) @ a.rotation
    pivot = source.rig.neck_pivot.astype(np.float64)
    matrix = a.rotation.T @ b.rotation
    nearer = np.array([1.0, 1.0, a.focal_px / b.focal_px])
    shift = (b.to_camera(pivot) * nearer - a.translation) @ a.rotation - pivot
    still = (placed - pivot - shift) @ matrix + pivot
    follows = source.rig.head_weight[:, None].astype(np.float64)
    still = (follows * still + (1 - follows) * source.vertices).astype(np.float32)
    still = _lids_closed(source, weights, _lips_closed(source, target, still))
    return still, HeadTurn(matrix, pivot, shift)


def _lips_closed(source: PortraitFit, target: PortraitFit, still: np.ndarray) -> np.ndarray:
    """Lips that the target keeps closed meet; landmarks alone would leave a gap of a pixel."""
    marks = target.landmarks
    gap = np.linalg.norm(marks[LIPS_INNER_UPPER] - marks[LIPS_INNER_LOWER], axis=1).max()
    height = np.linalg.norm(marks[_FACE_TOP] - marks[_CHIN])
    if gap / height > RESTING_GAP[0]:
        return still
    top, chin = source.correspondence.positions(source.vertices)[[_FACE_TOP, _CHIN]]
    contact = LipContact.of_fit(source.rig, source.vertices, source.deltas, float(np.linalg.norm(top - chin)))
    return contact.apply(still, np.zeros(len(INDEX), np.float32))


def _lids_closed(source: PortraitFit, weights: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Lids that the target keeps shut meet; MediaPipe's landmarks always leave a slit."""
    for side, (upper, lower) in _LID_MIDDLES.items():
        blink = INDEX[f"eyeBlink{side}"]
        height, fall = (source.correspondence.positions(values)[:, 1] for values in (still, source.deltas[blink]))
        gap = (height[list(upper)] - height[list(lower)]).mean()
        travel = (fall[list(lower)] - fall[list(upper)]).mean()
        shut = float(smoothstep(*SHUT_SCORES, weights[blink])) * max(LID_OVERLAP * gap, 0.0) / max(travel, 1e-4)
        still = still + np.float32(shut) * source.deltas[blink]
    return still


def _gaze_change(source: PortraitFit, target: PortraitFit, weights: np.ndarray) -> np.ndarray:
    """(2, 3) radians [left, right]: how the irises moved under the lids; none for eyes that are nearly shut."""
    change = np.zeros((2, 3))
    for row, side in enumerate(("left", "right")):
        if weights[INDEX[f"eyeBlink{side.capitalize()}"]] > 0.5:
            continue
        before, after = (_gaze(fit, side) for fit in (source, target))
        change[row, :2] = np.clip(after - before, -0.6, 0.6)
    return change


def _gaze(fit: PortraitFit, side: str) -> np.ndarray:
    """(pitch, yaw) of an eyeball whose iris lies where the landmark says."""
    eye = Eye.of_fit(fit.rig, fit.vertices, side)
    pose = fit.pose
    centre = pose.to_camera(eye.pivot)
    flip = np.array([1.0, -1.0])
    across = (fit.landmarks[_IRISES[side]] - pose.centre_px) * flip / pose.focal_px * -centre[2] - centre[:2]
    across = across / eye.radius
    length = max(float(np.linalg.norm(across)), 1.0)
    across = across / length * min(length, 0.99) if length > 1 else across
    forward = np.append(across, np.sqrt(max(1 - float(across @ across), 0.01))) @ pose.rotation
    return np.array([-np.arcsin(np.clip(forward[1], -1, 1)), np.arctan2(forward[0], forward[2])])


def _frames(video: Path, wanted: list[int]) -> dict[int, np.ndarray]:
    import av

    with av.open(str(video)) as container:
        decoded = enumerate(container.decode(video=0))
        return {number: frame.to_ndarray(format="rgb24") for number, frame in decoded if number in set(wanted)}
