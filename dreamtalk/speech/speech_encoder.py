"""The Whisper encoder: log-mel in, one 512-d state every 20 ms out.

Source: "Robust Speech Recognition via Large-Scale Weak Supervision" (Radford et al. 2022), section 2.2 and table 1.
Only the encoder is built; it hears any language and writes no text.
"""

import math
import os
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from dreamtalk.errors import WeightsError
from dreamtalk.speech.speech_encoder_weights import find_encoder, read_encoder


@dataclass(frozen=True)
class EncoderSize:
    """Shape of the network: mel bands, state width, transformer layers, attention heads, longest input in states.

    normed: whether the last layer's states pass the final norm; not so where only the lower layers are kept.
    """

    bands: int = 80
    width: int = 512
    layers: int = 6
    heads: int = 8
    positions: int = 1500
    normed: bool = True


WHISPER_BASE = EncoderSize()
DEBUG = EncoderSize(layers=1, heads=2)  # the shapes of whisper-base, a sixth of its work


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each behind its norm and beside a skip."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, 4 * width)
        self.feed_out = nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        batch, time, width = states.shape
        query, key, value = self.mixed(states)
        heard = scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, time, width)
        return self._fed(states + self.attention_out(heard))

    def mixed(self, states: Tensor) -> Tensor:
        """Queries, keys and values of states (..., T, width), (3, ..., heads, T, width / heads)."""
        qkv = self.qkv(self.attention_norm(states)).unflatten(-1, (3, self.heads, -1))
        return qkv.movedim(-3, 0).transpose(-3, -2)

    def answered(self, states: Tensor, query: Tensor, key: Tensor, value: Tensor, seen: Tensor) -> Tensor:
        """The layer's answers for states (T, width) with their queries, which attend to the keys that `seen` allows.

        query: (heads, T, d). key, value: (heads, K, d). seen: (T, K) bool. Returns (T, width).
        """
        # A batch of one: without it torch takes a path that is twice as slow.
        heard = scaled_dot_product_attention(query[None], key[None], value[None], attn_mask=seen)[0]
        return self._fed(states + self.attention_out(heard.transpose(0, 1).flatten(1)))

    def _fed(self, states: Tensor) -> Tensor:
        return states + self.feed_out(gelu(self.feed_in(self.feed_norm(states))))


class SpeechEncoder(nn.Module):
    """Whisper's encoder in plain torch, in float32 and inference mode.

    forward: mel (B, 80, 2 T) float32, scaled as Whisper does -> states (B, T, 512) float32; state i is centred on
    second 0.02 i. T is at most 1500 (30 s).
    """

    def __init__(self, size: EncoderSize = WHISPER_BASE) -> None:
        super().__init__()
        self.size = size
        self.conv1 = nn.Conv1d(size.bands, size.width, 3, padding=1)
        self.conv2 = nn.Conv1d(size.width, size.width, 3, stride=2, padding=1)
        self.register_buffer("positions", _sinusoids(size.positions, size.width), persistent=False)
        self.layers = nn.ModuleList(EncoderLayer(size.width, size.heads) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width) if size.normed else nn.Identity()
        self.eval().requires_grad_(False)

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None, layers: int = WHISPER_BASE.layers) -> Self:
        """Whisper-base from `path`, or from wherever `find_encoder` finds it; raises WeightsError where it does not.

        layers: how many of the six to keep, from below. With fewer, the states come out as they are, before the final
        norm: cheaper, and they tell less about the words and more about the sound, whoever speaks.
        """
        arrays = read_encoder(find_encoder(path))
        if layers < WHISPER_BASE.layers:
            dropped = ("norm.", *(f"layers.{layer}." for layer in range(layers, WHISPER_BASE.layers)))
            arrays = {name: array for name, array in arrays.items() if not name.startswith(dropped)}
        encoder = cls(replace(WHISPER_BASE, layers=layers, normed=layers == WHISPER_BASE.layers))
        encoder.load_arrays(arrays)
        return encoder

    @classmethod
    def debug(cls, seed: int = 0) -> Self:
        """A small encoder with random weights and the real one's shapes, for tests that must not need its weights."""
        encoder = cls(DEBUG)
        rng = np.random.default_rng(seed)
        shapes = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
        encoder.load_arrays({name: _random_weight(name, shape, rng) for name, shape in shapes.items()})
        return encoder

    def load_arrays(self, arrays: dict[str, np.ndarray]) -> None:
        """Take every weight from `arrays`, strictly: the same names and shapes, or WeightsError."""
        own = self.state_dict()
        for name in sorted(own.keys() ^ arrays.keys()):
            raise WeightsError(f"The speech encoder's weights differ from whisper-base at {name}; use its own files.")
        for name, array in arrays.items():
            if array.shape != tuple(own[name].shape):
                raise WeightsError(
                    f"The speech encoder's {name} has the shape {array.shape}, whisper-base has"
                    f" {tuple(own[name].shape)}; use the files of whisper-base."
                )
            own[name].copy_(torch.from_numpy(array.copy()))  # one at a time: the file's float16 becomes float32 here

    @torch.inference_mode()
    def forward(self, mel: Tensor) -> Tensor:
        states = gelu(self.conv2(gelu(self.conv1(mel)))).transpose(1, 2)
        states = states + self.positions[: states.shape[1]]
        for layer in self.layers:
            states = layer(states)
        return self.norm(states)


def _sinusoids(length: int, width: int) -> Tensor:
    """Sine and cosine of positions at wavelengths from 2 pi to 20,000 pi, (length, width) float32."""
    rates = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _random_weight(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if len(shape) == 1:
        return np.full(shape, 1.0 if "norm.weight" in name else 0.0, np.float32)
    return (rng.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))).astype(np.float32)
