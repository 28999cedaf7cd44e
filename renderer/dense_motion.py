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

from renderer.blocks import Hourglass3d, conv_block
from renderer.keypoints import Keypoints, volume_points

REACH_SHARE, NEIGHBOUR = 0.27, 5
"""A keypoint's own region has a standard deviation of this share of the distance to its fifth neighbour: small about
lids and lips, where keypoints are dense, large on the skull."""
BACKGROUND_REACH, BACKGROUND_SHARPNESS = 2.3, 4.0
"""So many standard deviations from every keypoint the background takes over, unless the network says otherwise."""
DEPTH_SOFTNESS = 2.0
"""How much smoother than the motion the surface's depth is interpolated between keypoints; steps in it would tear."""


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
    """Gaussians at points (N, 3) about the driving keypoints less those about the source's: (B, K+1, N); channel 0 is
    zero.
    """

    def gaussians(keypoints: Keypoints) -> torch.Tensor:
        return torch.exp(-0.5 * _square_distances(keypoints.positions(), points[None]) / variance)

    return F.pad(gaussians(driving) - gaussians(source), (0, 0, 1, 0))


def nearness(driving: Keypoints, points: torch.Tensor) -> torch.Tensor:
    """Prior mask scores (B, K+1, N) at points (1 or B, N, 2): minus half the squared distance in the picture, in units
    of the keypoint's own reach. Depth is left out: what is seen is near the front.

    The background equals all keypoints together where every one of them is BACKGROUND_REACH reaches away (small ones
    taken as average), and gives way to them nearer: so it never shows between dense keypoints.
    """
    between = torch.cdist(driving.canonical, driving.canonical)
    reach = REACH_SHARE * between.kthvalue(min(NEIGHBOUR + 1, between.shape[1]), keepdim=True).values.detach()
    square = _square_distances(driving.positions()[..., :2], points)
    scores = -0.5 * square / reach.square()
    wide = torch.maximum(reach, reach.mean(1, keepdim=True))
    away = (square / wide.square()).amin(1, keepdim=True)
    background = scores.logsumexp(1, keepdim=True) + 0.5 * BACKGROUND_SHARPNESS * (away - BACKGROUND_REACH**2)
    return torch.cat((background, scores), dim=1)


def _square_distances(centres: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """(B, K, n) and (1 or B, N, n) -> (B, K, N), as a matrix product: the differences would be (B, K, N, n)."""
    return points.square().sum(-1)[:, None] - 2 * centres @ points.mT + centres.square().sum(-1, keepdim=True)


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

    The hourglass works at half the volume's size (each of the K+1 flows costs a sampling). What it says is
    added to a prior at full size, by which a place belongs to the keypoints it lies nearest to, and to the background
    when it is far from all: so that motion is sensible before anything is learned, and sharp about lids and lips.
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
        self.masks = nn.Conv3d(widths[0], flows, 3, padding=1)
        depth = depth // 2
        self.surface = nn.Conv2d(widths[0] * depth, depth, 3, padding=1)
        self.occlusion = nn.Sequential(
            conv_block(widths[0] * depth, 2 * widths[0]), nn.Conv2d(2 * widths[0], 4, 3, padding=1), nn.PixelShuffle(2)
        )
        nn.init.constant_(self.occlusion[1].bias, 2.0)  # most of a picture is seen in the other
        for head in (self.masks, self.surface):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, volume: torch.Tensor, source: Keypoints, driving: Keypoints) -> DenseMotion:
        """(B, C, D, H, W) appearance volume, keypoints of both pictures -> DenseMotion at D x H x W."""
        features = self._look(volume, source, driving)
        flat = features.flatten(1, 2)
        scores, occlusion = self.masks(features).float(), self.occlusion(flat).float()
        surface = self.surface(flat).float().softmax(1)
        with torch.autocast(volume.device.type, enabled=False):
            grid = self._volume_motion(scores, source, driving, volume.shape[2:])
            flow = self._surface_motion(scores, surface, source, driving, volume.shape[-1])
        return DenseMotion(grid, flow, occlusion)

    def _volume_motion(
        self, scores: torch.Tensor, source: Keypoints, driving: Keypoints, size: torch.Size
    ) -> torch.Tensor:
        """Motion of every cell: blended at the hourglass's size, its displacement brought to `size`."""
        points = volume_points(*scores.shape[2:], self.half_depth, scores.device)
        prior = nearness(driving, points[0, ..., :2].reshape(1, -1, 2)).unflatten(2, scores.shape[3:])
        masks = (scores + prior[:, :, None]).softmax(1)
        places = _blend_flows(masks.flatten(2), source, driving, points.reshape(1, -1, 3))
        shift = (places.unflatten(1, scores.shape[2:]) - points).permute(0, 4, 1, 2, 3)
        shift = F.interpolate(shift, size=tuple(size), mode="trilinear", align_corners=False)
        return volume_points(*size, self.half_depth, scores.device) + shift.permute(0, 2, 3, 4, 1)

    def _surface_motion(
        self, scores: torch.Tensor, surface: torch.Tensor, source: Keypoints, driving: Keypoints, size: int
    ) -> torch.Tensor:
        """Motion of the visible surface at full size: masks from the slices that `surface` (B, D, h, w) weighs.

        The surface's depth is that of the keypoints about, by the prior masks, and an offset that `surface` gives.
        """
        depths = volume_points(surface.shape[1], 1, 1, self.half_depth, surface.device)[:, 0, 0, 2]
        offset = torch.einsum("bdhw,d->bhw", surface, depths)[:, None]
        scores = torch.einsum("bkdhw,bdhw->bkhw", scores, surface)
        both = torch.cat((scores, offset), dim=1)
        both = F.interpolate(both, size=(size, size), mode="bilinear", align_corners=False)
        scores, offset = both[:, :-1].flatten(2), both[:, -1].flatten(1)[..., None]
        plane = volume_points(1, size, size, 1.0, surface.device)[..., :2].flatten(1, 2)
        prior = nearness(driving, plane)
        depth = (prior[:, 1:] / DEPTH_SOFTNESS).softmax(1).mT @ driving.positions()[..., 2:] + offset
        points = torch.cat((plane.expand(len(depth), -1, -1), depth), dim=-1)
        masks = (scores + prior).softmax(1)
        return _blend_flows(masks, source, driving, points)[..., :2].unflatten(1, (size, size))

    def _look(self, volume: torch.Tensor, source: Keypoints, driving: Keypoints) -> torch.Tensor:
        """The hourglass's view of every flow's warped features, at half size: (B, widths[0], D/2, H/2, W/2)."""
        thin = F.avg_pool3d(self.compress(volume), 2)
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

    masks (B, K+1, N), points (1 or B, N, 3) -> (B, N, 3).
    """
    jacobian = source.rotation @ driving.rotation.mT
    offsets = source.positions() - driving.positions() @ jacobian.mT
    still = masks[:, 0, :, None]
    return still * points + (1 - still) * (points @ jacobian.mT) + masks[:, 1:].mT @ offsets
