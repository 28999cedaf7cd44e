"""Face-Vid2Vid at the size its paper's reimplementations agree on, against this project's portrait path, in one run.

    python benchmarks/published_face_vid2vid.py PORTRAIT [--threads 2] [--frames 24] [--float32]

One JSON line for the published network (256 x 256, random weights, from keypoints; the source is looked at once), one
for each quality of our path (512 x 512, geometry, painting and composition; no encoding), each with its ratio.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch._dynamo  # noqa: F401  # where torch has Triton, it must be loaded before Mesa, or both crash
import torch.nn.functional as F
from neural_renderer import cpu_name, gflops, milliseconds
from torch import nn

from dreamtalk.portrait.portrait import load_portrait
from dreamtalk.portrait.portrait_video import QUALITIES, portrait_frames
from renderer.dense_motion import heatmap_change, keypoint_flows, sample_volume
from renderer.keypoints import Keypoints, volume_points
from renderer.precision import cpu_prefers_bfloat16
from rig.arkit import INDEX
from rig.clip import BlendshapeClip

KEYPOINTS, CHANNELS, DEPTH, SIDE, HALF_DEPTH = 20, 32, 16, 64, 1.0
COMPRESSED, WIDTHS, BLOCKS = 4, (32, 64, 128, 256, 512, 1024), 6


def block_3d(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(inputs, outputs, 3, padding=1), nn.BatchNorm3d(outputs), nn.ReLU())


def block_2d(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


class PublishedMotion(nn.Module):
    """Motion field: every flow's warped features and heat maps through a 3-D hourglass of five levels."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (KEYPOINTS + 1) * (COMPRESSED + 1)
        self.compress = nn.Conv3d(CHANNELS, COMPRESSED, 1)
        down = (inputs, *WIDTHS[1:])
        self.down = nn.ModuleList(block_3d(a, b) for a, b in zip(down[:-1], down[1:], strict=True))
        ups = [(WIDTHS[-1], WIDTHS[-2])] + [(2 * WIDTHS[k], WIDTHS[k - 1]) for k in range(len(WIDTHS) - 2, 0, -1)]
        self.up = nn.ModuleList(block_3d(a, b) for a, b in ups)
        self.masks = nn.Conv3d(WIDTHS[0] + inputs, KEYPOINTS + 1, 7, padding=3)
        self.occlusion = nn.Conv2d((WIDTHS[0] + inputs) * DEPTH, 1, 7, padding=3)

    def forward(self, volume: torch.Tensor, source: Keypoints, driving: Keypoints) -> tuple[torch.Tensor, torch.Tensor]:
        """Volume (1, 32, 16, 64, 64) -> it moved, and the occlusion map (1, 1, 64, 64)."""
        points = volume_points(DEPTH, SIDE, SIDE, HALF_DEPTH, volume.device).reshape(-1, 3)
        flows = keypoint_flows(source, driving, points)
        places = flows.reshape(1, (KEYPOINTS + 1) * DEPTH, SIDE, SIDE, 3)
        warped = sample_volume(self.compress(volume), places, HALF_DEPTH).unflatten(2, (KEYPOINTS + 1, DEPTH))
        heat = heatmap_change(source, driving, points, 0.01).unflatten(2, (DEPTH, SIDE, SIDE))
        features = torch.cat((warped.flatten(1, 2), heat), dim=1)
        skips = [features]
        for block in self.down:
            skips.append(F.avg_pool3d(block(skips[-1]), (1, 2, 2)))
        features = skips.pop()
        for block in self.up:
            features = block(F.interpolate(features, scale_factor=(1.0, 2.0, 2.0)))
            features = torch.cat((features, skips.pop()), dim=1)
        masks = self.masks(features).float().softmax(1)
        grid = (masks.flatten(2)[..., None] * flows).sum(1).reshape(1, DEPTH, SIDE, SIDE, 3)
        return sample_volume(volume, grid, HALF_DEPTH), self.occlusion(features.flatten(1, 2)).sigmoid()


class PublishedGenerator(nn.Module):
    """The moved volume and its occlusion -> a picture of 256 x 256."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Sequential(block_2d(CHANNELS * DEPTH, 256), nn.Conv2d(256, 256, 1))
        self.blocks = nn.ModuleList(nn.Sequential(block_2d(256, 256), block_2d(256, 256)) for _ in range(BLOCKS))
        self.up = nn.ModuleList((block_2d(256, 128), block_2d(128, 64)))
        self.picture = nn.Conv2d(64, 3, 7, padding=3)

    def forward(self, volume: torch.Tensor, occlusion: torch.Tensor) -> torch.Tensor:
        features = self.enter(volume.flatten(1, 2)) * occlusion
        for block in self.blocks:
            features = features + block(features)
        for block in self.up:
            features = block(F.interpolate(features, scale_factor=2.0))
        return self.picture(features).sigmoid()


def published_frame() -> tuple[nn.Module, Callable[[], object]]:
    """The two networks that run for every frame, and one frame's work."""
    torch.manual_seed(0)
    networks = nn.ModuleList((PublishedMotion(), PublishedGenerator())).eval()
    volume = torch.randn(1, CHANNELS, DEPTH, SIDE, SIDE)
    rotation, still = torch.eye(3)[None], torch.zeros(1, KEYPOINTS, 3)
    source, driving = (
        Keypoints(torch.rand(1, KEYPOINTS, 3) - 0.5, rotation, torch.zeros(1, 3), still + move) for move in (0.0, 0.02)
    )
    motion, generator = networks
    return networks, lambda: generator(*motion(volume, source, driving))


def talking(count: int) -> BlendshapeClip:
    """A clip in which jaw, lids and head keep moving."""
    time = np.arange(count) / 25
    weights = np.zeros((count, 52), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.3 + 0.25 * np.sin(7 * time)
    for side in ("Left", "Right"):
        weights[:, INDEX[f"eyeBlink{side}"]] = np.clip(3 * np.sin(2.2 * time) - 2, 0, 1)
    head = np.column_stack([0.05 * np.sin(1.3 * time), 0.08 * np.sin(time), 0 * time]).astype(np.float32)
    return BlendshapeClip(weights, head, 25.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 for the published network")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(arguments.threads)
    bfloat16 = cpu_prefers_bfloat16() and not arguments.float32
    machine = {"cpu": cpu_name(), "threads": arguments.threads}
    networks, work = published_frame()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        flops, (clock, cpu) = gflops(work), milliseconds(work, 2)
    row = {"path": "published Face-Vid2Vid, 256", "dtype": "bfloat16" if bfloat16 else "float32"}
    row |= {"parameters": sum(one.numel() for one in networks.parameters()), "gflop": round(flops, 1)}
    row |= {"ms": round(clock), "fps": round(1e3 / clock, 2), "cpu_ms": round(cpu)}
    print(json.dumps(row | machine), flush=True)
    portrait = load_portrait(arguments.portrait)
    for quality in QUALITIES:
        frames = portrait_frames(portrait, talking(arguments.frames + 4), quality=quality)
        for _ in range(3):
            next(frames)
        own_clock, own_cpu = milliseconds(lambda frames=frames: next(frames), arguments.frames)
        row = {"path": f"ours, {quality}, 512", "ms": round(own_clock, 1), "fps": round(1e3 / own_clock, 2)}
        ratios = {"times_published": round(clock / own_clock, 1), "times_published_cpu": round(cpu / own_cpu, 1)}
        row |= {"cpu_ms": round(own_cpu, 1)} | ratios
        print(json.dumps(row | machine), flush=True)
        frames.close()


if __name__ == "__main__":
    main()
