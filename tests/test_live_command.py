"""dreamtalk live and dreamtalk receive over the loopback, from a clip, speech and a microphone that is none."""

import io
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from live_decoders import read_ifacialmocap, read_live_link, read_osc

import dreamtalk
from apps.cli import main
from dreamtalk.live.face import ClipFaces
from dreamtalk.live.live_link_packet import encoded
from dreamtalk.live.microphone import Microphone, input_devices
from dreamtalk.live.receivers import Address, Receiver
from dreamtalk.live.recording import Take, packets
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip, write_clip
from rig.formats.frame_rate import FrameRate

LOOPBACK = "127.0.0.1"


class Ear:
    """A socket on a free port of the loopback."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.port = self.socket.getsockname()[1]

    def heard(self) -> list[bytes]:
        """Everything that has come so far."""
        found = []
        self.socket.setblocking(False)
        try:
            while True:
                found.append(self.socket.recv(65536))
        except BlockingIOError:
            return found


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.socket.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def command(*arguments: object) -> tuple[int, str]:
        status = main([*map(str, arguments)])
        return status, capsys.readouterr().err

    return command


def smile(count: int = 12, fps: float = 60, seen: list[bool] | None = None) -> BlendshapeClip:
    weights = np.zeros((count, 52))
    weights[:, INDEX["mouthSmileLeft"]] = np.linspace(0.1, 0.9, count)
    head = np.zeros((count, 3))
    head[:, 1] = 0.2
    return BlendshapeClip(weights, head, fps, seen=seen)


@pytest.fixture
def clip_path(tmp_path: Path) -> Path:
    write_clip(smile(), tmp_path / "smile.npz")
    return tmp_path / "smile.npz"


# Clips


def test_a_clip_arrives_as_live_link_frame_by_frame(run: Callable, ear: Ear, clip_path: Path) -> None:
    status, said = run("live", clip_path, "--port", ear.port, "--subject", "Anna")
    assert status == 0 and "smile.npz at 60 frames a second" in said and "frames sent" in said
    sent = [read_live_link(data) for data in ear.heard()]
    numbers = [packet["frame"] for packet in sent]
    assert numbers == sorted(set(numbers)) and {packet["name"] for packet in sent} == {"Anna"}
    clip = smile()
    for packet in sent:
        if packet["frame"] < len(clip):
            assert packet["values"]["MouthSmileLeft"] == clip.column("mouthSmileLeft")[packet["frame"]]
    assert sent[-1]["values"]["MouthSmileLeft"] == 0  # at rest in the end


def test_one_clip_to_three_receivers(run: Callable, clip_path: Path) -> None:
    ears = [Ear() for _ in range(3)]
    kinds = ("live-link", "vmc", "ifacialmocap2")
    wanted = [word for kind, one in zip(kinds, ears, strict=True) for word in ("--to", f"{kind}@{LOOPBACK}:{one.port}")]
    assert run("live", clip_path, *wanted, "--names", "arkit", "--fps", 29.97, "--quiet") == (0, "")
    live, vmc, mocap = (one.heard() for one in ears)
    assert len(live) == len(vmc) == len(mocap) > 0
    for one, other, third in zip(live, vmc, mocap, strict=True):
        packet = read_live_link(one)
        assert packet["rate"] == (30000, 1001)
        weight = packet["values"]["MouthSmileLeft"]
        assert {name: value for _, _, (name, value, *_) in read_osc(other)[:52]}["mouthSmileLeft"] == weight
        assert abs(read_ifacialmocap(third, "&")[0]["mouthSmile_L"] / 100 - weight) < 0.00501
    for one in ears:
        one.socket.close()


def test_a_lost_face_is_sent_as_lost(run: Callable, ear: Ear, tmp_path: Path) -> None:
    write_clip(smile(4, seen=[True, False, False, True]), tmp_path / "gap.npz")
    run("live", tmp_path / "gap.npz", "--port", ear.port, "--quiet")
    found = {packet["frame"]: packet["values"] is not None for packet in map(read_live_link, ear.heard())}
    assert {number: there for number, there in found.items() if number < 4}.items() <= {
        0: True, 1: False, 2: False, 3: True,
    }.items()  # fmt: skip


def test_a_clip_is_looped_for_the_seconds_asked(run: Callable, ear: Ear, clip_path: Path) -> None:
    run("live", clip_path, "--port", ear.port, "--loop", "--seconds", 0.6, "--quiet")
    numbers = [read_live_link(data)["frame"] for data in ear.heard()]
    assert max(numbers) >= 12 + 18 + 10  # the clip alone would be over after 12 frames and 18 on the way to rest


def test_frames_are_counted_from_midnight_when_asked(run: Callable, ear: Ear, clip_path: Path) -> None:
    run("live", clip_path, "--port", ear.port, "--time-of-day", "--quiet")
    assert 0 <= read_live_link(ear.heard()[0])["frame"] < 24 * 3600 * 60 + 60


def test_an_ipv6_receiver_hears_too() -> None:
    try:
        ear = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        ear.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this computer")
    receiver = Receiver(Address("::1", ear.getsockname()[1]), lambda *_: b"face")
    receiver.send(receiver.datagram(None, 0, 0.0))
    ear.settimeout(5)
    assert ear.recv(10) == b"face"
    receiver.close()
    ear.close()


# What is refused


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "0"], "The port 0 cannot be sent to; give one from 1 to 65535."),
        (["--port", "65536"], "The port 65536 cannot be sent to"),
        (["--to", "vmc", "--to", "live-link", "--port", "7"], "--port is given for several receivers"),
        (["--to", "vmc", "--to", "vmc"], "Two receivers are the same"),
        (["--to", "osc"], "--to osc is no receiver; write live-link, vmc"),
        (["--to", "vmc@:5"], "--to vmc@:5 is no receiver"),
        (["--host", "no.such.host.invalid"], "The host 'no.such.host.invalid' has no address"),
        (["--host", "x" * 300], "has no address"),
        (["--subject", " "], "The subject ' ' cannot be shown"),
        (["--fps", "0"], "A rate of 0 frames a second cannot be used"),
        (["--fps", "fast"], "'fast' is no frame rate"),
        (["--fps", "500"], "--fps is 500; give a rate up to 240."),
        (["--seconds", "0"], "--seconds is 0; give a number above 0."),
        (["--delay", "9"], "--delay is 9; give 0 to 5 seconds."),
        (["--emotion", "happy"], "--emotion is for speech"),
        (["--mouth-only"], "--mouth-only is for speech"),
        (["--sound"], "name the sound to play"),
    ],
)
def test_one_sentence_for_what_cannot_be_sent(run: Callable, clip_path: Path, arguments: list, complaint: str) -> None:
    status, said = run("live", clip_path, *arguments)
    assert status == 2 and complaint in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "There is nothing to send"),
        (["gone.csv"], "gone.csv"),
        (["gone.wav", "--loop"], "--loop repeats curves"),
        (["mic", "--sound"], "--sound plays a speech file"),
        (["a.wav", "--emotion", "happy", "--style", "b.csv"], "--emotion and --style exclude each other"),
    ],
)
def test_one_sentence_for_what_is_no_input(run: Callable, arguments: list, complaint: str) -> None:
    status, said = run("live", *arguments)
    assert status == 2 and complaint in said and said.count("\n") == 1


def test_a_broadcast_is_refused_by_the_system_and_said_so() -> None:
    receiver = Receiver(Address("255.255.255.255", 9), lambda *_: b"face")
    with pytest.raises(ValueError, match="255.255.255.255:9 (is a broadcast address|cannot be reached)"):
        receiver.send(b"face")
    receiver.close()


def test_a_receiver_that_goes_away_later_is_warned_of_once(caplog: pytest.LogCaptureFixture, ear: Ear) -> None:
    receiver = Receiver(Address(LOOPBACK, ear.port), lambda *_: b"face")
    receiver.send(b"face")
    real, receiver._socket = receiver._socket, SimpleNamespace(sendto=unreachable)
    receiver.send(b"face")
    receiver.send(b"face")
    real.close()
    assert receiver.failed == 2 and len(caplog.records) == 1 and "cannot be reached" in caplog.text


def unreachable(*_: object) -> None:
    raise OSError(101, "Network is unreachable")


# Speech


class StubStream:
    """A DreamTalk that opens the jaw by the loudness of each 40 ms."""

    def stream(self, chunks: Iterable[np.ndarray], emotion: Any = None, **rest: Any) -> Iterator[SimpleNamespace]:
        self.asked = {"emotion": emotion, **rest}
        left, index = np.zeros(0, np.float32), 0
        for chunk in chunks:
            left = np.concatenate([left, chunk])
            while len(left) >= 640:
                weights = np.zeros(52, np.float32)
                weights[INDEX["jawOpen"]] = min(1.0, 5 * np.abs(left[:640]).mean())
                yield SimpleNamespace(index=index, weights=weights, head_rotation=np.zeros(3, np.float32))
                left, index = left[640:], index + 1


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> StubStream:
    stub = StubStream()
    monkeypatch.setattr(dreamtalk.DreamTalk, "load", classmethod(lambda cls: stub))
    return stub


def widest_jaw(ear: Ear) -> float:
    return max(read_live_link(data)["values"]["JawOpen"] for data in ear.heard())


def test_a_speech_file_moves_the_face(run: Callable, talk: StubStream, ear: Ear, speech: Path) -> None:
    status, said = run("live", speech, "--port", ear.port, "--emotion", "happy:0.5", "--seed", 3, "--delay", 0.02)
    assert status == 0 and "frames sent" in said and widest_jaw(ear) > 0.3
    assert talk.asked["emotion"].shown() == "happy:0.5" and talk.asked["options"].seed == 3


def test_a_pipe_moves_the_face(
    run: Callable, talk: StubStream, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = (np.sin(np.arange(8000)) * 16000).astype("<i2").tobytes()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(samples))))
    assert run("live", "-", "--port", ear.port, "--quiet", "--delay", 0) == (0, "")
    assert widest_jaw(ear) > 0.5


# A microphone


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


# Recording


def test_a_stream_is_recorded_as_it_was_sent(run: Callable, tmp_path: Path) -> None:
    ear = Ear()
    port = ear.port
    ear.socket.close()
    clip = smile(30, fps=60, seen=[True] * 10 + [False] * 3 + [True] * 17)
    sender = threading.Thread(target=send_slowly, args=(clip, port), daemon=True)
    sender.start()
    status, said = run("receive", "--port", port, "--seconds", 0.5, "-o", tmp_path / "take.npz")
    sender.join(5)
    assert status == 0 and "30 packets, 27 with a face" in said
    take = read_clip(tmp_path / "take.npz")
    assert take.fps == 60 and len(take) == 30 and np.array_equal(take.seen, clip.seen)
    assert np.array_equal(take.weights[clip.seen], clip.weights[clip.seen])
    assert np.array_equal(take.head_rotation, clip.head_rotation)


def send_slowly(clip: BlendshapeClip, port: int) -> None:
    """All of a clip, again and again until somebody must have heard it; later ones are the same packets."""
    rate, faces = FrameRate.near(clip.fps).exact, ClipFaces(clip)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for _ in range(30):
            for index in range(len(clip)):
                out.sendto(encoded(faces[index], 1000 + index, rate, "Phone"), (LOOPBACK, port))
            threading.Event().wait(0.02)


def take_of(frames: Iterable[int], rate: str = "60") -> Take:
    take, faces = Take(), ClipFaces(smile(60))
    for frame in frames:
        take.add(decoded_frame(faces[frame % 60], frame, FrameRate.parse(rate)))
    return take


def decoded_frame(face: Any, frame: int, rate: FrameRate) -> Any:
    from dreamtalk.live.live_link_packet import decoded

    return decoded(encoded(face, frame, rate.exact, "Phone"))


def test_packets_out_of_order_twice_or_lost_make_an_even_clip() -> None:
    take = take_of([0, 1, 3, 2, 2, 4, 7, 8])
    clip = take.clip()
    assert len(clip) == 9 and clip.fps == 60
    assert np.allclose(clip.column("mouthSmileLeft"), smile(60).column("mouthSmileLeft")[:9], atol=1e-6)


def test_a_take_over_midnight_goes_on() -> None:
    day = 24 * 3600 * 60
    take = take_of([day - 2, day - 1, 0, 1])
    assert len(take.clip()) == 4 and take.start_s == pytest.approx(24 * 3600 - 2 / 60)


def test_the_timecode_of_the_first_packet_stands_in_the_file(run: Callable, tmp_path: Path) -> None:
    from rig.formats.export_options import ExportOptions

    take = take_of(range(3600 * 60 + 30, 3600 * 60 + 60))
    write_clip(take.clip(), tmp_path / "take.csv", ExportOptions(start=f"{take.start_s:.6f}"))
    first = (tmp_path / "take.csv").read_text(encoding="utf-8").splitlines()[1]
    assert first.startswith("01:00:00:30.000,61,")


def test_a_take_without_a_face_is_refused() -> None:
    take = Take()
    take.add(decoded_frame(ClipFaces(smile(1, seen=[False]))[0], 5, FrameRate.parse("60")))
    with pytest.raises(ValueError, match="No packet with a face has come"):
        take.clip()


def test_only_one_subject_is_recorded_and_noise_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    port = ear.port
    ear.socket.close()
    listening = packets(LOOPBACK, port, None, None)
    face = ClipFaces(smile(1))[0]

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for _ in range(50):
                for data in (b"hello", encoded(face, 1, FrameRate.parse("60").exact, "Anna")):
                    out.sendto(data, (LOOPBACK, port))
                out.sendto(encoded(face, 2, FrameRate.parse("60").exact, "Ben"), (LOOPBACK, port))
                threading.Event().wait(0.01)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    assert {next(listening).subject for _ in range(5)} in ({"Anna"}, {"Ben"})
    listening.close()
    thread.join(5)
    assert "was passed over" in caplog.text and len(caplog.records) <= 2


def test_a_port_in_use_is_one_sentence(run: Callable, ear: Ear, tmp_path: Path) -> None:
    status, said = run("receive", "--port", ear.port, "-o", tmp_path / "take.csv", "--quiet")
    assert status == 2 and "cannot be listened on" in said and not (tmp_path / "take.csv").exists()
    assert "The port 0 cannot" in run("receive", "--port", 0, "-o", tmp_path / "take.csv")[1]
