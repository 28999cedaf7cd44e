"""How good motion is: the definitions that evaluation, weight cards and closing notes share.

Curves are (T,) or (T, 52) float arrays at one frame rate; lengths are in millimetres on the rig's average head. Read
the measures together: a mouth that is always shut closes every p, and a smoothed truth keeps its correlation.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import welch

from rig.arkit import GROUPS, MOUTH, indices

LAG_FPS = 100.0
_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")
UPPER_FACE = indices(*GROUPS["left eye"], *GROUPS["right eye"], *GROUPS["brows"], *GROUPS["cheeks"], *GROUPS["nose"])


def correlation(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Pearson r of two curves (T,); a constant curve scores 0."""
    predicted, truth = predicted.astype(np.float64), truth.astype(np.float64)
    if predicted.std() < 1e-6 or truth.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(predicted, truth)[0, 1])


def best_lag_s(predicted: np.ndarray, truth: np.ndarray, fps: float, reach_s: float = 0.2) -> float:
    """Shift in seconds within +-reach_s at which r is highest, on curves brought to 100 Hz; positive = late.

    nan where the prediction is constant.
    """
    if predicted.std() < 1e-6:
        return float("nan")
    times = np.arange(0.0, (len(truth) - 1) / fps, 1.0 / LAG_FPS)
    own = np.arange(len(truth)) / fps
    predicted, truth = np.interp(times, own, predicted), np.interp(times, own, truth)
    reach = round(reach_s * LAG_FPS)
    scores = []
    for lag in range(-reach, reach + 1):
        late = predicted[max(lag, 0) : len(times) + min(lag, 0)]
        scores.append(correlation(late, truth[max(-lag, 0) : len(times) + min(-lag, 0)]))
    return (int(np.argmax(scores)) - reach) / LAG_FPS


def amplitude(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Standard deviation of the prediction over the truth's."""
    return float(predicted.std() / max(truth.std(), 1e-9))


def jitter(predicted: np.ndarray, truth: np.ndarray, captured: np.ndarray | None = None) -> float:
    """Mean absolute second difference of the mouth curves (T, 52) over the truth's; 1 = as lively.

    captured: (52,) bool, the shapes that the truth has; the others are left out on both sides.
    """
    columns = MOUTH if captured is None else MOUTH[captured[MOUTH]]
    lively = np.abs(np.diff(truth[:, columns], 2, axis=0)).mean()
    return float(np.abs(np.diff(predicted[:, columns], 2, axis=0)).mean() / max(lively, 1e-9))


def lip_vertex_error_mm(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Largest distance over the lip vertices (T, L, 3) in mm, mean over frames (LVE)."""
    return float(np.linalg.norm(predicted - truth, axis=-1).max(axis=1).mean())


def closed_frames(aperture_mm: np.ndarray) -> np.ndarray:
    """(T,) bool: the gap is under 1 mm or under 15 % of the clip's 95th percentile."""
    return aperture_mm < max(1.0, 0.15 * float(np.percentile(aperture_mm, 95)))


def closures_in_speech(aperture_mm: np.ndarray, fps: float) -> np.ndarray:
    """Frames (K,): bottoms of dips under 15 % of the 95th percentile, open over 40 % within 0.4 s on both sides."""
    top = float(np.percentile(aperture_mm, 95))
    closed, opened = aperture_mm < 0.15 * top, aperture_mm > 0.4 * top
    reach = round(0.4 * fps)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]]).astype(int)))
    bottoms = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if opened[max(0, start - reach) : start].any() and opened[stop : stop + reach].any():
            bottoms.append(start + int(np.argmin(aperture_mm[start:stop])))
    return np.array(bottoms, dtype=np.int64)


def closures_met(predicted_mm: np.ndarray, truth_mm: np.ndarray, fps: float, within_s: float = 0.04) -> tuple[int, int]:
    """How many of the truth's closures in speech the prediction meets, and how many there are."""
    closed = closed_frames(predicted_mm)
    reach = max(1, round(within_s * fps))
    found = closures_in_speech(truth_mm, fps)
    return sum(bool(closed[max(0, frame - reach) : frame + reach + 1].any()) for frame in found), len(found)


def silence_deviation_mm(aperture_mm: np.ndarray, speaking: np.ndarray, fps: float) -> float:
    """Standard deviation of the aperture in pauses of over 0.3 s, 0.1 s taken off at each end; nan without pauses."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~speaking, [False]]).astype(int)))
    margin, pieces = round(0.1 * fps), []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if (stop - start) / fps > 0.3:
            pieces.append(aperture_mm[start + margin : stop - margin])
    return float(np.mean([piece.std() for piece in pieces])) if pieces else float("nan")


def upper_face_deviation(predicted: np.ndarray, truth: np.ndarray, captured: np.ndarray | None = None) -> float:
    """Mean over upper-face shapes of the difference of temporal standard deviations of (T, 52) curves (FDD).

    captured: (52,) bool, the shapes that the truth has; nan where none of them belongs to the upper face.
    """
    columns = UPPER_FACE if captured is None else UPPER_FACE[captured[UPPER_FACE]]
    if not len(columns):
        return float("nan")
    return float(np.abs(predicted[:, columns].std(0) - truth[:, columns].std(0)).mean())


@dataclass(frozen=True)
class Blinks:
    """per_minute; length_s: mean at half height; 0 where nobody blinks."""

    per_minute: float
    length_s: float


def blinks(weights: np.ndarray, fps: float) -> Blinks:
    """Blinks of a clip (T, 52): the mean of both eyeBlink stands 0.3 above the clip's median."""
    lids = weights[:, _BLINK].mean(axis=1)
    lids = lids - np.median(lids)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lids > 0.3, [False]]).astype(int)))
    lengths = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        half = lids[start:stop].max() / 2
        fine = np.interp(np.arange(0, len(lids) - 1, 0.1), np.arange(len(lids)), lids) > half
        centre = round((start + int(np.argmax(lids[start:stop]))) * 10)
        centre = min(centre, len(fine) - 1)
        before, after = np.flatnonzero(~fine[:centre]), np.flatnonzero(~fine[centre:])
        first = before[-1] if len(before) else 0
        last = centre + after[0] if len(after) else len(fine)
        lengths.append((last - first - 1) / 10 / fps)
    minutes = len(lids) / fps / 60
    return Blinks(len(lengths) / minutes, float(np.mean(lengths)) if lengths else 0.0)


def blink_rate(weights: np.ndarray, fps: float) -> float:
    """Blinks a minute of a clip (T, 52), counted as in `blinks`."""
    lids = weights[:, _BLINK].mean(axis=1)
    high = lids > np.median(lids) + 0.3
    return float(np.count_nonzero(high[1:] & ~high[:-1]) + high[0]) / (len(lids) / fps / 60)


def head_deviation_deg(head_rotation: np.ndarray) -> np.ndarray:
    """Standard deviations in degrees of head angles (T, 3) radians, (3,): pitch, yaw, roll."""
    return np.degrees(head_rotation.std(axis=0))


def head_band_power(head_rotation: np.ndarray, fps: float) -> np.ndarray:
    """Share of the head's power in 0.3-1, 1-2, 2-4 and 4-8 Hz, mean over axes, (4,), summing to 1."""
    frequency, power = welch(np.degrees(head_rotation), fps, nperseg=min(len(head_rotation), 256), axis=0)
    bands = [(0.3, 1), (1, 2), (2, 4), (4, 8)]
    share = np.array([power[(frequency >= low) & (frequency < high)].sum() for low, high in bands])
    return share / max(share.sum(), 1e-12)
