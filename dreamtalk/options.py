"""What a user may set for one animation, checked once when built."""

import math
from dataclasses import dataclass

from dreamtalk.errors import OptionError
from dreamtalk.expression.dials import Dials
from rig.shape_adjustments import ShapeAdjustments


@dataclass(frozen=True)
class AnimationOptions:
    """How EmoDiff samples and how much of the result is kept.

    steps: DDIM steps, 1 to 1000; more is slower and a little finer.
    audio_guidance, style_guidance: classifier-free guidance scales, 0 to 10; 1 is the plain conditional model.
    seed: any integer from 0 to 2**63 - 1; same input, seed and machine give the same bytes.
    fps: frames a second of the result, 1 to 240; the model itself runs at 25.
    dials: how much of the head, blinks, gaze, mouth, brows and of everything is kept.
    shapes: gain, offset and limits of single shapes, applied after the dials.
    mouth_only: everything but jaw and mouth is left at rest.

    Raises OptionError for values out of range.
    """

    steps: int = 6
    audio_guidance: float = 1.0
    style_guidance: float = 1.0
    seed: int = 0
    fps: float = 25.0
    dials: Dials = Dials()
    shapes: ShapeAdjustments = ShapeAdjustments()
    mouth_only: bool = False

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("steps", self.steps, 1, 1000),
            ("audio_guidance", self.audio_guidance, 0, 10),
            ("style_guidance", self.style_guidance, 0, 10),
            ("seed", self.seed, 0, 2**63 - 1),
            ("fps", self.fps, 1, 240),
        ):
            if not (math.isfinite(value) and low <= value <= high):
                raise OptionError(f"{name} is {value}; give a number from {low} to {high}.")
        for name, value in (("steps", self.steps), ("seed", self.seed)):
            if value != int(value):
                raise OptionError(f"{name} is {value}; give a whole number.")
