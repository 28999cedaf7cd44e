"""How each emotion moves: its pace, its blinks, its eyes and its head, beside what it looks like."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Temperament:
    """Timing and liveliness of one emotion.

    onset_s: seconds from first movement to apex; the way back takes 1.6 times as long.
    blinks_per_minute: mean rate. Fear and anger stare, sadness and disgust blink more.
    fixation_s: median time between saccades.
    glance_share: share of the fixations that leave the viewer.
    head_std_deg: standard deviation of head pitch, yaw, roll in degrees, besides posture and nods.
    nod_deg: size of the nod on an accent of speech, degrees of pitch; negative = a lift.
    brow_accent: brow raise (positive) or frown (negative) on such an accent, in weight.
    """

    onset_s: float
    blinks_per_minute: float
    fixation_s: float
    glance_share: float
    head_std_deg: tuple[float, float, float]
    nod_deg: float
    brow_accent: float


TEMPERAMENTS: Mapping[str, Temperament] = {
    "neutral": Temperament(0.60, 17.0, 1.3, 0.18, (0.8, 0.8, 0.6), 0.9, 0.20),
    "happy": Temperament(0.50, 18.0, 1.1, 0.14, (1.1, 1.1, 0.9), 1.2, 0.22),
    "sad": Temperament(1.00, 21.0, 1.6, 0.28, (0.7, 0.7, 0.6), 0.7, 0.12),
    "angry": Temperament(0.35, 14.5, 1.7, 0.06, (1.1, 0.9, 0.6), 1.6, -0.14),
    "fear": Temperament(0.30, 15.0, 0.7, 0.30, (0.9, 1.0, 0.7), -0.5, 0.10),
    "disgusted": Temperament(0.55, 20.0, 1.2, 0.20, (0.9, 1.0, 0.8), -0.7, -0.12),
    "surprised": Temperament(0.20, 15.0, 1.2, 0.10, (1.0, 0.9, 0.7), -0.9, 0.12),
    "contempt": Temperament(0.70, 16.0, 1.6, 0.22, (0.8, 0.9, 0.8), -0.8, 0.16),
}
"""Emotion -> Temperament, within what ordinary adult conversation shows."""
