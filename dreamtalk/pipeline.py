"""The whole line: speech and an emotion in, a performance out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.expression.emotion_mix import NEUTRAL
from dreamtalk.expression.emotion_track import EmotionTrack
from dreamtalk.expression.emotions import EmotionLibrary
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Progress
from dreamtalk.speech.audio import Waveform, load_audio
from rig.clip import BlendshapeClip
from rig.timing import frame_count

if TYPE_CHECKING:
    from dreamtalk.motion import MotionGenerator
    from dreamtalk.motion_stream import StreamedFrame


@dataclass(frozen=True, eq=False)
class DreamTalk:
    """Everything an animation needs, loaded once.

    motion: audio to curves (EmoDiff and the lip refiner).
    emotions: the library of emotion clips.
    """

    motion: "MotionGenerator"
    emotions: EmotionLibrary

    @classmethod
    def load(cls) -> Self:
        """Load the shipped weights and emotion clips, checking their hashes. Raises WeightsError where one is amiss."""
        from dreamtalk.motion import MotionGenerator

        return cls(MotionGenerator.load(), EmotionLibrary.load())

    def animate(
        self,
        speech: str | Path | Waveform,
        emotion: str | EmotionTrack | None = None,
        intensity: float = 1.0,
        *,
        style: str | Path | BlendshapeClip | None = None,
        initial: np.ndarray | None = None,
        text: str | None = None,
        seed: int = 0,
        options: AnimationOptions | None = None,
        progress: Progress | None = None,
    ) -> Performance:
        """Turn speech into a performance.

        speech: a sound or video file, or a waveform.
        emotion: a name of the library (see `dreamtalk emotions`), a mixture "happy:0.5+surprised:0.5", or emotion over
            time, "0:neutral, 3.2:happy:0.8, 7:sad", or an EmotionTrack. intensity: in [0, 1], scales all of it.
        style: a clip whose manner is followed instead: a .csv or .npz file, a video with a face, or a BlendshapeClip.
        initial: (52,) weights the face starts from; None starts from the neutral face.
        text: what is said, in English, so that every p, b and m shuts the lips; needs pip install "dreamtalk[align]".
        seed: picks the clip's variant and the noise; ignored where `options`, which has its own, is given.
        progress: called with (done, total), first while a style video is followed, then while curves are made.

        Raises AudioError, OptionError, RigError or WeightsError, each with one sentence.
        """
        from dreamtalk.motion import FPS

        if emotion is not None and style is not None:
            raise OptionError("Both an emotion and a style clip were given; choose one of them.")
        options = AnimationOptions(seed=seed) if options is None else options
        waveform = speech if isinstance(speech, Waveform) else load_audio(speech)
        track = _emotion_track(emotion, intensity)
        track.check_within(waveform.duration_s)
        count = frame_count(waveform.duration_s, FPS)
        if style is None:
            styles, name = track.styles(self.emotions, options.seed, count, FPS), track.shown()
        else:
            styles, name = _style_clip(style, progress)
        contacts = None
        if text is not None:
            from dreamtalk.speech.transcript import contacts_of_text

            contacts = contacts_of_text(waveform, text, count, FPS)
        clip = self.motion.generate(waveform, styles, initial, options, progress, contacts)
        return Performance(clip.resampled(options.fps), waveform, name, options)

    def stream(
        self,
        chunks: Iterable[np.ndarray],
        emotion: "str | EmotionTrack | None" = None,
        intensity: float = 1.0,
        *,
        style: str | Path | BlendshapeClip | None = None,
        initial: np.ndarray | None = None,
        seed: int = 0,
        options: AnimationOptions | None = None,
    ) -> "Iterator[StreamedFrame]":
        """Turn speech into frames at 25 a second while it comes: frame n as soon as second n / 25 + 0.38 is heard.

        chunks: samples (N,) float32 in [-1, 1] at 16 kHz mono, of any sizes; the frames do not depend on them. emotion:
        one emotion or mixture from the first moment on. The others are those of `animate`; options.fps is not used.

        Each frame has `index`, `weights` (52,) and `head_rotation` (3,). The memory does not grow.
        Raises OptionError, RigError or WeightsError at once, before anything is heard.
        """
        from dreamtalk.motion_stream import stream_motion

        if emotion is not None and style is not None:
            raise OptionError("Both an emotion and a style clip were given; choose one of them.")
        options = AnimationOptions(seed=seed) if options is None else options
        if style is None:
            track = _emotion_track(emotion, intensity)
            if len(track.mixes) != 1:
                raise OptionError("A stream takes one emotion from its first moment on; leave out times and changes.")
            (clip,) = track.styles(self.emotions, options.seed, 1, 25.0).styles
        else:
            clip, _ = _style_clip(style, None)
        return stream_motion(self.motion, chunks, clip, initial, options)


def _emotion_track(emotion: str | EmotionTrack | None, intensity: float) -> EmotionTrack:
    if not 0.0 <= intensity <= 1.0:
        raise OptionError(f"The intensity is {intensity:g}; give one from 0 (neutral) to 1 (full).")
    track = emotion if isinstance(emotion, EmotionTrack) else EmotionTrack.parse(emotion or NEUTRAL)
    return track if intensity == 1.0 else track.scaled(intensity)


def _style_clip(style: str | Path | BlendshapeClip, progress: Progress | None) -> tuple[BlendshapeClip, str]:
    if isinstance(style, BlendshapeClip):
        return style, "clip"
    from dreamtalk.expression.style_clip import load_style_clip

    return load_style_clip(style, progress), Path(style).name
