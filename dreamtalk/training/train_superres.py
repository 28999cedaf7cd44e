"""Training of the super-resolution network that doubles Face-Vid2Vid's pictures to 512 x 512.

Pictures are shrunk to half in one of several ways (area, cubic, with a little blur, noise or JPEG), since the network
is to enlarge another network's slightly soft output. Loss: mean absolute difference and, where its weights are there, a
little of the perceptual distance. The finished network is compared with cubic enlargement on pictures held out.
"""

import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from dreamtalk.errors import OptionError
from dreamtalk.portrait.perceptual import PerceptualFeatures
from dreamtalk.portrait.rendered_heads import render_heads
from dreamtalk.training.training_loop import Trainer
from renderer.checkpoint import save_network
from renderer.losses import perceptual_loss
from renderer.precision import cpu_prefers_bfloat16
from renderer.super_resolution import SRVGGConfig, SRVGGNetCompact, enlarge

Progress = Callable[[int, int], None]

HEADS = 120
BATCH, PATCH = 8, 48  # pictures a step, side of the small patch
RATE = 2e-3
PERCEPTUAL_WEIGHT = 0.01
HELD_OUT = 10  # every tenth picture
TRAINABLE_STYLES = ("cartoon3d", "illustration", "oil_classic", "oil_digital", "robot", "sketch")
ALWAYS_TRAINABLE = "nasa_astronaut.png"

_log = logging.getLogger(__name__)


def train(
    data_dir: Path | None,
    out_dir: Path,
    *,
    steps: int = 4000,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
    config: SRVGGConfig | None = None,
    heads: int = HEADS,
    perceptual_weight: float = PERCEPTUAL_WEIGHT,
) -> Path:
    """Train an SRVGGNetCompact and write its weight folder out_dir (config.json, model.safetensors); returns out_dir.

    data_dir: a folder with portraits/index.csv, of which the drawn and painted pictures are used, or None for rendered
    heads alone. perceptual_weight: of the perceptual distance beside the mean absolute difference; 0 trains faster and
    for PSNR. The folder <out_dir>_work keeps the rendered heads and a checkpoint for `resume`. The last log line
    holds the figures: PSNR of the network and of cubic enlargement on the pictures held out.
    """
    if steps < 1:
        raise OptionError(f"{steps} training steps were asked for; give 1 or more.")
    out_dir = Path(out_dir)
    work = out_dir.with_name(out_dir.name + "_work")
    torch.manual_seed(seed)
    network = SRVGGNetCompact(config or SRVGGConfig())
    # The optimiser comes before the drawing: it loads Triton where torch has it, which crashes once Mesa is loaded.
    trainer = Trainer(network, steps, RATE, work / "checkpoint.pt", resume)
    paths = sorted((render_heads(work / "heads", heads, seed=seed, progress=progress) / "large").glob("*.png"))
    if data_dir is not None:
        paths += trainable_portraits(Path(data_dir) / "portraits")
    pictures = [_read(path) for path in paths]
    held, taught = pictures[::HELD_OUT], [p for index, p in enumerate(pictures) if index % HELD_OUT]
    features = PerceptualFeatures.load_if_there() if perceptual_weight > 0 else None

    def loss_of_step(step: int) -> torch.Tensor:
        small, large = patches(taught, np.random.default_rng((seed, step)))
        return _loss(network, features, perceptual_weight, small, large)

    trainer.run(loss_of_step, progress)
    network.load_state_dict(trainer.average.tensors)
    save_network(network, network.config, out_dir)
    _log.info(json.dumps(compare(network.eval(), held)))
    return out_dir


def trainable_portraits(folder: Path) -> list[Path]:
    """The pictures of folder/index.csv that may train published weights: drawn or painted, and NASA's photograph."""
    try:
        with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise OptionError(f"{folder} has no index.csv; give the data folder, or none.") from None
    chosen = [row["file"] for row in rows if row["style"] in TRAINABLE_STYLES or row["file"] == ALWAYS_TRAINABLE]
    return [folder / name for name in sorted(chosen)]


def patches(pictures: list[np.ndarray], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of small patches (BATCH, 3, PATCH, PATCH) and what they were made from, twice the size; in [0, 1]."""
    small, large = [], []
    for _ in range(BATCH):
        picture = pictures[rng.integers(len(pictures))]
        side = 2 * PATCH
        row, column = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
        patch = np.rot90(picture[row : row + side, column : column + side], rng.integers(4))
        patch = np.ascontiguousarray(patch[:, ::-1] if rng.random() < 0.5 else patch)
        large.append(patch)
        small.append(shrunk(patch, rng))
    to_tensor = [torch.from_numpy(np.stack(stack)).permute(0, 3, 1, 2).float() / 255 for stack in (small, large)]
    return to_tensor[0].contiguous(memory_format=torch.channels_last), to_tensor[1]


def shrunk(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(2h, 2w, 3) uint8 -> (h, w, 3) uint8, in one of several ways."""
    height, width = picture.shape[:2]
    way = rng.random()
    if way < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.1)))
    flags = cv2.INTER_AREA if way < 0.8 else cv2.INTER_CUBIC
    small = cv2.resize(picture, (width // 2, height // 2), interpolation=flags)
    if way < 0.1:
        _, packed = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))])
        small = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return small


def compare(network: SRVGGNetCompact, pictures: list[np.ndarray]) -> dict[str, float]:
    """PSNR in dB on pictures halved by area: the network, cubic and Lanczos enlargement; means over the pictures."""
    scores: dict[str, list[float]] = {"network": [], "cubic": [], "lanczos": []}
    for picture in pictures:
        height, width = (extent // 2 * 2 for extent in picture.shape[:2])
        truth = picture[:height, :width]
        small = cv2.resize(truth, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        made = {
            "network": enlarge(network, small),
            "cubic": cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC),
            "lanczos": cv2.resize(small, (width, height), interpolation=cv2.INTER_LANCZOS4),
        }
        for name, result in made.items():
            error = np.square(result.astype(np.float64) - truth).mean()
            scores[name].append(10 * np.log10(255**2 / max(error, 1e-6)))
    return {f"psnr_{name}_db": round(float(np.mean(values)), 2) for name, values in scores.items()}


def _loss(
    network: SRVGGNetCompact,
    features: PerceptualFeatures | None,
    perceptual_weight: float,
    small: torch.Tensor,
    large: torch.Tensor,
) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=cpu_prefers_bfloat16()):
        made = network(small)
        loss = F.l1_loss(made.float(), large)
        if features is not None:
            loss = loss + perceptual_weight * perceptual_loss(features, made.float(), large, scales=1)
    return loss


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < 2 * PATCH:
        raise OptionError(f"{path} is no picture of at least {2 * PATCH} pixels; take it out of the folder.")
    return picture[..., ::-1].copy()
