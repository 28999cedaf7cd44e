"""Training of the articulation model on captures whose phones are known, ending in a weight folder with its card."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from dreamtalk.corpus import HELD_OUT_FACEGOOD, read_corpus
from dreamtalk.errors import DreamTalkError
from dreamtalk.evaluation.motion_score import MotionScore, score
from dreamtalk.mouth.articulation import (
    PHONE_FPS,
    SPEAKERS,
    ArticulationConfig,
    ArticulationModel,
    ArticulationNetwork,
    phone_features,
)
from dreamtalk.mouth.speaking_style import SpeakingStyle
from dreamtalk.speech.phones import BILABIAL, Phone, phone_frames
from dreamtalk.training.capture_phones import with_phones
from dreamtalk.training.train_lips import lip_gap_mm
from dreamtalk.training.training_clip import FPS, Recording, interpolated
from dreamtalk.training.training_loop import Progress, Trainer
from dreamtalk.training.weight_card import figures_table
from dreamtalk.weight_folder import save_folder
from rig.arkit import INDEX, MOUTH
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import LipBasis, lip_basis

STEPS = 2400
BATCH = 16
LENGTH = 70  # frames of a training stretch, 2.8 s
LEARNING_RATE = 3e-3
SPEEDS = (0.85, 1.0, 1.18)
CORPUS_SHARE = (0.72, 0.28)  # six minutes are soon known by heart
CLOSURE_WEIGHT = 3.0
CLOSED_MM = 1.2
LIP_SCALE_MM, WIDTH_SCALE_MM = 6.0, 3.0
LONGEST_STRETCH = 1.3
_STEP = round(PHONE_FPS / FPS)
_JAW = int(np.flatnonzero(MOUTH == INDEX["jawOpen"])[0])

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PhoneClip:
    """A capture as the network learns from it.

    features: (_STEP * T, FEATURES) float32 at PHONE_FPS. mouth: (T, 27) float32 at 25 fps. weight: (T,) float32, how
    much a frame counts: nothing where the tracker lost the face, more where lips meet for a bilabial. speaker: index
    into SPEAKERS.
    """

    features: np.ndarray
    mouth: np.ndarray
    weight: np.ndarray
    speaker: int


def train(
    data_dir: str | Path,
    out_dir: str | Path,
    *,
    steps: int = STEPS,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> None:
    """Train the articulation model on the captures in `data_dir` and write the weight folder `out_dir`.

    Phone times stored with the recordings are used; GRID sentences without any are aligned here. Raises DreamTalkError
    where no capture has phones.
    """
    out_dir = Path(out_dir)
    corpus = read_corpus(data_dir, articulate=False)
    training, validation = with_phones(corpus.training, data_dir), with_phones(corpus.validation, data_dir)
    clips = phone_clips(training)
    if not clips:
        raise DreamTalkError(f"No capture in {data_dir} has phone times; give a folder with grid_s1 or a prepared one.")
    config = ArticulationConfig()
    tensors = train_network(clips, config, out_dir / "cache" / "articulation.ckpt", steps, seed, resume, progress)
    command = f"`dreamtalk train articulation DATA --out DIR --steps {steps} --seed {seed}`"
    save_folder(out_dir, tensors, {"network": config.as_dict()}, articulation_card({}, command))
    scores = articulation_scores(ArticulationModel.from_directory(out_dir), validation)
    save_folder(out_dir, tensors, {"network": config.as_dict()}, articulation_card(scores, command))


def train_network(
    clips: Sequence[PhoneClip],
    config: ArticulationConfig,
    checkpoint: Path,
    steps: int,
    seed: int,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, torch.Tensor]:
    """The training proper; returns the averaged tensors with the amplitude fitted."""
    torch.manual_seed(seed)
    network = ArticulationNetwork(config)
    trainer = Trainer(network, steps, LEARNING_RATE, checkpoint, resume)
    basis = lip_basis(FaceRig.load())

    def loss_of_step(step: int) -> torch.Tensor:
        features, speaker, mouth, weight = batch_of(clips, BATCH, np.random.default_rng((seed, step)))
        return articulation_loss(network(features, speaker)[:, ::_STEP], mouth, weight, basis)

    trainer.run(loss_of_step, progress)
    network.load_state_dict(trainer.average.tensors)
    fit_amplitude(network.eval(), clips)
    return network.state_dict()


def phone_clips(recordings: Sequence[Recording]) -> list[PhoneClip]:
    """Captures with phones by a known speaker, each at several speeds: a mouth that hurries does much the same."""
    usable = [each for each in recordings if each.phones and each.corpus in SPEAKERS and each.captured[MOUTH].any()]
    return [_phone_clip(recording, speed) for recording in usable for speed in SPEEDS]


def _phone_clip(recording: Recording, speed: float) -> PhoneClip:
    phones = [Phone(phone.start_s / speed, phone.end_s / speed, phone.symbol) for phone in recording.phones]
    position = np.arange(int(len(recording) / speed)) * speed
    mouth = interpolated(recording.weights[:, MOUTH], position)
    valid = interpolated(recording.valid[:, None].astype(np.float32), position)[:, 0] > 0.999
    centres = [Phone(p.centre_s - 0.03, p.centre_s + 0.05, p.symbol) for p in phones if p.symbol in BILABIAL]
    meeting = phone_frames(centres, len(mouth), FPS) > 0
    weight = valid * np.where(meeting, CLOSURE_WEIGHT, 1.0)
    features = phone_features(phones, len(mouth) * _STEP)
    return PhoneClip(features, mouth, weight.astype(np.float32), SPEAKERS.index(recording.corpus))


def batch_of(clips: Sequence[PhoneClip], batch: int, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Random stretches of `batch` clips; a short clip is padded with frames that do not count.

    Returns features (B, _STEP * LENGTH, FEATURES), speaker (B, 2), mouth (B, LENGTH, 27) and weight (B, LENGTH).
    """
    by_speaker = [[clip for clip in clips if clip.speaker == number] for number in range(len(SPEAKERS))]
    chance = np.array([share if found else 0.0 for share, found in zip(CORPUS_SHARE, by_speaker, strict=True)])
    drawn: list[tuple[np.ndarray, ...]] = []
    for number in rng.choice(len(SPEAKERS), batch, p=chance / chance.sum()):
        lengths = np.array([len(clip.mouth) for clip in by_speaker[number]], dtype=np.float64)
        clip = by_speaker[number][rng.choice(len(lengths), p=lengths / lengths.sum())]
        start = int(rng.integers(0, max(1, len(clip.mouth) - LENGTH + 1)))
        inner, outer = slice(start, start + LENGTH), slice(start * _STEP, (start + LENGTH) * _STEP)
        drawn.append((
            _padded(clip.features[outer], LENGTH * _STEP), np.eye(len(SPEAKERS), dtype=np.float32)[number],
            _padded(clip.mouth[inner], LENGTH), _padded(clip.weight[inner], LENGTH),
        ))  # fmt: skip
    return tuple(torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))


def _padded(rows: np.ndarray, count: int) -> np.ndarray:
    return np.pad(rows, ((0, count - len(rows)), *(((0, 0),) * (rows.ndim - 1))))


def articulation_loss(
    predicted: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, basis: LipBasis
) -> torch.Tensor:
    """Curves, jaw, lips on the rig, their width and gap, velocities; mouths (B, T, 27), weight of frames (B, T)."""
    weight = weight[..., None]
    curves = (weight * functional.smooth_l1_loss(predicted, target, reduction="none", beta=0.1)).mean()
    jaw = (weight[..., 0] * (predicted[..., _JAW] - target[..., _JAW]) ** 2).mean()
    deltas = torch.from_numpy(basis.deltas[MOUTH].reshape(len(MOUTH), -1))
    lips = (weight * (((predicted - target) @ deltas) / LIP_SCALE_MM) ** 2).mean()
    left, right = basis.corners
    widening = torch.from_numpy(basis.deltas[MOUTH][:, left, 0] - basis.deltas[MOUTH][:, right, 0])
    width = (weight[..., 0] * (((predicted - target) @ widening) / WIDTH_SCALE_MM) ** 2).mean()
    both = weight[:, 1:] * weight[:, :-1]
    velocity = (both * (predicted.diff(dim=1) - target.diff(dim=1)).abs()).mean()
    gap, true_gap = (lip_gap_mm(mouth, basis).clamp(min=0) for mouth in (predicted, target))
    closure = 1.0 + (CLOSURE_WEIGHT - 1.0) * (true_gap < CLOSED_MM)
    geometry = (weight[..., 0] * closure * ((gap - true_gap) / LIP_SCALE_MM) ** 2).mean()
    return 20 * curves + 10 * jaw + 4 * lips + width + 5 * velocity + geometry


@torch.no_grad()
def fit_amplitude(network: ArticulationNetwork, clips: Sequence[PhoneClip]) -> None:
    """Set centre and amplitude so that every shape's deviation meets the captures'."""
    predicted, truth = [], []
    for number in range(12):
        features, speaker, mouth, weight = batch_of(clips, BATCH, np.random.default_rng((7, number)))
        predicted.append(network(features, speaker)[:, ::_STEP][weight > 0])
        truth.append(mouth[weight > 0])
    own, wanted = torch.cat(predicted), torch.cat(truth)
    network.centre.copy_(own.mean(0))
    network.amplitude.copy_((wanted.std(0) / own.std(0).clamp(min=1e-4)).clamp(1.0, LONGEST_STRETCH))


def articulation_scores(model: ArticulationModel, recordings: Sequence[Recording]) -> dict[str, MotionScore]:
    """Scores by corpus of what the model makes of held-out recordings' phones, in each speaker's own style."""

    def articulate(recording: Recording) -> BlendshapeClip:
        style = SpeakingStyle(speaker=float(SPEAKERS.index(recording.corpus)))
        weights = model.mouth(recording.phones, len(recording), FPS, style)
        return BlendshapeClip(weights, np.zeros((len(weights), 3), np.float32), FPS)

    known = [each for each in recordings if each.phones and each.corpus in SPEAKERS]
    rig, corpora = FaceRig.load(), sorted({each.corpus for each in known})
    return {name: score(articulate, [each for each in known if each.corpus == name], rig) for name in corpora}


def articulation_card(scores: Mapping[str, MotionScore], command: str) -> str:
    """CARD.md of an articulation model; command: how it was trained."""
    return f"""# Articulation model weights

Phones with times -> 27 jaw and mouth shapes (dreamtalk/mouth/articulation.py).

- Data: `grid_s1` (GRID corpus, speaker 1, tracked and calibrated; CC BY 4.0; Cooke, Barker, Cunningham, Shao 2006) and
  `facegood` (FACEGOOD, MIT), each at three speeds. Nothing else.
- Phones: GRID by forced alignment of its sentences (PocketSphinx); FACEGOOD's Mandarin by aligning a transcript that
  Whisper-base made, so some of its words are guesses.
- Held out: one GRID sentence in ten (by hash of its name) and the file {HELD_OUT_FACEGOOD}. Both speakers are known,
  and so are GRID's words; docs/articulation.md has figures on unseen words.
- Command: {command}
- Recipe: AdamW, {LEARNING_RATE:g} with cosine decay, {BATCH} stretches of {LENGTH / FPS:.1f} s a step, averaged
  weights; losses on curves, lip vertices, velocities and the lip gap.
- Licence: as the project's.

## Figures on the held-out part

What phones and speaker alone tell about a mouth: the ceiling of training targets made from phones.

{figures_table(scores)}
Definitions: docs/evaluation.md.
"""
