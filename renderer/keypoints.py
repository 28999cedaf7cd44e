"""Keypoints: where the parts of a face are, split into identity, head pose and expression (papers.md 5.1).

Keypoint space, the only one in this package: x right, y up, z toward the viewer; the picture spans [-1, 1] x [-1, 1]
(pixel centres lie inside: x = (2 j + 1) / W - 1, y = 1 - (2 i + 1) / H), z is in the same unit with its origin at the
head's turning point. Rotations are R = Ry(yaw) Rx(pitch) Rz(roll) of column vectors: +yaw turns the face to the
picture's right, +pitch down, +roll counter-clockwise in the picture.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from renderer.blocks import Hourglass3d, ResidualBlock, conv_block

ANGLE_BINS = 66  # of 3 degrees each: the expectation over bins runs from -99 to 96 (papers.md 5.1)
DEGREES_PER_BIN = 3.0
FIRST_BIN_DEGREES = -99.0


@dataclass(frozen=True, eq=False)
class Keypoints:
    """K points of B faces.

    canonical: (B, K, 3) float32, the identity: the calm face looking at the viewer, head's turning point at 0.
    rotation: (B, 3, 3) float32 rotation matrices of the head.
    translation: (B, 3) float32, the turning point's place.
    expression: (B, K, 3) float32, what the expression adds in picture axes.
    """

    canonical: torch.Tensor
    rotation: torch.Tensor
    translation: torch.Tensor
    expression: torch.Tensor

    def positions(self) -> torch.Tensor:
        """(B, K, 3): x_k = R x_c,k + t + delta_k, the transform equation of Face-Vid2Vid."""
        return self.canonical @ self.rotation.mT + self.translation[:, None] + self.expression

    def rows(self, start: int, stop: int) -> "Keypoints":
        """Faces start..stop of the batch."""
        pick = slice(start, stop)
        return Keypoints(self.canonical[pick], self.rotation[pick], self.translation[pick], self.expression[pick])

    def repeated(self, count: int) -> "Keypoints":
        """One face (B = 1) as a batch of `count` equal ones."""
        canonical, expression = (x.expand(count, -1, -1) for x in (self.canonical, self.expression))
        return Keypoints(canonical, self.rotation.expand(count, -1, -1), self.translation.expand(count, -1), expression)


def rotation_from_angles(angles: torch.Tensor) -> torch.Tensor:
    """(..., 3) radians (pitch, yaw, roll) -> (..., 3, 3) matrices Ry(yaw) Rx(pitch) Rz(roll)."""
    (sp, sy, sr), (cp, cy, cr) = angles.sin().unbind(-1), angles.cos().unbind(-1)
    rows = (
        (cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def expected_angles(logits: torch.Tensor) -> torch.Tensor:
    """(..., 66) bin scores -> (...) radians: softmax expectation * 3 - 99 degrees."""
    bins = torch.arange(ANGLE_BINS, device=logits.device, dtype=torch.float32)
    degrees = (logits.float().softmax(-1) * bins).sum(-1) * DEGREES_PER_BIN + FIRST_BIN_DEGREES
    return torch.deg2rad(degrees)


def volume_points(depth: int, height: int, width: int, half_depth: float, device: torch.device) -> torch.Tensor:
    """(D, H, W, 3) keypoint-space places (x, y, z) of a volume's cells; depth slices run from -half_depth (far) up."""

    def centres(count: int) -> torch.Tensor:
        return (2 * torch.arange(count, device=device, dtype=torch.float32) + 1) / count - 1

    z, y, x = torch.meshgrid(half_depth * centres(depth), -centres(height), centres(width), indexing="ij")
    return torch.stack((x, y, z), dim=-1)


class CanonicalKeypointNet(nn.Module):
    """Picture -> K canonical keypoints, by soft-argmax over 3-D heat maps (papers.md 5.2). Looks at half the size."""

    def __init__(self, keypoints: int, widths: tuple[int, ...], depth: int, half_depth: float) -> None:
        super().__init__()
        self.depth, self.half_depth = depth, half_depth
        self.lift = conv_block(3, widths[0], kernel=5, stride=2)
        self.encode = nn.ModuleList(conv_block(a, b, stride=2) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.to_volume = nn.Conv2d(widths[-1], 16 * depth, 1)
        self.hourglass = Hourglass3d(16, (16, 32))
        self.heatmaps = nn.Conv3d(16, keypoints, 3, padding=1)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, K, 3) float32 in keypoint space."""
        features = self.lift(F.interpolate(picture, scale_factor=0.5, mode="area") - 0.5)
        for block in self.encode:
            features = block(features)
        volume = self.to_volume(features).unflatten(1, (16, self.depth))
        heat = self.heatmaps(self.hourglass(volume)).float()
        points = volume_points(*heat.shape[2:], self.half_depth, heat.device).reshape(-1, 3)
        with torch.autocast(heat.device.type, enabled=False):
            return (heat.flatten(2) / 0.1).softmax(-1) @ points


@dataclass(frozen=True, eq=False)
class PoseExpression:
    """What moves: angle scores (B, 3, 66) for pitch, yaw, roll; translation (B, 3); expression (B, K, 3); float32."""

    angle_logits: torch.Tensor
    translation: torch.Tensor
    expression: torch.Tensor

    def angles(self) -> torch.Tensor:
        """(B, 3) radians (pitch, yaw, roll)."""
        return expected_angles(self.angle_logits)

    def join(self, canonical: torch.Tensor) -> Keypoints:
        """These motions on an identity's canonical points (B, K, 3)."""
        return Keypoints(canonical, rotation_from_angles(self.angles()), self.translation, self.expression)


class PoseExpressionNet(nn.Module):
    """Picture -> head angles (66 bins each), translation and the K deformations. Looks at half the size.

    The last map is flattened, not averaged, before the heads: lids and lips are a matter of a pixel or two.
    """

    def __init__(self, keypoints: int, widths: tuple[int, ...], image_size: int) -> None:
        super().__init__()
        self.keypoints = keypoints
        layers: list[nn.Module] = [conv_block(3, widths[0], kernel=5, stride=2)]
        for thin, wide in zip(widths[:-1], widths[1:], strict=True):
            layers += [conv_block(thin, wide, stride=2), ResidualBlock(wide)]
        layers.append(conv_block(widths[-1], 32, kernel=1))
        self.trunk = nn.Sequential(*layers)
        side = image_size >> (len(widths) + 1)
        self.dense = nn.Sequential(nn.Linear(32 * side * side, 256), nn.SiLU(inplace=True))
        self.angles = nn.Linear(256, 3 * ANGLE_BINS)
        self.translation = nn.Linear(256, 3)
        self.expression = nn.Linear(256, 3 * keypoints)

    def forward(self, picture: torch.Tensor) -> PoseExpression:
        """(B, 3, image_size, image_size) in [0, 1] -> PoseExpression."""
        small = F.interpolate(picture, scale_factor=0.5, mode="area") - 0.5
        features = self.dense(self.trunk(small).flatten(1)).float()
        with torch.autocast(features.device.type, enabled=False):
            logits = self.angles(features).unflatten(1, (3, ANGLE_BINS))
            expression = 0.1 * self.expression(features).unflatten(1, (self.keypoints, 3))
            return PoseExpression(logits, self.translation(features), expression)
