"""Convolution blocks shared by the renderer's networks.

Dense convolutions only: a depthwise one runs forty times slower on a CPU. The nets that measure (keypoints, motion)
use group normalisation, which behaves the same for one picture as for a batch; the nets that carry colour (appearance,
generator) use none, since normalising at full size costs as much as the convolutions there and washes colour out.
"""

import torch
import torch.nn.functional as F
from torch import nn


def group_norm(channels: int) -> nn.GroupNorm:
    """Group normalisation with the largest of 8, 4, 2, 1 groups that divides `channels`."""
    return nn.GroupNorm(next(groups for groups in (8, 4, 2, 1) if channels % groups == 0), channels)


def conv_block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H/stride, W/stride): convolution, normalisation, SiLU."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, group_norm(outputs), nn.SiLU(inplace=True))


def conv_block_3d(
    inputs: int, outputs: int, kernel: int = 3, stride: tuple[int, int, int] = (1, 1, 1)
) -> nn.Sequential:
    """(B, inputs, D, H, W) -> (B, outputs, ...): the same block on volumes; `stride` is depth, height, width."""
    convolution = nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, group_norm(outputs), nn.SiLU(inplace=True))


def plain_block(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """(B, inputs, H, W) -> (B, outputs, H/stride, W/stride): convolution and SiLU, no normalisation."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.SiLU(inplace=True))


class ResidualBlock(nn.Module):
    """x + F(x) with two normalised convolutions; shape (B, C, H, W) is kept."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_block(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), group_norm(channels))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return F.silu(features + self.second(self.first(features)))


class PlainResidualBlock(nn.Module):
    """x + F(x) with two convolutions, no normalisation; starts as the identity, in 2-D or on a volume."""

    def __init__(self, channels: int, volume: bool = False) -> None:
        super().__init__()
        convolution = nn.Conv3d if volume else nn.Conv2d
        self.first = convolution(channels, channels, 3, padding=1)
        self.second = convolution(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.second(F.silu(self.first(features)))


class Hourglass3d(nn.Module):
    """A small 3-D U-Net: (B, inputs, D, H, W) -> (B, widths[0], D, H, W).

    Height and width halve once per further entry of `widths`; depth is kept, since it is only a few slices.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = conv_block_3d(inputs, widths[0])
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        self.down = nn.ModuleList(conv_block_3d(thin, wide, stride=(1, 2, 2)) for thin, wide in pairs)
        self.up = nn.ModuleList(conv_block_3d(wide + thin, thin) for thin, wide in reversed(pairs))

    def forward(self, volume: torch.Tensor) -> torch.Tensor:
        volume = self.enter(volume)
        skips = []
        for block in self.down:
            skips.append(volume)
            volume = block(volume)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            volume = F.interpolate(volume, size=skip.shape[2:], mode="nearest")
            volume = block(torch.cat((volume, skip), dim=1))
        return volume
