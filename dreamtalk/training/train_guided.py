"""Training of the rig-guided Face-Vid2Vid (renderer.guided_face_vid2vid) on windows that geometry made already.

    dreamtalk train guided DATA --out DIR

What it learns from is made first, once, beside DIR: rendered heads and real talking video (DATA/grid_s1/video); drawn
portraits can be added by scripts/prepare_mending_pairs.py and --pairs. Each step draws a few portraits, and of
each some windows of mouth and eyes: losses are photometric, perceptual, on edges, adversarial with feature matching
in the last part, and one of steadiness: a window cut a few pixels aside must be painted alike.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from dreamtalk.errors import OptionError
from dreamtalk.portrait.perceptual import PerceptualFeatures
from dreamtalk.training.mending_batches import MendingBatches, WindowBatch
from dreamtalk.training.training_loop import Progress, Trainer
from renderer import losses
from renderer.checkpoint import save_network
from renderer.discriminator import PatchDiscriminator
from renderer.generator import Generated
from renderer.guided_face_vid2vid import CELL_PX, GuidedConfig, GuidedFaceVid2Vid, confined, mouth_inside, reach
from renderer.precision import cpu_prefers_bfloat16
from rig.safe_file import written_beside

HEADS = 250
RATE, JUDGE_RATE = 6e-4, 4e-4
ADVERSARIAL_FROM = 0.55
"""Share of the steps after which the discriminators join."""
STEADY_EVERY, STEADY_PX = 4, 8
JUDGE_SAVED_EVERY = 250

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GuidedLossWeights:
    """Weights of the terms, pixels being 1."""

    painted: float = 0.5
    edges: float = 0.5
    perceptual: float = 0.35
    keep: float = 0.002
    adversarial: float = 0.04
    feature_matching: float = 0.8
    steady: float = 0.5


def train(
    data_dir: Path | None,
    out_dir: Path,
    *,
    steps: int = 12000,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
    config: GuidedConfig | None = None,
    weights: GuidedLossWeights | None = None,
    pairs: Path | None = None,
) -> Path:
    """Train and write the weight folder out_dir (config.json, model.safetensors); returns out_dir.

    pairs: a folder that dreamtalk.portrait.mending_pairs wrote; made in <out_dir>_work from data_dir when left out.
    """
    if steps < 1:
        raise OptionError(f"{steps} training steps were asked for; give 1 or more.")
    out_dir = Path(out_dir)
    work = out_dir.with_name(out_dir.name + "_work")
    torch.manual_seed(seed)
    network = GuidedFaceVid2Vid(config or GuidedConfig())
    network.generator.to(memory_format=torch.channels_last)
    # The optimisers come before the drawing: they load Triton where torch has it, which crashes once Mesa is loaded.
    trainer = Trainer(network, steps, RATE, work / "checkpoint.pt", resume)
    judges = Judges(work / "judges.pt", resume)
    batches = MendingBatches(pairs or _prepared(data_dir, work / "pairs", seed, progress), network.config.source_size)
    lesson = _Lesson(network, judges, weights or GuidedLossWeights(), steps)

    def loss_of_step(step: int) -> torch.Tensor:
        return lesson.loss(batches.batch(np.random.default_rng((seed, step))), step)

    trainer.run(loss_of_step, progress)
    network.load_state_dict(trainer.average.tensors)
    save_network(network, network.config, out_dir)
    return out_dir


def _prepared(data_dir: Path | None, folder: Path, seed: int, progress: Progress | None) -> Path:
    from dreamtalk.portrait.mending_pairs import prepare_mending_pairs  # MediaPipe and GL, only where they are needed

    report = (lambda _, made, count: progress(made, count)) if progress else None
    return prepare_mending_pairs(folder, HEADS, data_dir, seed=seed, progress=report)


class Judges:
    """A patch discriminator for mouths and one for eyes, with their optimiser and checkpoint."""

    def __init__(self, checkpoint: Path, resume: bool) -> None:
        self.networks = torch.nn.ModuleDict({kind: PatchDiscriminator() for kind in ("mouth", "eyes")})
        self.optimiser = torch.optim.Adam(self.networks.parameters(), JUDGE_RATE, (0.5, 0.99))
        self._checkpoint = checkpoint
        if resume and checkpoint.is_file():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            self.networks.load_state_dict(state["networks"])
            self.optimiser.load_state_dict(state["optimiser"])

    def terms(self, kind: str, made: torch.Tensor, truth: torch.Tensor, weights: GuidedLossWeights) -> torch.Tensor:
        """What the generator has to pay: its patches' scores, and how far their features are from true ones'."""
        scores, seen = self.networks[kind](made)
        with torch.no_grad():
            _, wanted = self.networks[kind](truth)
        matching = weights.feature_matching * losses.feature_matching_loss(wanted, seen)
        return matching + weights.adversarial * losses.hinge_generator_loss(scores)

    def learn(self, shown: dict[str, tuple[torch.Tensor, torch.Tensor]], step: int) -> None:
        """One step on {kind: (made, truth)}."""
        with _fast():
            loss = sum(
                losses.hinge_discriminator_loss(self.networks[kind](truth)[0], self.networks[kind](made.detach())[0])
                for kind, (made, truth) in shown.items()
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        if step % JUDGE_SAVED_EVERY == 0:
            self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
            state = {"networks": self.networks.state_dict(), "optimiser": self.optimiser.state_dict()}
            with written_beside(self._checkpoint) as beside:
                torch.save(state, beside)


class _Lesson:
    """The loss of one step."""

    def __init__(self, network: GuidedFaceVid2Vid, judges: Judges, weights: GuidedLossWeights, steps: int) -> None:
        self.network, self.judges, self.weights, self.steps = network, judges, weights, steps
        self.features = PerceptualFeatures.load_if_there()

    def loss(self, batch: dict[str, WindowBatch], step: int) -> torch.Tensor:
        total, shown = torch.zeros(()), {}
        with _fast():
            volumes = self.network.appearance(next(iter(batch.values())).squares).float()
        for kind, windows in batch.items():
            volume = volumes[windows.owner]
            with _fast():
                made = self.network.generate(volume, windows.pixels, windows.opacity, windows.places)
                mouth = kind == "mouth"
                picture = confined(made, windows.pixels, windows.opacity, mouth)
                if mouth:  # what is left to geometry is no matter of the losses
                    picture = picture + mouth_inside(windows.opacity) * (windows.truth - picture)
                total = total + self._picture_terms(made, reach(windows.opacity, mouth), picture, windows.truth)
                if step % STEADY_EVERY == 0 and not mouth:
                    total = total + self.weights.steady * self._unsteadiness(volume, windows, picture, step)
            shown[kind] = (picture, windows.truth)
        if step >= ADVERSARIAL_FROM * self.steps:
            self.judges.learn(shown, step)
            with _fast():
                total = total + sum(self.judges.terms(kind, *pair, self.weights) for kind, pair in shown.items())
        if step % 25 == 0:
            _log.info("step %d: %s", step, " ".join(f"{kind} {psnr(*pair):.2f} dB" for kind, pair in shown.items()))
        if not torch.isfinite(total):
            raise OptionError(f"The training diverged at step {step}; lower the learning rate.")
        return total

    def _picture_terms(
        self, made: Generated, near: torch.Tensor, picture: torch.Tensor, truth: torch.Tensor
    ) -> torch.Tensor:
        weights, close = self.weights, 0.2 + near
        loss = losses.weighted_pixel_loss(picture, truth, close)
        loss = loss + weights.painted * losses.weighted_pixel_loss(made.painted, truth, near + 1e-3)
        loss = loss + weights.edges * edge_loss(picture, truth, close)
        loss = loss + weights.keep * (near * (1 - made.keep)).mean()
        if self.features is not None:
            loss = loss + weights.perceptual * losses.perceptual_loss(self.features, picture, truth, scales=1)
        return loss

    def _unsteadiness(
        self, volume: torch.Tensor, windows: WindowBatch, picture: torch.Tensor, step: int
    ) -> torch.Tensor:
        """How differently the same windows are painted when they are cut 1 to 3 pixels aside."""
        aside = 1 + step // STEADY_EVERY % (CELL_PX - 1)
        rows, columns = (extent - STEADY_PX for extent in picture.shape[2:])

        def cut(maps: torch.Tensor) -> torch.Tensor:
            return maps[..., aside : aside + rows, aside : aside + columns]

        places = F.interpolate(windows.places.permute(0, 3, 1, 2), scale_factor=CELL_PX, mode="bilinear")
        places = F.avg_pool2d(cut(places), CELL_PX).permute(0, 2, 3, 1)
        pixels, opacity = cut(windows.pixels), cut(windows.opacity)
        made = self.network.generate(volume, pixels, opacity, places)
        inner = (..., slice(8, -8), slice(8, -8))
        return (confined(made, pixels, opacity, False)[inner] - cut(picture)[inner]).abs().mean()


def edge_loss(made: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of the pictures' differences between neighbours; weight (B, 1, H, W)."""
    error = made - truth
    down, across = error.diff(dim=2).abs() * weight[:, :, 1:], error.diff(dim=3).abs() * weight[..., 1:]
    return (down.sum() + across.sum()) / (6 * weight.sum())


def psnr(made: torch.Tensor, truth: torch.Tensor) -> float:
    """Of a batch of pictures in [0, 1], dB."""
    return float(-10 * torch.log10((made.detach().float() - truth).square().mean().clamp_min(1e-9)))


def _fast() -> torch.autocast:
    """bfloat16 inside networks, where the CPU is fast in it; geometry and losses stay float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=cpu_prefers_bfloat16())
