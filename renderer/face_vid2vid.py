"""Face-Vid2Vid: a portrait moved by keypoints (arXiv 2011.15126; papers.md section 5).

Five networks in a row: appearance volume and canonical keypoints of the source, head pose and expression of any
picture, dense motion with occlusion, generator. The flow equation is the paper's, with the Jacobian R_s R_d^-1
(renderer.dense_motion); a checkpoint must be run with the flow it was trained with.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import nn

from renderer.appearance import AppearanceNet
from renderer.checkpoint import config_from, load_network
from renderer.dense_motion import DenseMotionNet
from renderer.errors import RendererError
from renderer.generator import Generated, Generator
from renderer.keypoints import CanonicalKeypointNet, Keypoints, PoseExpressionNet
from renderer.precision import cpu_prefers_bfloat16
from renderer.relative_motion import relative_keypoints


@dataclass(frozen=True)
class FaceVid2VidConfig:
    """Sizes of the five networks; the defaults are the shipped model, `debug()` is a tiny one for tests."""

    image_size: int = 256
    keypoints: int = 28
    volume_channels: int = 16
    volume_depth: int = 8
    half_depth: float = 0.7  # the volume spans z in [-half_depth, half_depth] of keypoint space
    heatmap_variance: float = 0.01
    appearance_widths: tuple[int, int] = (32, 64)
    appearance_blocks: int = 1
    canonical_widths: tuple[int, ...] = (24, 40, 64)
    pose_widths: tuple[int, ...] = (24, 32, 64, 96, 128)
    motion_widths: tuple[int, ...] = (16, 32, 48)
    generator_widths: tuple[int, int] = (32, 64)
    generator_blocks: int = 3

    @classmethod
    def debug(cls) -> Self:
        """64 x 64 pixels, 5 keypoints, a few thousand weights."""
        return cls(
            image_size=64,
            keypoints=5,
            volume_channels=4,
            volume_depth=4,
            appearance_widths=(8, 8),
            appearance_blocks=1,
            canonical_widths=(8, 8, 8),
            pose_widths=(8, 8, 8, 8),
            motion_widths=(8, 8),
            generator_widths=(8, 8),
            generator_blocks=1,
        )


@dataclass(frozen=True, eq=False)
class Source:
    """A portrait, seen once: picture (1, 3, S, S) in [0, 1], its feature volume and its keypoints."""

    picture: torch.Tensor
    volume: torch.Tensor
    keypoints: Keypoints


@dataclass(frozen=True, eq=False)
class PosedPortrait:
    """One frame, and how it came about.

    picture: (S, S, 3) uint8 RGB. flow: (S/4, S/4, 2) float32, the place in the source of what each cell shows, in
    keypoint space. keep: (S, S) float32 in [0, 1], the share of the source's own pixels; the rest was painted.
    """

    picture: np.ndarray
    flow: np.ndarray
    keep: np.ndarray


class FaceVid2Vid(nn.Module):
    """The five networks; pictures are float32 (B, 3, S, S) RGB in [0, 1]."""

    def __init__(self, config: FaceVid2VidConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        self.appearance = AppearanceNet(c.appearance_widths, c.volume_channels, c.volume_depth, c.appearance_blocks)
        self.canonical = CanonicalKeypointNet(c.keypoints, c.canonical_widths, c.volume_depth, c.half_depth)
        self.pose = PoseExpressionNet(c.keypoints, c.pose_widths, c.image_size)
        self.motion = DenseMotionNet(
            c.keypoints, c.volume_channels, c.volume_depth, c.half_depth, c.motion_widths, c.heatmap_variance
        )
        self.generator = Generator(
            c.volume_channels, c.volume_depth, c.half_depth, c.generator_widths, c.generator_blocks
        )

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """The network stored in `folder` (config.json, model.safetensors), ready for use.

        Raises RendererError when a file is missing or does not fit this network.
        """
        network = cls(config_from(folder, FaceVid2VidConfig))
        load_network(network, folder)
        return network.eval()

    @torch.inference_mode()
    def source(self, portrait: np.ndarray) -> Source:
        """Look at a portrait once: (S, S, 3) uint8 RGB with S = config.image_size -> Source."""
        picture = self._batch([portrait])
        with self._autocast():
            volume = self.appearance(picture).float()
            keypoints = self.pose(picture).join(self.canonical(picture))
        return Source(picture, volume, keypoints)

    @torch.inference_mode()
    def driving_keypoints(self, pictures: Iterable[np.ndarray], canonical: torch.Tensor) -> Keypoints:
        """Keypoints of driving pictures, each (S, S, 3) uint8, on one identity's canonical points (1, K, 3)."""
        with self._autocast():
            motion = self.pose(self._batch(list(pictures)))
        return motion.join(canonical.expand(len(motion.translation), -1, -1))

    @torch.inference_mode()
    def pose_source(self, source: Source, driving: Keypoints) -> list[PosedPortrait]:
        """The portrait in each of the B driving poses."""
        count = len(driving.translation)
        keypoints = source.keypoints.repeated(count)
        picture, volume = (x.expand(count, *[-1] * (x.dim() - 1)) for x in (source.picture, source.volume))
        with self._autocast():
            motion = self.motion(volume, keypoints, driving)
            made = self.generator(self.generator.carry(picture, volume, motion))
        pictures = (made.picture.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().cpu().numpy()
        flow, keep = motion.flow.cpu().numpy(), made.keep[:, 0].float().cpu().numpy()
        return [PosedPortrait(*parts) for parts in zip(pictures, flow, keep, strict=True)]

    def generate(
        self, picture: torch.Tensor, volume: torch.Tensor, source: Keypoints, driving: Keypoints
    ) -> Generated:
        """Source pictures, their volumes and keypoints, the keypoints to go to -> Generated (differentiable)."""
        motion = self.motion(volume, source, driving)
        return self.generator(self.generator.carry(picture, volume, motion))

    def _batch(self, pictures: list[np.ndarray]) -> torch.Tensor:
        size = self.config.image_size
        for picture in pictures:
            if picture.shape != (size, size, 3) or picture.dtype != np.uint8:
                raise RendererError(
                    f"The picture is {picture.dtype} of shape {picture.shape}; this network takes uint8 RGB of "
                    f"{size} x {size} pixels, resize it first."
                )
        device = next(self.parameters()).device
        return torch.from_numpy(np.stack(pictures)).to(device).permute(0, 3, 1, 2).float() / 255

    def _autocast(self) -> torch.autocast:
        device = next(self.parameters()).device.type
        return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or cpu_prefers_bfloat16())


def animate(
    network: FaceVid2Vid, portrait: np.ndarray, driving_frames: Iterable[np.ndarray], batch_size: int = 4
) -> Iterator[np.ndarray]:
    """Relative motion transfer: the portrait moves as the driving frames do, starting from its own state.

    portrait: (S, S, 3) uint8 RGB. driving_frames: (S, S, 3) uint8 each; the first shows the driver in the state the
    portrait is in (calm, facing as rest), and is the state that motion is measured from. Yields one (S, S, 3) uint8
    frame per driving frame. Raises RendererError on pictures of another size or type.
    """
    source = network.source(portrait)
    driving = network_keypoints(network, driving_frames, batch_size)
    yield from (posed.picture for posed in animate_keypoints(network, source, driving))


def animate_keypoints(
    network: FaceVid2Vid, source: Source, driving: Iterable[Keypoints]
) -> Iterator[PosedPortrait]:
    """The same from the driver's keypoints, in batches of any size; the first row is what motion is measured from."""
    first = None
    for batch in driving:
        first = batch.rows(0, 1) if first is None else first
        yield from network.pose_source(source, relative_keypoints(source.keypoints, first, batch))


def network_keypoints(
    network: FaceVid2Vid, driving_frames: Iterable[np.ndarray], batch_size: int = 4
) -> Iterator[Keypoints]:
    """The networks' own keypoints of driving frames, (S, S, 3) uint8 each; the identity is that of the first."""
    frames = iter(driving_frames)
    canonical = None
    while group := list(islice(frames, batch_size)):
        if canonical is None:
            canonical = network.source(group[0]).keypoints.canonical
        yield network.driving_keypoints(group, canonical)
