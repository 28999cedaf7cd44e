"""What mouths do when phones are spoken: phones with times -> jaw and mouth curves, coarticulation included.

A small convolutional network hears who speaks (a blend of the speakers it learned from), which phones are said around
now, and how near the ends of this one are. It is fitted on the forced phones of real captures, so it knows how far a
mouth leads the sound. Speaking style is set afterwards, and every p, b and m closes the lips.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import nn

from dreamtalk.errors import WeightsError
from dreamtalk.mouth.closures import close_lips, closing_of_phones, tuck_lip, tucking_of_phones
from dreamtalk.mouth.dominance import Dominance
from dreamtalk.mouth.lip_seal import sealed
from dreamtalk.mouth.speaking_style import SpeakingStyle, styled
from dreamtalk.speech.phones import PHONES, SILENCE, Phone, phone_frames
from dreamtalk.weight_folder import load_weights, read_config
from dreamtalk.weights import resolve
from rig.arkit import INDEX, MOUTH, NAMES

WEIGHTS = "articulation"
PHONE_FPS = 50.0
"""Rate at which the network hears phones and answers."""
SPEAKERS = ("grid_s1", "facegood")
"""Who it learned from: blend 0 and blend 1 of SpeakingStyle.speaker."""
FEATURES = len(PHONES) + 2
_FINE = 4  # phones are looked up so many times a frame, so that a boundary inside a frame counts
_NEAR_S = 0.5  # a boundary farther away than this is only far away
_STAND_IN = {"m": "p", "θ": "t", "ŋ": "n", "ʃ": "tʃ", "ɑ": "a", "ɜ": "ə", "y": "u", "ø": "o"}
"""Phones that the captures hold too rarely, or in too few words, and what the lips do alike."""
_CLOSE, _JAW = INDEX["mouthClose"], INDEX["jawOpen"]


@dataclass(frozen=True)
class ArticulationConfig:
    """Sizes. width: channels. dilations: of the convolutions, each 5 frames wide. dropout: in training.

    dominance: dominance functions in place of the network, to compare with.
    """

    width: int = 48
    dilations: tuple[int, ...] = (1, 1, 2)
    dropout: float = 0.3
    dominance: bool = False

    @classmethod
    def debug(cls) -> "ArticulationConfig":
        """A tiny network for tests."""
        return cls(width=8, dilations=(1, 2))

    def as_dict(self) -> dict:
        return asdict(self)


class ArticulationNetwork(nn.Module):
    """Phone features and a blend of speakers -> the 27 mouth shapes, frame by frame, not clamped."""

    def __init__(self, config: ArticulationConfig) -> None:
        super().__init__()
        self.config = config
        self.heard = Dominance(len(PHONES), len(SPEAKERS)) if config.dominance else _Convolutions(config)
        self.register_buffer("centre", torch.zeros(len(MOUTH)))
        self.register_buffer("amplitude", torch.ones(len(MOUTH)))

    def forward(self, features: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        """features (B, T, FEATURES), speaker (B, 2) shares that sum to 1 -> (B, T, 27)."""
        return self.heard(features, speaker)

    def finished(self, mouth: torch.Tensor) -> torch.Tensor:
        """Shapes (..., 27) with their deviation brought to what the captures show, in [0, 1]."""
        return (self.centre + self.amplitude * (mouth - self.centre)).clamp(0.0, 1.0)


class _Convolutions(nn.Module):
    """Dilated convolutions over phone features, told who speaks."""

    def __init__(self, config: ArticulationConfig) -> None:
        super().__init__()
        width = config.width
        self.heard = nn.Linear(FEATURES, width)
        self.speaker = nn.Linear(len(SPEAKERS), width, bias=False)
        self.blocks = nn.ModuleList(_Block(width, dilation, config.dropout) for dilation in config.dilations)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, len(MOUTH)))

    def forward(self, features: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        states = self.heard(features)
        code = self.speaker(speaker)[:, None]
        for block in self.blocks:
            states = block(states, code)
        return self.out(states)


class _Block(nn.Module):
    """A dilated convolution on the normalised states and the speaker, added to the states."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Conv1d(width, 2 * width, 5, dilation=dilation, padding=2 * dilation)
        self.out = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, width))

    def forward(self, states: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        mixed = self.mix((self.norm(states) + code).transpose(1, 2)).transpose(1, 2)
        return states + self.out(nn.functional.glu(mixed, dim=-1))


class ArticulationModel:
    """The trained network with its styles: phones in, a mouth out."""

    def __init__(self, network: ArticulationNetwork) -> None:
        self.network = network.eval()

    @classmethod
    def load(cls) -> Self:
        """The weights that come with the package. Raises WeightsError where they are missing or altered."""
        return cls.from_directory(resolve(WEIGHTS))

    @classmethod
    def from_directory(cls, folder: Path) -> Self:
        """Read a weight folder written by train_articulation. Raises WeightsError where it does not fit."""
        try:
            sizes = read_config(folder)["network"]
            network = ArticulationNetwork(ArticulationConfig(**{**sizes, "dilations": tuple(sizes["dilations"])}))
        except (KeyError, TypeError) as error:
            raise WeightsError(
                f"{folder}/config.json does not describe an articulation model ({error}); train it again."
            ) from None
        load_weights(network, folder)
        return cls(network)

    def mouth(
        self, phones: Sequence[Phone], count: int, fps: float = 25.0, style: SpeakingStyle | None = None
    ) -> np.ndarray:
        """The mouth while `phones` are spoken: weights (count, 52) float32 in [0, 1], only jaw and mouth filled.

        phones: in order, silence where there is none. Frame n is second n / fps. style: None for the plain one.
        Every p, b and m brings the lips together, mouthClose never exceeds jawOpen, and rests are shut.
        """
        style = style or SpeakingStyle()
        own = self._answered(phones, count / fps, style)
        times = np.arange(count) / fps + style.lead_s
        mouth = styled(own, self._answered((), 2.0, style)[50], style, PHONE_FPS)
        weights = np.zeros((count, len(NAMES)), np.float32)
        rows = np.arange(len(mouth)) / PHONE_FPS
        for column, curve in zip(MOUTH, mouth.T, strict=True):
            weights[:, column] = np.interp(times, rows, curve)
        weights[:, _CLOSE] = np.minimum(weights[:, _CLOSE], weights[:, _JAW])
        led = [Phone(phone.start_s - style.lead_s, phone.end_s - style.lead_s, phone.symbol) for phone in phones]
        weights = tuck_lip(sealed(weights, fps), tucking_of_phones(led, count, fps))
        return close_lips(weights, closing_of_phones(led, count, fps))

    @torch.inference_mode()
    def _answered(self, phones: Sequence[Phone], length_s: float, style: SpeakingStyle) -> np.ndarray:
        """The network's mouth at PHONE_FPS, (N, 27), a little longer than length_s."""
        count = int(np.ceil(length_s * PHONE_FPS)) + 12
        heard = torch.from_numpy(phone_features(phones, count))[None]
        blend = torch.tensor([[1.0 - style.speaker, style.speaker]], dtype=torch.float32)
        return self.network.finished(self.network(heard, blend))[0].numpy()


def phone_features(phones: Sequence[Phone], count: int) -> np.ndarray:
    """What the network hears at PHONE_FPS, (count, FEATURES) float32.

    The share of each phone in the frame, and how near the start and the end of the phone at its centre are: 1 at the
    boundary, 0 from half a second on. Frame n is second n / PHONE_FPS, its middle.
    """
    fine = PHONE_FPS * _FINE
    early = (_FINE - 1) / 2 / fine  # frame n is the mean of instants around second n / PHONE_FPS
    moved = [Phone(phone.start_s + early, phone.end_s + early, phone.symbol) for phone in _seen_on_lips(phones)]
    numbers = phone_frames(moved, count * _FINE, fine)
    features = np.zeros((count, FEATURES), np.float32)
    rows = np.repeat(np.arange(count), _FINE)
    np.add.at(features, (rows, numbers), 1.0 / _FINE)
    since, left = _boundary_distances(phones, count)
    features[:, -2], features[:, -1] = 1 - since / _NEAR_S, 1 - left / _NEAR_S
    return features


def _seen_on_lips(phones: Sequence[Phone]) -> list[Phone]:
    """The phones by what they look like; an h has no lips of its own and looks like what follows."""
    seen: list[Phone] = []
    follower = "ə"
    for phone in reversed(phones):
        symbol = follower if phone.symbol == "h" else _STAND_IN.get(phone.symbol, phone.symbol)
        follower = symbol if symbol != SILENCE else "ə"
        seen.append(Phone(phone.start_s, phone.end_s, symbol))
    return seen[::-1]


def _boundary_distances(phones: Sequence[Phone], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since the last boundary and to the next one at each frame, (count,) each, at most _NEAR_S."""
    times = np.arange(count) / PHONE_FPS
    edges = np.unique([-9.0, *(t for phone in phones for t in (phone.start_s, phone.end_s)), count / PHONE_FPS + 9.0])
    after = np.searchsorted(edges, times, side="right").clip(1, len(edges) - 1)
    return np.minimum(times - edges[after - 1], _NEAR_S), np.minimum(edges[after] - times, _NEAR_S)
