"""Training of the neural portrait renderer (renderer.face_vid2vid) on rendered heads and, where given, real pictures.

The paper's losses (papers.md 5.3) and, since rendered heads know the truth, direct supervision of keypoints, head pose,
dense motion and occlusion. Two things learn side by side: the keypoint nets, from single pictures under random
similarities, and appearance, motion and generator, from pairs with true keypoints (later also with the nets' own). The
generator is trained on windows of the picture. Made for one CPU thread: channels_last, and bfloat16 where the CPU
multiplies it.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from dreamtalk.errors import OptionError, WeightsError
from dreamtalk.portrait.head_pairs import HeadPairs, PairBatch, TrueKeypoints
from dreamtalk.portrait.perceptual import PerceptualFeatures
from dreamtalk.portrait.picture_moves import attention, move_pictures, random_similarities, random_window
from dreamtalk.portrait.real_heads import prepare_real_heads
from dreamtalk.portrait.rendered_heads import render_heads
from renderer import losses
from renderer.checkpoint import save_network
from renderer.discriminator import PatchDiscriminator
from renderer.face_vid2vid import FaceVid2Vid, FaceVid2VidConfig
from renderer.generator import Generated
from renderer.keypoints import Keypoints, PoseExpression
from renderer.precision import cpu_prefers_bfloat16
from rig.rotation import angles_from_matrix
from rig.safe_file import written_beside

Progress = Callable[[int, int], None]

HEADS = 600
REAL_SHARE = 0.2
ADVERSARIAL_FROM = 0.6  # share of the steps after which the discriminator joins
CHECKPOINT_EVERY = 100
LARGEST_GRADIENT = 50.0
KEEP_WEIGHT = 0.01  # the source's own pixels stay where painting does not pay
EYES_AND_MOUTH = [0, 1, 9, 10, 17, 18]  # of dreamtalk.portrait.head_truth.KEYPOINT_LANDMARKS: lids, mouth corners, lips

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RendererTraining:
    """How to train.

    pairs, singles: pictures a step for the generator's side and for the keypoint nets. window: side of the generator's
    windows, in cells of four pixels. own_keypoints: share of late steps that use the nets' own keypoints.
    """

    pairs: int = 2
    singles: int = 3
    window: int = 32
    own_keypoints: float = 0.25
    learning_rate: float = 6e-4
    average: float = 0.995
    heads: int = HEADS


def train(
    data_dir: Path | None,
    out_dir: Path,
    *,
    steps: int = 20000,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
    config: FaceVid2VidConfig | None = None,
    training: RendererTraining | None = None,
) -> Path:
    """Train Face-Vid2Vid and write its weight folder out_dir (config.json, model.safetensors); returns out_dir.

    data_dir: a folder with grid_s1/video/*.mp4 (real talking video, GRID's layout), or None for rendered heads alone.
    The folder <out_dir>_work keeps the rendered heads, which are made once, and a checkpoint for `resume`.
    """
    if steps < 1:
        raise OptionError(f"{steps} training steps were asked for; give 1 or more.")
    training = training or RendererTraining()
    out_dir = Path(out_dir)
    work = out_dir.with_name(out_dir.name + "_work")
    # The optimisers come before the drawing: they load Triton where torch has it, which crashes once Mesa is loaded.
    run = _Run(config or FaceVid2VidConfig(), training, steps, seed)
    folders = {render_heads(work / "heads", training.heads, seed=seed, progress=progress): 1.0}
    if data_dir is not None:
        folders[prepare_real_heads(Path(data_dir), work / "real_heads", seed=seed)] = REAL_SHARE
    pairs = HeadPairs(folders)
    checkpoint = work / "checkpoint.pt"
    if resume:
        run.load(checkpoint)
    while run.step < steps:
        figures = run.advance(pairs)
        if run.step % CHECKPOINT_EVERY == 0 or run.step == steps:
            run.save(checkpoint)
            save_network(run.averaged, run.network.config, out_dir)
        if run.step % 20 == 0:
            _log.info(json.dumps({"step": run.step, **figures}))
        if progress:
            progress(run.step, steps)
    return out_dir


class _Run:
    """Networks, optimisers and the step count of one training."""

    def __init__(self, config: FaceVid2VidConfig, training: RendererTraining, steps: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.seed, self.steps, self.step, self.training = seed, steps, 0, training
        self.network = _channels_last(FaceVid2Vid(config))
        self.averaged = FaceVid2Vid(config).requires_grad_(False)
        self.averaged.load_state_dict(self.network.state_dict())
        self.discriminator = _channels_last(PatchDiscriminator())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
        self.judge = torch.optim.Adam(self.discriminator.parameters(), 4e-4, (0.5, 0.99))
        self.weights = losses.LossWeights()
        self.features = PerceptualFeatures.load_if_there()

    def advance(self, pairs: HeadPairs) -> dict[str, float]:
        """One step; returns the loss terms."""
        started = time.monotonic()
        rng = np.random.default_rng((self.seed, self.step))
        rate = self.training.learning_rate * _schedule(self.step, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = pairs.batch(rng, self.training.pairs)
        singles = pairs.singles(rng, self.training.singles)
        terms, made, truth = self._pair_terms(batch, rng)
        terms |= self._single_terms(*singles, rng)
        total = sum(terms.values())
        if not torch.isfinite(total):
            raise OptionError(f"The training diverged at step {self.step}; lower the learning rate.")
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        if torch.isfinite(norm):  # oneDNN's bfloat16 now and then returns NaN weight gradients for tiny volumes
            self.optimiser.step()
        if self._adversarial:
            self._judge(truth, made)
        self._follow()
        self.step += 1
        figures = {name: round(float(value.detach()), 4) for name, value in terms.items()}
        return figures | {"seconds": round(time.monotonic() - started, 2)}

    @property
    def _adversarial(self) -> bool:
        return self.step >= ADVERSARIAL_FROM * self.steps

    def _pair_terms(self, batch: PairBatch, rng: np.random.Generator) -> tuple[dict, torch.Tensor, torch.Tensor]:
        """Losses of motion and generator; the generator's windows and what they should be."""
        network, weights = self.network, self.weights
        source, driving = self._pair_keypoints(batch, rng)
        centres = batch.driving_truth.positions[:, EYES_AND_MOUTH, :2]
        window = random_window(rng, centres, batch.visible.shape[-1], self.training.window)
        with _fast():
            volume = network.appearance(batch.source)
            motion = network.motion(volume, source, driving)
            carried = network.generator.carry(batch.source, volume, motion, window)
            generated = network.generator(carried)
        made = generated.picture
        close = attention(centres, batch.driving.shape[-1])
        truth, weight = (window.cut(values, 4) for values in (batch.driving, close))
        known = batch.flow_known.expand_as(batch.visible)
        where = known * (0.2 + batch.visible) * F.adaptive_avg_pool2d(close, batch.visible.shape[-1])[:, 0]
        terms = {
            "pixels": weights.pixels * losses.weighted_pixel_loss(made, truth, weight),
            "painted": 0.5 * weights.pixels * losses.weighted_pixel_loss(generated.painted, truth, weight),
            "keep": KEEP_WEIGHT * (1 - generated.keep).mean(),
            "carried": 0.25 * weights.pixels * losses.weighted_pixel_loss(carried.pixels, truth, weight),
            "flow": weights.flow * losses.flow_loss(motion, batch.flow, where),
            "occlusion": weights.occlusion * losses.occlusion_loss(motion, batch.visible, known),
        }
        return terms | self._picture_terms(generated, truth), made.detach(), truth

    def _picture_terms(self, generated: Generated, truth: torch.Tensor) -> dict[str, torch.Tensor]:
        """Perceptual loss of what is painted, adversarial losses of the picture it becomes part of."""
        terms = {}
        if self.features is not None:
            with _fast():
                difference = losses.perceptual_loss(self.features, generated.painted, truth, scales=1)
            terms["perceptual"] = 0.5 * self.weights.perceptual * difference
        if self._adversarial:
            with _fast():
                scores, seen = self.discriminator(generated.picture)
                with torch.no_grad():
                    _, wanted = self.discriminator(truth)
            terms["adversarial"] = 0.1 * self.weights.adversarial * losses.hinge_generator_loss(scores)
            terms["features"] = self.weights.feature_matching * losses.feature_matching_loss(wanted, seen)
        return terms

    def _pair_keypoints(self, batch: PairBatch, rng: np.random.Generator) -> tuple[Keypoints, Keypoints]:
        """True keypoints with a little noise; in some of the later steps the nets' own."""
        if self.step > 0.6 * self.steps and rng.random() < self.training.own_keypoints:
            with _fast():
                canonical = self.network.canonical(batch.source)
                motions = [self.network.pose(picture) for picture in (batch.source, batch.driving)]
            return motions[0].join(canonical), motions[1].join(canonical)
        return tuple(_shaken(truth.keypoints(), rng) for truth in (batch.source_truth, batch.driving_truth))

    def _single_terms(self, pictures: torch.Tensor, truth: TrueKeypoints, rng: np.random.Generator) -> dict:
        """Losses of the keypoint nets, on pictures under random similarities."""
        affine = random_similarities(rng, len(pictures))
        moved = move_pictures(pictures, affine)
        with _fast():
            canonical, motion = self.network.canonical(moved), self.network.pose(moved)
        with torch.no_grad(), _fast():
            still_canonical, still_motion = self.network.canonical(pictures[:1]), self.network.pose(pictures[:1])
        positions = motion.join(canonical).positions()
        still = still_motion.join(still_canonical).positions()
        equivariance = losses.equivariance_loss(still, positions[:1], affine[:1])
        return _measured_terms(self.weights, canonical, motion, truth.turned(affine)) | {
            "equivariance": 0.2 * self.weights.equivariance * equivariance,
            "prior": self.weights.keypoint_prior * losses.keypoint_prior_loss(positions, least_distance=0.02),
        }

    def _judge(self, real: torch.Tensor, made: torch.Tensor) -> None:
        with _fast():
            loss = losses.hinge_discriminator_loss(self.discriminator(real)[0], self.discriminator(made)[0])
        self.judge.zero_grad(set_to_none=True)
        loss.backward()
        self.judge.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """The averaged weights take a step towards the trained ones."""
        share = max(1 - self.training.average, 1 / (1 + self.step))
        for averaged, trained in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            averaged.lerp_(trained, share)

    def save(self, path: Path) -> None:
        """A checkpoint to go on from."""
        state = {name: getattr(self, name).state_dict() for name in _STATEFUL} | {"step": self.step}
        with written_beside(path) as beside:
            torch.save(state, beside)

    def load(self, path: Path) -> None:
        """Go on from `path`. Raises OptionError when it is missing, WeightsError when it is another network's."""
        if not path.is_file():
            raise OptionError(f"There is no checkpoint {path} to resume from; start without resuming.")
        state = torch.load(path, map_location="cpu", weights_only=True)
        try:
            for name in _STATEFUL:
                getattr(self, name).load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise WeightsError(f"{path} belongs to another network; train without resuming.") from error
        self.step = int(state["step"])


_STATEFUL = ("network", "averaged", "discriminator", "optimiser", "judge")


def _measured_terms(
    weights: losses.LossWeights, canonical: torch.Tensor, motion: PoseExpression, truth: TrueKeypoints
) -> dict[str, torch.Tensor]:
    """Losses of the keypoint nets against truth; what is only tracked counts for x, y and rotation alone."""
    angles = torch.from_numpy(angles_from_matrix(truth.rotation.numpy()))
    true, positions = truth.keypoints(), motion.join(canonical).positions()
    exact = truth.exact[:, None, None]
    plane = torch.tensor([1.0, 1.0, 0.0]) + exact * torch.tensor([0.0, 0.0, 1.0])
    error = F.l1_loss(motion.translation, true.translation, reduction="none").mean(1) * truth.exact
    keypoints = (
        losses.keypoint_loss(positions, truth.positions, plane)
        + 0.5 * losses.keypoint_loss(canonical, truth.canonical, exact)
        + 0.5 * losses.keypoint_loss(motion.expression, true.expression, exact)
        + 0.25 * error.mean()
    )
    return {
        "keypoints": weights.keypoints * keypoints,
        "head_pose": 0.1 * weights.head_pose * losses.head_pose_loss(motion, angles),
        "deformation": 0.02 * weights.deformation * losses.deformation_loss(motion.expression),
    }


def _shaken(keypoints: Keypoints, rng: np.random.Generator) -> Keypoints:
    """With noise of about half a pixel, as measured keypoints have."""
    noise = torch.from_numpy(rng.normal(0, 0.004, keypoints.expression.shape).astype(np.float32))
    return replace(keypoints, expression=keypoints.expression + noise)


def _fast() -> torch.autocast:
    """bfloat16 inside networks, where the CPU is fast in it; geometry and losses stay float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=cpu_prefers_bfloat16())


def _schedule(step: int, steps: int) -> float:
    """Warm-up over 50 steps, then a cosine down to 2 %."""
    return min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _channels_last(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)
    return network
