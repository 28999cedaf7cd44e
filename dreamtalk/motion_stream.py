"""Speech in chunks -> curves, frame by frame, while it is still being said.

    samples -> states -> features -> EmoDiff in hops -> lip refiner -> resting lips -> eyes and head -> dials, closures
               .25 s                 3 frames           3 frames                    (nothing more is waited for)

Every stage lies on a grid of its own from the first sample on and hears what it may hear and no more, so the frames
depend neither on the chunks nor on when they come, and frame n on nothing later than n / 25 + `look_ahead_s`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dreamtalk.diffusion.emodiff_hops import HOP, HopStream
from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.expression.dialled import dialled
from dreamtalk.expression.liveliness_stream import LivelinessStream, SealStream
from dreamtalk.motion import FPS, MotionGenerator, initial_motion, neutral_style
from dreamtalk.mouth.closure_stream import ClosureStream
from dreamtalk.mouth.lip_refiner import RefinerRun
from dreamtalk.one_thread import one_thread
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.hearing import FEATURE_SIZE, PhoneRun, posteriors_of
from dreamtalk.speech.speech_stream import HOP as SPEECH_HOP
from dreamtalk.speech.speech_stream import SpeechStream
from rig.arkit import MOUTH, NAMES
from rig.clip import BlendshapeClip

_COUNT = len(NAMES)
_NOTHING = np.zeros((0, MOTION_SIZE), np.float32)


@dataclass(frozen=True, eq=False)
class StreamedFrame:
    """Frame `index`, which stands at second index / 25. weights: (52,) float32. head_rotation: (3,) float32 radians."""

    index: int
    weights: np.ndarray
    head_rotation: np.ndarray


class MotionStream:
    """Push samples at 16 kHz as they come, take the frames that are ready; `end` gives the rest."""

    def __init__(
        self,
        generator: MotionGenerator,
        style: BlendshapeClip | None = None,
        initial: np.ndarray | None = None,
        options: AnimationOptions | None = None,
    ) -> None:
        """style, initial, options: as in MotionGenerator.generate; the frames come at 25 a second whatever options.fps.

        Raises OptionError for a bad initial state.
        """
        self._options = options = options or AnimationOptions()
        style = neutral_style(options.seed) if style is None else style
        ahead = _frames_ahead(generator)
        hearing, refiner = generator.hearing, generator.lip_refiner
        self._speech, self._phones = SpeechStream(hearing.encoder), PhoneRun(hearing.phone_head)
        self._hops = HopStream(generator.emodiff, style, initial_motion(initial), options, ahead)
        self._refiner = None if refiner is None else RefinerRun(refiner.network, style)
        self._seal, self._closures = SealStream(FPS), ClosureStream(FPS, ahead)
        self._lively = LivelinessStream(style, FPS, options.seed, options.dials)
        self._given = 0

    @staticmethod
    def look_ahead_s(generator: MotionGenerator) -> float:
        """Seconds of sound after a frame's own moment that it may depend on and waits for, at the most."""
        return SpeechStream.look_ahead_s(generator.hearing.encoder) + _frames_ahead(generator) / FPS

    def push(self, samples: np.ndarray) -> list[StreamedFrame]:
        """The next samples (N,) float32, any N -> the frames that are ready."""
        with one_thread():
            return self._frames(self._moved(self._speech.push(samples)))

    def end(self) -> list[StreamedFrame]:
        """The frames that are left; with those before, as many as rig.timing.frame_count gives."""
        with one_thread():
            frames = self._frames(self._moved(self._speech.end()))
            left = [self._refined(None, self._hops.end())]
            if self._refiner is not None:
                left += self._refiner.end()
            return frames + self._frames(self._finished(np.concatenate(left)))

    def _moved(self, states: np.ndarray) -> np.ndarray:
        """States (n, 2, 512) -> finished motion (m, 55), hop by hop, so that every sum is always the same."""
        moved = [_NOTHING]
        for first in range(0, len(states), SPEECH_HOP):
            features = self._phones.push(states[first : first + SPEECH_HOP])
            self._closures.hear(posteriors_of(features))
            moved.append(self._finished(self._refined(features, self._hops.push(features))))
        return np.concatenate(moved)

    def _refined(self, features: np.ndarray | None, motion: np.ndarray) -> np.ndarray:
        """EmoDiff's motion with its mouth refined as far as may be, given what is newly heard, (m, 55)."""
        if self._refiner is None:
            return motion
        heard = np.zeros((0, FEATURE_SIZE), np.float32) if features is None else features
        return np.concatenate([_NOTHING, *self._refiner.push(heard, motion)])

    def _finished(self, raw: np.ndarray) -> np.ndarray:
        motion, options = self._lively.push(self._seal.push(raw)), self._options
        motion[:, :_COUNT] = dialled(motion[:, :_COUNT], options.dials)
        motion = self._closures.push(motion)  # after everything that opens a mouth
        motion[:, :_COUNT] = options.shapes.applied(motion[:, :_COUNT])
        if options.mouth_only:
            motion[:, np.setdiff1d(np.arange(MOTION_SIZE), MOUTH)] = 0.0
        return motion

    def _frames(self, motion: np.ndarray) -> list[StreamedFrame]:
        first, self._given = self._given, self._given + len(motion)
        return [StreamedFrame(first + row, values[:_COUNT], values[_COUNT:]) for row, values in enumerate(motion)]


def stream_motion(
    generator: MotionGenerator,
    chunks: Iterable[np.ndarray],
    style: BlendshapeClip | None = None,
    initial: np.ndarray | None = None,
    options: AnimationOptions | None = None,
) -> Iterator[StreamedFrame]:
    """Frames at 25 a second for chunks of samples (N,) float32 at 16 kHz, each as soon as enough has been heard.

    The other arguments are those of MotionStream. The memory does not grow, however long it goes on.
    """
    stream = MotionStream(generator, style, initial, options)
    for chunk in chunks:
        yield from stream.push(chunk)
    yield from stream.end()


def _frames_ahead(generator: MotionGenerator) -> int:
    """Rows of features after its own that a frame may wait for."""
    refiner = generator.lip_refiner
    return max(HOP - 1, 0 if refiner is None else refiner.network.config.ahead)
