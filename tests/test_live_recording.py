"""dreamtalk receive: a phone's stream as a clip, whatever the network does to it."""

import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_ears import LOOPBACK, Ear, smile

from dreamtalk.live.face import ClipFaces
from dreamtalk.live.live_link_packet import decoded, encoded
from dreamtalk.live.recording import Take, packets
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip, write_clip
from rig.formats.export_options import ExportOptions
from rig.formats.frame_rate import FrameRate


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
