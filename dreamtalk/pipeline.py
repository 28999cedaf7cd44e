"""The whole line: speech and an emotion in, a performance out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from dreamtalk.audio import Waveform, load_audio
from dreamtalk.errors import OptionError
from dreamtalk.options import AnimationOptions
from dreamtalk.performance import Performance, Progress
from rig.clip import BlendshapeClip

if TYPE_CHECKING:
    from dreamtalk.emotions import EmotionLibrary
    from dreamtalk.motion import MotionGenerator

NEUTRAL = "neutral"


@dataclass(frozen=True, eq=False)
class DreamTalk:
    """Everything an animation needs, loaded once.

    motion: audio to curves (EmoDiff and the lip refiner).
    emotions: the library of emotion clips.
    """

    motion: "MotionGenerator"
    emotions: "EmotionLibrary"

    @classmethod
    def load(cls) -> Self:
        """Load the shipped weights and emotion clips, checking their hashes. Raises WeightsError where one is amiss."""
        from dreamtalk.emotions import EmotionLibrary
        from dreamtalk.motion import MotionGenerator

        return cls(MotionGenerator.load(), EmotionLibrary.load())

    def animate(
        self,
        speech: str | Path | Waveform,
        emotion: str | None = None,
        intensity: float = 1.0,
        *,
        style: str | Path | BlendshapeClip | None = None,
        initial: np.ndarray | None = None,
        seed: int = 0,
        options: AnimationOptions | None = None,
        progress: Progress | None = None,
    ) -> Performance:
        """Turn speech into a performance.

        speech: a sound or video file, or a waveform.
        emotion, intensity: a name of the library (see `dreamtalk emotions`) and its strength in [0, 1].
        style: a clip whose manner is followed instead: a .csv or .npz file, or a BlendshapeClip.
        initial: (52,) weights the face starts from; None starts from the neutral face.
        seed: picks the clip's variant and the noise; ignored where `options`, which has its own, is given.

        Raises AudioError, OptionError, RigError or WeightsError, each with one sentence.
        """
        if emotion is not None and style is not None:
            raise OptionError("Both an emotion and a style clip were given; choose one of them for now.")
        options = AnimationOptions(seed=seed) if options is None else options
        waveform = speech if isinstance(speech, Waveform) else load_audio(speech)
        style_clip, style_name = self._style(emotion or NEUTRAL, intensity, style, options.seed)
        clip = self.motion.generate(waveform, style_clip, initial, options, progress)
        return Performance(clip.resampled(options.fps), waveform, style_name, options)

    def _style(
        self, emotion: str, intensity: float, style: str | Path | BlendshapeClip | None, seed: int
    ) -> tuple[BlendshapeClip, str]:
        if isinstance(style, BlendshapeClip):
            return style, "clip"
        if style is not None:
            from dreamtalk.style_clip import load_style_clip

            return load_style_clip(style), Path(style).name
        return self.emotions.clip(emotion, intensity, seed), f"{emotion}, intensity {intensity:g}"
