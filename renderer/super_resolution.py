"""Super-resolution networks, compatible with BasicSR's state dicts: SRVGGNetCompact and RRDBNet.

Layer names are those of BasicSR's architectures, so that Real-ESRGAN's and other public weights load; `from_basicsr`
reads such a .pth file and takes the sizes from its tensors. The shipped network is a small SRVGGNetCompact.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from renderer.checkpoint import config_from, load_network
from renderer.errors import RendererError
from renderer.precision import cpu_prefers_bfloat16


@dataclass(frozen=True)
class SRVGGConfig:
    """Channels, number of inner convolutions and factor of a SRVGGNetCompact."""

    features: int = 24
    convolutions: int = 8
    scale: int = 2

    @classmethod
    def debug(cls) -> Self:
        """A few hundred weights."""
        return cls(features=4, convolutions=1)


class SRVGGNetCompact(nn.Module):
    """Plain convolutions at low resolution, then a pixel shuffle, on top of nearest-neighbour enlargement.

    (B, 3, H, W) RGB in [0, 1] -> (B, 3, scale H, scale W). From Real-ESRGAN (arXiv 2107.10833), "compact" variant.
    """

    def __init__(self, config: SRVGGConfig) -> None:
        super().__init__()
        self.config = config
        width = config.features
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(config.convolutions):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        layers.append(nn.Conv2d(width, 3 * config.scale**2, 3, padding=1))
        self.body = nn.ModuleList(layers)
        self.upsampler = nn.PixelShuffle(config.scale)

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """The network stored in `folder` (config.json, model.safetensors). Raises RendererError."""
        network = cls(config_from(folder, SRVGGConfig))
        load_network(network, folder)
        return network.eval()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        out = picture
        for layer in self.body:
            out = layer(out)
        enlarged = F.interpolate(picture, scale_factor=self.config.scale, mode="nearest")
        return self.upsampler(out) + enlarged


@dataclass(frozen=True)
class RRDBConfig:
    """Channels, number of residual-in-residual blocks, growth and factor (1, 2 or 4) of an RRDBNet."""

    features: int = 64
    blocks: int = 23
    growth: int = 32
    scale: int = 4

    @classmethod
    def debug(cls) -> Self:
        """One block of four channels."""
        return cls(features=4, blocks=1, growth=2, scale=2)


class _ResidualDenseBlock(nn.Module):
    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for index in range(1, 6):
            outputs = features if index == 5 else growth
            setattr(self, f"conv{index}", nn.Conv2d(features + (index - 1) * growth, outputs, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x
        for index in range(1, 5):
            fresh = F.leaky_relu(getattr(self, f"conv{index}")(seen), 0.2)
            seen = torch.cat((seen, fresh), dim=1)
        return x + 0.2 * self.conv5(seen)


class _ResidualInResidual(nn.Module):
    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = _ResidualDenseBlock(features, growth)
        self.rdb2 = _ResidualDenseBlock(features, growth)
        self.rdb3 = _ResidualDenseBlock(features, growth)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """ESRGAN's generator (arXiv 1809.00219): residual-in-residual dense blocks, two nearest-neighbour doublings.

    (B, 3, H, W) RGB in [0, 1] -> (B, 3, scale H, scale W). Scales 2 and 1 first fold the picture by pixel-unshuffle.
    """

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        self.config = config
        width, self.fold = config.features, 4 // config.scale
        self.conv_first = nn.Conv2d(3 * self.fold**2, width, 3, padding=1)
        self.body = nn.Sequential(*(_ResidualInResidual(width, config.growth) for _ in range(config.blocks)))
        self.conv_body = nn.Conv2d(width, width, 3, padding=1)
        self.conv_up1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv_up2 = nn.Conv2d(width, width, 3, padding=1)
        self.conv_hr = nn.Conv2d(width, width, 3, padding=1)
        self.conv_last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        features = self.conv_first(F.pixel_unshuffle(picture, self.fold) if self.fold > 1 else picture)
        features = features + self.conv_body(self.body(features))
        for enlarge in (self.conv_up1, self.conv_up2):
            features = F.leaky_relu(enlarge(F.interpolate(features, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(features), 0.2))


def from_basicsr(path: Path) -> SRVGGNetCompact | RRDBNet:
    """A network from a BasicSR .pth file (its `params_ema` or `params`), sizes read from the tensors.

    The file is read as tensors only (no code runs). Raises RendererError when it holds neither architecture.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RendererError(f"{path} is missing; give a BasicSR weight file (.pth).") from None
    except Exception as error:  # torch raises several kinds for a broken or unsafe file
        kind = type(error).__name__
        raise RendererError(f"{path} cannot be read as tensors ({kind}); give a BasicSR .pth file.") from None
    if isinstance(stored, dict):
        stored = stored.get("params_ema", stored.get("params", stored))
    try:
        network = _network_for(stored)
        network.load_state_dict(stored, strict=True)
    except (KeyError, IndexError, RuntimeError, AttributeError, ValueError):
        raise RendererError(
            f"{path} holds neither an SRVGGNetCompact nor an RRDBNet of BasicSR; give weights of one of the two."
        ) from None
    return network.eval()


def _network_for(state: dict[str, torch.Tensor]) -> SRVGGNetCompact | RRDBNet:
    if "conv_first.weight" in state:
        width, inputs = state["conv_first.weight"].shape[:2]
        blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("body."))
        growth = state["body.0.rdb1.conv1.weight"].shape[0]
        return RRDBNet(RRDBConfig(width, blocks, growth, 4 // round((inputs / 3) ** 0.5)))
    width = state["body.0.weight"].shape[0]
    last = max(int(name.split(".")[1]) for name in state)
    scale = round((state[f"body.{last}.weight"].shape[0] / 3) ** 0.5)
    return SRVGGNetCompact(SRVGGConfig(width, (last - 2) // 2, scale))


@torch.inference_mode()
def enlarge(network: SRVGGNetCompact | RRDBNet, picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> (scale H, scale W, 3) uint8 RGB. Raises RendererError for anything else."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise RendererError(f"The picture is {picture.dtype} of shape {picture.shape}; give uint8 RGB, (H, W, 3).")
    device = next(network.parameters()).device
    batch = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255
    batch = batch.contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu" or cpu_prefers_bfloat16()):
        out = network(batch).float()
    return (out[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().cpu().numpy()
