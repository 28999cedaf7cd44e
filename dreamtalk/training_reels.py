"""Recordings joined to reels with pauses between them, varied in speed and sound, and heard by the speech encoder.

Sentences of three seconds teach neither pauses nor a window of four; joined, they do, and the closed mouth of a pause
is learned from the same frames. A faster or slower copy of a reel is a higher or lower voice.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from dreamtalk.audio import Waveform
from dreamtalk.loudness import frame_loudness_db, relative_loudness
from dreamtalk.speech_encoder import SpeechEncoder
from dreamtalk.speech_features import speech_features
from dreamtalk.training_clip import FPS, SAMPLE_RATE, Recording, TrainingClip
from rig.safe_file import written_beside

VARIANTS: tuple[tuple[float, bool], ...] = ((1.0, False), (1.2, True), (0.88, True), (1.0, True), (1.35, True))
"""(speed, roughened) of the copies that training hears."""
_HOP = round(SAMPLE_RATE / FPS)
_SETTLE = 5  # frames in which a mouth closes at the start of a pause, and opens at its end

log = logging.getLogger(__name__)


def joined(recordings: list[Recording], rng: np.random.Generator, longest_pause_s: float = 1.6) -> Recording:
    """One recording of all given ones with pauses of up to `longest_pause_s` of room noise; the mouth rests in them."""
    parts = [recordings[0]]
    for before, after in zip(recordings[:-1], recordings[1:], strict=True):
        parts += [_pause(before, after, rng.integers(0, round(longest_pause_s * FPS) + 1), rng), after]
    return Recording(
        "+".join(part.name.split("/")[-1] for part in recordings),
        recordings[0].corpus,
        np.concatenate([_fitted(part.samples, len(part)) for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.valid for part in parts]),
        np.concatenate([part.head_rotation for part in parts]),
    )


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


def roughened(recording: Recording, rng: np.random.Generator) -> Recording:
    """The same speech through another microphone: a tilted spectrum, noise 20 to 45 dB under it."""
    tilt = rng.uniform(-0.6, 0.6)
    samples = lfilter([1.0, -tilt], [1.0], recording.samples)
    noise = rng.standard_normal(len(samples))
    if rng.random() < 0.5:
        noise = lfilter([1.0], [1.0, -0.95], noise)
    noise *= samples.std() / noise.std() * 10 ** (-rng.uniform(20, 45) / 20)
    return replace(recording, samples=(samples + noise).astype(np.float32))


def reels(recordings: Iterable[Recording], rng: np.random.Generator, reel_s: float = 20.0) -> list[Recording]:
    """Recordings shuffled and joined, corpus by corpus, into reels of about `reel_s` seconds; long ones stay alone."""
    result: list[Recording] = []
    by_corpus: dict[str, list[Recording]] = {}
    for recording in recordings:
        by_corpus.setdefault(recording.corpus, []).append(recording)
    for members in by_corpus.values():
        group: list[Recording] = []
        for index in rng.permutation(len(members)):
            group.append(members[index])
            if sum(len(part) for part in group) >= reel_s * FPS:
                result.append(joined(group, rng))
                group = []
        if group:
            result.append(joined(group, rng))
    return result


def heard(recording: Recording, encoder: SpeechEncoder) -> TrainingClip:
    """What the networks train on: the recording with its speech features and loudness."""
    count = len(recording)
    features = speech_features(Waveform(recording.samples, SAMPLE_RATE), encoder, count)
    loudness = relative_loudness(frame_loudness_db(recording.samples, count))
    return TrainingClip(
        recording.name, recording.corpus, features.astype(np.float16), loudness, recording.weights,
        recording.valid, recording.head_rotation,
    )  # fmt: skip


def cached_reels(
    recordings: list[Recording],
    cache: Path,
    encoder: SpeechEncoder,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainingClip]:
    """All reels of all VARIANTS as training clips; each variant is kept in `cache` for the next run.

    The cache is only as good as its recordings: give every data folder a cache of its own.
    """
    cache.mkdir(parents=True, exist_ok=True)
    clips: list[TrainingClip] = []
    for number, (speed, rough) in enumerate(VARIANTS):
        path = cache / f"reels_{number}.npz"
        if not path.is_file():
            rng = np.random.default_rng((seed, number))
            made = reels([recording.at_speed(speed) for recording in recordings], rng)
            made = [roughened(reel, rng) if rough else reel for reel in made]
            save_clips([heard(reel, encoder) for reel in made], path)
            log.info("heard variant %d of %d", number + 1, len(VARIANTS))
        clips += load_clips(path)
        if progress:
            progress(number + 1, len(VARIANTS))
    return clips


_ARRAYS = ("features", "loudness", "weights", "valid", "head_rotation")


def save_clips(clips: list[TrainingClip], path: Path) -> None:
    """Write training clips, end to end, into one npz."""
    arrays = {name: np.concatenate([getattr(clip, name) for clip in clips]) for name in _ARRAYS}
    with written_beside(path) as beside:
        np.savez(
            beside, names=[clip.name for clip in clips], corpora=[clip.corpus for clip in clips],
            offsets=np.cumsum([0] + [len(clip) for clip in clips]), **arrays,
        )  # fmt: skip


def load_clips(path: Path) -> list[TrainingClip]:
    """Read what save_clips wrote."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in _ARRAYS}
        names, corpora, offsets = stored["names"], stored["corpora"], stored["offsets"]
    return [
        TrainingClip(str(name), str(corpus), **{key: array[start:stop] for key, array in arrays.items()})
        for name, corpus, start, stop in zip(names, corpora, offsets[:-1], offsets[1:], strict=True)
    ]
