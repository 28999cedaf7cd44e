"""What every training here shares: learning-rate curve, averaged weights, and a checkpoint to resume from."""

import logging
import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from dreamtalk.errors import OptionError
from rig.safe_file import written_beside

Progress = Callable[[int, int], None]
log = logging.getLogger(__name__)


class Averaged:
    """An exponential moving average of a network's parameters; the average is what is evaluated and shipped."""

    def __init__(self, network: nn.Module, decay: float = 0.998) -> None:
        self.decay = decay
        self.tensors = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move toward the network; young averages move faster, so that they do not remember the random start."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, tensor in network.state_dict().items():
            self.tensors[name].lerp_(tensor.detach(), 1 - decay)


class Trainer:
    """AdamW on one network with warm-up, cosine decay, gradient clipping, averaging and checkpoints."""

    def __init__(self, network: nn.Module, steps: int, rate: float, checkpoint: Path, resume: bool) -> None:
        self.network, self.steps, self.rate, self.checkpoint = network, steps, rate, checkpoint
        self.optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.02, betas=(0.9, 0.99))
        self.average = Averaged(network)
        self.step = 0
        if resume:
            self._load()

    def run(
        self, loss_of_step: Callable[[int], torch.Tensor], progress: Progress | None, save_every: int = 250
    ) -> None:
        """Step until `steps`; `loss_of_step` depends on the step number alone, so that resuming changes nothing."""
        self.network.train()
        running = 0.0
        while self.step < self.steps:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * _rate_share(self.step, self.steps)
            loss = loss_of_step(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self.average.update(self.network, self.step)
            running = loss.item() if running == 0.0 else 0.98 * running + 0.02 * loss.item()
            if self.step % 25 == 0:
                log.info("step %d of %d, loss %.4f", self.step, self.steps, running)
            if self.step % save_every == 0 or self.step == self.steps:
                self._save()
            if progress:
                progress(self.step, self.steps)

    def _save(self) -> None:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(), "average": self.average.tensors,
            "optimizer": self.optimizer.state_dict(), "step": self.step,
        }  # fmt: skip
        with written_beside(self.checkpoint) as beside:
            torch.save(state, beside)

    def _load(self) -> None:
        if not self.checkpoint.is_file():
            raise OptionError(f"There is no checkpoint {self.checkpoint} to resume from; start without resuming.")
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.tensors, self.step = state["average"], state["step"]


def _rate_share(step: int, steps: int, warm_up: int = 100) -> float:
    """Linear warm-up, then a cosine down to a twentieth."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))
