"""Appearance: a portrait as a volume of features, computed once per portrait (papers.md 5.2)."""

import torch
from torch import nn

from renderer.blocks import PlainResidualBlock, plain_block


class AppearanceNet(nn.Module):
    """Picture -> feature volume of `depth` slices at a quarter of its size.

    Two strided steps (the first a pixel-unshuffle), a 1x1 convolution to channels x depth, reshaped to a volume, then
    3-D residual blocks.
    """

    def __init__(self, widths: tuple[int, int], channels: int, depth: int, blocks: int) -> None:
        super().__init__()
        self.channels, self.depth = channels, depth
        self.encode = nn.Sequential(
            nn.PixelUnshuffle(2),
            plain_block(12, widths[0]),
            plain_block(widths[0], widths[1], stride=2),
            plain_block(widths[1], widths[1]),
            nn.Conv2d(widths[1], channels * depth, 1),
        )
        self.refine = nn.Sequential(*(PlainResidualBlock(channels, volume=True) for _ in range(blocks)))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, channels, depth, H/4, W/4)."""
        return self.refine(self.encode(picture - 0.5).unflatten(1, (self.channels, self.depth)))
