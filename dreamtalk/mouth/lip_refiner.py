"""The lip refiner: listens to speech again and re-predicts the mouth, because a diffusion model under-uses audio.

DREAM-Talk's second stage (papers.md 1.3): an LSTM over the audio, a CNN over the style clip and EmoDiff's own mouth ->
the 27 jaw and mouth shapes. Nothing else is touched. Deviations: one LSTM runs over the whole sound behind a
convolution that looks `ahead` frames forward, in place of overlapping windows of 8 frames, so that a live stream gets
the same mouth as a file; EmoDiff's mouth keeps a share (`kept`), since the errors of the two predictions are partly
independent; and the result is stretched about its mean (`amplitude`), since what seeks the mean is tamer than a face.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import nn
from torch.nn.functional import gelu, pad

from dreamtalk.errors import WeightsError
from dreamtalk.speech.hearing import FEATURE_SIZE, STATE_SIZE, split_features
from dreamtalk.weight_folder import load_weights, read_config
from rig.arkit import INDEX, MOUTH, NAMES
from rig.clip import BlendshapeClip

FPS = 25.0
LEAD_IN_S = 0.4
_CLOSE, _JAW = INDEX["mouthClose"], INDEX["jawOpen"]

State = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class LipRefinerConfig:
    """Sizes. behind, ahead: frames of sound the convolution sees on either side.

    kept: share of EmoDiff's own mouth in the result. dropout: in training, of what is heard; deaf: of the encoder's
    states as a whole, so that the phones alone must do.
    """

    state_width: int = 128
    phone_width: int = 96
    hidden: int = 224
    style_width: int = 64
    behind: int = 3
    ahead: int = 3
    kept: float = 0.1
    dropout: float = 0.22
    deaf: float = 0.2

    @classmethod
    def debug(cls) -> "LipRefinerConfig":
        """A tiny network for tests."""
        return cls(state_width=8, phone_width=8, hidden=8, style_width=4)

    def as_dict(self) -> dict:
        return asdict(self)


class LipNetwork(nn.Module):
    """Speech features, EmoDiff's mouth and a code of the style clip -> mouth shapes."""

    def __init__(self, config: LipRefinerConfig) -> None:
        super().__init__()
        self.config = config
        heard, style = config.state_width + config.phone_width, config.style_width
        self.states = nn.Sequential(nn.LayerNorm(STATE_SIZE), nn.Linear(STATE_SIZE, config.state_width), nn.GELU())
        self.phones = nn.Sequential(nn.Linear(FEATURE_SIZE - STATE_SIZE, config.phone_width), nn.GELU())
        self.dropout = nn.Dropout(config.dropout)
        self.near = nn.Conv1d(heard, config.hidden, config.behind + config.ahead + 1)
        self.lstm = nn.LSTM(config.hidden + len(MOUTH), config.hidden, batch_first=True)
        self.style = nn.Sequential(
            nn.Conv1d(len(NAMES), style, 3, padding=1), nn.GELU(),
            nn.Conv1d(style, style, 3, padding=1), nn.GELU(),
            nn.Conv1d(style, style, 3, padding=1),
        )  # fmt: skip
        self.out = nn.Sequential(
            nn.Linear(2 * config.hidden + style + len(MOUTH), config.hidden), nn.GELU(),
            nn.Linear(config.hidden, len(MOUTH)),
        )  # fmt: skip
        self.register_buffer("amplitude", torch.ones(len(MOUTH)))
        self.register_buffer("centre", torch.zeros(len(MOUTH)))

    def style_code(self, style: torch.Tensor) -> torch.Tensor:
        """Style weights (B, M, 52) -> (B, style_width)."""
        return self.style(style.transpose(1, 2)).mean(-1)

    def forward(
        self, features: torch.Tensor, mouth: torch.Tensor, style_code: torch.Tensor, state: State | None = None
    ) -> tuple[torch.Tensor, State]:
        """features (B, behind + N + ahead, F), mouth (B, N, 27) in [0, 1], style_code (B, S) -> (B, N, 27), state.

        The re-prediction alone, not clamped; `finished` joins it with EmoDiff's mouth. state: of the LSTM after the
        frame before, None at the start of a sound.
        """
        states, phones = split_features(features)
        states = self.states(states)
        if self.training:  # whole sequences hear the phones alone
            states = states * (torch.rand(len(states), 1, 1) >= self.config.deaf)
        heard = self.dropout(torch.cat([states, self.phones(phones)], -1))
        near = gelu(self.near(heard.transpose(1, 2))).transpose(1, 2)
        told, state = self.lstm(torch.cat([near, mouth], -1), state)
        style = style_code.unsqueeze(1).expand(-1, mouth.shape[1], -1)
        return self.out(torch.cat([self.dropout(told), near, style, mouth], -1)), state

    def padded(self, features: torch.Tensor) -> torch.Tensor:
        """Features (B, N, F) with what the convolution wants on either side, the ends held."""
        return pad(features.transpose(1, 2), (self.config.behind, self.config.ahead), "replicate").transpose(1, 2)

    def finished(self, predicted: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Re-predicted and EmoDiff's own mouth (..., 27) joined, and their deviation brought to what faces show."""
        mouth = predicted + self.config.kept * (own - predicted)
        return (self.centre + self.amplitude * (mouth - self.centre)).clamp(0.0, 1.0)


class LipRefiner:
    """The trained refiner, on streams of any length."""

    def __init__(self, network: LipNetwork) -> None:
        self.network = network.eval()

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """Read a weight folder written by train_lips. Raises WeightsError where it does not fit."""
        try:
            network = LipNetwork(LipRefinerConfig(**read_config(folder)["network"]))
        except (KeyError, TypeError) as error:
            raise WeightsError(f"{folder}/config.json does not describe lips ({error}); train it again.") from None
        load_weights(network, folder)
        return cls(network)

    def stream(
        self, pieces: Iterable[tuple[np.ndarray, np.ndarray]], style: BlendshapeClip
    ) -> Iterator[np.ndarray]:
        """Replace the mouth in consecutive pieces of motion, as they come.

        pieces: (features (n, F), raw motion (n, 55)) float32, frame for frame. style: the clip EmoDiff had.
        Yields raw motion (m, 55), `ahead` frames behind what came in until the end: every channel but the 27 of the
        mouth is bit-identical to what came in.
        """
        run = RefinerRun(self.network, style)
        for features, motion in pieces:
            yield from run.push(features, motion)
        yield from run.end()


class RefinerRun:
    """One run of the refiner over one sound."""

    def __init__(self, network: LipNetwork, style: BlendshapeClip) -> None:
        self._network = network
        with torch.inference_mode():
            self._code = network.style_code(torch.from_numpy(style.resampled(FPS).weights.copy())[None])
        self._state: State | None = None
        self._heard: np.ndarray | None = None
        self._held: np.ndarray | None = None
        self._done = 0

    def push(self, features: np.ndarray, motion: np.ndarray) -> Iterator[np.ndarray]:
        """Features (n, F) and raw motion (m, 55) in; yields the rows that have been looked far enough ahead for.

        The motion may lag behind the features; only these are looked ahead in.
        """
        if self._heard is None or self._held is None:
            if not len(features):
                return
            self._heard, self._held = features[:1].repeat(self._network.config.behind, 0), motion[:0]
        self._heard, self._held = np.concatenate([self._heard, features]), np.concatenate([self._held, motion])
        config = self._network.config
        ready = min(len(self._held), len(self._heard) - config.behind - config.ahead)
        if ready > 0:
            yield self._refined(ready)

    def end(self) -> Iterator[np.ndarray]:
        """The rows that were still waiting for what comes after them."""
        if self._heard is not None and self._held is not None and len(self._held):
            after = self._heard[-1:].repeat(self._network.config.ahead, 0)
            self._heard = np.concatenate([self._heard, after])
            yield self._refined(len(self._held))

    @torch.inference_mode()
    def _refined(self, count: int) -> np.ndarray:
        config = self._network.config
        own = self._held[:count]
        heard = torch.from_numpy(self._heard[: config.behind + count + config.ahead])[None]
        mouth = torch.from_numpy(own[:, MOUTH])[None]
        predicted, self._state = self._network(heard, mouth, self._code, self._state)
        refined = own.copy()
        refined[:, MOUTH] = self._network.finished(predicted, mouth)[0].numpy()
        refined = _led_in(refined, own, self._done)
        self._heard, self._held, self._done = self._heard[count:], self._held[count:], self._done + count
        return refined


def _led_in(refined: np.ndarray, own: np.ndarray, first: int) -> np.ndarray:
    """Rows from `first` on, led from EmoDiff's own motion, which knows the initial face, into the refined one."""
    share = np.clip((first + np.arange(len(refined))) / (LEAD_IN_S * FPS), 0.0, 1.0).astype(np.float32)[:, None]
    led = refined.copy()
    led[:, MOUTH] = own[:, MOUTH] + share * (refined[:, MOUTH] - own[:, MOUTH])
    led[:, _CLOSE] = np.minimum(led[:, _CLOSE], led[:, _JAW])
    return led
