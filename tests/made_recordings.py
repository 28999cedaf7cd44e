"""Recordings of a person who says "ama" for ever, for tests of the evaluation."""

from dataclasses import replace

import numpy as np

from dreamtalk.speech.phones import Phone
from dreamtalk.training.training_clip import Recording
from rig.arkit import INDEX
from rig.clip import BlendshapeClip

FPS = 25.0


def talking(seconds: float = 6.0, seed: int = 0, corpus: str = "test", **fields) -> Recording:
    """Noise bursts with a jaw that follows them; an m at every closing, an a at every opening."""
    rng = np.random.default_rng(seed)
    count = round(seconds * FPS)
    phase = np.arange(count) / FPS * 1.25 + seed * 0.1
    jaw = np.clip(np.sin(2 * np.pi * phase), 0, 1) * (0.3 + 0.1 * np.sin(phase))
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = jaw
    gain = np.interp(np.arange(count * 640) / 640, np.arange(count), jaw)
    samples = ((0.4 * gain + 1e-4) * rng.standard_normal(count * 640)).astype(np.float32)
    peaks = [(cycle + 0.25 - seed * 0.1) / 1.25 for cycle in range(1, int(phase[-1]))]
    phones = [Phone(peak - 0.06, peak + 0.06, "a") for peak in peaks]
    phones += [Phone(peak + 0.36, peak + 0.44, "m") for peak in peaks]
    head = rng.normal(0, 0.01, (count, 3)).astype(np.float32)
    valid = np.ones(count, bool)
    found = Recording(f"{corpus}/{seed}", corpus, samples, weights, valid, head, tuple(phones))
    return replace(found, **fields)


def late(frames: int):
    return lambda r: BlendshapeClip(np.roll(r.weights, frames, axis=0), r.head_rotation, FPS)


def halved(recording: Recording) -> BlendshapeClip:
    return BlendshapeClip(recording.weights * 0.5, recording.head_rotation, FPS)
