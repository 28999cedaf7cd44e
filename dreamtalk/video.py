"""Frames and sound -> an mp4, streamed: neither all frames nor the whole file are ever in memory."""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np

from dreamtalk.content_credentials import ContentCredentials
from dreamtalk.errors import OptionError
from dreamtalk.provenance import add_xmp_to_film, film_tags
from dreamtalk.speech.audio import Waveform
from rig.safe_file import written_beside

RATE_FACTOR = 17  # x264's constant rate factor: about 18 is visually lossless, less is better
SOUND_BITS_PER_SECOND = 96_000
AAC_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
HIGHEST_FPS = 240
_BT709 = 1  # in FFmpeg's lists of primaries, transfer curves and matrices
_RGB_MATRIX = 0
_STUDIO_RANGE, _FULL_RANGE = 1, 2


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    fps: float,
    waveform: Waveform | None = None,
    *,
    lossless: bool = False,
    credentials: ContentCredentials | None = None,
    frame_count: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write an .mp4 that starts picture and sound together and is as long as its frames.

    frames: pictures (H, W, 3) uint8 RGB of one size, taken one at a time; odd sizes gain a repeated row or column,
        since 4:2:0 colour needs even ones (not when lossless).
    fps: pictures a second, above 0 and at most 240; 23.976 and the like are kept exactly.
    waveform: the sound, cut or filled with silence to the length of the picture; None writes a silent video.
    lossless: H.264 in RGB without loss and ALAC of 16 bits, for editing programs; few players show it.
    credentials: who signs the film (C2PA); None leaves it unsigned.
    frame_count, progress: where both are given, progress(done, frame_count) is called after each frame.

    The file appears whole or not at all. Raises OptionError for a suffix other than .mp4, a rate out of range, no
    frames or frames of changing size, and where the disk refuses; RigError where the folder is missing or cannot be
    written (before the first frame is drawn).
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise OptionError(f"The video {path.name} must end in .mp4.")
    if not (math.isfinite(fps) and 0 < fps <= HIGHEST_FPS):
        raise OptionError(f"{fps} frames a second cannot be written; give a rate above 0 and at most {HIGHEST_FPS}.")
    with written_beside(path) as beside:
        pictures = _same_size(frames, even=not lossless)
        first = next(pictures, None)
        if first is None:
            raise OptionError(f"There are no frames to write into {path.name}.")
        try:
            shown = chain([first], pictures)
            _encode(beside, shown, first.shape[:2], fps, waveform, lossless, frame_count, progress)
            add_xmp_to_film(beside)
            if credentials is not None:
                credentials.sign(beside)
        except av.FFmpegError as error:
            raise OptionError(f"{path} could not be written ({error.strerror}); check the disk's free space.") from None


def _same_size(frames: Iterable[np.ndarray], even: bool) -> Iterator[np.ndarray]:
    shape = None
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise OptionError(f"A frame has shape {frame.shape} and type {frame.dtype}; give (H, W, 3) uint8.")
        if shape not in (None, frame.shape):
            raise OptionError(f"The frames change their size from {shape} to {frame.shape}; a video has one size.")
        shape = frame.shape
        odd = even * (shape[0] % 2), even * (shape[1] % 2)
        yield np.pad(frame, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge") if any(odd) else frame


def _encode(
    path: Path,
    frames: Iterator[np.ndarray],
    size: tuple[int, int],
    fps: float,
    waveform: Waveform | None,
    lossless: bool,
    frame_count: int | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        container.metadata.update(film_tags())
        picture = (_lossless_stream if lossless else _picture_stream)(container, size, rate)
        sound = _SoundTrack(container, waveform, lossless) if waveform is not None else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if not lossless:
                frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts = number
            frame.time_base = 1 / rate
            container.mux(picture.encode(frame))
            if sound:
                sound.write_until(float((number + 1) / rate))
            if progress and frame_count:
                progress(number + 1, frame_count)
        container.mux(picture.encode(None))
        if sound:
            sound.close()


def _picture_stream(container: av.container.OutputContainer, size: tuple[int, int], rate: Fraction) -> av.VideoStream:
    # A fixed number of threads: x264's choices depend on it, and the same input should give the same bytes anywhere.
    options = {"crf": str(RATE_FACTOR), "preset": "fast", "threads": "4"}
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    # Named, since players guess by picture size otherwise.
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _STUDIO_RANGE
    return stream


def _lossless_stream(container: av.container.OutputContainer, size: tuple[int, int], rate: Fraction) -> av.VideoStream:
    options = {"qp": "0", "preset": "veryfast", "threads": "4"}
    stream = container.add_stream("libx264rgb", rate=rate, options=options)
    stream.height, stream.width = size
    stream.pix_fmt = "rgb24"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.color_primaries = context.color_trc = _BT709
    context.colorspace, context.color_range = _RGB_MATRIX, _FULL_RANGE
    return stream


class _SoundTrack:
    """Writes the waveform as AAC or ALAC, up to the second the pictures have reached, silence after its end."""

    def __init__(self, container: av.container.OutputContainer, waveform: Waveform, lossless: bool) -> None:
        self._container, self._waveform = container, waveform
        if lossless:
            codec, sample, block, rate = "alac", "s16p", 4096, waveform.sample_rate
        else:
            rate = next((rate for rate in AAC_RATES if rate >= waveform.sample_rate), AAC_RATES[-1])
            codec, sample, block = "aac", "fltp", 1024
        self._stream = container.add_stream(codec, rate=rate, layout="mono")
        self._stream.codec_context.format = sample
        if not lossless:
            self._stream.bit_rate = SOUND_BITS_PER_SECOND
        self._resampler = av.AudioResampler(format=sample, layout="mono", rate=rate, frame_size=block)
        self._written = 0

    def write_until(self, second: float) -> None:
        """Encode what lies between the last call's second and this one."""
        stop = round(second * self._waveform.sample_rate)
        block = np.zeros((1, stop - self._written), np.float32)
        samples = self._waveform.samples[self._written : stop]
        block[0, : len(samples)] = samples.clip(-1.0, 1.0)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate = self._waveform.sample_rate
        frame.pts = self._written
        frame.time_base = Fraction(1, self._waveform.sample_rate)
        self._written = stop
        self._encode(frame)

    def close(self) -> None:
        """Flush what the resampler and the encoder still hold."""
        self._encode(None)
        self._container.mux(self._stream.encode(None))

    def _encode(self, frame: av.AudioFrame | None) -> None:
        for ready in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(ready))
