"""What is compared: the model, itself otherwise, the captured motion and two baselines, all as functions of speech."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.evaluation.baselines import LoudnessGate, MeanCurve
from dreamtalk.evaluation.motion_score import System
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform
from dreamtalk.training.training_clip import FPS, Recording
from dreamtalk.weights import VARIABLE
from rig.clip import BlendshapeClip

if TYPE_CHECKING:
    from dreamtalk.motion import MotionGenerator

Maker = Callable[[Sequence[Recording]], System]
"""Training recordings of a corpus -> the system for that corpus; only baselines look at them."""

TRUTH, MODEL, UNREFINED, MEAN, LOUDNESS = "truth", "dreamtalk", "unrefined", "mean", "loudness"
NAMES = (TRUTH, MODEL, UNREFINED, MEAN, LOUDNESS)
_SETTINGS = {field.name: field.type for field in fields(AnimationOptions) if field.type in (int, float)}


def captured_motion(recording: Recording) -> BlendshapeClip:
    """The truth as a system: what a perfect one would score."""
    return BlendshapeClip(recording.weights, recording.head_rotation, FPS)


def model_system(generator: "MotionGenerator", style: BlendshapeClip, options: AnimationOptions) -> System:
    """A motion model in one style."""
    return lambda recording: generator.generate(Waveform(recording.samples), style, None, options)


def baseline_system(baseline: MeanCurve | LoudnessGate) -> System:
    """A fitted baseline; its head and upper face stand still."""

    def animate(recording: Recording) -> BlendshapeClip:
        weights = baseline.animate(recording.samples, len(recording))
        return BlendshapeClip(weights, np.zeros((len(weights), 3)), FPS)

    return animate


def makers(names: Sequence[str], style: BlendshapeClip, options: AnimationOptions) -> dict[str, Maker]:
    """The systems called `names`, in that order.

    names: of NAMES, or a folder of weights that replaces the shipped ones; behind a colon, options of the sampling:
    "dreamtalk:steps=2", "out/weights:style_guidance=1.5,steps=4". Models are loaded once, when first used.
    Raises OptionError for a name or an option that is not known.
    """
    loaded: dict[str, MotionGenerator] = {}

    def generator(source: str) -> "MotionGenerator":
        if source not in loaded:
            loaded[source] = _loaded(source)
        return loaded[source]

    return {name: _maker(name, style, options, generator) for name in names}


def _maker(
    name: str, style: BlendshapeClip, options: AnimationOptions, generator: Callable[[str], "MotionGenerator"]
) -> Maker:
    source, _, settings = name.partition(":")
    if source not in NAMES and not Path(source).is_dir():
        raise OptionError(f"The system {source!r} is not known; choose {', '.join(NAMES)} or a folder of weights.")
    if source == TRUTH:
        return lambda training: captured_motion
    if source == MEAN:
        return lambda training: baseline_system(MeanCurve.fitted(training))
    if source == LOUDNESS:
        return lambda training: baseline_system(LoudnessGate.fitted(training))
    options = with_settings(options, settings)
    return lambda training: model_system(generator(source), style, options)


def with_settings(options: AnimationOptions, settings: str) -> AnimationOptions:
    """Options changed by a text such as "steps=2,style_guidance=1.5". Raises OptionError for what it cannot read."""
    changed = {}
    for setting in filter(None, settings.split(",")):
        name, _, value = setting.partition("=")
        if name not in _SETTINGS:
            raise OptionError(f"The option {name!r} is not known; choose {', '.join(_SETTINGS)}.")
        try:
            changed[name] = _SETTINGS[name](value)
        except ValueError:
            raise OptionError(f"The option {name} is {value!r}; give a number, as in {name}=2.") from None
    return replace(options, **changed)


def _loaded(source: str) -> "MotionGenerator":
    from dreamtalk.motion import MotionGenerator

    if source == UNREFINED:
        return replace(MotionGenerator.load(), lip_refiner=None)
    if source == MODEL:
        return MotionGenerator.load()
    with _own_weights(Path(source)):
        return MotionGenerator.load()


@contextmanager
def _own_weights(folder: Path) -> Iterator[None]:
    """DREAMTALK_WEIGHTS set to `folder` for a while: the one way in which every network finds its weights."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
