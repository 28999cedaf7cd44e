"""Losses of Face-Vid2Vid (papers.md 5.3), and what true geometry adds where pictures are rendered.

Every function returns a scalar float32 tensor. Pictures are (B, 3, H, W) in [0, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from renderer.dense_motion import DenseMotion
from renderer.keypoints import ANGLE_BINS, DEGREES_PER_BIN, FIRST_BIN_DEGREES, PoseExpression

FeatureNet = Callable[[torch.Tensor], list[torch.Tensor]]


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; the first seven are the paper's as its reimplementations give them (papers.md 5.3)."""

    perceptual: float = 10.0
    adversarial: float = 1.0
    feature_matching: float = 10.0
    equivariance: float = 20.0
    keypoint_prior: float = 10.0
    head_pose: float = 20.0
    deformation: float = 5.0
    pixels: float = 20.0
    keypoints: float = 40.0
    flow: float = 40.0
    occlusion: float = 1.0


def perceptual_loss(features: FeatureNet, made: torch.Tensor, truth: torch.Tensor, scales: int = 2) -> torch.Tensor:
    """Mean absolute difference of a fixed network's features, each layer by its own size, over an image pyramid."""
    total = made.new_zeros(())
    for scale in range(scales):
        if scale:
            made, truth = F.avg_pool2d(made, 2), F.avg_pool2d(truth, 2)
        with torch.no_grad():
            wanted = features(truth)
        for got, want in zip(features(made), wanted, strict=True):
            want = want.float()
            total = total + (got.float() - want).abs().mean() / want.abs().mean().clamp_min(1e-3) / len(wanted)
    return total / scales


def weighted_pixel_loss(made: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference; `weight` (B, 1, H, W) says where it counts more."""
    return (weight * (made - truth).abs()).sum() / (3 * weight.sum())


def hinge_discriminator_loss(real_scores: torch.Tensor, made_scores: torch.Tensor) -> torch.Tensor:
    """Real patches above 1, made ones below -1."""
    return F.relu(1 - real_scores.float()).mean() + F.relu(1 + made_scores.float()).mean()


def hinge_generator_loss(made_scores: torch.Tensor) -> torch.Tensor:
    """The generator wants its patches to score high."""
    return -made_scores.float().mean()


def feature_matching_loss(real: list[torch.Tensor], made: list[torch.Tensor]) -> torch.Tensor:
    """Mean absolute difference of the discriminator's features, real ones held fixed."""
    pairs = zip(real, made, strict=True)
    return sum(((a.detach().float() - b.float()).abs().mean() for a, b in pairs), real[0].new_zeros(())) / len(real)


def equivariance_loss(positions: torch.Tensor, moved_positions: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    """Keypoints (B, K, 3) of a picture against those of its affinely warped copy.

    moved: (B, 2, 3), the affine map of (x, y, 1) in keypoint space that the warp applied to the picture's content.
    """
    expected = positions[..., :2] @ moved[:, :, :2].mT + moved[:, None, :, 2]
    return (expected - moved_positions[..., :2]).abs().mean()


def keypoint_prior_loss(positions: torch.Tensor, least_distance: float = 0.1) -> torch.Tensor:
    """Keypoints (B, K, 3) keep apart: sum over pairs of max(0, least_distance^2 - |x_i - x_j|^2), as a mean over B.

    The paper's second term, mean depth 0.33, is left out: true depths are known here.
    """
    square = (positions[:, :, None] - positions[:, None]).square().sum(-1)
    square = square + torch.eye(positions.shape[1], device=positions.device)
    return F.relu(least_distance**2 - square).sum((1, 2)).mean()


def head_pose_loss(motion: PoseExpression, angles: torch.Tensor) -> torch.Tensor:
    """Angles against truth (B, 3) radians: absolute error in tens of degrees, and cross entropy of the bins."""
    degrees = torch.rad2deg(angles)
    expectation = (torch.rad2deg(motion.angles()) - degrees).abs().mean() / 10
    bins = ((degrees - FIRST_BIN_DEGREES) / DEGREES_PER_BIN).round().long().clamp(0, ANGLE_BINS - 1)
    return expectation + 0.1 * F.cross_entropy(motion.angle_logits.flatten(0, 1), bins.flatten())


def deformation_loss(expression: torch.Tensor) -> torch.Tensor:
    """Mean absolute expression offset: what pose can explain, pose should."""
    return expression.abs().mean()


def keypoint_loss(positions: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Keypoints (B, K, 3) against their true places; weight (B, 1, 1 or 3) says which count."""
    weight = weight.expand_as(positions)
    return ((positions - truth).abs() * weight).sum() / weight.sum().clamp_min(1)


def flow_loss(motion: DenseMotion, flow: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Surface flow (B, H, W, 2) against the true one, where `weight` (B, H, W) says so."""
    distance = (motion.flow - flow).abs().sum(-1)
    return (distance * weight).sum() / weight.sum().clamp_min(1)


def occlusion_loss(motion: DenseMotion, visible: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Occlusion map against the truth `visible` (B, H, W), 1 = seen in the source; weight (B, H, W)."""
    entropy = F.binary_cross_entropy_with_logits(motion.occlusion_logits[:, 0], visible, reduction="none")
    return (entropy * weight).sum() / weight.sum().clamp_min(1)
