"""Where the eyes look: fixations, saccades, micro-saccades, and a head they make up for."""

import numpy as np

from dreamtalk.expression.smooth_noise import smooth_noise
from rig.arkit import indices
from rig.gaze import LOOK_RANGE_RAD

HEAD_COMPENSATION = 0.75
"""Share of a head turn that the eyes turn back, to stay on the viewer (vestibulo-ocular reflex)."""

_YAW_LEFT, _YAW_RIGHT = indices("eyeLookOutLeft", "eyeLookInRight"), indices("eyeLookInLeft", "eyeLookOutRight")
_UP, _DOWN = indices("eyeLookUpLeft", "eyeLookUpRight"), indices("eyeLookDownLeft", "eyeLookDownRight")


def gaze_angles(
    rng: np.random.Generator,
    frame_count: int,
    fps: float,
    fixation_s: float,
    glance_share: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Gaze relative to the viewer, (frame_count, 2) degrees (pitch, yaw), and starts of large saccades (K,) seconds.

    Fixations last a log-normal time; most rest on the viewer's eyes and mouth, some glance aside. A saccade of
    a degrees takes 21 ms + 2.2 ms * a (the main sequence).
    """
    duration_s = frame_count / fps
    count = int(duration_s / (0.4 * fixation_s)) + 4
    starts = np.cumsum(np.clip(rng.lognormal(np.log(fixation_s), 0.5, count), 0.25, 4.0)) - rng.uniform(0.0, fixation_s)
    near = rng.normal(0.0, (0.8, 1.3), (count, 2))
    far = rng.normal(0.0, (2.5, 6.0), (count, 2)) + np.array((2.0, 0.0))
    targets = np.where((rng.random(count) < glance_share)[:, None], far, near)
    jumps = np.linalg.norm(np.diff(targets, axis=0, prepend=targets[:1]), axis=1)
    times_s = np.arange(frame_count) / fps
    corners = np.stack([starts, starts + 0.021 + 0.0022 * jumps], axis=1).ravel()
    values = np.repeat(targets, 2, axis=0)
    values[2::2] = values[1:-1:2]  # the eye holds the last target until the next saccade starts
    gaze = np.stack([np.interp(times_s, corners, values[:, axis]) for axis in range(2)], axis=1)
    gaze += _micro_saccades(rng, times_s, duration_s) + 0.06 * smooth_noise(rng, frame_count, 2, fps, corner_hz=1.0)
    return gaze, starts[(jumps > 7.0) & (starts > 0) & (starts < duration_s)]


def _micro_saccades(rng: np.random.Generator, times_s: np.ndarray, duration_s: float) -> np.ndarray:
    count = int(duration_s * 3) + 4
    starts = np.cumsum(0.2 + rng.exponential(0.5, count))
    steps = rng.normal(0.0, 0.25, (count + 1, 2))
    return steps[np.searchsorted(starts, times_s)]


def look_weights(gaze_deg: np.ndarray, weights: np.ndarray) -> None:
    """Writes the eyeLook columns of `weights` (T, 52) for eyes turned by `gaze_deg` (T, 2) (pitch, yaw) in the head.

    The lids follow: looking down lowers the upper lid, looking up lifts it. Both are added to what is there.
    """
    pitch, yaw = np.radians(gaze_deg).T[..., None]
    down = np.clip(pitch / LOOK_RANGE_RAD, 0.0, 1.0)
    up = np.clip(-pitch / LOOK_RANGE_RAD, 0.0, 1.0)
    weights[:, _DOWN], weights[:, _UP] = down, up
    weights[:, _YAW_LEFT] = np.clip(yaw / LOOK_RANGE_RAD, 0.0, 1.0)
    weights[:, _YAW_RIGHT] = np.clip(-yaw / LOOK_RANGE_RAD, 0.0, 1.0)
    weights[:, indices("eyeBlinkLeft", "eyeBlinkRight")] += 0.12 * down
    weights[:, indices("eyeWideLeft", "eyeWideRight")] += 0.25 * up
