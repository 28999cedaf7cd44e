"""Brings the upper face toward a style clip's own level and liveliness: what the network follows only half.

EmoDiff regresses to the mean of its training: of a captured style it keeps half of the brows' level and a fifth of
their movement. So each shape of brows, lid rims, cheeks and nose is led toward the style's mean and standard
deviation: shifted, stretched within bounds, and, where that is too little, given events of its own on the accents of
the speech. The mouth is never touched.
"""

import numpy as np

from dreamtalk.expression.brow_motion import add_brow_motion
from dreamtalk.expression.head_motion import accent_times
from dreamtalk.expression.smooth_noise import smooth_noise
from rig.arkit import GROUPS, INDEX, NAMES, indices
from rig.clip import BlendshapeClip
from rig.smoothstep import smoothstep

MOST_STD = 0.15
"""Standard deviation up to which a style is followed: more is an exercise, not a way to talk."""
MOST_SHIFT = 0.4
LEAST_GAIN, MOST_GAIN = 0.7, 2.0
_TRUSTED_S = 2.0  # a clip of this length, style or speech, is followed by half
SETTLING_S = 1.0
_HALF_WAVE_MEAN, _HALF_WAVE_STD = 0.3989, 0.5838  # of max(0, normal)

_UP = indices("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
_GROUPS = (
    _UP,
    indices("browDownLeft", "browDownRight"),
    indices(*(name for name in NAMES if name.startswith(("eyeSquint", "eyeWide")))),
    indices(*GROUPS["cheeks"], *GROUPS["nose"]),
)
MATCHED = np.concatenate(_GROUPS)
"""Columns that are led toward the style."""
_BLINK = indices("eyeBlinkLeft", "eyeBlinkRight")


def style_matched(
    motion: np.ndarray,
    fps: float,
    style: BlendshapeClip,
    rng: np.random.Generator,
    energy: np.ndarray | None = None,
    share: np.ndarray | None = None,
) -> np.ndarray:
    """Raw motion (T, 55), before blinks are laid over it, with its upper face in the manner of `style`.

    energy: loudness of the speech (T,) >= 0 in any unit; brow events then come on its accents. share: (T,) in [0, 1],
    how much of each frame the style holds; only that part tells how the motion stands now. The first frame stays as it
    is, and the change sets in over a second.
    """
    share = np.ones(len(motion)) if share is None else share
    own_mean, own_std = _moments(motion[:, MATCHED], share)
    length_s = float(share.sum()) / fps
    gain, shift, missing = toward_style(style_moments(style), style.duration_s, own_mean, own_std, length_s)
    moved = missing * upper_face_events(rng, len(motion), fps, energy)
    change = (gain - 1.0) * (motion[:, MATCHED] - own_mean) + shift + moved
    settled = smoothstep(0.0, SETTLING_S, np.arange(len(motion)) / fps)[:, None]
    matched = motion.copy()
    matched[:, MATCHED] = np.clip(motion[:, MATCHED] + settled * change, 0.0, 1.0)
    return matched


def toward_style(
    moments: tuple[np.ndarray, np.ndarray], style_s: float, own_mean: np.ndarray, own_std: np.ndarray, length_s: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What leads motion of `length_s` seconds with its own moments (C,) toward those of a style of `style_s` seconds.

    Each (C,): the gain on its deviations, the shift of its mean, and the deviation that events of its own must add.
    """
    mean, std = moments
    trust = style_s / (style_s + _TRUSTED_S) * length_s / (length_s + _TRUSTED_S)
    goal = trust * std + (1.0 - trust) * own_std
    gain = np.clip(goal / np.maximum(own_std, 1e-4), LEAST_GAIN, MOST_GAIN)
    missing = np.sqrt(np.maximum(goal**2 - (gain * own_std) ** 2, 0.0))
    return gain, np.clip(trust * (mean - own_mean), -MOST_SHIFT, MOST_SHIFT), missing


def style_moments(style: BlendshapeClip) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (C,) of the matched columns of a style while its eyes are open, std bounded."""
    lids = style.weights[:, _BLINK].mean(axis=1)
    opened = (lids <= np.median(lids) + 0.15).astype(np.float64)
    mean, std = _moments(style.weights[:, MATCHED], opened)
    return mean, np.minimum(std, MOST_STD)


def _moments(values: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = (share / max(float(share.sum()), 1e-9))[:, None]
    mean = (weight * values).sum(axis=0)
    return mean, np.sqrt((weight * (values - mean) ** 2).sum(axis=0))


def upper_face_events(rng: np.random.Generator, count: int, fps: float, energy: np.ndarray | None) -> np.ndarray:
    """Movements of mean 0 and standard deviation 1 or less, (count, C): one for each group of shapes."""
    waves = smooth_noise(rng, count, len(_GROUPS), fps, corner_hz=0.4, slope=3.0)
    curves = (np.maximum(waves, 0.0) - _HALF_WAVE_MEAN) / _HALF_WAVE_STD
    accents_s, strengths = accent_times(rng, count, fps, energy)
    raised = np.zeros((count, len(NAMES)))
    add_brow_motion(rng, raised, fps, accents_s, strengths, 1.0)
    flashes = raised[:, INDEX["browInnerUp"]]
    if flashes.std() > 0.05:
        curves[:, 0] = 0.6 * curves[:, 0] + 0.8 * (flashes - flashes.mean()) / flashes.std()
    return np.concatenate([np.repeat(curves[:, [k]], len(group), axis=1) for k, group in enumerate(_GROUPS)], axis=1)
