"""Upper face, blinks, gaze and head range of a finished clip, in the manner of the style clip.

A window of four seconds shows one blink or none. On 60 s of speech EmoDiff alone gave 0 to 6 blinks a minute of
0.08 s where the style clips have 15 to 23 of 0.16 s, and half of their head motion; so lids and eyes come from the
expression model's event process, and the head is brought to the style's range.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from dreamtalk.expression.blinks import blink_curves, blink_times, close_lids, drawn_to_pauses
from dreamtalk.expression.gaze import HEAD_COMPENSATION, gaze_angles, look_weights
from dreamtalk.expression.style_match import style_matched
from dreamtalk.measures import blink_rate
from rig.arkit import NAMES, indices
from rig.clip import BlendshapeClip
from rig.gaze import eye_rotation_from_weights

USUAL_BLINKS, USUAL_FIXATION_S, USUAL_GLANCES = 17.0, 1.3, 0.15
_TRUSTED_S = 16.0  # a style clip of this length counts as much as the usual rate
_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")
_LOOK = indices(*(name for name in NAMES if name.startswith("eyeLook")))
OWN_BLINK_S = 0.6  # lid motion shorter than half of this is EmoDiff's own blinking
POSTURE_S = 1.5
LEAST_HEAD_GAIN, MOST_HEAD_GAIN = 0.8, 2.5
_USUAL_GAZE_DEG, _LEAST_WIDTH, _MOST_WIDTH = np.array((1.4, 2.6)), 0.6, 1.7


def enlivened(
    motion: np.ndarray,
    fps: float,
    style: BlendshapeClip,
    rng: np.random.Generator,
    energy: np.ndarray | None = None,
    *,
    share: np.ndarray | None = None,
    blink_rate_scale: float | np.ndarray = 1.0,
    gaze_scale: float = 1.0,
    head_scale: float = 1.0,
) -> np.ndarray:
    """Raw motion (T, 55) with upper face, eyes and head range in the manner of `style`; the mouth stays as it is.

    energy: loudness of the speech (T,) >= 0 in any unit; blinks then prefer its pauses, brows its accents.
    share: (T,) in [0, 1], how much of each frame is in this style; None = all.
    blink_rate_scale: factor on the style's blink rate, or one for every frame, (T,); 0 is no blink at all.
    gaze_scale: factor on where the eyes wander; 0 keeps them on the viewer. head_scale: factor on the head's angles.
    """
    # A generator of its own, so that blinks and glances come at the same instants whatever the style.
    lively = style_matched(motion, fps, style, rng.spawn(1)[0], energy, share)
    lively[:, len(NAMES) :] = np.float32(head_scale) * with_head_range(motion[:, len(NAMES) :], fps, style)
    weights = lively[:, : len(NAMES)]
    _add_gaze(weights, lively[:, len(NAMES) :], fps, style, rng, gaze_scale)
    starts_s = paced_blink_times(rng, len(motion), fps, likely_blink_rate(style) * np.asarray(blink_rate_scale))
    if energy is not None:
        starts_s = drawn_to_pauses(rng, starts_s, energy, fps)
    close_lids(weights, blink_curves(rng, starts_s, len(motion), fps))
    return lively


def paced_blink_times(
    rng: np.random.Generator, frame_count: int, fps: float, blinks_per_minute: float | np.ndarray
) -> np.ndarray:
    """Starts of blinks in seconds, (K,) ascending, at one rate or at a rate for every frame, (T,).

    A changing rate is a steady one in a time of its own, which runs faster where the rate is higher.
    """
    rates = np.asarray(blinks_per_minute, np.float64)
    mean = float(rates.mean())
    if mean <= 0.0:
        return np.zeros(0)
    if rates.ndim == 0:
        return blink_times(rng, frame_count / fps, mean)
    starts_s = blink_times(rng, frame_count / fps, mean)
    own_time_s = np.concatenate([[0.0], np.cumsum(rates / mean) / fps])
    return np.where(starts_s < 0.0, starts_s, np.interp(starts_s, own_time_s, np.arange(frame_count + 1) / fps))


def likely_blink_rate(style: BlendshapeClip) -> float:
    """Blinks a minute of a style clip, drawn toward the usual 17 where the clip is short."""
    trust = style.duration_s / (style.duration_s + _TRUSTED_S)
    return float(np.clip(trust * blink_rate(style.weights, style.fps) + (1 - trust) * USUAL_BLINKS, 4.0, 45.0))


def with_head_range(head: np.ndarray, fps: float, style: BlendshapeClip) -> np.ndarray:
    """Head angles (T, 3) whose movement about the slow posture is as wide as the style's; the first frame stays."""
    slow = _posture(head, fps)
    wanted = (style.head_rotation - _posture(style.head_rotation, style.fps)).std(0)
    gain = np.clip(wanted / np.maximum((head - slow).std(0), 1e-5), LEAST_HEAD_GAIN, MOST_HEAD_GAIN)
    share = np.clip(np.arange(len(head)) / fps, 0.0, 1.0)[:, None]
    return (head + share * (gain - 1.0) * (head - slow)).astype(np.float32)


def _posture(head: np.ndarray, fps: float) -> np.ndarray:
    return gaussian_filter1d(head.astype(np.float64), POSTURE_S * fps, axis=0, mode="nearest")


def _add_gaze(
    weights: np.ndarray,
    head: np.ndarray,
    fps: float,
    style: BlendshapeClip,
    rng: np.random.Generator,
    gaze_scale: float,
) -> None:
    """Writes look and lid columns of `weights` (T, 52): fixations and saccades about the style's own gaze."""
    turned = np.degrees(head[:, :2])
    gaze, _ = gaze_angles(rng, len(weights), fps, USUAL_FIXATION_S, USUAL_GLANCES)
    looked = np.zeros_like(weights, dtype=np.float64)
    mean_deg, width = gaze_manner(style)
    look_weights(gaze_scale * (width * gaze + mean_deg) - HEAD_COMPENSATION * turned, looked)
    weights[:, _LOOK] = looked[:, _LOOK].clip(0.0, 1.0)
    lids = median_filter(weights[:, _BLINK], size=(2 * round(OWN_BLINK_S * fps / 2) + 1, 1), mode="nearest")
    weights[:, _BLINK] = (lids + looked[:, _BLINK] - looked[:, _BLINK].mean(0)).clip(0.0, 1.0)


def gaze_manner(style: BlendshapeClip) -> tuple[np.ndarray, np.ndarray]:
    """Where a style looks on average, (2,) degrees (pitch, yaw), and how widely against the usual, (2,).

    The head's turn is added back, and blinks, during which eyes dip, are left out.
    """
    lids = style.weights[:, _BLINK].mean(axis=1)
    opened = lids <= np.median(lids) + 0.15
    eyes = np.degrees(eye_rotation_from_weights(style.weights[opened])).mean(axis=1)[:, :2]
    gaze = eyes + HEAD_COMPENSATION * np.degrees(style.head_rotation[opened, :2])
    trust = style.duration_s / (style.duration_s + _TRUSTED_S)
    width = np.clip(gaze.std(axis=0) / _USUAL_GAZE_DEG, _LEAST_WIDTH, _MOST_WIDTH) ** trust
    return gaze.mean(axis=0), width
