"""Whether the lips do what the phones ask: shut on p, b and m, and never on an open vowel."""

from collections.abc import Sequence

import numpy as np

from dreamtalk.measures import closed_frames
from dreamtalk.speech.phones import BILABIAL, OPEN_VOWELS, SILENCE, Phone, phone_frames
from rig.timing import frame_times

CLOSURE_REACH_S = 0.04
SHORTEST_VOWEL_S = 0.06
_EDGE_S = 1e-6  # a frame on the border counts


def bilabials_closed(aperture_mm: np.ndarray, phones: Sequence[Phone], fps: float) -> tuple[int, int]:
    """How many p, b and m have a closed frame within 40 ms of their centre, and how many there are."""
    closed, seconds = closed_frames(aperture_mm), frame_times(len(aperture_mm), fps)
    wanted = [phone.centre_s for phone in phones if phone.symbol in BILABIAL and phone.centre_s <= seconds[-1]]
    met = [bool(closed[np.abs(seconds - centre) <= CLOSURE_REACH_S + _EDGE_S].any()) for centre in wanted]
    return sum(met), len(wanted)


def vowels_falsely_closed(aperture_mm: np.ndarray, phones: Sequence[Phone], fps: float) -> tuple[int, int]:
    """How many open vowels of 60 ms or more have no open frame in their middle half, and how many there are.

    Where no frame falls into the middle half, the one nearest to the vowel's centre speaks for it.
    """
    opened, seconds = ~closed_frames(aperture_mm), frame_times(len(aperture_mm), fps)
    missed, there = 0, 0
    for phone in phones:
        length = phone.end_s - phone.start_s
        if phone.symbol not in OPEN_VOWELS or length < SHORTEST_VOWEL_S - _EDGE_S or phone.centre_s > seconds[-1]:
            continue
        away = np.abs(seconds - phone.centre_s)
        middle = away <= max(length / 4, float(away.min())) + _EDGE_S
        there += 1
        missed += not opened[middle].any()
    return missed, there


def speaking_frames(phones: Sequence[Phone], count: int, fps: float) -> np.ndarray:
    """(count,) bool, True where a phone other than silence is said."""
    spoken = [phone for phone in phones if phone.symbol != SILENCE]
    return phone_frames(spoken, count, fps) != phone_frames((), 1, fps)[0]
