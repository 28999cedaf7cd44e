"""Training windows: captured mouths with a freshly drawn expression on top, and a style clip of the same mood.

The style clip is a distant part of the same draw (papers.md 1.2): the same person and mood, other blinks, glances,
accents and words, so that it cannot tell the target away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.expression.compose import add_expression
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.expression.facs_prototypes import PROTOTYPES, variant_names
from dreamtalk.measures import blink_rate
from dreamtalk.training.training_clip import FPS, TrainingClip
from rig.arkit import MIRROR, NAMES
from rig.clip import BlendshapeClip
from rig.smoothstep import smoothstep

NEUTRAL_SHARE = 0.2
CORPUS_SHARE = {"grid_s1": 0.45, "facegood": 0.2, "synthetic": 0.35}
"""How often each corpus is drawn from; FACEGOOD is small but holds open speech."""
_APART = 25  # frames between target and style in one draw
_HEAD_SIGNS = np.array([1.0, -1.0, -1.0], np.float32)  # mirrored pitch, yaw, roll


@dataclass(frozen=True, eq=False)
class Sample:
    """One stretch of training data at 25 fps.

    features: (T, F) float32. motion: (T, 55) float32 raw weights and head. valid: (T,) bool. speech: (T, 52) float32,
    the captured mouth alone. style: (M, 55) float32. blinks_per_minute: of the style.
    """

    features: np.ndarray
    motion: np.ndarray
    valid: np.ndarray
    speech: np.ndarray
    style: np.ndarray
    blinks_per_minute: float


def corpus_chances(clips: Sequence[TrainingClip], shares: Mapping[str, float]) -> np.ndarray:
    """How often each clip is drawn, summing to 1: by its length within its corpus, by `shares` among corpora."""
    length = np.array([len(clip) for clip in clips], np.float64)
    corpora = np.array([clip.corpus for clip in clips])
    totals = {corpus: length[corpora == corpus].sum() for corpus in set(corpora)}
    chance = np.array([shares.get(clip.corpus, 0.5) / totals[clip.corpus] for clip in clips]) * length
    return chance / chance.sum()


class TrainingData:
    """Draws samples from training clips; the same rng state gives the same samples. shares: how often each corpus."""

    def __init__(
        self, clips: Sequence[TrainingClip], shortest: int, shares: Mapping[str, float] = CORPUS_SHARE
    ) -> None:
        self.clips = [clip for clip in clips if len(clip) >= shortest]
        self._chance = corpus_chances(self.clips, shares)

    def stretch(self, count: int, rng: np.random.Generator) -> tuple[TrainingClip, slice]:
        """A random clip and `count` of its frames."""
        clip = self.clips[rng.choice(len(self.clips), p=self._chance)]
        first = int(rng.integers(0, len(clip) - count + 1))
        return clip, slice(first, first + count)

    def sample(self, count: int, style_count: int, rng: np.random.Generator) -> Sample:
        """One stretch of `count` frames with a random emotion and a style clip of `style_count` frames."""
        clip, rows = self.stretch(count, rng)
        other, other_rows = self.stretch(style_count, rng)
        speech, other_speech = clip.weights[rows], other.weights[other_rows]
        energy = np.concatenate([clip.loudness[rows], np.zeros(_APART), other.loudness[other_rows]])
        mood = random_expression(len(energy), energy, rng)
        onset = _onset(count, rng)
        weights = add_expression(speech, mood.weights[:count] * onset)
        style = mood.weights[count + _APART :]
        if rng.random() < 0.5:  # a style clip may speak or be silent
            style = add_expression(other_speech, style)
        head = clip.head_rotation[rows] + onset * mood.head_rotation[:count]
        motion = np.concatenate([weights, head], 1)
        style_motion = np.concatenate([style, mood.head_rotation[count + _APART :]], 1)
        if rng.random() < 0.5:
            motion, style_motion, speech = mirrored(motion), mirrored(style_motion), speech[:, MIRROR]
        return Sample(
            clip.features(rows), motion, clip.valid[rows], speech, style_motion,
            blink_rate(style_motion[:, : len(NAMES)], FPS),
        )  # fmt: skip


def random_expression(count: int, energy: np.ndarray, rng: np.random.Generator) -> BlendshapeClip:
    """`count` frames of the expression model in a random emotion, variant and intensity."""
    emotions = list(PROTOTYPES)
    emotion = "neutral" if rng.random() < NEUTRAL_SHARE else emotions[rng.integers(len(emotions))]
    variants = variant_names(emotion)
    variant = variants[rng.integers(len(variants))] if rng.random() < 0.7 else None
    return synthesize_expression(emotion, float(rng.uniform(0.15, 1.0)), count, rng, energy, variant=variant)


def _onset(count: int, rng: np.random.Generator) -> np.ndarray:
    """(T, 1) share of the mood: every third stretch starts from neutral, as an animation does."""
    if rng.random() > 0.35:
        return np.ones((count, 1), np.float32)
    return smoothstep(0.0, rng.uniform(0.4, 1.2) * FPS, np.arange(count)).astype(np.float32)[:, None]


def mirrored(motion: np.ndarray) -> np.ndarray:
    """Raw motion (T, 55) of the mirrored face."""
    assert motion.shape[1] == MOTION_SIZE
    return np.concatenate([motion[:, : len(NAMES)][:, MIRROR], motion[:, len(NAMES) :] * _HEAD_SIGNS], 1)
