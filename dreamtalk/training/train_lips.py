"""Training of the lip refiner behind a trained EmoDiff, ending in a weight folder with its card."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from dreamtalk.corpus import read_corpus
from dreamtalk.diffusion.conditions import Conditions
from dreamtalk.diffusion.diffusion import ddim_sample
from dreamtalk.diffusion.emodiff import X_0_LIMIT, EmoDiff
from dreamtalk.diffusion.guidance import guided
from dreamtalk.evaluation.motion_score import MotionScore
from dreamtalk.motion import MotionGenerator
from dreamtalk.mouth.lip_refiner import LipNetwork, LipRefiner, LipRefinerConfig
from dreamtalk.speech.hearing import Hearing
from dreamtalk.training.clip_cache import cached_clips, with_phones
from dreamtalk.training.dataset import TrainingData
from dreamtalk.training.train_emodiff import DROP, STYLE_LENGTH, training_batch
from dreamtalk.training.training_clip import TrainingClip
from dreamtalk.training.training_loop import Progress, Trainer
from dreamtalk.training.weight_card import card, validation_scores
from dreamtalk.weight_folder import save_folder
from dreamtalk.weights import resolve
from rig.arkit import INDEX, MOUTH, NAMES
from rig.face_rig import FaceRig
from rig.mouth import LipBasis, lip_basis

STEPS = 4000
BATCH = 32  # windows of EmoDiff
LEARNING_RATE = 2e-3
EMODIFF_STEPS = 2  # a few-step sample shows the refiner what EmoDiff's mouth is like
CLOSED_MM = 1.2
CLOSURE_WEIGHT = 2.0
MOUTH_DROP = 0.7  # steps in which EmoDiff is not heard, so that the refiner listens for itself
CORPUS_SHARE = {"grid_s1": 0.47, "facegood": 0.18, "synthetic": 0.35}  # six minutes are soon known by heart
LIP_SCALE_MM = 6.0
LONGEST_STRETCH = 1.15
_JAW = int(np.flatnonzero(MOUTH == INDEX["jawOpen"])[0])

log = logging.getLogger(__name__)


def train(
    data_dir: str | Path,
    out_dir: str | Path,
    *,
    steps: int = STEPS,
    seed: int = 0,
    resume: bool = False,
    bfloat16: bool = False,
    emodiff_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train the lip refiner on `data_dir` behind the EmoDiff in `emodiff_dir` (default: the installed one).

    Arguments as in train_emodiff.train; give the same `cache_dir` to reuse its speech features.
    """
    out_dir = Path(out_dir)
    cache = Path(cache_dir) if cache_dir else out_dir / "cache"
    corpus, hearing = read_corpus(data_dir), Hearing.load()
    clips = with_phones(cached_clips(corpus.training, cache, hearing.encoder, seed), hearing.phone_head)
    emodiff = EmoDiff.from_directory(Path(emodiff_dir) if emodiff_dir else resolve("emodiff"))
    config = LipRefinerConfig()
    checkpoint = cache / "lip_refiner.ckpt"
    tensors = train_network(clips, emodiff, config, checkpoint, steps, seed, resume, bfloat16, progress)
    command = f"`dreamtalk train lips DATA --out DIR --steps {steps} --seed {seed}`"
    save_folder(out_dir, tensors, {"network": config.as_dict()}, lips_card({}, command))
    generator = MotionGenerator(hearing, emodiff, LipRefiner.from_directory(out_dir))
    scores = validation_scores(generator, corpus.validation)
    save_folder(out_dir, tensors, {"network": config.as_dict()}, lips_card(scores, command))


def train_network(
    clips: list[TrainingClip],
    emodiff: EmoDiff,
    config: LipRefinerConfig,
    checkpoint: Path,
    steps: int,
    seed: int,
    resume: bool,
    bfloat16: bool,
    progress: Progress | None,
    batch: int = BATCH,
) -> dict[str, torch.Tensor]:
    """The training proper; returns the averaged tensors with the amplitude fitted."""
    data = TrainingData(clips, max(2 * emodiff.plan.length, STYLE_LENGTH), CORPUS_SHARE)
    torch.manual_seed(seed)
    network = LipNetwork(config)
    trainer = Trainer(network, steps, LEARNING_RATE, checkpoint, resume)
    basis = lip_basis(FaceRig.load())

    def loss_of_step(step: int) -> torch.Tensor:
        drawn = lip_batch(data, emodiff, batch, (seed, 3, step), bfloat16, MOUTH_DROP)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            predicted, _ = network(network.padded(drawn.features), drawn.mouth, network.style_code(drawn.style))
        return lip_loss(predicted.float(), drawn.target, drawn.valid, basis)

    trainer.run(loss_of_step, progress)
    network.load_state_dict(trainer.average.tensors)
    fit_amplitude(network.eval(), data, emodiff, (seed, 4))
    return network.state_dict()


@dataclass(frozen=True, eq=False)
class LipBatch:
    """B windows of N frames with EmoDiff's own few-step mouth, or with zeros in its place.

    features (B, N, F), mouth (B, N, 27), style (B, M, 52), target (B, N, 27), valid (B, N, 1).
    """

    features: torch.Tensor
    mouth: torch.Tensor
    style: torch.Tensor
    target: torch.Tensor
    valid: torch.Tensor


def lip_batch(
    data: TrainingData,
    emodiff: EmoDiff,
    batch: int,
    seed: tuple[int, ...],
    bfloat16: bool = False,
    mouth_drop: float = 0.0,
) -> LipBatch:
    """`batch` windows of EmoDiff's length."""
    rng = np.random.default_rng(seed)
    space = emodiff.space
    conditions, x_0, valid, style = training_batch(data, space, emodiff.plan, batch, rng, drop=dict.fromkeys(DROP, 0.0))
    if rng.random() < mouth_drop:
        mouth = torch.zeros(*x_0.shape[:2], len(MOUTH))
    else:
        mouth = _sampled_mouth(emodiff, conditions, int(rng.integers(1 << 62)), bfloat16)
    truth = torch.from_numpy(space.raw(x_0.numpy())[..., MOUTH])
    style_weights = torch.from_numpy(space.raw(style.numpy())[..., : len(NAMES)])
    return LipBatch(conditions.audio[..., :-1], mouth, style_weights, truth, valid.unsqueeze(-1))


def _sampled_mouth(emodiff: EmoDiff, conditions: Conditions, seed: int, bfloat16: bool) -> torch.Tensor:
    """EmoDiff's mouth (B, N, 27) in a few steps."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        shape = (*conditions.audio.shape[:2], emodiff.network.config.motion_size)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        denoise = guided(emodiff.network, conditions)
        sampled = ddim_sample(denoise, noise, emodiff.schedule, EMODIFF_STEPS, limit=X_0_LIMIT)
    return torch.from_numpy(emodiff.space.raw(sampled.float().numpy())[..., MOUTH])


def lip_loss(predicted: torch.Tensor, target: torch.Tensor, valid: torch.Tensor, basis: LipBasis) -> torch.Tensor:
    """Smooth L1 of the curves, L1 of their change, and the squared error of the lips' gap, closures counting more.

    predicted, target: (B, N, 27). The smooth L1 is quadratic below 0.1, so that the mouth seeks the mean: plain L1
    seeks the median, which for shapes that mostly rest is zero.
    """
    curves = (valid * functional.smooth_l1_loss(predicted, target, reduction="none", beta=0.1)).mean()
    jaw = (valid[..., 0] * (predicted[..., _JAW] - target[..., _JAW]) ** 2).mean()
    both = valid[:, 1:] * valid[:, :-1]
    velocity = (both * (predicted.diff(dim=1) - target.diff(dim=1)).abs()).mean()
    gap, true_gap = lip_gap_mm(predicted, basis).clamp(min=0), lip_gap_mm(target, basis).clamp(min=0)
    closure = 1.0 + (CLOSURE_WEIGHT - 1.0) * (true_gap < CLOSED_MM)
    geometry = (valid[..., 0] * closure * ((gap - true_gap) / LIP_SCALE_MM) ** 2).mean()
    return 20 * curves + 10 * jaw + 5 * velocity + geometry


def lip_gap_mm(mouth: torch.Tensor, basis: LipBasis) -> torch.Tensor:
    """Mouth shapes (..., 27) -> gap of the inner lips at the midline in mm (...,), negative where they would cross.

    Differentiable; the rig.mouth measure without its floor at zero.
    """
    def heights(rows: np.ndarray) -> torch.Tensor:
        deltas = torch.from_numpy(basis.deltas[MOUTH][:, rows, 1])
        return torch.from_numpy(basis.neutral[rows, 1]) + mouth @ deltas

    return heights(basis.upper).amin(-1) - heights(basis.lower).amax(-1)


@torch.no_grad()
def fit_amplitude(network: LipNetwork, data: TrainingData, emodiff: EmoDiff, seed: tuple[int, ...]) -> None:
    """Set centre and amplitude so that every shape's deviation meets the truth's on training samples."""
    predicted, truth = [], []
    for number in range(12):
        drawn = lip_batch(data, emodiff, BATCH, (*seed, number))
        own, _ = network(network.padded(drawn.features), drawn.mouth, network.style_code(drawn.style))
        predicted.append((own + network.config.kept * (drawn.mouth - own)).flatten(0, 1))
        truth.append(drawn.target.flatten(0, 1))
    own, wanted = torch.cat(predicted), torch.cat(truth)
    network.centre.copy_(own.mean(0))
    network.amplitude.copy_((wanted.std(0) / own.std(0).clamp(min=1e-4)).clamp(1.0, LONGEST_STRETCH))


def lips_card(scores: Mapping[str, MotionScore], command: str) -> str:
    """CARD.md of a lip refiner; command: how it was trained."""
    recipe = (
        f"- Command: {command}\n- Recipe: AdamW, {LEARNING_RATE:g} with cosine decay, {BATCH} windows of 4 s a step,"
        f" smooth L1, velocity and lip-gap losses behind a {EMODIFF_STEPS}-step EmoDiff, averaged weights.\n"
    )
    task = "Speech features, a style clip and EmoDiff's mouth -> 27 jaw and mouth shapes (dreamtalk/mouth)."
    return card("Lip refiner weights", task, recipe, scores)
