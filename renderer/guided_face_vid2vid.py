"""Face-Vid2Vid whose motion and occlusion come from outside: the fitted rig's, exact and at full resolution.

The paper's appearance volume and generator (papers.md 5.2); in place of keypoints and dense motion network stand the
flow and the occlusion of a head fitted to the portrait (docs/portrait.md). The generator sees small windows, mouth and
eyes, of a frame that geometry has made already, and gives what geometry painted its light: lids and lashes, the rims of
lips. It says how bright, not which colour (`relit`): trained on few kinds of picture, it must not bring their colours
into others. Pixels out of reach of the occlusion stay as they are, bit by bit.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from renderer.appearance import AppearanceNet
from renderer.checkpoint import config_from, load_network
from renderer.dense_motion import sample_volume, volume_points
from renderer.errors import RendererError
from renderer.generator import Carried, Generated, Generator
from renderer.precision import cpu_prefers_bfloat16

CELL_PX = 4
"""Side of a cell of the volume in pixels."""
DARKEST, LIGHT_GAIN = 0.02, 2.0
"""Black can be made lighter by as much; and the exponent of brightness for each unit the network puts out."""
INSIDE_PX = 2
REACH_PX, REACH_FADE_PX = 6, 4
"""How far from painted pixels the network may change the picture, and over which width that ends."""


@dataclass(frozen=True)
class GuidedConfig:
    """Sizes of the two networks; the defaults are the shipped model, `debug()` is a tiny one for tests."""

    source_size: int = 256
    volume_channels: int = 16
    volume_depth: int = 4
    half_depth: float = 0.7
    appearance_widths: tuple[int, int] = (32, 64)
    appearance_blocks: int = 1
    generator_widths: tuple[int, int] = (40, 96)
    generator_blocks: int = 4

    @classmethod
    def debug(cls) -> Self:
        """64 x 64 pixels, a few thousand weights."""
        return cls(64, 4, 2, 0.7, (8, 8), 1, (8, 8), 1)


@dataclass(frozen=True, eq=False)
class Mended:
    """What the network says of B windows.

    painted: (B, h, w, 3) float32 in 0..255.  share: (B, h, w) float32 in [0, 1], how much of it the frame takes; 0
    out of reach of painted pixels.
    """

    painted: np.ndarray
    share: np.ndarray


class GuidedFaceVid2Vid(nn.Module):
    """Appearance volume and generator; pictures are float32 (B, 3, H, W) RGB in [0, 1]."""

    def __init__(self, config: GuidedConfig) -> None:
        super().__init__()
        self.config = c = config
        self.appearance = AppearanceNet(c.appearance_widths, c.volume_channels, c.volume_depth, c.appearance_blocks)
        self.generator = Generator(
            c.volume_channels, c.volume_depth, c.half_depth, c.generator_widths, c.generator_blocks
        )

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """The network stored in `folder` (config.json, model.safetensors), ready for use.

        Raises RendererError when a file is missing or does not fit this network.
        """
        network = cls(config_from(folder, GuidedConfig))
        load_network(network, folder)
        network.generator.to(memory_format=torch.channels_last)
        return network.eval()

    @torch.inference_mode()
    def source(self, square: np.ndarray) -> torch.Tensor:
        """Look at a portrait once: (S, S, 3) uint8 RGB with S = config.source_size -> volume (1, C, D, S/4, S/4)."""
        size = self.config.source_size
        if square.shape != (size, size, 3) or square.dtype != np.uint8:
            raise RendererError(
                f"The source is {square.dtype} of shape {square.shape}; this network takes uint8 RGB of {size} x {size}"
                " pixels, cut it from the portrait first."
            )
        with self._autocast():
            return self.appearance(self._pictures(square[None])).float()

    @torch.inference_mode()
    def mend(
        self, volume: torch.Tensor, frames: np.ndarray, opacity: np.ndarray, places: np.ndarray, mouth: bool = False
    ) -> Mended:
        """Paint B windows of frames of one portrait.

        volume: of `source`.  frames: (B, h, w, 3) uint8, what geometry made of them.  opacity: (B, h, w) uint8, how
        much of each pixel geometry had to paint.  places: (B, h/4, w/4, 2) float32, where in the source square
        each cell comes from, x and y in [-1, 1] over its sides, y down.  h and w are multiples of 8.  mouth: these are
        windows of a mouth, whose inside is left to geometry.
        """
        pixels = self._pictures(frames)
        painted_before = torch.from_numpy(opacity).to(pixels.device)[:, None].float() / 255
        where = torch.from_numpy(np.ascontiguousarray(places, np.float32)).to(pixels.device)
        with self._autocast():
            made = self.generate(volume.expand(len(pixels), -1, -1, -1, -1), pixels, painted_before, where)
        share = (1 - made.keep[:, 0]).float() * reach(painted_before, mouth)[:, 0]
        painted = (made.painted.float().clamp(0, 1) * 255).permute(0, 2, 3, 1).contiguous()
        return Mended(painted.cpu().numpy(), share.cpu().numpy())

    def generate(
        self, volume: torch.Tensor, pixels: torch.Tensor, opacity: torch.Tensor, places: torch.Tensor
    ) -> Generated:
        """Differentiable: volumes (B, C, D, s, s), windows (B, 3, h, w), opacity (B, 1, h, w), places as in `mend`.

        The `keep` of what is returned does not know of `reach`; `confined` applies it.
        """
        with torch.autocast(pixels.device.type, enabled=False):
            depths = volume_points(self.config.volume_depth, 1, 1, self.config.half_depth, pixels.device)[..., 2]
            plane = (places * places.new_tensor([1.0, -1.0]))[:, None]  # keypoint space has y up
            plane = plane.expand(-1, len(depths), -1, -1, -1)
            grid = torch.cat((plane, depths[None, ..., None].expand(*plane.shape[:-1], 1)), dim=-1)
            carried = sample_volume(volume, grid, self.config.half_depth)
        made = self.generator(Carried(pixels, carried, 1 - opacity))
        return replace(made, painted=relit(pixels, made.painted))

    def _pictures(self, pictures: np.ndarray) -> torch.Tensor:
        device = next(self.parameters()).device
        batch = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2).float() / 255
        return batch.contiguous(memory_format=torch.channels_last)

    def _autocast(self) -> torch.autocast:
        device = next(self.parameters()).device.type
        return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or cpu_prefers_bfloat16())


def relit(pixels: torch.Tensor, painted: torch.Tensor) -> torch.Tensor:
    """The pixels, brighter or darker by as much as `painted` asks for in the mean of its colours; (B, 3, H, W) each.

    The network says how much light falls on each pixel, not its colour: a drawing stays grey, a painting keeps its
    palette, teeth keep their edges, whatever it was trained on.
    """
    light = (painted.float() - pixels).mean(dim=1, keepdim=True)
    return (pixels + DARKEST) * torch.exp(LIGHT_GAIN * light) - DARKEST


def reach(opacity: torch.Tensor, mouth: bool = False) -> torch.Tensor:
    """(B, 1, h, w) in [0, 1] -> the same size: 1 near painted pixels, exactly 0 far from them and inside a mouth. Row
    by row, then column by column, which is quicker."""
    rows, columns = (2 * REACH_PX + 1, 1), (1, 2 * REACH_PX + 1)
    near = F.max_pool2d((opacity > 0).float(), rows, 1, (REACH_PX, 0))
    near = F.max_pool2d(near, columns, 1, (0, REACH_PX))
    rows, columns = (2 * REACH_FADE_PX + 1, 1), (1, 2 * REACH_FADE_PX + 1)
    near = F.avg_pool2d(near, rows, 1, (REACH_FADE_PX, 0), count_include_pad=False)
    near = F.avg_pool2d(near, columns, 1, (0, REACH_FADE_PX), count_include_pad=False)
    return near * (1 - mouth_inside(opacity)) if mouth else near


def mouth_inside(opacity: torch.Tensor) -> torch.Tensor:
    """(B, 1, h, w) opacity of a mouth's window -> 1 well inside the opened lips, 0 elsewhere.

    Which teeth a person has cannot be known from a closed mouth: a network paints the mean of all teeth there, a grey
    blur, and geometry a set of teeth that moves rightly.
    """
    full = (opacity > 0.9).float()
    return -F.max_pool2d(-full, 2 * INSIDE_PX + 1, 1, INSIDE_PX)


def confined(made: Generated, pixels: torch.Tensor, opacity: torch.Tensor, mouth: bool) -> torch.Tensor:
    """The window as it enters the frame, (B, 3, h, w): painted only within reach."""
    return pixels + (1 - made.keep) * reach(opacity, mouth) * (made.painted - pixels)
