"""Stretches of recordings: for figures, and for what need not be measured in full."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dreamtalk.speech.phones import Phone
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording


def excerpt(recording: Recording, start: int, stop: int) -> Recording:
    """The frames `start` to `stop` (exclusive) with their sound and the phones that lie in them wholly."""
    begin_s, end_s = start / FPS, stop / FPS
    phones = tuple(
        Phone(phone.start_s - begin_s, phone.end_s - begin_s, phone.symbol)
        for phone in recording.phones
        if phone.start_s >= begin_s and phone.end_s <= end_s
    )
    samples = recording.samples[round(begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]
    return replace(
        recording, samples=samples, weights=recording.weights[start:stop], valid=recording.valid[start:stop],
        head_rotation=recording.head_rotation[start:stop], phones=phones,
    )  # fmt: skip


def beginning(recording: Recording, seconds: float) -> Recording:
    """The first seconds of a recording."""
    return excerpt(recording, 0, min(len(recording), round(seconds * FPS)))


def stretches(recording: Recording, seconds: float) -> list[tuple[int, int]]:
    """The recording in pieces of about `seconds`: (start, stop) frames each, all of one length or nearly so."""
    count = max(1, round(len(recording) / FPS / seconds))
    edges = np.linspace(0, len(recording), count + 1).round().astype(int).tolist()
    return list(zip(edges[:-1], edges[1:], strict=True))


def spread(recordings: Sequence[Recording], limit: int | None) -> list[Recording]:
    """At most `limit` of the recordings, at even distances."""
    if limit is None or len(recordings) <= limit:
        return list(recordings)
    return [recordings[row] for row in np.linspace(0, len(recordings) - 1, limit).round().astype(int)]
