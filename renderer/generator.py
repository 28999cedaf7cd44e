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


@dataclass(frozen=True)
class Window:
    """A square of `side` cells of the volume in each of B pictures, corners at (row, column); for training."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    side: int

    def cut(self, values: torch.Tensor, scale: int = 1) -> torch.Tensor:
        """(B, ..., H, W) -> (B, ..., scale * side, scale * side), of maps with `scale` times the volume's cells."""
        reach = self.side * scale
        corners = ((scale * row, scale * column) for row, column in zip(self.rows, self.columns, strict=True))
        pieces = zip(values, corners, strict=True)
        return torch.stack([one[..., top : top + reach, left : left + reach] for one, (top, left) in pieces])


@dataclass(frozen=True, eq=False)
class Carried:
    """The source moved by a dense motion.

    pixels: (B, 3, S, S) float32 in [0, 1]; volume: (B, C, D, S/4, S/4); seen: the occlusion map, 1 = the source shows
    it, (B, 1, S/4, S/4), or (B, 1, S, S) where it is known pixel by pixel.
    """

    pixels: torch.Tensor
    volume: torch.Tensor
    seen: torch.Tensor


@dataclass(frozen=True, eq=False)
class Generated:
    """The generator's picture, and what it was made from.

    picture: (B, 3, S, S) float32 in [0, 1].
    painted: (B, 3, S, S), the generator's own version of it, float32 about [0, 1].
    keep: (B, 1, S, S) in [0, 1]; picture = keep * carried pixels + (1 - keep) * painted.
    """

    picture: torch.Tensor
    painted: torch.Tensor
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
        nn.init.zeros_(self.picture.weight)  # at first what is painted is what the source shows
        nn.init.zeros_(self.picture.bias)

    def carry(
        self, picture: torch.Tensor, volume: torch.Tensor, motion: DenseMotion, window: Window | None = None
    ) -> Carried:
        """(B, 3, S, S) in [0, 1] and its volume (B, C, D, S/4, S/4), moved; with a window, only what lies in it."""
        with torch.autocast(picture.device.type, enabled=False):
            flow, grid, seen = resize_flow(motion.flow, picture.shape[-1]), motion.grid, motion.occlusion()
            if window is not None:
                flow = window.cut(flow.movedim(-1, 1), 4).movedim(1, -1)
                grid = window.cut(grid.movedim(-1, 1)).movedim(1, -1)
                seen = window.cut(seen)
            return Carried(sample_picture(picture, flow), sample_volume(volume, grid, self.half_depth), seen)

    def forward(self, carried: Carried) -> Generated:
        """The moved source, whole or a window of it -> Generated of the same size."""
        pixels, seen = carried.pixels, carried.seen
        seen_full = F.interpolate(seen, size=pixels.shape[2:], mode="bilinear", align_corners=False)
        seen = F.adaptive_avg_pool2d(seen, carried.volume.shape[3:])
        detail = self.detail_half(F.pixel_unshuffle(torch.cat((pixels - 0.5, seen_full), dim=1), 2))
        features = self.enter(carried.volume.flatten(1, 2)) * seen
        features = self.blocks(self.join(torch.cat((features, self.detail_quarter(detail)), dim=1)))
        features = F.interpolate(features, scale_factor=2, mode="nearest")
        features = self.refine(self.up(torch.cat((features, detail), dim=1)))
        out = F.pixel_shuffle(self.picture(features).float(), 2)
        keep, painted = out[:, 3:].sigmoid(), pixels + out[:, :3]
        return Generated(keep * pixels + (1 - keep) * painted, painted, keep)
