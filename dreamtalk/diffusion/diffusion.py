"""Denoising diffusion: the noise schedule, the training loss and the sampler. Networks and guidance live elsewhere.

A denoiser is any callable (x_t, t) -> estimate of x_0 of the same shape, so that a bare network, a guided one and a
test's closed form are used alike. Symbols: x_0 = clean motion, x_t = noised motion at step t in 0..T-1,
abar_t = share of signal power left at step t.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from dreamtalk.errors import OptionError

Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
TRAINING_STEPS = 1000


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """abar: (T,) float32, falling from nearly 1 to nearly 0."""

    abar: torch.Tensor

    def __len__(self) -> int:
        return len(self.abar)

    def add_noise(self, x_0: torch.Tensor, noise: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise for x_0 (B, ...) and t (B,) int64 (DDPM, eq. 4)."""
        abar = self._at(t, x_0)
        return abar.sqrt() * x_0 + (1 - abar).sqrt() * noise

    def noise_of(self, x_t: torch.Tensor, x_0: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The noise that turns x_0 into x_t: the inverse of add_noise."""
        abar = self._at(t, x_t)
        return (x_t - abar.sqrt() * x_0) / (1 - abar).sqrt()

    def _at(self, t: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        return self.abar.to(like)[t].view(-1, *[1] * (like.ndim - 1))


def cosine_schedule(steps: int = TRAINING_STEPS) -> NoiseSchedule:
    """The cosine schedule of Nichol and Dhariwal 2021, eq. 17, with each beta kept under 0.999."""
    offset = 0.008
    position = torch.arange(steps + 1, dtype=torch.float64) / steps
    curve = torch.cos((position + offset) / (1 + offset) * math.pi / 2) ** 2
    betas = (1 - curve[1:] / curve[:-1]).clamp(max=0.999)
    return NoiseSchedule(torch.cumprod(1 - betas, 0).float())


def diffusion_loss(
    denoise: Denoise,
    x_0: torch.Tensor,
    valid: torch.Tensor,
    schedule: NoiseSchedule,
    generator: torch.Generator,
    velocity_weight: float = 1.0,
) -> torch.Tensor:
    """Scalar training loss: masked squared error of the x_0 estimate plus that of its frame-to-frame change.

    x_0: (B, N, D) motion in standard deviations. valid: (B, N, D) in [0, 1], 0 = not captured, left out of the loss.
    Deviation from papers.md 1.2 (epsilon target): x_0 is predicted so that the velocity term can be stated (EDGE, MDM).
    """
    t = torch.randint(len(schedule), (len(x_0),), generator=generator)
    noise = torch.randn(x_0.shape, generator=generator)
    error = denoise(schedule.add_noise(x_0, noise, t), t) - x_0
    both_valid = valid[:, 1:] * valid[:, :-1]
    position = (valid * error**2).sum() / valid.sum().clamp(min=1)
    velocity = (both_valid * error.diff(dim=1) ** 2).sum() / both_valid.sum().clamp(min=1)
    return position + velocity_weight * velocity


def sampling_steps(steps: int, training_steps: int = TRAINING_STEPS) -> list[int]:
    """Evenly spaced steps T-1 ... 0, falling, `steps` of them. Raises OptionError outside 1..training_steps."""
    if not 1 <= steps <= training_steps:
        raise OptionError(f"{steps} sampling steps were asked for; give a number between 1 and {training_steps}.")
    return torch.linspace(training_steps - 1, 0, steps).round().long().tolist()


def ddim_sample(
    denoise: Denoise,
    noise: torch.Tensor,
    schedule: NoiseSchedule,
    steps: int,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
    limit: float | None = None,
) -> torch.Tensor:
    """From noise (B, N, D) to a sample in `steps` evaluations of `denoise` (Song et al. 2021, eq. 12 and 16).

    eta = 0 is deterministic; eta = 1 over all steps is DDPM's ancestral sampling and needs a generator.
    limit: every estimate of x_0 is clamped to [-limit, limit].
    """
    order = sampling_steps(steps, len(schedule))
    x_t = noise
    for index, now in enumerate(order):
        t = torch.full((len(x_t),), now, dtype=torch.int64)
        x_0 = denoise(x_t, t)
        if limit is not None:
            x_0 = x_0.clamp(-limit, limit)
        if index == len(order) - 1:
            return x_0
        direction = schedule.noise_of(x_t, x_0, t)
        abar, abar_next = schedule.abar[now], schedule.abar[order[index + 1]]
        sigma = eta * ((1 - abar_next) / (1 - abar) * (1 - abar / abar_next)).sqrt()
        x_t = abar_next.sqrt() * x_0 + (1 - abar_next - sigma**2).clamp(min=0).sqrt() * direction
        if eta > 0:
            x_t = x_t + sigma * torch.randn(x_t.shape, generator=generator)
    raise AssertionError("sampling_steps returned no steps")
