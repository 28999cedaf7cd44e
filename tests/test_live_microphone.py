"""The microphone of dreamtalk live, with a sounddevice that is none: no test computer needs to hear."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_ears import Ear, StubStream, widest_jaw

import dreamtalk
from apps.cli import main
from dreamtalk.live.microphone import Microphone, input_devices


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> StubStream:
    stub = StubStream()
    monkeypatch.setattr(dreamtalk.DreamTalk, "load", classmethod(lambda cls: stub))
    return stub


class FakeSounddevice:
    """Of sounddevice what is used here. The stream calls back when it is opened, from a thread, as PortAudio does."""

    class PortAudioError(Exception):
        pass

    def __init__(self, rates: tuple[int, ...] = (16000,), names: tuple[str, ...] = ("Loopback", "USB mic")) -> None:
        self.rates, self.names, self.played, self.opened = rates, names, [], []

    def query_devices(self, device: object = None, kind: str | None = None) -> Any:
        devices = [{"name": name, "max_input_channels": 1, "default_samplerate": self.rates[0]} for name in self.names]
        if kind is None:
            return [*devices, {"name": "Speaker", "max_input_channels": 0, "default_samplerate": 48000}]
        if not devices or (isinstance(device, str) and device not in self.names):
            raise ValueError(f"No input device matching {device!r}")
        return devices[0]

    def check_input_settings(self, device: object, channels: int, dtype: str, samplerate: int) -> None:
        self.query_devices(device, "input")
        if samplerate not in self.rates:
            raise self.PortAudioError("Invalid sample rate [PaErrorCode -9997]")

    def InputStream(self, **settings: Any) -> Any:  # noqa: N802 the library's own name
        self.opened.append(settings)
        return FakeStream(settings)

    def play(self, samples: np.ndarray, rate: int) -> None:
        if not self.names:
            raise self.PortAudioError("Error querying device -1")
        self.played.append((len(samples), rate))


class FakeStream:
    """Half a second of a tone at once, then nothing, as a microphone that was switched off."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.active = settings, True

    def start(self) -> None:
        rate, size = self.settings["samplerate"], self.settings["blocksize"]
        tone = np.float32(0.5 * np.sin(2 * np.pi * 200 * np.arange(rate // 2) / rate))
        for first in range(0, len(tone) - size + 1, size):
            block = tone[first : first + size, None]
            self.settings["callback"](block, size, None, None)
            block[:] = 9.0  # the library's buffer is its own again

    def close(self) -> None:
        self.active = False


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeSounddevice:
    made = FakeSounddevice()
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", made)
    return made


def recorded(microphone: Microphone, count: int) -> np.ndarray:
    pieces: list[np.ndarray] = []
    for piece in microphone:
        pieces.append(piece)
        if sum(map(len, pieces)) >= count:
            microphone.close()
            break
    return np.concatenate(pieces)


def test_the_microphone_gives_what_was_said(library: FakeSounddevice) -> None:
    sound = recorded(Microphone("1"), 8000)
    assert library.opened[0]["device"] == 1 and library.opened[0]["samplerate"] == 16000
    assert np.allclose(sound, 0.5 * np.sin(2 * np.pi * 200 * np.arange(8000) / 16000), atol=1e-6)


def test_a_device_that_knows_only_48_khz_is_resampled(library: FakeSounddevice) -> None:
    library.rates = (48000,)
    sound = recorded(Microphone(), 7500)
    assert library.opened[0]["samplerate"] == 48000 and 7500 <= len(sound) <= 8000
    spectrum = np.abs(np.fft.rfft(sound[:4000] * np.hanning(4000)))
    assert spectrum.argmax() * 16000 / 4000 == 200 and 0.45 < np.abs(sound[1000:7000]).max() < 0.55


def test_sound_that_nobody_fetches_is_let_go_oldest_first(library: FakeSounddevice) -> None:
    microphone = Microphone()
    for number in range(300):
        microphone._heard(np.full((320, 1), number, np.float32), 320, None, None)
    assert microphone.lost_s == pytest.approx(25 * 0.02 + 100 * 0.02)
    assert next(iter(microphone))[0] == 100


def test_closing_ends_the_iteration(library: FakeSounddevice) -> None:
    microphone = Microphone()
    threading.Timer(0.05, microphone.close).start()
    assert sum(len(piece) for piece in microphone) == 8000


def test_a_microphone_moves_the_face(run: Callable, talk: StubStream, library: FakeSounddevice, ear: Ear) -> None:
    status, said = run("live", "mic:USB mic", "--port", ear.port, "--seconds", 1.2, "--delay", 0)
    assert status == 0 and library.opened[0]["device"] == "USB mic" and widest_jaw(ear) > 0.5


def test_devices_are_listed(library: FakeSounddevice, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--devices"]) == 0
    assert capsys.readouterr().out == "mic:0  Loopback\nmic:1  USB mic\n"
    assert input_devices() == [(0, "Loopback"), (1, "USB mic")]


def test_a_missing_device_is_one_sentence(run: Callable, talk: StubStream, library: FakeSounddevice) -> None:
    status, said = run("live", "mic:Studio", "--port", 9)
    assert status == 2
    assert "'Studio' cannot be opened (No input device matching 'Studio'); `dreamtalk live --devices` lists" in said
    library.names = ()
    assert "The microphone cannot be opened" in run("live", "mic", "--port", 9)[1]


def test_a_missing_library_is_one_sentence(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    status, said = run("live", "mic")
    assert status == 2 and 'pip install "dreamtalk[live]"' in said and said.count("\n") == 1


def test_the_sound_is_played_beside_a_clip(
    run: Callable, library: FakeSounddevice, ear: Ear, clip_path: Path, speech: Path
) -> None:
    assert run("live", clip_path, "--sound", speech, "--port", ear.port, "--quiet") == (0, "")
    assert library.played == [(16000, 16000)]


def test_a_loudspeaker_that_refuses_does_not_stop_the_face(
    run: Callable, library: FakeSounddevice, ear: Ear, clip_path: Path, speech: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library.names = ()
    assert run("live", clip_path, "--sound", speech, "--port", ear.port, "--quiet")[0] == 0
    assert "The sound cannot be played (Error querying device -1)" in caplog.text and ear.heard()
