"""EmoDiff: speech features, an initial state and an emotion clip -> 52 weights and head pose, window by window.

The long-term dynamic sampling of DREAM-Talk (papers.md 1.2): every window starts from the last frames of the one
before. Every window has its own noise: shared noise (DiffPoseTalk) repeats the same brows every four seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from dreamtalk.diffusion.conditions import window_conditions
from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig
from dreamtalk.diffusion.diffusion import Denoise, cosine_schedule, ddim_sample
from dreamtalk.diffusion.guidance import guided
from dreamtalk.diffusion.motion_space import MOTION_SIZE, MotionSpace, motion_of
from dreamtalk.diffusion.windows import edge_padded, rebatched
from dreamtalk.errors import WeightsError
from dreamtalk.measures import blink_rate
from dreamtalk.weight_folder import load_weights, read_config
from rig.clip import BlendshapeClip

FPS = 25.0
EASE_S = 0.6
EASE_OVER = 2  # known frames that tell how far the network missed
X_0_LIMIT = 8.0  # standard deviations; a full blink is 6


@dataclass(frozen=True)
class WindowPlan:
    """length: frames of a window. carry: frames known from the window before. style_count: K style frames."""

    length: int = 100
    carry: int = 8
    style_count: int = 8


def reminded(denoise: Denoise, known: torch.Tensor) -> Denoise:
    """A denoiser whose estimates start with the known frames (B, I, D), but for the last step (MDM, papers.md 6.2)."""

    def remembering(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        x_0 = denoise(x_t, t)
        if t[0] > 0:
            x_0[:, : known.shape[1]] = known
        return x_0

    return remembering


def eased(window: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """The window (B, N, D) led away from its known frames (B, I, D): what was missed there fades over EASE_S."""
    count = known.shape[1]
    missed = (known - window[:, :count])[:, -EASE_OVER:].mean(1, keepdim=True)
    since = ((torch.arange(window.shape[1]) - count + 1) / (EASE_S * FPS)).clamp(0, 1)
    left = 1 - since**2 * (3 - 2 * since)
    return torch.cat([known, window[:, count:] + left[count:, None] * missed], 1)


class EmoDiff:
    """The trained diffusion model: a network, the motion space it works in and its window plan."""

    def __init__(self, network: Denoiser, space: MotionSpace, plan: WindowPlan) -> None:
        self.network = network.eval()
        self.space = space
        self.plan = plan
        self.schedule = cosine_schedule()

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """Read a weight folder written by train_emodiff. Raises WeightsError where it does not fit."""
        config = read_config(folder)
        try:
            network = Denoiser(DenoiserConfig(**config["network"]))
            space = MotionSpace.from_lists(**config["space"])
            plan = WindowPlan(**config["windows"])
        except (KeyError, TypeError) as error:
            raise WeightsError(f"{folder}/config.json does not describe EmoDiff ({error}); train it again.") from None
        load_weights(network, folder)
        return cls(network, space, plan)

    @torch.inference_mode()
    def stream(
        self,
        features: Iterable[np.ndarray],
        style: BlendshapeClip,
        initial: np.ndarray,
        *,
        steps: int,
        audio_guidance: float = 1.0,
        style_guidance: float = 1.0,
        seed: int = 0,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Motion for consecutive pieces of speech features.

        features: pieces (n, F) float32 at 25 fps. style: any clip; it is resampled to 25 fps. initial: (55,) raw
        motion just before the first frame. Yields (features (m, F), raw motion (m, 55) float32), frame for frame.
        """
        plan = self.plan
        style_motion = torch.from_numpy(self.space.normalised(motion_of(style.resampled(FPS))))[None]
        rate = torch.tensor([blink_rate(style.weights, style.fps)])
        known = torch.from_numpy(self.space.normalised(initial[None]))[None]
        generator = torch.Generator().manual_seed(seed)
        heard = np.zeros((0, 0), np.float32)  # features of the known frames
        for new in rebatched(features, plan.length - 1, plan.length - plan.carry):
            past = heard if len(heard) else new[:1]
            audio = edge_padded(np.concatenate([past, new]), 0, plan.length - len(past) - len(new))
            conditions = window_conditions(torch.from_numpy(audio)[None], known, style_motion, rate, plan.style_count)
            denoise = reminded(guided(self.network, conditions, audio_guidance, style_guidance), known)
            noise = torch.randn(1, plan.length, MOTION_SIZE, generator=generator)
            window = eased(ddim_sample(denoise, noise, self.schedule, steps, limit=X_0_LIMIT), known)
            motion = window[0, len(past) : len(past) + len(new)]
            yield new, self.space.raw(motion.numpy())
            heard = np.concatenate([past, new])[-plan.carry :]
            known = window[:, : len(past) + len(new)][:, -plan.carry :]
