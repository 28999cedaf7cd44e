"""Patch discriminator, for training only (papers.md 5.2)."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchDiscriminator(nn.Module):
    """Picture -> one realness score per patch, and the features on the way (for feature matching)."""

    def __init__(self, widths: tuple[int, ...] = (24, 48, 96)) -> None:
        super().__init__()
        pairs = zip((3, *widths[:-1]), widths, strict=True)
        self.stages = nn.ModuleList(
            nn.Sequential(spectral_norm(nn.Conv2d(a, b, 4, 2, 1)), nn.LeakyReLU(0.2)) for a, b in pairs
        )
        self.score = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(B, 3, H, W) in [0, 1] -> scores (B, 1, h, w) and one feature map per stage."""
        features, x = [], picture * 2 - 1
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return self.score(x), features
