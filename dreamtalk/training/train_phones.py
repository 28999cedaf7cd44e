"""Training of the phone head on speech whose phones and times are known, ending in a weight folder with its card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from dreamtalk.corpus import read_corpus
from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.hearing import LAYERS
from dreamtalk.speech.phone_head import PhoneHead, PhoneHeadConfig
from dreamtalk.speech.phones import BILABIAL, PHONE_INDEX, PHONES
from dreamtalk.speech.running_encoder import RunningEncoder
from dreamtalk.speech.speech_encoder import SpeechEncoder
from dreamtalk.training.clip_cache import cached_clips
from dreamtalk.training.dataset import corpus_chances
from dreamtalk.training.training_clip import UNKNOWN, TrainingClip
from dreamtalk.training.training_loop import Progress, Trainer
from dreamtalk.training.training_reels import heard
from dreamtalk.training.weight_card import DATA_WITH_SYNTHETIC
from dreamtalk.weight_folder import save_folder

STEPS = 2000
BATCH, STRETCH = 24, 100  # stretches a step, and their length in frames
LEARNING_RATE = 2e-3
CORPUS_SHARE = {"grid_s1": 0.25, "facegood": 0.12, "synthetic": 0.63}  # many voices teach more than much of one
RARE = 0.3  # rare phones count more: frequency to this power
LIPS = 1.4  # and p, b and m once more: a missed closure is what people see
SMOOTHING = 0.05


def train(
    data_dir: str | Path,
    out_dir: str | Path,
    *,
    steps: int = STEPS,
    seed: int = 0,
    resume: bool = False,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Train the phone head on what has phone times in `data_dir`, and write the weight folder `out_dir`.

    Arguments as in train_emodiff.train. Raises DreamTalkError where no recording has phone times.
    """
    out_dir = Path(out_dir)
    cache = Path(cache_dir) if cache_dir else out_dir / "cache"
    corpus, encoder = read_corpus(data_dir), RunningEncoder(SpeechEncoder.load(layers=LAYERS))
    clips = cached_clips(corpus.training, cache, encoder, seed)
    head = train_network(clips, PhoneHeadConfig(), cache / "phone_head.ckpt", steps, seed, resume, progress)
    scores = {
        name: phone_scores(head, [heard(r, encoder) for r in corpus.validation if r.corpus == name and r.phones])
        for name in sorted({r.corpus for r in corpus.validation if r.phones})
    }
    command = f"`dreamtalk train phones DATA --out DIR --steps {steps} --seed {seed}`"
    save_folder(out_dir, head.state_dict(), {"network": head.config.as_dict()}, phones_card(scores, command))


def train_network(
    clips: Sequence[TrainingClip],
    config: PhoneHeadConfig,
    checkpoint: Path,
    steps: int,
    seed: int,
    resume: bool = False,
    progress: Progress | None = None,
) -> PhoneHead:
    """The training proper; clips whose phones nobody knows, or that are too short, are left out."""
    clips = [clip for clip in clips if len(clip) >= STRETCH and (clip.phones != UNKNOWN).any()]
    if not clips:
        raise DreamTalkError("No recording of the data folder has phone times; prepare some with dreamtalk prepare.")
    chance = corpus_chances(clips, CORPUS_SHARE)
    weight = torch.from_numpy(_phone_weights(clips))
    torch.manual_seed(seed)
    head = PhoneHead(config)
    trainer = Trainer(head, steps, LEARNING_RATE, checkpoint, resume)

    def loss_of_step(step: int) -> torch.Tensor:
        states, phones = _batch(clips, chance, np.random.default_rng((seed, 5, step)))
        logits = head(head.padded(states)).transpose(1, 2)
        return functional.cross_entropy(logits, phones, weight, ignore_index=UNKNOWN, label_smoothing=SMOOTHING)

    trainer.run(loss_of_step, progress)
    head.load_state_dict(trainer.average.tensors)
    return head.eval()


def _phone_weights(clips: Sequence[TrainingClip]) -> np.ndarray:
    known = np.concatenate([clip.phones.ravel() for clip in clips])
    counts = np.bincount(known[known != UNKNOWN], minlength=len(PHONES)).clip(min=50)
    weights = (counts / counts.sum()) ** -RARE
    weights[[PHONE_INDEX[phone] for phone in BILABIAL]] *= LIPS
    return (weights / weights.mean()).astype(np.float32)


def _batch(
    clips: Sequence[TrainingClip], chance: np.ndarray, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """States (B, 2 STRETCH, 512) float32 and phone numbers (B, 2 STRETCH) int64."""
    states, phones = [], []
    for index in rng.choice(len(clips), BATCH, p=chance):
        first = int(rng.integers(0, len(clips[index]) - STRETCH + 1))
        rows = slice(first, first + STRETCH)
        states.append(clips[index].states[rows].astype(np.float32).reshape(2 * STRETCH, -1))
        phones.append(clips[index].phones[rows].astype(np.int64).ravel())
    return torch.from_numpy(np.stack(states)), torch.from_numpy(np.stack(phones))


@torch.inference_mode()
def phone_scores(head: PhoneHead, clips: Sequence[TrainingClip]) -> tuple[float, float, float]:
    """Share of states whose phone is right; recall and precision of p b m, frame by frame (posterior over 0.5)."""
    right = known = found = there = said = 0
    lips = [PHONE_INDEX[phone] for phone in BILABIAL]
    for clip in clips:
        states = torch.from_numpy(clip.states.astype(np.float32)).reshape(1, 2 * len(clip), -1)
        posteriors = head(head.padded(states))[0].softmax(-1).numpy()
        phones, told = clip.phones.ravel(), clip.phones.ravel() != UNKNOWN
        right, known = right + int((posteriors.argmax(1) == phones)[told].sum()), known + int(told.sum())
        closing, closed = posteriors[:, lips].sum(1) > 0.5, np.isin(phones, lips)
        found, there = found + int((closing & closed).sum()), there + int(closed.sum())
        said += int((closing & told).sum())
    return right / max(known, 1), found / max(there, 1), found / max(said, 1)


def phones_card(scores: dict[str, tuple[float, float, float]], command: str) -> str:
    """CARD.md of a phone head; command: how it was trained."""
    rows = "\n".join(
        f"| {name} | {share:.2f} | {recall:.2f} | {precision:.2f} |"
        for name, (share, recall, precision) in scores.items()
    )
    return (
        "# Phone head weights\n\nStates of the speech encoder's fourth layer -> posteriors of the phones"
        " (dreamtalk/speech/phone_head.py).\n\n"
        f"{DATA_WITH_SYNTHETIC}- Phones: synthetic voices tell theirs; the captures' were aligned (PocketSphinx).\n"
        f"- Command: {command}\n- Recipe: AdamW, {LEARNING_RATE:g} with cosine decay, {BATCH} stretches of 4 s a step,"
        " cross-entropy with smoothed labels, averaged weights.\n- Licence: as the project's.\n\n"
        "Held-out voices (synthetic) and sentences (GRID), by states of 20 ms:\n\n"
        f"| corpus | right phone | p b m recall | p b m precision |\n|---|---|---|---|\n{rows}\n"
    )
