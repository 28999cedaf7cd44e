"""The network of EmoDiff: a transformer that reads noised motion and cross-attends to frame-wise condition tokens.

token_n = W [audio_n ; C_init,n ; C_style,n] + PE(n) (papers.md 1.2). Each layer: self-attention, cross-attention to the
tokens, feed-forward, each followed by FiLM on the diffusion step (EDGE's decoder, papers.md 6.1). Attention is biased
by distance in time (Press et al. 2022); in the cross-attention frames outside a band are hidden, so that a frame
listens to its own neighbourhood of sound, while the style-statistics token is open to every frame.
"""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import torch
from torch import nn
from torch.nn import functional

from dreamtalk.diffusion.conditions import STATISTICS_EXTRA, Conditions
from dreamtalk.speech.hearing import FEATURE_SIZE, STATE_SIZE, split_features


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of a Denoiser. band: frames on either side that cross-attention sees."""

    motion_size: int = 55
    audio_size: int = FEATURE_SIZE
    width: int = 192
    layers: int = 4
    heads: int = 6
    feed_forward: int = 512
    band: int = 10
    dropout: float = 0.1

    @classmethod
    def debug(cls) -> "DenoiserConfig":
        """A tiny network for tests."""
        return cls(width=16, layers=1, heads=2, feed_forward=16, band=4, dropout=0.0)

    def as_dict(self) -> dict:
        return asdict(self)


def sinusoids(positions: torch.Tensor, size: int) -> torch.Tensor:
    """(...,) positions -> (..., size) sines and cosines, wavelengths from 2 pi to 10000 * 2 pi."""
    rates = torch.exp(-math.log(10000.0) * torch.arange(size // 2) / (size // 2))
    angles = positions.float().unsqueeze(-1) * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


def distance_bias(length: int, heads: int, steepest: float, band: int | None) -> torch.Tensor:
    """(heads, length, length) additive attention bias: -slope |n - m|, and -inf farther than `band` frames.

    Slopes fall by halves from `steepest`; the last head is flat.
    """
    frames = torch.arange(length)
    distance = (frames[:, None] - frames[None, :]).abs().float()
    slopes = steepest * 0.5 ** torch.arange(heads)
    slopes[-1] = 0.0
    bias = -slopes.view(-1, 1, 1) * distance
    return bias if band is None else bias.masked_fill(distance > band, -torch.inf)


@lru_cache(maxsize=16)
def _biases(length: int, heads: int, band: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of self-attention (1, heads, N, N), and of cross-attention (1, heads, N, N + 1) with the statistics token."""
    with torch.inference_mode(False):  # kept for training as well
        crossing = functional.pad(distance_bias(length, heads, 2.0, band), (0, 1))
        # Four dimensions: with three, torch takes a path that is twice as slow.
        return distance_bias(length, heads, 1.0, None)[None], crossing[None]


class Attention(nn.Module):
    """Multi-head attention of (B, N, width) to (B, M, width) with an additive bias (1, heads, N, M)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, memory: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(len(y), -1, self.heads, y.shape[-1] // self.heads).transpose(1, 2)

        key, value = self.key_value(memory).chunk(2, -1)
        query = split(self.query(x))
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(
            query, split(key), split(value), attn_mask=bias.to(query.dtype), dropout_p=dropout
        )
        return self.out(mixed.transpose(1, 2).flatten(2))


class FiLM(nn.Module):
    """y -> (1 + gamma) y + beta, gamma and beta from the step embedding; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, y: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        gamma, beta = self.linear(step).unsqueeze(1).chunk(2, -1)
        return (1 + gamma) * y + beta


class Layer(nn.Module):
    """Self-attention, cross-attention, feed-forward; each normed before and FiLMed after, with a residual."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        width = config.width
        self.self_attention = Attention(width, config.heads, config.dropout)
        self.cross_attention = Attention(width, config.heads, config.dropout)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.feed_forward),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.feed_forward, width),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.films = nn.ModuleList(FiLM(width) for _ in range(3))

    def forward(
        self,
        x: torch.Tensor,
        memory: torch.Tensor,
        step: torch.Tensor,
        self_bias: torch.Tensor,
        cross_bias: torch.Tensor,
    ) -> torch.Tensor:
        y = self.norms[0](x)
        x = x + self.films[0](self.self_attention(y, y, self_bias), step)
        x = x + self.films[1](self.cross_attention(self.norms[1](x), memory, cross_bias), step)
        return x + self.films[2](self.feed_forward(self.norms[2](x)), step)


class Denoiser(nn.Module):
    """(noised motion, step, memory) -> estimate of the clean motion.

    `encode` makes the memory once a window; it does not depend on the step, so a sampler reuses it.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        width, motion = config.width, config.motion_size
        self.audio_norm = nn.LayerNorm(STATE_SIZE)
        self.token = nn.Linear(config.audio_size + 1 + 2 * (motion + 1), width)
        self.neighbours = nn.Sequential(nn.Conv1d(width, width, 5, padding=2), nn.GELU(), nn.Conv1d(width, width, 1))
        self.statistics = nn.Sequential(
            nn.Linear(2 * motion + STATISTICS_EXTRA + 1, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.memory_norm = nn.LayerNorm(width)
        self.motion_in = nn.Linear(motion, width)
        self.step = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, motion))

    def encode(self, conditions: Conditions) -> torch.Tensor:
        """Conditions of B windows of N frames -> memory (B, N + 1, width); the last token is the style statistics."""
        audio, bit = conditions.audio[..., :-1], conditions.audio[..., -1:]
        states, posteriors = split_features(audio)
        heard = torch.cat([self.audio_norm(states) * bit, posteriors, bit], -1)
        tokens = self.token(torch.cat([heard, conditions.initial, conditions.style], -1))
        tokens = tokens + self.neighbours(tokens.transpose(1, 2)).transpose(1, 2)
        tokens = tokens + sinusoids(torch.arange(tokens.shape[1]), self.config.width)
        statistics = self.statistics(conditions.statistics).unsqueeze(1)
        return self.memory_norm(torch.cat([tokens, statistics], 1))

    def forward(self, x_t: torch.Tensor, t: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        """x_t: (B, N, motion). t: (B,) int64. memory: (B, N + 1, width). Returns x_0 estimates (B, N, motion)."""
        length = x_t.shape[1]
        self_bias, cross_bias = _biases(length, self.config.heads, self.config.band)
        step = self.step(sinusoids(t, self.config.width) + memory[:, -1])
        x = self.motion_in(x_t) + sinusoids(torch.arange(length), self.config.width)
        for layer in self.layers:
            x = layer(x, memory, step, self_bias, cross_bias)
        return self.out(x)
