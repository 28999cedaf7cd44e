"""dreamtalk animate --stream: rows as they come, from a file or from stdin, and what it refuses."""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import buzzing_syllables, write_wav

import dreamtalk
from apps.cli import main
from apps.stream import samples_of
from dreamtalk.speech.audio import iter_audio
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip, write_clip


class StubStream:
    """A DreamTalk that opens the jaw by the mean of each chunk; remembers what it was asked for."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def stream(self, chunks: Iterable[np.ndarray], emotion: Any = None, **rest: Any) -> Iterator[SimpleNamespace]:
        self.requests.append({"emotion": emotion, **rest})
        heard = np.concatenate([np.zeros(0, np.float32), *chunks])
        for index in range(len(heard) // 640):
            weights = np.zeros(52, np.float32)
            weights[INDEX["jawOpen"]] = abs(heard[index * 640 : index * 640 + 640]).mean()
            yield SimpleNamespace(index=index, weights=weights, head_rotation=np.zeros(3, np.float32))


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> StubStream:
    stub = StubStream()
    monkeypatch.setattr(dreamtalk.DreamTalk, "load", classmethod(lambda cls: stub))
    return stub


@pytest.fixture
def run(talk: StubStream, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def animate(*arguments: object) -> tuple[int, str, str]:
        status = main(["animate", "--stream", *map(str, arguments)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return animate


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(data))))


def test_a_file_becomes_rows(run: Callable, talk: StubStream, speech: Path, tmp_path: Path) -> None:
    status, out, _ = run(speech, "--emotion", "happy:0.5", "--seed", 7, "-o", tmp_path / "a.csv")
    assert status == 0 and "wrote" in out
    clip = read_clip(tmp_path / "a.csv")
    assert len(clip) == 25 and clip.fps == 25.0 and clip.column("jawOpen").max() > 0
    assert talk.requests[0]["options"].seed == 7


def test_raw_samples_from_stdin_to_stdout(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = (buzzing_syllables(1.0) * 32767).astype("<i2")
    stdin(monkeypatch, samples.tobytes())
    status, out, _ = run("-", "-o", "-")
    lines = out.splitlines()
    assert status == 0 and lines[0].startswith("Timecode,") and len(lines) == 26
    assert lines[1].startswith("00:00:00:00.000,61,") and lines[2].startswith("00:00:00:02.400,61,")


def test_a_closed_stdin_is_one_sentence(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    status, _, sentence = run("-", "-o", "-")
    assert status == 2 and "stdin is closed" in sentence and len(sentence.splitlines()) == 1


def test_streamed_rows_are_those_of_the_file_writer(run: Callable, speech: Path, tmp_path: Path) -> None:
    run(speech, "-o", tmp_path / "streamed.csv")
    frames = list(StubStream().stream(iter_audio(speech)))
    clip = BlendshapeClip(np.stack([frame.weights for frame in frames]), np.zeros((len(frames), 3)), 25.0)
    write_clip(clip, tmp_path / "written.csv")
    assert (tmp_path / "streamed.csv").read_bytes() == (tmp_path / "written.csv").read_bytes()


def test_samples_of_odd_pieces() -> None:
    class Dripping(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = data

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            piece, self.data = self.data[:3], self.data[3:]
            into[: len(piece)] = piece
            return len(piece)

    wanted = np.array([1, -2, 300, -32768, 5], "<i2")
    found = np.concatenate(list(samples_of(io.BufferedReader(Dripping(wanted.tobytes())))))
    assert np.array_equal(found, wanted.astype(np.float32) / 32768)


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        (["--portrait", "me.png"], "--portrait"),
        (["--avatar", "a.mp4"], "--avatar"),
        (["--text", "hello"], "--text"),
        (["--fps", "60"], "--fps"),
        (["--variations", "2"], "one take"),
        (["--emotion", "sad", "--style", "a.csv"], "exclude each other"),
        (["-o", "b.csv"], "-o once"),
    ],
)
def test_what_a_stream_refuses(extra: list[str], part: str, run: Callable, speech: Path, tmp_path: Path) -> None:
    status, out, sentence = run(speech, "-o", tmp_path / "a.csv", *extra)
    assert status == 2 and out == "" and part in sentence and len(sentence.splitlines()) == 1
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("name", ["a.npz", "a.mp4", "missing/a.csv"])
def test_where_a_stream_cannot_write(name: str, run: Callable, speech: Path, tmp_path: Path) -> None:
    assert run(speech, "-o", tmp_path / name)[0] == 2


def test_a_file_that_is_no_sound(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound" * 100)
    status, _, sentence = run(tmp_path / "a.wav", "-o", tmp_path / "b.csv")
    assert status == 2 and "a.wav" in sentence


def test_a_silent_file_is_no_error(run: Callable, tmp_path: Path) -> None:
    assert run(write_wav(tmp_path / "a.wav", np.zeros(16_000)), "-o", tmp_path / "b.csv")[0] == 0
