"""Where the faces of `dreamtalk live` come from: a curve file, or speech from a file, a microphone or a pipe."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from apps.controls import requested_emotion, requested_options
from apps.stream import STANDARD, samples_of_stdin
from dreamtalk.errors import OptionError
from dreamtalk.expression.dials import Dials
from dreamtalk.live.clip_feed import ClipFeed
from dreamtalk.live.microphone import Microphone, sound_library, start_playing
from dreamtalk.live.motion_buffer import MotionBuffer
from dreamtalk.live.sender import FaceAt
from dreamtalk.speech.audio import Waveform, iter_audio, load_audio
from rig.clip_file import READABLE, read_clip
from rig.formats.frame_rate import FrameRate

MICROPHONE = "mic"
_ONLY_SPEECH = ("emotion", "style", "seed", *(field.name for field in fields(Dials)))


def nothing() -> None:
    """What is done where nothing has to be."""


@dataclass(frozen=True)
class Source:
    """face_at: what the sender asks.  close: lets go of what feeds it.  report: what went wrong on the way, or ""."""

    face_at: FaceAt
    close: Callable[[], None] = nothing
    report: Callable[[], str] = str


def requested_source(arguments: argparse.Namespace, rate: FrameRate) -> Source:
    """What INPUT means, opened. Raises OptionError, AudioError or RigError where it cannot be."""
    if is_clip(arguments.input):
        return _clip_source(arguments, rate)
    return _speech_source(arguments)


def check_source(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with INPUT, before any work is done. Raises OptionError."""
    if arguments.input is None:
        raise OptionError("There is nothing to send; give curves, speech, mic or - as INPUT.")
    if is_clip(arguments.input):
        given = [name for name in _ONLY_SPEECH if getattr(arguments, name) is not None]
        if given or arguments.mouth_only:
            flag = f"--{given[0]}" if given else "--mouth-only"
            raise OptionError(f"{flag} is for speech, and {arguments.input} holds curves; leave it out.")
        if arguments.sound is True:
            raise OptionError(f"{arguments.input} holds curves; name the sound to play, --sound speech.wav.")
        return
    if arguments.loop:
        raise OptionError("--loop repeats curves; make a curve file of the speech first, by dreamtalk animate.")
    if arguments.emotion is not None and arguments.style is not None:
        raise OptionError("--emotion and --style exclude each other: a style clip brings its own emotion; give one.")
    if arguments.sound is not None and (arguments.sound is not True or not _is_file(arguments.input)):
        raise OptionError("--sound plays a speech file, or beside curves the file it names; leave it out here.")
    if _is_file(arguments.input) and not Path(arguments.input).is_file():
        raise OptionError(f"There is no file {arguments.input}; give curves, speech, mic or - as INPUT.")


def is_clip(text: str) -> bool:
    """Whether INPUT is a curve file, by its name."""
    return text.lower().endswith(READABLE)


def _is_file(text: str) -> bool:
    return text != str(STANDARD) and not _is_microphone(text)


def _is_microphone(text: str) -> bool:
    return text == MICROPHONE or text.startswith(f"{MICROPHONE}:")


def _clip_source(arguments: argparse.Namespace, rate: FrameRate) -> Source:
    clip = read_clip(arguments.input)
    (options,) = requested_options(arguments)
    clip = clip.replaced(weights=options.shapes.applied(clip.weights)).resampled(rate.fps)
    begin = nothing if arguments.sound is None else _player(load_audio(arguments.sound))
    return Source(ClipFeed(clip, arguments.loop, begin).face_at)


def _speech_source(arguments: argparse.Namespace) -> Source:
    from dreamtalk.live.speech_feed import SpeechFeed
    from dreamtalk.pipeline import DreamTalk

    emotion, (options,) = requested_emotion(arguments), requested_options(arguments)
    begin = nothing if arguments.sound is None else _player(load_audio(arguments.input))
    if _is_microphone(arguments.input):
        sound_library()  # complains before the model is loaded, not after
    talk = DreamTalk.load()
    # Opened last: what is said while the model is loaded would only be late.
    microphone = Microphone(arguments.input.partition(":")[2] or None) if _is_microphone(arguments.input) else None
    frames = talk.stream(_sound_of(arguments.input, microphone), emotion, style=arguments.style, options=options)
    feed = SpeechFeed(frames, MotionBuffer(arguments.delay, catch_up=microphone is not None), begin)
    feed.start()

    def close() -> None:
        if microphone is not None:
            microphone.close()
        feed.close()

    return Source(feed.face_at, close, lambda: _troubles(feed.stalls, microphone))


def _sound_of(text: str, microphone: Microphone | None) -> Iterable[np.ndarray]:
    if microphone is not None:
        return microphone
    return samples_of_stdin() if text == str(STANDARD) else iter_audio(text)


def _troubles(stalls: int, microphone: Microphone | None) -> str:
    parts = [f"the motion ran out {stalls} times"] if stalls else []
    if microphone is not None and microphone.lost_s:
        parts.append(f"{microphone.lost_s:.1f} s of sound were let go because the model was too slow")
    return "; ".join(parts)


def _player(waveform: Waveform) -> Callable[[], None]:
    sound_library()  # complains now, not in the middle
    return lambda: start_playing(waveform)
