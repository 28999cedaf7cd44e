"""dreamtalk live over the loopback, from a clip and from speech, and what it refuses."""

import io
import shlex
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from live_decoders import read_ifacialmocap, read_live_link, read_osc
from live_ears import LOOPBACK, Ear, StubStream, smile, widest_jaw

import dreamtalk
from apps.cli import build_parser
from dreamtalk.live.receivers import Address, Receiver
from rig.clip_file import write_clip


def documented() -> list[str]:
    pages = (Path(__file__).parent.parent / "docs" / name for name in ("live.md", "vtuber.md"))
    lines = [line.split("  #")[0].strip() for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.startswith(("dreamtalk live ", "dreamtalk receive "))]


@pytest.mark.parametrize("command", documented())
def test_commands_of_the_pages_parse(command: str) -> None:
    build_parser().parse_args(shlex.split(command)[1:])


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


def test_a_rate_of_any_digits_fits_the_packet(run: Callable, ear: Ear, clip_path: Path) -> None:
    assert run("live", clip_path, "--port", ear.port, "--fps", "33.3333333333333", "--quiet") == (0, "")
    assert read_live_link(ear.heard()[0])["rate"] == (100, 3)


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


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> StubStream:
    stub = StubStream()
    monkeypatch.setattr(dreamtalk.DreamTalk, "load", classmethod(lambda cls: stub))
    return stub


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
