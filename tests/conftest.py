"""What several test files need: a sound that passes for speech, and a pipeline without networks."""

import contextlib
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from live_ears import Ear, smile

import dreamtalk
from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_track import EmotionTrack
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip

# PyPI's torch for Linux brings triton, and torch's optimisers import it. Its LLVM crashes the process when Mesa's LLVM
# (software OpenGL) was loaded before; the other order is fine.
with contextlib.suppress(ImportError):
    import triton  # noqa: F401

SAMPLE_RATE_HZ = 16_000


def write_wav(path: Path, samples: np.ndarray, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Path:
    """Mono 16-bit; samples (N,) in [-1, 1]."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def buzzing_syllables(duration_s: float) -> np.ndarray:
    """A 120 Hz buzz that comes and goes four times a second: voiced sound as far as a program can tell."""
    t = np.arange(int(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    return 0.2 * buzz * np.clip(np.sin(2 * np.pi * 4 * t), 0, 1)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "speech.wav", buzzing_syllables(1.0))


@dataclass
class StubTalk:
    """A DreamTalk whose curves are a jaw that opens and shuts; remembers what it was asked for."""

    requests: list[SimpleNamespace] = field(default_factory=list)
    emotions: Any = field(default_factory=lambda: SimpleNamespace(names=("neutral", "happy")))

    def animate(
        self,
        speech: dreamtalk.Waveform,
        emotion: str | EmotionTrack | None = None,
        intensity: float = 1.0,
        *,
        style: Any = None,
        **rest: Any,
    ) -> dreamtalk.Performance:
        track = EmotionTrack.parse(emotion or "neutral") if emotion is None or isinstance(emotion, str) else emotion
        for name in (name for mix in track.mixes for name, _ in mix.parts):
            if name not in self.emotions.names:
                known = ", ".join(self.emotions.names)
                raise OptionError(f"The emotion {name!r} is not known; choose one of {known}.")
        self.requests.append(SimpleNamespace(speech=speech, emotion=emotion, intensity=intensity, style=style, **rest))
        frame_count = max(1, round(speech.duration_s * 25))
        weights = np.zeros((frame_count, 52), np.float32)
        weights[:, INDEX["jawOpen"]] = 0.5 - 0.5 * np.cos(np.arange(frame_count))
        clip = BlendshapeClip(weights, np.zeros((frame_count, 3)), 25)
        return dreamtalk.Performance(clip, speech, track.shown(), rest.get("options"))


@pytest.fixture
def stub_motion(monkeypatch: pytest.MonkeyPatch) -> StubTalk:
    """The pipeline without networks."""
    talk = StubTalk()
    monkeypatch.setattr(dreamtalk.DreamTalk, "load", classmethod(lambda cls: talk))
    return talk


@pytest.fixture
def stub_talk(stub_motion: StubTalk, monkeypatch: pytest.MonkeyPatch) -> StubTalk:
    """The pipeline without networks, fitting and OpenGL: stub curves, and videos of grey 64 x 64 frames."""

    def render(self: dreamtalk.Performance, portrait: Any = None, **rest: Any) -> dreamtalk.Video:
        def draw(clip: BlendshapeClip) -> Iterator[np.ndarray]:
            for row in clip.weights:
                yield np.full((64, 64, 3), int(255 * row.max()), np.uint8)

        return dreamtalk.Video(draw, self.clip, self.waveform)

    monkeypatch.setattr(dreamtalk.Performance, "render", render)
    return stub_motion


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Where live streams go."""
    made = Ear()
    yield made
    made.socket.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """A dreamtalk command -> its status, and what it said on stderr."""
    from apps.cli import main

    def command(*arguments: object) -> tuple[int, str]:
        status = main([*map(str, arguments)])
        return status, capsys.readouterr().err

    return command


@pytest.fixture
def clip_path(tmp_path: Path) -> Path:
    """A clip of a smile that grows."""
    write_clip(smile(), tmp_path / "smile.npz")
    return tmp_path / "smile.npz"
