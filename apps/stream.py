"""dreamtalk animate --stream: rows of curves while the speech is still coming, from a file or from stdin."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from apps.controls import requested_emotion, requested_options
from apps.outputs import check_outputs
from dreamtalk.errors import OptionError
from dreamtalk.pipeline import DreamTalk
from dreamtalk.speech.audio import iter_audio
from rig.clip import BlendshapeClip
from rig.formats.live_link_csv import HEADER, live_link_rows

STANDARD = Path("-")
"""Stands for stdin as the speech and for stdout as the output."""
_READ_BYTES = 6400  # .2 s; less comes back as soon as there is any
_FPS = 25.0


def add_stream_argument(parser: argparse.ArgumentParser) -> None:
    """The flag that turns `animate` into a stream."""
    parser.add_argument(
        "--stream",
        action="store_true",
        help="write each .csv row as soon as it is known, less than 0.4 s behind the sound; SPEECH - is 16 kHz mono "
        "16-bit little-endian samples on stdin, -o - is stdout",
    )


def run_stream(arguments: argparse.Namespace) -> int:
    check_stream(arguments)
    emotion, (options,) = requested_emotion(arguments), requested_options(arguments)
    talk = DreamTalk.load()
    chunks = samples_of_stdin() if arguments.speech == STANDARD else iter_audio(arguments.speech)
    frames = talk.stream(chunks, emotion, style=arguments.style, options=options)
    with opened(arguments.output[0]) as file:
        file.write(",".join(HEADER) + "\n")
        for frame in frames:
            clip = BlendshapeClip(frame.weights[None], frame.head_rotation[None], _FPS)
            file.writelines(live_link_rows(clip, frame.index / _FPS))
            file.flush()
    if arguments.output[0] != STANDARD and not arguments.quiet:
        print(f"wrote {arguments.output[0]}")
    return 0


def check_stream(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before any work is done. Raises OptionError."""
    for given, flag in (
        (arguments.portrait, "--portrait"),
        (arguments.avatar, "--avatar"),
        (arguments.text, "--text"),
        (arguments.transition, "--transition"),
        (arguments.fps, "--fps"),
        (arguments.size, "--size"),
        (arguments.poster, "--poster"),
    ):
        if given is not None:
            raise OptionError(f"--stream and {flag} exclude each other; leave one of them out.")
    if arguments.variations != 1:
        raise OptionError("--stream makes one take; leave --variations out.")
    if arguments.emotion is not None and arguments.style is not None:
        raise OptionError("--emotion and --style exclude each other: a style clip brings its own emotion; give one.")
    if len(arguments.output) != 1:
        raise OptionError("--stream writes one .csv; give -o once.")
    if arguments.output[0] != STANDARD:
        check_outputs(arguments.output, (".csv",), (arguments.speech, arguments.style, arguments.shapes))


def samples_of_stdin() -> Iterator[np.ndarray]:
    """Samples of what is piped in. Raises OptionError where stdin is closed."""
    if sys.stdin is None:
        raise OptionError("SPEECH - is what comes on stdin, and stdin is closed; pipe samples in, or name a file.")
    return samples_of(sys.stdin.buffer)


def samples_of(file: BinaryIO) -> Iterator[np.ndarray]:
    """Samples (N,) float32 in [-1, 1] of 16-bit little-endian bytes, as they come."""
    odd = b""
    while piece := file.read1(_READ_BYTES):
        piece = odd + piece
        whole = len(piece) // 2 * 2
        odd = piece[whole:]
        yield np.frombuffer(piece[:whole], "<i2").astype(np.float32) / 32768.0


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The output, to be written row by row: what was written stays there, whatever happens."""
    if path == STANDARD:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file
