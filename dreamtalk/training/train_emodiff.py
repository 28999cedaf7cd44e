"""Training of EmoDiff from a data folder: one call, resumable, ending in a weight folder with its card."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from dreamtalk.corpus import read_corpus
from dreamtalk.diffusion.conditions import Conditions, window_conditions
from dreamtalk.diffusion.denoiser import Denoiser, DenoiserConfig
from dreamtalk.diffusion.diffusion import cosine_schedule, diffusion_loss
from dreamtalk.diffusion.emodiff import EmoDiff, WindowPlan
from dreamtalk.diffusion.motion_space import CHANNELS, MotionSpace
from dreamtalk.evaluation.motion_score import MotionScore
from dreamtalk.motion import MotionGenerator
from dreamtalk.speech.hearing import Hearing
from dreamtalk.training.clip_cache import cached_clips, with_phones
from dreamtalk.training.dataset import TrainingData
from dreamtalk.training.training_clip import TrainingClip
from dreamtalk.training.training_loop import Progress, Trainer
from dreamtalk.training.weight_card import card, validation_scores
from dreamtalk.weight_folder import begin_from, save_folder

STEPS = 4000
BATCH = 32
LEARNING_RATE = 6e-4
STYLE_LENGTH = 200
DROP = {"audio": 0.1, "initial": 0.1, "style": 0.15}
SHORT_SHARE, SHORTEST, LONGEST = 0.35, 16, 60  # steps with short windows, as a live stream has them, and their frames
CARRY_SHARE = 0.6  # windows that know `carry` frames; the others know one
KNOWN_NOISE = 0.1  # known frames are generated ones later: they are never quite right
IMPORTANCE = {"jawOpen": 3.0, "mouthClose": 2.0, "mouthFunnel": 2.0, "mouthPucker": 2.0, "mouthSmileLeft": 1.5,
              "mouthSmileRight": 1.5, "eyeBlinkLeft": 1.5, "eyeBlinkRight": 1.5}  # fmt: skip
"""Weights of the squared error where they are not 1."""

log = logging.getLogger(__name__)


def train(
    data_dir: str | Path,
    out_dir: str | Path,
    *,
    steps: int = STEPS,
    seed: int = 0,
    resume: bool = False,
    bfloat16: bool = False,
    cache_dir: str | Path | None = None,
    start_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train EmoDiff on `data_dir` (grid_s1 and facegood, layouts in the README) and write the weight folder `out_dir`.

    Speech features and the checkpoint are kept in `cache_dir` (default: out_dir/cache). resume: go on from the
    checkpoint. bfloat16: compute in mixed precision, worth it on CPUs with AVX512-BF16. start_dir: a weight folder
    whose tensors are taken as the start where they fit. progress(done, steps).
    """
    out_dir = Path(out_dir)
    cache = Path(cache_dir) if cache_dir else out_dir / "cache"
    corpus, hearing = read_corpus(data_dir), Hearing.load()
    clips = with_phones(cached_clips(corpus.training, cache, hearing.encoder, seed), hearing.phone_head)
    plan, config = WindowPlan(), DenoiserConfig()
    start = Path(start_dir) if start_dir else None
    checkpoint = cache / "emodiff.ckpt"
    trained = train_network(clips, config, plan, checkpoint, steps, seed, resume, bfloat16, progress, start=start)
    command = f"`dreamtalk train emodiff DATA --out DIR --steps {steps} --seed {seed}`"
    trained.write(out_dir, emodiff_card({}, command))
    scores = validation_scores(MotionGenerator(hearing, EmoDiff.from_directory(out_dir), None), corpus.validation)
    trained.write(out_dir, emodiff_card(scores, command))


class TrainedEmoDiff:
    """A finished training: the averaged tensors and all that the config file tells."""

    def __init__(self, trainer: Trainer, config: DenoiserConfig, space: MotionSpace, plan: WindowPlan) -> None:
        self.tensors, self.config, self.space, self.plan = trainer.average.tensors, config, space, plan

    def write(self, folder: Path, card: str) -> None:
        """Write the weight folder."""
        config = {
            "network": self.config.as_dict(),
            "windows": {"length": self.plan.length, "carry": self.plan.carry, "style_count": self.plan.style_count},
            "space": {"mean": self.space.mean.tolist(), "deviation": self.space.deviation.tolist()},
        }
        save_folder(folder, self.tensors, config, card)


def train_network(
    clips: list[TrainingClip],
    config: DenoiserConfig,
    plan: WindowPlan,
    checkpoint: Path,
    steps: int,
    seed: int,
    resume: bool,
    bfloat16: bool,
    progress: Progress | None,
    batch: int = BATCH,
    save_every: int = 250,
    start: Path | None = None,
) -> TrainedEmoDiff:
    """The training proper; the arguments are those of `train`, with the clips already read."""
    data = TrainingData(clips, max(2 * plan.length, STYLE_LENGTH))
    space = measured_space(data, plan, np.random.default_rng((seed, 1)))
    torch.manual_seed(seed)
    network = Denoiser(config)
    if start is not None:
        log.info("not found in %s, so begun anew: %s", start, ", ".join(begin_from(network, start)) or "nothing")
    trainer = Trainer(network, steps, LEARNING_RATE, checkpoint, resume)
    schedule = cosine_schedule()
    importance = torch.tensor([IMPORTANCE.get(channel, 1.0) for channel in CHANNELS])

    def loss_of_step(step: int) -> torch.Tensor:
        rng = np.random.default_rng((seed, 2, step))
        length = int(rng.integers(SHORTEST, LONGEST)) if rng.random() < SHORT_SHARE else None
        conditions, x_0, valid, _ = training_batch(data, space, plan, batch, rng, length=length)
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            memory = network.encode(conditions)
            weight = valid.unsqueeze(-1) * importance
            return diffusion_loss(lambda x_t, t: network(x_t, t, memory).float(), x_0, weight, schedule, generator)

    trainer.run(loss_of_step, progress, save_every)
    return TrainedEmoDiff(trainer, config, space, plan)


def measured_space(data: TrainingData, plan: WindowPlan, rng: np.random.Generator, samples: int = 300) -> MotionSpace:
    """Means and deviations over random samples."""
    drawn = [data.sample(plan.length, STYLE_LENGTH, rng).motion for _ in range(samples)]
    return MotionSpace.measured(np.concatenate(drawn))


def training_batch(
    data: TrainingData,
    space: MotionSpace,
    plan: WindowPlan,
    batch: int,
    rng: np.random.Generator,
    drop: Mapping[str, float] = DROP,
    length: int | None = None,
) -> tuple[Conditions, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Conditions, targets (B, N, 55) in deviations, valid frames (B, N) and style clips (B, M, 55) of `batch` windows.

    Two consecutive windows come of each sample; of either, only the first `length` frames are taken where given.
    """
    samples = [data.sample(2 * plan.length, STYLE_LENGTH, rng) for _ in range(batch // 2)]

    def windows(rows: list[np.ndarray]) -> torch.Tensor:
        stacked = torch.from_numpy(np.stack(rows))
        return stacked.reshape(-1, plan.length, *stacked.shape[2:])[:, :length]

    x_0 = windows([space.normalised(sample.motion) for sample in samples])
    audio = windows([sample.features for sample in samples])
    valid = windows([sample.valid.astype(np.float32) for sample in samples])
    style = torch.from_numpy(np.stack([space.normalised(sample.style) for sample in samples])).repeat_interleave(2, 0)
    rates = torch.tensor([sample.blinks_per_minute for sample in samples]).repeat_interleave(2)

    generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    known = x_0[:, : plan.carry] + KNOWN_NOISE * torch.randn(batch, plan.carry, x_0.shape[-1], generator=generator)
    conditions = window_conditions(audio, known, style, rates, plan.style_count)
    carried = torch.from_numpy(rng.random(batch) < CARRY_SHARE)
    conditions.initial[~carried, 1:] = 0.0
    drops = {name: torch.from_numpy(rng.random(batch) < chance) for name, chance in drop.items()}
    return conditions.dropped(**drops), x_0, valid, style


def emodiff_card(scores: Mapping[str, MotionScore], command: str) -> str:
    """CARD.md of an EmoDiff; command: how it was trained."""
    recipe = (
        f"- Command: {command}\n- Recipe: AdamW, {LEARNING_RATE:g} with cosine decay, batch {BATCH} windows of 4 s,"
        f" x_0 target with velocity loss, T = 1000 cosine, averaged weights.\n"
    )
    task = "Speech, an initial state and an emotion clip -> 52 ARKit weights and head pose (dreamtalk/diffusion)."
    return card("EmoDiff weights", task, recipe, scores)
