"""The phone head: which phone is being said, read off the encoder's states; any language, almost no cost.

Taught by synthetic speech, whose phone times are known in many voices and languages, and by aligned recordings. It only
looks back, so it adds nothing to the look-ahead of the states.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from torch import Tensor, nn
from torch.nn.functional import gelu, pad

from dreamtalk.errors import WeightsError
from dreamtalk.speech.phones import PHONES
from dreamtalk.weight_folder import load_weights, read_config


@dataclass(frozen=True)
class PhoneHeadConfig:
    """Sizes. behind: states of 20 ms that are looked back on."""

    state_size: int = 512
    width: int = 288
    behind: int = 8
    dropout: float = 0.3

    @classmethod
    def debug(cls) -> "PhoneHeadConfig":
        """A tiny network for tests."""
        return cls(width=8, behind=2)

    def as_dict(self) -> dict:
        return asdict(self)


class PhoneHead(nn.Module):
    """Encoder states at 50 Hz -> logits of PHONES."""

    def __init__(self, config: PhoneHeadConfig) -> None:
        super().__init__()
        self.config = config
        size, width = config.state_size, config.width
        self.states = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, width), nn.GELU())
        self.dropout = nn.Dropout(config.dropout)
        self.past = nn.Conv1d(width, width, config.behind + 1)
        self.out = nn.Linear(width, len(PHONES))

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """Read a weight folder written by train_phones. Raises WeightsError where it does not fit."""
        try:
            head = cls(PhoneHeadConfig(**read_config(folder)["network"]))
        except (KeyError, TypeError) as error:
            raise WeightsError(
                f"{folder}/config.json does not describe a phone head ({error}); train it again."
            ) from None
        load_weights(head, folder)
        return head.eval()

    def forward(self, states: Tensor) -> Tensor:
        """states (B, behind + N, 512) -> logits (B, N, len(PHONES)) of the last N."""
        heard = self.dropout(self.states(states))
        told = heard[:, self.config.behind :] + gelu(self.past(heard.transpose(1, 2))).transpose(1, 2)
        return self.out(self.dropout(told))

    def padded(self, states: Tensor) -> Tensor:
        """States (B, N, 512) with the first one held before them."""
        return pad(states.transpose(1, 2), (self.config.behind, 0), "replicate").transpose(1, 2)
