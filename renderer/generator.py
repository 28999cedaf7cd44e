"""Generator: the warped appearance volume becomes a picture (papers.md 5.2).

Beside the paper's path (volume -> features x occlusion -> residual blocks -> two upsamplings) the generator gets the
source's own pixels, warped by the surface flow, and says per pixel how much of them to keep. That is a deviation: it
lets a network small enough for a CPU keep the person's identity and sharpness.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from renderer.blocks import PlainResidualBlock, plain_block
from renderer.dense_motion import DenseMotion, resize_flow, sample_picture, sample_volume


@dataclass(frozen=True, eq=False)
class Generated:
    """The generator's picture, and what it was made from.

    picture: (B, 3, S, S) float32 in [0, 1].
    carried: (B, 3, S, S), the source's pixels moved by the surface flow.
    keep: (B, 1, S, S) in [0, 1], the share of `carried` in `picture`.
    """

    picture: torch.Tensor
    carried: torch.Tensor
    keep: torch.Tensor


class Generator(nn.Module):
    """Source picture, its volume and a dense motion -> the source in the driving pose.

    No convolution runs at full size: pixels enter by pixel-unshuffle and leave by pixel-shuffle at half size.
    """

    def __init__(self, channels: int, depth: int, half_depth: float, widths: tuple[int, int], blocks: int) -> None:
        super().__init__()
        half, quarter = widths
        self.half_depth = half_depth
        self.enter = plain_block(channels * depth, quarter, kernel=1)
        self.detail_half = plain_block(16, half)
        self.detail_quarter = plain_block(half, quarter, stride=2)
        self.join = plain_block(2 * quarter, quarter)
        self.blocks = nn.Sequential(*(PlainResidualBlock(quarter) for _ in range(blocks)))
        self.up = plain_block(quarter + half, half)
        self.refine = nn.Sequential(PlainResidualBlock(half), PlainResidualBlock(half), nn.SiLU())
        self.picture = nn.Conv2d(half, 16, 3, padding=1)

    def forward(self, picture: torch.Tensor, volume: torch.Tensor, motion: DenseMotion) -> Generated:
        """(B, 3, S, S) in [0, 1], (B, C, D, S/4, S/4) and its motion -> Generated."""
        size = picture.shape[-1]
        with torch.autocast(picture.device.type, enabled=False):
            carried = sample_picture(picture, resize_flow(motion.flow, size))
            volume = sample_volume(volume, motion.grid, self.half_depth)
            seen = motion.occlusion()
            seen_full = F.interpolate(seen, size=(size, size), mode="bilinear", align_corners=False)
            detail = F.pixel_unshuffle(torch.cat((carried - 0.5, seen_full), dim=1), 2)
        detail = self.detail_half(detail)
        features = self.enter(volume.flatten(1, 2)) * seen
        features = self.blocks(self.join(torch.cat((features, self.detail_quarter(detail)), dim=1)))
        features = F.interpolate(features, scale_factor=2, mode="nearest")
        features = self.refine(self.up(torch.cat((features, detail), dim=1)))
        out = F.pixel_shuffle(self.picture(features).float(), 2)
        # The bias of 2 starts with keeping what the source shows; painting has to be learned where it pays.
        keep = (out[:, 3:] + 2.0).sigmoid() * seen_full
        painted = out[:, :3].sigmoid()
        return Generated(keep * carried + (1 - keep) * painted, carried, keep)
