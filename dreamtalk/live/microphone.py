"""Sound in and out by sounddevice: the microphone in pieces, a list of devices, and playing a sound beside the face."""

import logging
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Thread
from types import ModuleType

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.speech.audio import SAMPLE_RATE, Waveform

_log = logging.getLogger(__name__)

BLOCK_S = 0.02
"""Sound comes in pieces of this length."""
_LONGEST_S = 4.0
_PATIENCE_S = 3.0


def sound_library() -> ModuleType:
    """The module sounddevice. Raises OptionError where it or its PortAudio is missing."""
    try:
        import sounddevice
    except ImportError:
        raise OptionError('Sound devices need sounddevice; install it with pip install "dreamtalk[live]".') from None
    except OSError:  # Linux wheels come without PortAudio
        raise OptionError(
            "Sound devices need the PortAudio library; install it, on Debian and Ubuntu by apt install libportaudio2."
        ) from None
    return sounddevice


def input_devices() -> list[tuple[int, str]]:
    """Number and name of everything that sound can be recorded from. Raises OptionError as sound_library does."""
    devices = enumerate(sound_library().query_devices())
    return [(number, device["name"]) for number, device in devices if device["max_input_channels"] > 0]


class Microphone:
    """Iterating gives sound (N,) float32 at 16 kHz as it is recorded, without end; `close` stops it.

    Where whoever reads is too slow, the oldest sound is let go and counted in `lost_s`, so that faces stay near now.
    """

    def __init__(self, device: str | None = None) -> None:
        """device: number or part of the name, None = the system's own choice.

        Raises OptionError where there is none, or it cannot be opened.
        """
        library = sound_library()
        self._waiting: Queue[np.ndarray] = Queue(round(_LONGEST_S / BLOCK_S))
        self._closed, self.lost_s = False, 0.0
        chosen = int(device) if device is not None and device.isdigit() else device
        try:
            rate = _usable_rate(library, chosen)
            self._resample = _to_model_rate(rate)
            self._stream = library.InputStream(
                samplerate=rate, channels=1, dtype="float32", blocksize=round(rate * BLOCK_S), device=chosen,
                callback=self._heard,
            )  # fmt: skip
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise OptionError(_no_device(device, error)) from None

    def __iter__(self) -> Iterator[np.ndarray]:
        while not self._closed:
            try:
                block = self._waiting.get(timeout=_PATIENCE_S)
            except Empty:
                if not self._closed and not self._stream.active:
                    raise OptionError("The microphone has stopped; plug it in again, or choose another.") from None
                continue
            if len(block):
                yield from self._resample(block)

    def close(self) -> None:
        """Stop recording; the iteration ends."""
        self._closed = True
        self._stream.close()
        self._keep(np.zeros(0, np.float32))  # wakes whoever waits for sound

    def _heard(self, block: np.ndarray, _count: int, _time: object, _status: object) -> None:
        """PortAudio's thread: nothing here may wait."""
        self._keep(block[:, 0].copy())

    def _keep(self, sound: np.ndarray) -> None:
        while True:
            try:
                return self._waiting.put_nowait(sound)
            except Full:
                self.lost_s += BLOCK_S
                try:
                    self._waiting.get_nowait()
                except Empty:
                    pass


def start_playing(waveform: Waveform) -> None:
    """Play a sound on the system's loudspeaker, without waiting for it: opening a device takes longer than a frame.

    A loudspeaker that refuses is warned of. Raises OptionError as sound_library does.
    """
    library = sound_library()

    def play() -> None:
        try:
            library.play(waveform.samples, waveform.sample_rate)
        except (library.PortAudioError, ValueError) as error:
            _log.warning("The sound cannot be played (%s); the face goes on without it.", _plain(error))

    Thread(target=play, name="sound", daemon=True).start()


def _usable_rate(library: ModuleType, device: int | str | None) -> int:
    """16 kHz where the device takes it, else its own rate: Windows opens some at one rate only."""
    try:
        library.check_input_settings(device=device, channels=1, dtype="float32", samplerate=SAMPLE_RATE)
        return SAMPLE_RATE
    except library.PortAudioError:
        return round(library.query_devices(device, "input")["default_samplerate"])


def _to_model_rate(rate: int) -> Callable[[np.ndarray], Iterable[np.ndarray]]:
    """A function that gives pieces at 16 kHz for a piece (N,) at `rate`, and keeps its state between them."""
    if rate == SAMPLE_RATE:
        return lambda block: (block,)
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)

    def resampled(block: np.ndarray) -> Iterator[np.ndarray]:
        frame = av.AudioFrame.from_ndarray(block[None], format="flt", layout="mono")
        frame.sample_rate = rate
        for piece in resampler.resample(frame):
            yield piece.to_ndarray()[0]

    return resampled


def _no_device(device: str | None, error: Exception) -> str:
    which = "The microphone" if device is None else f"The microphone {device!r}"
    return f"{which} cannot be opened ({_plain(error)}); `dreamtalk live --devices` lists what there is."


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
