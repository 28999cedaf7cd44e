"""Sound files that hold no speech, each broken in its own way."""

import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from conftest import buzzing_syllables, write_wav


def silent_video(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    return path


def truncated(path: Path) -> Path:
    write_wav(path, buzzing_syllables(2.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    return path


def not_a_number(path: Path) -> Path:
    """A float WAV, which the wave module cannot write: RIFF with format tag 3."""
    samples = np.full(16_000, np.nan, "<f4").tobytes()
    form = b"fmt " + (16).to_bytes(4, "little") + bytes.fromhex("0300 0100 803e0000 00fa0000 0400 2000")
    body = b"WAVE" + form + b"data" + len(samples).to_bytes(4, "little") + samples
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    return path


def no_samples(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    return path


def text(path: Path) -> Path:
    path.write_text("this is no sound\n" * 50)
    return path


SPEECHES: dict[str, Callable[[Path], Path]] = {
    "missing.wav": lambda path: path,
    "empty.wav": lambda path: path.write_bytes(b"") and path or path,
    "folder.wav": lambda path: path.mkdir() or path,
    "header_only.wav": no_samples,
    "silent.wav": lambda path: write_wav(path, np.zeros(16_000)),
    "truncated.wav": truncated,
    "nan.wav": not_a_number,
    "video_without_sound.mp4": silent_video,
    "text.mp3": text,
}
