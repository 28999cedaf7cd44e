"""EmoDiff a few frames at a time, for streams: short windows that start from the frames before and end soon after.

    rows of speech      ........................|  known so far: first row of the hop + AHEAD
    window k   |carried |new  |
    window k+1      |carried |new  |

Every hop lies on a fixed grid and hears exactly the same rows, whenever they come, so the motion does not depend on how
the sound was cut.
"""

import numpy as np
import torch

from dreamtalk.diffusion.conditions import window_conditions
from dreamtalk.diffusion.diffusion import ddim_sample
from dreamtalk.diffusion.emodiff import FPS, X_0_LIMIT, EmoDiff, eased, reminded
from dreamtalk.diffusion.guidance import guided
from dreamtalk.diffusion.motion_space import MOTION_SIZE, motion_of
from dreamtalk.diffusion.windows import edge_padded
from dreamtalk.measures import blink_rate
from dreamtalk.options import AnimationOptions
from rig.clip import BlendshapeClip

HOP = 4
"""Frames made at a time."""


class HopStream:
    """Push rows of speech features in order; take the motion that is ready. One stream hears one sound."""

    def __init__(
        self, emodiff: EmoDiff, style: BlendshapeClip, initial: np.ndarray, options: AnimationOptions, ahead: int
    ) -> None:
        """initial: (55,) raw motion just before the first frame. ahead: rows heard beyond the first of a hop."""
        self._emodiff, self._options, self._ahead = emodiff, options, max(ahead, HOP - 1)
        space = emodiff.space
        self._style = torch.from_numpy(space.normalised(motion_of(style.resampled(FPS))))[None]
        self._rate = torch.tensor([blink_rate(style.weights, style.fps)])
        carry = emodiff.plan.carry
        self._known = torch.from_numpy(space.normalised(initial[None])).repeat(carry, 1)[None]
        self._generator = torch.Generator().manual_seed(options.seed)
        self._rows: np.ndarray | None = None  # from the first carried row on

    def push(self, features: np.ndarray) -> np.ndarray:
        """The next rows (n, F) float32, any n -> raw motion (m, 55) float32 of whole hops."""
        self._take(features)
        made = [np.zeros((0, MOTION_SIZE), np.float32)]
        while self._rows is not None and len(self._rows) > self._emodiff.plan.carry + self._ahead:
            made.append(self._hop(HOP))
        return np.concatenate(made)

    def end(self) -> np.ndarray:
        """The motion of the rows that are left, (m, 55)."""
        made = [np.zeros((0, MOTION_SIZE), np.float32)]
        while self._rows is not None and (left := len(self._rows) - self._emodiff.plan.carry) > 0:
            made.append(self._hop(min(HOP, left)))
        return np.concatenate(made)

    def _take(self, features: np.ndarray) -> None:
        if len(features):
            carried = features[:1].repeat(self._emodiff.plan.carry, 0) if self._rows is None else self._rows
            self._rows = np.concatenate([carried, features])

    @torch.inference_mode()
    def _hop(self, count: int) -> np.ndarray:
        """The next `count` frames, (count, 55)."""
        emodiff, options, plan = self._emodiff, self._options, self._emodiff.plan
        length = plan.carry + self._ahead + 1
        heard = self._rows[:length]
        audio = torch.from_numpy(edge_padded(heard, 0, length - len(heard)))[None]
        conditions = window_conditions(audio, self._known, self._style, self._rate, plan.style_count)
        denoise = guided(emodiff.network, conditions, options.audio_guidance, options.style_guidance)
        noise = torch.randn(1, length, MOTION_SIZE, generator=self._generator)
        sample = ddim_sample(
            reminded(denoise, self._known), noise, emodiff.schedule, options.steps, limit=X_0_LIMIT
        )
        window = eased(sample, self._known)
        self._rows, self._known = self._rows[count:], window[:, count : count + plan.carry]
        return emodiff.space.raw(window[0, plan.carry : plan.carry + count].numpy())
