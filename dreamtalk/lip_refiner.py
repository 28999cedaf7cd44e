"""The lip refiner: looks at speech again and re-predicts the mouth, because a diffusion model under-uses audio.

DREAM-Talk's second stage (papers.md 1.3): an LSTM over the audio window, a CNN over the style clip and EmoDiff's own
mouth -> the 27 jaw and mouth shapes of an 8-frame window; overlapping windows are averaged. Nothing else is touched.
Deviations: the LSTM runs both ways and hears a few frames around the window; EmoDiff's mouth keeps a share (`kept`),
since the errors of the two predictions are partly independent; and the result is stretched about its mean
(`amplitude`), since what seeks the mean is tamer than a face.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import nn

from dreamtalk.errors import WeightsError
from dreamtalk.weight_folder import load_weights, read_config
from dreamtalk.windows import edge_padded, overlap_mean, sliding
from rig.arkit import INDEX, MOUTH, NAMES
from rig.clip import BlendshapeClip

FPS = 25.0
LEAD_IN_S = 0.4
_CLOSE, _JAW = INDEX["mouthClose"], INDEX["jawOpen"]


@dataclass(frozen=True)
class LipRefinerConfig:
    """Sizes. window: frames answered for. context: frames heard on either side. hop: frames between windows.

    kept: share of EmoDiff's own mouth in the result. dropout: in training, of what is heard.
    """

    audio_size: int = 512
    audio_width: int = 160
    hidden: int = 192
    style_width: int = 64
    window: int = 8
    context: int = 6
    hop: int = 2
    kept: float = 0.3
    dropout: float = 0.25

    @classmethod
    def debug(cls) -> "LipRefinerConfig":
        """A tiny network for tests."""
        return cls(audio_width=8, hidden=8, style_width=4)

    @property
    def seen(self) -> int:
        """Frames that one window sees."""
        return self.window + 2 * self.context

    def as_dict(self) -> dict:
        return asdict(self)


class LipNetwork(nn.Module):
    """Windows of audio and EmoDiff's mouth, and a code of the style clip -> mouth shapes."""

    def __init__(self, config: LipRefinerConfig) -> None:
        super().__init__()
        self.config = config
        width, style = config.audio_width, config.style_width
        self.audio = nn.Sequential(nn.LayerNorm(config.audio_size), nn.Linear(config.audio_size, width), nn.GELU())
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(width + len(MOUTH), config.hidden, batch_first=True, bidirectional=True)
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

    def forward(self, audio: torch.Tensor, mouth: torch.Tensor, style_code: torch.Tensor) -> torch.Tensor:
        """audio (B, seen, 512), mouth (B, seen, 27) in [0, 1], style_code (B, S) -> (B, window, 27).

        The re-prediction alone, not clamped; `finished` joins it with EmoDiff's mouth.
        """
        states, _ = self.lstm(torch.cat([self.dropout(self.audio(audio)), mouth], -1))
        states = self.dropout(states)
        inner = slice(self.config.context, self.config.context + self.config.window)
        style = style_code.unsqueeze(1).expand(-1, self.config.window, -1)
        return self.out(torch.cat([states[:, inner], style, mouth[:, inner]], -1))

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

        pieces: (features (n, 512), raw motion (n, 55)) float32, frame for frame. style: the clip EmoDiff had.
        Yields raw motion (m, 55): every channel but the 27 of the mouth is bit-identical to what came in. Windows lie
        on a fixed grid, so the result does not depend on the sizes of the pieces.
        """
        config, done = self.network.config, 0
        reach = config.context + config.window  # even, so that the grid of windows is the same in every piece
        code = self._code(style)
        heard: np.ndarray | None = None
        for features, motion in pieces:
            if heard is None:
                heard, held = features[:1].repeat(reach, 0), motion[:1].repeat(reach, 0)
            heard, held = np.concatenate([heard, features]), np.concatenate([held, motion])
            ready = (len(held) - 2 * reach) // config.hop * config.hop
            if ready > 0:
                refined = self._refined(heard[: ready + 2 * reach], held[: ready + 2 * reach], code)
                yield _led_in(refined, held[reach : reach + ready], done)
                heard, held, done = heard[ready:], held[ready:], done + ready
        if heard is not None and len(held) > reach:
            left = len(held) - reach
            padding = reach + left % config.hop
            refined = self._refined(edge_padded(heard, 0, padding), edge_padded(held, 0, padding), code)[:left]
            yield _led_in(refined, held[reach:], done)

    @torch.inference_mode()
    def _code(self, style: BlendshapeClip) -> torch.Tensor:
        return self.network.style_code(torch.from_numpy(style.resampled(FPS).weights.copy())[None])

    @torch.inference_mode()
    def _refined(self, features: np.ndarray, motion: np.ndarray, code: torch.Tensor) -> np.ndarray:
        """Rows `reach`..-`reach` of the given stretch, their mouth the mean over all windows that answer for them."""
        config = self.network.config
        reach = config.context + config.window
        audio = torch.from_numpy(sliding(features, config.seen, config.hop))
        mouth = torch.from_numpy(sliding(motion[:, MOUTH], config.seen, config.hop))
        windows = self.network(audio, mouth, code.expand(len(audio), -1)).numpy()
        kept = len(features) - 2 * reach
        mean = overlap_mean(windows, config.hop)[config.window : config.window + kept]
        refined = motion[reach : reach + kept].copy()
        refined[:, MOUTH] = self.network.finished(torch.from_numpy(mean), torch.from_numpy(refined[:, MOUTH])).numpy()
        return refined


def _led_in(refined: np.ndarray, own: np.ndarray, first: int) -> np.ndarray:
    """Rows from `first` on, led from EmoDiff's own motion, which knows the initial face, into the refined one."""
    share = np.clip((first + np.arange(len(refined))) / (LEAD_IN_S * FPS), 0.0, 1.0).astype(np.float32)[:, None]
    led = refined.copy()
    led[:, MOUTH] = own[:, MOUTH] + share * (refined[:, MOUTH] - own[:, MOUTH])
    led[:, _CLOSE] = np.minimum(led[:, _CLOSE], led[:, _JAW])
    return led
