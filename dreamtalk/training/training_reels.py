"""Recordings joined to reels with pauses between them, varied in voice and sound, and heard by the speech encoder.

Sentences of three seconds teach neither pauses nor a window of four; joined, they do, and the closed mouth of a pause
is learned from the same frames.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness
from dreamtalk.speech.phones import Phone, phone_frames
from dreamtalk.speech.running_encoder import RunningEncoder
from dreamtalk.speech.speech_states import STATES_PER_FRAME, speech_states
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, UNKNOWN, Recording, TrainingClip

_HOP = round(SAMPLE_RATE / FPS)
_SETTLE = 5  # frames in which a mouth closes at the start of a pause, and opens at its end

def joined(recordings: list[Recording], rng: np.random.Generator, longest_pause_s: float = 1.6) -> Recording:
    """One recording of all given ones with pauses of up to `longest_pause_s` of room noise; the mouth rests in them."""
    parts = [recordings[0]]
    for before, after in zip(recordings[:-1], recordings[1:], strict=True):
        parts += [_pause(before, after, rng.integers(0, round(longest_pause_s * FPS) + 1), rng), after]
    return replace(
        recordings[0],
        name="+".join(part.name.split("/")[-1] for part in recordings),
        samples=np.concatenate([_fitted(part.samples, len(part)) for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        valid=np.concatenate([part.valid for part in parts]),
        head_rotation=np.concatenate([part.head_rotation for part in parts]),
        phones=tuple(_one_after_another(parts)),
    )


def _one_after_another(parts: list[Recording]) -> Iterator[Phone]:
    start_s = 0.0
    for part in parts:
        for phone in part.phones:
            yield Phone(phone.start_s + start_s, phone.end_s + start_s, phone.symbol)
        start_s += len(part) / FPS


def _pause(before: Recording, after: Recording, count: int, rng: np.random.Generator) -> Recording:
    frames = np.arange(1, count + 1)
    leave = np.clip(1 - frames / _SETTLE, 0, 1)[:, None]
    enter = np.clip(1 - frames[::-1] / _SETTLE, 0, 1)[:, None]
    weights = np.maximum(leave * before.weights[-1], enter * after.weights[0]).astype(np.float32)
    share = (frames / (count + 1))[:, None]
    head = ((1 - share) * before.head_rotation[-1] + share * after.head_rotation[0]).astype(np.float32)
    level = np.percentile(np.abs(before.samples), 20) * rng.choice([0.0, 0.5, 1.0, 1.5])
    noise = rng.standard_normal(count * _HOP).astype(np.float32) * np.float32(level)
    return Recording("pause", before.corpus, noise, weights, np.ones(count, bool), head)


def _fitted(samples: np.ndarray, frame_count: int) -> np.ndarray:
    """`samples` cut or padded to fill `frame_count` frames."""
    return np.pad(samples, (0, max(0, frame_count * _HOP - len(samples))))[: frame_count * _HOP]


def reels(recordings: Iterable[Recording], rng: np.random.Generator, reel_s: float = 20.0) -> list[Recording]:
    """Recordings shuffled and joined, speaker by speaker, into reels of about `reel_s` seconds."""
    result: list[Recording] = []
    by_speaker: dict[tuple[str, str], list[Recording]] = {}
    for recording in recordings:
        by_speaker.setdefault((recording.corpus, recording.speaker), []).append(recording)
    for members in by_speaker.values():
        group: list[Recording] = []
        for index in rng.permutation(len(members)):
            group.append(members[index])
            if sum(len(part) for part in group) >= reel_s * FPS:
                result.append(joined(group, rng))
                group = []
        if group:
            result.append(joined(group, rng))
    return result


def heard(recording: Recording, encoder: RunningEncoder) -> TrainingClip:
    """What the networks train on: the recording with the encoder's states, its phones and its loudness."""
    count = len(recording)
    states = speech_states(Waveform(recording.samples, SAMPLE_RATE), encoder, count)
    rate = STATES_PER_FRAME * FPS
    known = recording.phones != ()
    phones = phone_frames(recording.phones, STATES_PER_FRAME * count, rate) if known else np.array(UNKNOWN)
    return TrainingClip(
        recording.name, recording.corpus, states.astype(np.float16), np.zeros((count, 0), np.float16),
        np.broadcast_to(phones.astype(np.int8), STATES_PER_FRAME * count).reshape(count, STATES_PER_FRAME),
        relative_loudness(frame_loudness_db(recording.samples, count)), recording.weights, recording.valid,
        recording.head_rotation,
    )  # fmt: skip
