"""Phone times set right by the sound itself: they are shifted, and pauses begin and end where the silence does."""

from collections.abc import Sequence

import numpy as np

from dreamtalk.corpus.ipa import VOWELS, merged
from dreamtalk.speech.phones import SILENCE, Phone

STEP_S = 0.01
PAUSE_S = 0.08
"""A silence this long is a pause; shorter ones are closures."""
_BELOW_SPEECH_DB = 42.0  # under the loud parts of the recording; weak f and θ lie 30 to 40 dB under them
_LOWEST_DB = -75.0
_STOPS = ("p", "t", "k", "tʃ")  # their closures are silent themselves
_LONGEST_CLOSURE_S = 0.2
_FARTHEST_S = 0.12  # a phone this far inside a silence was not spoken
_BENT_S = 0.15  # how much of a run of phones gives way where it meets a silence
_CLOSED_S = 0.06  # a stop's closure before the sound begins, and after it ends


def shifted(phones: Sequence[Phone], vowel_s: float, consonant_s: float) -> tuple[Phone, ...]:
    """Phones whose boundaries come earlier: by `vowel_s` seconds where a vowel begins, else by `consonant_s`.

    Silence counts as a consonant; nothing begins before 0 s, and what would vanish is left out.
    """
    starts = [phone.start_s - (vowel_s if phone.symbol in VOWELS else consonant_s) for phone in phones]
    ends = [*starts[1:], phones[-1].end_s] if phones else []
    edges = [(max(0.0, start), end, phone.symbol) for start, end, phone in zip(starts, ends, phones, strict=True)]
    return merged(Phone(round(a, 4), round(b, 4), name) for a, b, name in edges if b - a > 1e-3)


def silences(samples: np.ndarray, rate: int) -> list[tuple[float, float]]:
    """(start_s, end_s) of every stretch of PAUSE_S or more in which `samples` (S,) lie far under their speech level."""
    step = round(STEP_S * rate)
    count = max(1, len(samples) // step)
    padded = np.pad(np.asarray(samples, np.float64), (step // 2, (count + 2) * step - len(samples)))
    power = np.array([np.mean(padded[k * step : k * step + 2 * step] ** 2) for k in range(count)])
    level = 10 * np.log10(power + 1e-12)
    quiet = level < max(np.percentile(level, 90) - _BELOW_SPEECH_DB, _LOWEST_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    runs = [(float(start) * STEP_S, float(stop) * STEP_S) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return [(start, stop) for start, stop in runs if stop - start >= PAUSE_S - 1e-9]


def with_pauses_heard(phones: Sequence[Phone], samples: np.ndarray, rate: int) -> tuple[Phone, ...]:
    """Phones whose pauses lie where the sound is silent; the closures of stops are no pauses.

    Phones are led to the start and end of the sounding stretch they belong to, by bending the first and last moments of
    the stretch; a phone deep inside a silence is left out, and a pause that nobody hears goes to its neighbours.
    """
    duration = len(samples) / rate
    sounding = [phone for phone in phones if phone.symbol != SILENCE and phone.start_s < duration]
    quiet = [run for run in silences(samples, rate) if not _is_closure(run, sounding)]
    edges = [0.0, *(edge for run in quiet for edge in run), duration]
    stretches = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1e-6]
    members = _members(sounding, stretches)
    result: list[Phone] = []
    cursor = 0.0
    for (first, last), inside in zip(stretches, members, strict=True):
        for start, end, symbol in _bent(inside, cursor, max(first, cursor), last, duration):
            if start > cursor + 1e-6:
                result.append(Phone(round(cursor, 4), round(start, 4), SILENCE))
            result.append(Phone(round(start, 4), round(end, 4), symbol))
            cursor = end
    if cursor < duration - 1e-3:
        result.append(Phone(round(cursor, 4), round(duration, 4), SILENCE))
    return merged(result)


def _is_closure(run: tuple[float, float], phones: Sequence[Phone]) -> bool:
    """Whether a short silence is mostly the closure of stops."""
    closed = sum(
        max(0.0, min(phone.end_s, run[1]) - max(phone.start_s, run[0])) for phone in phones if phone.symbol in _STOPS
    )
    return run[1] - run[0] < _LONGEST_CLOSURE_S and closed > 0.5 * (run[1] - run[0])


def _members(phones: Sequence[Phone], stretches: Sequence[tuple[float, float]]) -> list[list[Phone]]:
    """The phones of every sounding stretch: those whose centre lies in it, or nearest to it."""
    members: list[list[Phone]] = [[] for _ in stretches]
    for phone in phones:
        away = [max(first - phone.centre_s, phone.centre_s - last, 0.0) for first, last in stretches]
        if away and min(away) <= _FARTHEST_S:
            members[int(np.argmin(away))].append(phone)
    return members


def _bent(
    phones: Sequence[Phone], earliest: float, first: float, last: float, duration: float
) -> list[tuple[float, float, str]]:
    """Start, end, symbol of phones without gaps between them, led to begin at `first` and to end at `last`.

    A stop's closure may reach out of that, but not before `earliest`, where the phones before end.
    """
    if not phones:
        return []
    starts = [phone.start_s for phone in phones]
    edges = np.array([*starts, phones[-1].end_s])
    begin = max(earliest, first - _CLOSED_S) if phones[0].symbol in _STOPS else first
    finish = last
    if phones[-1].symbol in _STOPS:
        finish = min(duration, float(np.clip(edges[-1], last, last + _CLOSED_S)))
    known, wanted = [edges[0]], [begin]
    for edge in (max(edges[0], begin) + _BENT_S, min(edges[-1], finish) - _BENT_S):
        if known[-1] + 0.02 < edge < edges[-1] - 0.02 and wanted[-1] + 0.02 < edge < finish - 0.02:
            known.append(edge)
            wanted.append(edge)
    edges = np.interp(edges, [*known, edges[-1]], [*wanted, finish])
    return [
        (float(a), float(b), phone.symbol)
        for a, b, phone in zip(edges[:-1], edges[1:], phones, strict=True)
        if b - a > 1e-3
    ]
