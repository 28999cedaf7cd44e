"""How well a portrait's face follows its clip, as MediaPipe reads it back from the frames."""

from collections.abc import Callable, Sequence

import numpy as np

from dreamtalk.evaluation.face_regions import CHIN, FOREHEAD, eye_openness, face_height, lip_gap
from dreamtalk.evaluation.portrait_sweep import COMMANDS, SHAPES, axis, columns, command_curve
from dreamtalk.face.face_landmarks import FaceLandmarks
from dreamtalk.measures import correlation
from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.mouth import lip_aperture_mm
from rig.portrait.portrait_fit import PortraitFit

CLOSED_ASKED, CLOSED_SEEN = 0.006, 0.015
OPEN_ASKED, OPEN_SHARE = 0.05, 0.4
"""Apertures in face heights: what counts as asked to be closed or open, and what is seen of it."""
FULL_BLINK, SHUT_SHARE = 0.85, 0.4
LEAST_COMMAND = 0.02
"""Standard deviation of a command below which nothing was asked: weights, radians or face heights."""
ASKED_AT_ALL = 0.01
LAG_REACH_S = 0.2

Faces = Sequence[FaceLandmarks | None]


def following(clip: BlendshapeClip, faces: Faces) -> dict[str, float]:
    """r and gain of every command: MediaPipe's score of the shape, or its head angle, on what was asked.

    NAME_alone_r leaves out the frames in which another command was asked: some faces score a pucker of .9 at rest,
    which only an opening or a smile can lower.
    """
    result = {}
    asked = {name: command_curve(clip, name) for name in COMMANDS}
    busy = {name: np.abs(curve) > ASKED_AT_ALL for name, curve in asked.items()}
    scores = np.array([np.full(len(NAMES), np.nan) if face is None else face.scores for face in faces])
    angles = np.array([np.full(3, np.nan) if face is None else face.angles for face in faces])
    for name, command in asked.items():
        seen = scores[:, columns(name)].mean(axis=1) if name in SHAPES else angles[:, axis(name)]
        others = np.any([busy[other] for other in COMMANDS if other != name], axis=0)
        result[f"{name}_r"], result[f"{name}_gain"] = r_and_gain(command, seen, clip.fps)
        result[f"{name}_alone_r"] = r_and_gain(command, np.where(others, np.nan, seen), clip.fps)[0]
    return result


def lips_following(clip: BlendshapeClip, faces: Faces, source: FaceLandmarks, fit: PortraitFit) -> dict[str, float]:
    """The gap in the picture against the rig's aperture, both in face heights: r, gain, closed and open as asked."""
    marks = fit.correspondence.positions(fit.rig.neutral)
    asked = lip_aperture_mm(fit.rig, clip.weights) / (1000 * np.linalg.norm(marks[FOREHEAD] - marks[CHIN]))
    gap = _curve(faces, lip_gap) / face_height(source)
    found = np.isfinite(gap)
    shut = asked < CLOSED_ASKED
    shut = shut & np.r_[shut[1:], True] & np.r_[True, shut[:-1]] & found
    wide = (asked > OPEN_ASKED) & found
    r, gain = r_and_gain(asked, gap, clip.fps)
    return {
        "lips_r": r, "lips_gain": gain,
        "lips_closed": share(gap[shut] < CLOSED_SEEN), "lips_open": share(gap[wide] > OPEN_SHARE * asked[wide]),
    }  # fmt: skip


def eyes_following(clip: BlendshapeClip, faces: Faces, source: FaceLandmarks) -> dict[str, float]:
    """The share of full blinks that shut the eyes: lids under SHUT_SHARE of their opening in the source."""
    open_at_rest, openness = eye_openness(source), _curve(faces, eye_openness)
    full = (clip.weights[:, columns("eyeBlink")].min(axis=1) >= FULL_BLINK) & np.isfinite(openness)
    return {"eyes_closed": share(openness[full] < SHUT_SHARE * open_at_rest)}


def r_and_gain(command: np.ndarray, seen: np.ndarray, fps: float) -> tuple[float, float]:
    """Pearson r and slope of `seen` on `command` at the lag within LAG_REACH_S where r is best.

    NaNs in `seen` are left out; (nan, nan) where nothing was asked.
    """
    if np.std(command) < LEAST_COMMAND:
        return float("nan"), float("nan")
    best = (-2.0, float("nan"))
    reach, count = round(LAG_REACH_S * fps), len(command)
    for lag in range(-reach, reach + 1):  # positive = seen late
        late = seen[max(lag, 0) : count + min(lag, 0)]
        asked = command[max(-lag, 0) : count + min(-lag, 0)]
        found = np.isfinite(late)
        asked, late = asked[found], late[found]
        if len(asked) < 3 or np.std(asked) < 1e-9:
            continue
        r = correlation(late, asked)
        if r > best[0] + 1e-9 or lag == 0 and r >= best[0]:
            best = (r, float(np.cov(asked, late)[0, 1] / np.var(asked, ddof=1)))
    return best if best[0] >= -1 else (float("nan"), float("nan"))


def share(hits: np.ndarray) -> float:
    """Mean of booleans, nan where there are none."""
    return float(hits.mean()) if len(hits) else float("nan")


def _curve(faces: Faces, of: Callable[[FaceLandmarks], float]) -> np.ndarray:
    """(T,) float64, nan where no face was found."""
    return np.array([float("nan") if face is None else of(face) for face in faces])
