"""Classifier-free guidance: several conditionings of one denoiser joined into a denoiser of the same call shape."""

import torch

from dreamtalk.diffusion.conditions import Conditions
from dreamtalk.diffusion.denoiser import Denoiser
from dreamtalk.diffusion.diffusion import Denoise


def guided(denoiser: Denoiser, conditions: Conditions, audio_scale: float = 1.0, style_scale: float = 1.0) -> Denoise:
    """x_0 = f(none) + audio_scale (f(audio) - f(none)) + style_scale (f(audio, style) - f(audio)).

    The incremental form of DiffPoseTalk (papers.md 6.3). The initial state stays in every branch: it is what keeps
    windows continuous. Scales of 1 give the plain conditional denoiser; branches of weight zero are not computed.
    """
    everything = torch.ones(len(conditions.audio), dtype=torch.bool)
    weighted = (
        (style_scale, conditions),
        (audio_scale - style_scale, conditions.dropped(style=everything)),
        (1.0 - audio_scale, conditions.dropped(audio=everything, style=everything)),
    )
    branches = [(weight, denoiser.encode(branch)) for weight, branch in weighted if weight != 0.0]
    weights = torch.tensor([weight for weight, _ in branches])
    memory = torch.cat([memory for _, memory in branches])

    def denoise(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        count = len(weights)
        estimates = denoiser(x_t.repeat(count, 1, 1), t.repeat(count), memory)
        return (weights.view(-1, 1, 1, 1) * estimates.view(count, *x_t.shape)).sum(0)

    return denoise
