"""Dense motion: from K keypoint pairs to one 3-D motion field, a picture flow and an occlusion map (papers.md 5.1-5.2).

Each keypoint offers the rigid motion

    w_k(p) = R_s R_d^-1 (p - x_d,k) + x_s,k          (the paper's equation, with its Jacobian R_s R_d^-1)

from the driving picture back to the source; one more flow, for the background, keeps p. A 3-D hourglass sees the
source's features warped by each of them and says by softmax masks which flow counts where.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from renderer.blocks import Hourglass3d, conv_block, conv_block_3d
from renderer.keypoints import Keypoints, volume_points


@dataclass(frozen=True, eq=False)
class DenseMotion:
    """Motion from the driving picture back to the source, float32.

    grid: (B, D, H, W, 3), for each cell of the driving volume its place in the source, keypoint space.
    flow: (B, H, W, 2), the same for the visible surface: place (x, y) in the source picture, keypoint space.
    occlusion_logits: (B, 1, H, W); sigmoid is 1 where the source shows what the driving picture needs.
    """

    grid: torch.Tensor
    flow: torch.Tensor
    occlusion_logits: torch.Tensor

    def occlusion(self) -> torch.Tensor:
        """(B, 1, H, W) in [0, 1]: 1 = visible in the source."""
        return self.occlusion_logits.sigmoid()


def keypoint_flows(source: Keypoints, driving: Keypoints, points: torch.Tensor) -> torch.Tensor:
    """w_k(p) for p in `points` (N, 3): (B, K+1, N, 3); flow 0 is the background's identity."""
    jacobian = source.rotation @ driving.rotation.mT
    away = points[None, None] - driving.positions()[:, :, None]
    moved = away @ jacobian.mT[:, None] + source.positions()[:, :, None]
    still = points[None, None].expand(len(moved), 1, -1, -1)
    return torch.cat((still, moved), dim=1)


def heatmap_change(source: Keypoints, driving: Keypoints, points: torch.Tensor, variance: float) -> torch.Tensor:
    """Gaussians about the driving keypoints less those about the source's: (B, K+1, N); channel 0 is zero."""

    def gaussians(centres: torch.Tensor) -> torch.Tensor:
        # |p - c|^2 = |p|^2 - 2 p.c + |c|^2, as one matrix product instead of (B, K, N, 3) differences.
        square = points.square().sum(-1) - 2 * centres @ points.T + centres.square().sum(-1, keepdim=True)
        return torch.exp(-0.5 * square / variance)

    change = gaussians(driving.positions()) - gaussians(source.positions())
    return F.pad(change, (0, 0, 1, 0))


def sample_volume(volume: torch.Tensor, places: torch.Tensor, half_depth: float) -> torch.Tensor:
    """Features of `volume` (B, C, D, H, W) at keypoint-space `places` (B, d, h, w, 3): (B, C, d, h, w)."""
    scale = torch.tensor([1.0, -1.0, 1.0 / half_depth], device=places.device)
    return F.grid_sample(volume.float(), places * scale, padding_mode="border", align_corners=False)


def sample_picture(picture: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """Pixels of `picture` (B, C, H, W) at keypoint-space `flow` (B, h, w, 2): (B, C, h, w) float32."""
    scale = torch.tensor([1.0, -1.0], device=flow.device)
    return F.grid_sample(picture.float(), flow * scale, padding_mode="border", align_corners=False)


def resize_flow(flow: torch.Tensor, size: int) -> torch.Tensor:
    """A flow (B, h, w, 2) on another square grid: its displacement is interpolated, so a still flow stays exact."""
    here = volume_points(1, *flow.shape[1:3], 1.0, flow.device)[0, ..., :2]
    there = volume_points(1, size, size, 1.0, flow.device)[0, ..., :2]
    shift = (flow - here).permute(0, 3, 1, 2)
    shift = F.interpolate(shift, size=(size, size), mode="bilinear", align_corners=False)
    return there + shift.permute(0, 2, 3, 1)


class DenseMotionNet(nn.Module):
    """Volume and keypoint pairs -> DenseMotion.

    The warped features are looked at in half the volume's height and width (they cost K+1 samplings); the masks are
    then refined at full size, where the heat maps enter a second time.
    """

    def __init__(
        self, keypoints: int, channels: int, depth: int, half_depth: float, widths: tuple[int, ...], variance: float
    ) -> None:
        super().__init__()
        self.half_depth, self.variance = half_depth, variance
        flows, thin = keypoints + 1, 4
        self.compress = nn.Conv3d(channels, thin, 1)
        self.gather = nn.Conv3d(flows * (thin + 1), widths[0], 1)
        self.hourglass = Hourglass3d(widths[0], widths)
        self.sharpen = conv_block_3d(widths[0] + flows, widths[0])
        self.masks = nn.Conv3d(widths[0], flows, 3, padding=1)
        self.surface = nn.Conv2d(widths[0] * depth, depth, 3, padding=1)
        self.occlusion = nn.Sequential(
            conv_block(widths[0] * depth, widths[0]), nn.Conv2d(widths[0], 1, 5, padding=2)
        )

    def forward(self, volume: torch.Tensor, source: Keypoints, driving: Keypoints) -> DenseMotion:
        """(B, C, D, H, W) appearance volume, keypoints of both pictures -> DenseMotion at D x H x W."""
        _, _, depth, height, width = volume.shape
        features = self._look(volume, source, driving)
        features = F.interpolate(features, size=(depth, height, width), mode="trilinear", align_corners=False)
        points = volume_points(depth, height, width, self.half_depth, volume.device)
        with torch.autocast(volume.device.type, enabled=False):
            heat = heatmap_change(source, driving, points.reshape(-1, 3), self.variance)
        heat = heat.unflatten(2, (depth, height, width)).to(features.dtype)
        features = self.sharpen(torch.cat((features, heat), dim=1))
        masks = self.masks(features).float().softmax(1)
        flat = features.flatten(1, 2)
        surface = self.surface(flat).float().softmax(1)
        with torch.autocast(volume.device.type, enabled=False):
            grid = _blend_flows(masks, source, driving, points)
            flow = torch.einsum("bdhw,bdhwi->bhwi", surface, grid[..., :2])
        return DenseMotion(grid, flow, self.occlusion(flat).float())

    def _look(self, volume: torch.Tensor, source: Keypoints, driving: Keypoints) -> torch.Tensor:
        """The hourglass's view of every flow's warped features, at half size: (B, widths[0], D, H/2, W/2)."""
        thin = F.avg_pool3d(self.compress(volume), (1, 2, 2))
        batch, channels, depth, height, width = thin.shape
        points = volume_points(depth, height, width, self.half_depth, volume.device).reshape(-1, 3)
        with torch.autocast(volume.device.type, enabled=False):
            flows = keypoint_flows(source, driving, points)
            count = flows.shape[1]
            places = flows.reshape(batch, count * depth, height, width, 3)
            warped = sample_volume(thin, places, self.half_depth)
            heat = heatmap_change(source, driving, points, self.variance)
        warped = warped.unflatten(2, (count, depth)).flatten(1, 2)
        heat = heat.unflatten(2, (depth, height, width))
        return self.hourglass(self.gather(torch.cat((warped, heat), dim=1)))


def _blend_flows(masks: torch.Tensor, source: Keypoints, driving: Keypoints, points: torch.Tensor) -> torch.Tensor:
    """sum_k mask_k w_k without ever holding the K+1 flows: every w_k is J p + (x_s,k - J x_d,k).

    masks (B, K+1, D, H, W), points (D, H, W, 3) -> (B, D, H, W, 3).
    """
    jacobian = source.rotation @ driving.rotation.mT
    offsets = source.positions() - driving.positions() @ jacobian.mT
    turned = torch.einsum("bij,dhwj->bdhwi", jacobian, points)
    moved = torch.einsum("bkdhw,bki->bdhwi", masks[:, 1:], offsets)
    still = masks[:, 0, ..., None]
    return still * points + (1 - still) * turned + moved
