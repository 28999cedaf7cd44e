"""A seeded model of everything in a talking face that is not speech: emotion, blinks, gaze, head.

It builds the shipped emotion library, and it gives EmoDiff its training targets on top of captured mouths, so it is
plain vectorised numpy: a few milliseconds for ten seconds of motion.
"""

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.expression.apex import regional_strength
from dreamtalk.expression.blinks import blink_curves, blink_times, close_lids
from dreamtalk.expression.brow_motion import add_brow_motion, idle_tone
from dreamtalk.expression.facs_prototypes import PROTOTYPES, Prototype, variant_names
from dreamtalk.expression.gaze import HEAD_COMPENSATION, gaze_angles, look_weights
from dreamtalk.expression.head_motion import accent_times, head_wander, nods
from dreamtalk.expression.temperament import TEMPERAMENTS, Temperament
from rig.arkit import GROUPS, MIRROR, NAMES, indices
from rig.clip import BlendshapeClip

FPS = 25.0
"""Frame rate of the model, that of EmoDiff."""

_REGIONS = ("brows", "eyes", "middle", "mouth", "posture")
_REGION_OF = np.empty(len(NAMES), dtype=np.int64)
for _region, _groups in enumerate(
    (("brows",), ("left eye", "right eye"), ("cheeks", "nose"), ("jaw", "mouth", "tongue"))
):
    for _group in _groups:
        _REGION_OF[indices(*GROUPS[_group])] = _region

_SIDE = np.array([name.endswith("Left") * 1.0 - name.endswith("Right") * 1.0 for name in NAMES])
_PAIR = np.minimum(np.arange(len(NAMES)), MIRROR)  # both sides of a pair share one number


def synthesize_expression(
    emotion: str,
    intensity: float,
    frame_count: int,
    rng: np.random.Generator,
    energy: np.ndarray | None = None,
    *,
    variant: str | None = None,
    edges: bool = False,
) -> BlendshapeClip:
    """One draw of an emotional face at 25 frames a second, without speech.

    emotion: one of `emotions.EMOTIONS`; intensity in [0, 1]: 0 is the neutral face (which still blinks, looks
    and moves). The same generator state at a higher intensity gives the same events with every shape of the emotion at
    least as strong. energy: loudness of the speech per frame, (frame_count,) >= 0 in any unit: head and brows then
    move with it, and blinks prefer its pauses. variant: the name of one FACS prototype; otherwise two are blended at
    random. edges: rise from neutral at the start and fade at the end; otherwise the draw is a piece out of something
    longer.

    Raises OptionError for an unknown emotion or variant, an intensity outside [0, 1], no frames, or unfit energy.
    """
    energy = _checked(emotion, intensity, frame_count, energy)
    temperament = TEMPERAMENTS[emotion]
    look, strength, events, eyes, head_rng = (
        np.random.default_rng(seed) for seed in rng.integers(1 << 62, size=5, dtype=np.int64)
    )
    apex, posture_deg, averted_deg = _drawn_look(look, emotion, intensity, variant)
    level = regional_strength(strength, frame_count, FPS, temperament.onset_s, len(_REGIONS), edges)
    weights = idle_tone(strength, frame_count, FPS, energy) + apex * level[:, _REGION_OF]

    accents_s, accents = accent_times(events, frame_count, FPS, energy)
    add_brow_motion(events, weights, FPS, accents_s, accents, temperament.brow_accent)
    head_deg = _head(head_rng, temperament, posture_deg * level[:, -1:], accents_s, accents, energy)
    _add_eyes(eyes, weights, temperament, averted_deg * level[:, -1:], head_deg, energy)
    return BlendshapeClip(np.clip(weights, 0.0, 1.0), np.radians(head_deg), FPS)


def _checked(emotion: str, intensity: float, frame_count: int, energy: np.ndarray | None) -> np.ndarray | None:
    if emotion not in PROTOTYPES:
        raise OptionError(f"The emotion {emotion!r} is not known; the known ones are {', '.join(PROTOTYPES)}.")
    if not 0.0 <= intensity <= 1.0:
        raise OptionError(f"The intensity {intensity:g} is out of range; give one from 0 (neutral) to 1 (full).")
    if frame_count < 1:
        raise OptionError(f"An expression of {frame_count} frames was asked for; give at least one.")
    if energy is None:
        return None
    energy = np.asarray(energy, dtype=np.float64)
    if energy.shape != (frame_count,) or not np.isfinite(energy).all() or (energy < 0).any():
        raise OptionError(
            f"The speech energy has the shape {energy.shape}; it must be {frame_count} finite values of 0 or more."
        )
    return energy


def _drawn_look(
    rng: np.random.Generator, emotion: str, intensity: float, variant: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Apex weights (52,), head posture (3,) and averted gaze (2,) in degrees of one person in one mood."""
    main, other = _drawn_prototypes(rng, emotion, variant)
    share = rng.uniform(0.0, 0.3) if variant is None else 0.0
    apex = (1.0 - share) * _response(main, intensity) + share * _response(other, intensity)
    apex = apex * np.exp(rng.normal(0.0, 0.1, len(NAMES))[_PAIR])
    # One half of a face is a little stronger than the other, most of all at the mouth.
    tilt = rng.normal(0.0, (0.05, 0.03, 0.04, 0.07))[_REGION_OF]
    apex = np.clip(apex * (1.0 + tilt * _SIDE), 0.0, 1.0)
    turn = rng.uniform(0.7, 1.2) * intensity
    posture, averted = turn * np.array(main.posture_deg), turn * np.array(main.gaze_deg)
    if rng.random() < 0.5:
        apex, posture, averted = apex[MIRROR], posture * (1.0, -1.0, -1.0), averted * (1.0, -1.0)
    return apex, posture, averted


def _drawn_prototypes(
    rng: np.random.Generator, emotion: str, variant: str | None
) -> tuple[Prototype, Prototype]:
    known = variant_names(emotion)
    if variant is not None and variant not in known:
        raise OptionError(f"{emotion} has no variant {variant!r}; the known ones are {', '.join(known)}.")
    first, second = rng.permutation(len(known))[:2]
    first = first if variant is None else known.index(variant)
    return PROTOTYPES[emotion][first], PROTOTYPES[emotion][second]


def _response(prototype: Prototype, intensity: float) -> np.ndarray:
    """Apex weights at an intensity: each shape sets in at its own threshold; weak emotions already show."""
    start = prototype.thresholds()
    return prototype.apex() * np.clip((intensity - start) / (1.0 - start), 0.0, 1.0) ** 0.85


def _head(
    rng: np.random.Generator,
    temperament: Temperament,
    posture_deg: np.ndarray,
    accents_s: np.ndarray,
    accents: np.ndarray,
    energy: np.ndarray | None,
) -> np.ndarray:
    """Head pitch, yaw, roll in degrees, (T, 3)."""
    frame_count = len(posture_deg)
    std_deg = np.array(temperament.head_std_deg) * rng.uniform(0.8, 1.2, 3)
    sizes = temperament.nod_deg * accents * rng.uniform(0.3, 1.3, len(accents))
    head = head_wander(rng, frame_count, FPS, std_deg, energy) + posture_deg
    return head + nods(rng, frame_count, FPS, accents_s, sizes)


def _add_eyes(
    rng: np.random.Generator,
    weights: np.ndarray,
    temperament: Temperament,
    averted_deg: np.ndarray,
    head_deg: np.ndarray,
    energy: np.ndarray | None,
) -> None:
    """Gaze with its lids, then blinks over everything; a large saccade often brings a blink with it."""
    frame_count = len(weights)
    gaze, jumps_s = gaze_angles(rng, frame_count, FPS, temperament.fixation_s, temperament.glance_share)
    look_weights(gaze + averted_deg - HEAD_COMPENSATION * head_deg[:, :2], weights)
    starts_s = blink_times(rng, frame_count / FPS, temperament.blinks_per_minute, energy, FPS)
    with_jump = jumps_s[rng.random(len(jumps_s)) < 0.3]
    free = [time for time in with_jump if np.abs(starts_s - time).min(initial=9.0) > 0.6]
    close_lids(weights, blink_curves(rng, np.sort(np.append(starts_s, free)), frame_count, FPS))
