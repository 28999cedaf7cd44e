"""Speech files in, one kind of sound out: mono float32 at 16 kHz."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

from dreamtalk.errors import AudioError
from dreamtalk.speech.announced_length import mp3_tells_its_length, wav_seconds

SAMPLE_RATE = 16_000  # Hz, what the speech encoder hears
SHORTEST_S = 0.1
SILENCE = 2e-4  # a file whose whole swing stays below -74 dB of full scale holds no speech
LOUDEST = 4.0  # float files above this were written in another unit (int16 steps, say)
TOLERATED_LOSS_S = 0.25  # players and muxers round the announced length about this much

_KNOWN = "wav, flac, ogg, mp3, m4a or mp4"
# Formats whose header announces a length that was measured, not guessed from the bit rate.
_MEASURED = {"flac", "mov", "matroska", "aiff", "caf", "w64", "au"}
# What the decoder library makes of texts, pictures and unknown bytes.
_NOT_SOUND = {"tty", "bin", "xbin", "adf", "idf", "image2", "txd"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Waveform:
    """Mono sound: samples (N,) float32, full scale +-1 (a little more is allowed), at sample_rate Hz.

    The array is copied and read-only. Raises AudioError where samples are not one row, empty or not finite.
    """

    samples: np.ndarray
    sample_rate: int = SAMPLE_RATE

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if samples.ndim != 1 or samples.size == 0:
            raise AudioError(f"The sound has the shape {samples.shape}; give one row of samples, mix channels first.")
        if not np.issubdtype(samples.dtype, np.floating):
            raise AudioError(f"The samples are {samples.dtype}; give floating point between -1 and 1.")
        if not self.sample_rate > 0:
            raise AudioError(f"The sample rate is {self.sample_rate} Hz; it must be above 0.")
        samples = samples.astype(np.float32)
        if not np.isfinite(samples).all():
            raise AudioError("The sound holds NaN or infinite samples; repair it in an audio editor first.")
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def load_audio(path: str | os.PathLike[str]) -> Waveform:
    """Read the sound of a file as mono at 16 kHz; channels are averaged.

    wav, flac, ogg, mp3, m4a, the first sound track of mp4, and whatever else FFmpeg knows; any rate, bit depth and
    channel count. A recording of N samples at R Hz gives N * 16000 / R samples, give or take one block of the codec.

    An ogg, or an mp3 without a frame count, that was cut off announces nothing and is taken for a shorter recording.

    Raises AudioError, in one sentence, for a path that is missing, a folder or unreadable, and for a file that is
    empty, not sound, without a sound track, cut off, silent, shorter than 0.1 s, or holds NaN or infinite samples.
    """
    path = Path(path)
    return Waveform(_checked_level(np.concatenate(list(iter_audio(path))), path))


def iter_audio(path: str | os.PathLike[str]) -> Iterator[np.ndarray]:
    """The same sound in pieces (N,) float32 as they are decoded, from a memory that does not grow.

    Raises AudioError as load_audio does, at the latest after the last piece; silence and shortness are no errors here.
    """
    path = Path(path)
    count = 0
    with _opened(path) as file:
        promised_s, mp3_counts = wav_seconds(file), mp3_tells_its_length(file)
        try:
            # A file object, not a name: a name like "take:1.wav" would be taken for a network protocol. Tags are often
            # in old encodings, which must not stop anyone.
            with av.open(file, metadata_errors="replace") as container:
                stream = _sound_track(container, path)
                promised_s = promised_s or _announced_seconds(container, stream, mp3_counts)
                for piece in _decoded(container, stream, path):
                    count += len(piece)
                    yield piece
        except av.FFmpegError as error:
            problem = error.strerror or "unknown form"
            raise AudioError(f"{path} is not a sound file, or a broken one ({problem}); give {_KNOWN}.") from None
    _check_complete(path, count / SAMPLE_RATE, promised_s)


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise AudioError(f"{path} is a folder; give one sound file ({_KNOWN}).")
    if not path.exists():
        raise AudioError(f"There is no file {path}; check the spelling and the folder.")
    try:
        file = path.open("rb")
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    if not file.read(1):
        file.close()
        raise AudioError(f"{path} is empty (0 bytes); record or copy it again.")
    file.seek(0)
    return file


def _sound_track(container: av.container.InputContainer, path: Path) -> av.AudioStream:
    if container.streams.audio:
        return container.streams.audio[0]
    if _NOT_SOUND.intersection(container.format.name.split(",")) or container.format.name.endswith("_pipe"):
        raise AudioError(f"{path} is not a sound file; give {_KNOWN}.")
    raise AudioError(f"{path} has no sound track; give a video with sound, or the speech as its own file.")


def _announced_seconds(
    container: av.container.InputContainer, stream: av.AudioStream, mp3_counts: bool
) -> float | None:
    measured = _MEASURED | {"mp3"} if mp3_counts else _MEASURED
    if stream.duration is None or not measured.intersection(container.format.name.split(",")):
        return None
    return float(stream.duration * stream.time_base)


def _decoded(container: av.container.InputContainer, stream: av.AudioStream, path: Path) -> Iterator[np.ndarray]:
    """Mono float32 pieces at 16 kHz; damaged packets are skipped, as players do."""
    resampler, source = None, None
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            log.warning("%s: skipped a damaged packet (%s)", path, error.strerror)
            continue
        for frame in frames:
            if source != (frame.format.name, frame.layout.nb_channels, frame.sample_rate):
                # Chained and SBR streams may change their form on the way.
                yield from _mono(resampler.resample(None), path) if resampler else ()
                source = (frame.format.name, frame.layout.nb_channels, frame.sample_rate)
                # Packed floats: reading eight or more planes of one frame is not safe in PyAV.
                resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE)
            yield from _mono(resampler.resample(frame), path)
    if resampler:
        yield from _mono(resampler.resample(None), path)


def _mono(frames: list[av.AudioFrame], path: Path) -> Iterator[np.ndarray]:
    for frame in frames:
        # FFmpeg's own mix would add 3 dB to two equal channels; the mean keeps a doubled mono what it was.
        mono = frame.to_ndarray().reshape(-1, frame.layout.nb_channels).mean(axis=1, dtype=np.float32)
        if not np.isfinite(mono).all():
            raise AudioError(f"{path} holds NaN or infinite samples; repair it in an audio editor first.")
        yield mono


def _check_complete(path: Path, found_s: float, promised_s: float | None) -> None:
    if found_s == 0:
        raise AudioError(f"{path} holds no sound that can be decoded; record or export it again.")
    if promised_s is None or found_s >= promised_s - TOLERATED_LOSS_S:
        return
    raise AudioError(
        f"{path} is cut off: it announces {promised_s:.2f} s but only {found_s:.2f} s could be read; copy or export it"
        " again."
    )


def _checked_level(samples: np.ndarray, path: Path) -> np.ndarray:
    if len(samples) < SHORTEST_S * SAMPLE_RATE:
        raise AudioError(f"{path} lasts {len(samples) / SAMPLE_RATE:.3f} s; speech needs at least {SHORTEST_S} s.")
    low, high = float(samples.min()), float(samples.max())
    if high - low < 2 * SILENCE:
        raise AudioError(f"{path} is silent (its level stays below -74 dB); check the microphone or the export.")
    peak = max(-low, high)
    if peak > LOUDEST:
        log.warning("%s: samples reach %.3g, so they were scaled down to 1", path, peak)
        samples /= peak
    return samples
