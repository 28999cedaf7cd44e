"""The lower layers of the speech encoder as one endless run: the same states whether a file or a microphone feeds it.

Whisper attends to all of a 30 s window and knows where in it a sound stood. A mouth needs neither: here attention
reaches `left` states back and `right` states ahead, and nothing tells the position, so that the same sound gives the
same state anywhere, the memory is that of a few states, and the right context is fixed. On speakers never heard it is
also much better: trained on GRID alone and tested on FACEGOOD, a small network's jaw correlates .72 with these states
of layer 4 and .53 with Whisper's own (.44 with its last layer's).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import gelu

from dreamtalk.speech.log_mel import FRAMES_PER_SECOND as MEL_PER_SECOND
from dreamtalk.speech.speech_encoder import EncoderLayer, SpeechEncoder

STATES_PER_SECOND = MEL_PER_SECOND // 2
MEL_MARGIN = 3
"""Spectrogram frames on either side of a stretch that its convolutions reach into."""


@dataclass(frozen=True)
class Band:
    """How far attention reaches, in states of 20 ms: back, and ahead."""

    left: int = 25
    right: int = 2


class RunningEncoder:
    """A SpeechEncoder with few layers, without positions and with banded attention. `begin` starts a run."""

    def __init__(self, encoder: SpeechEncoder, band: Band | None = None) -> None:
        self.encoder = encoder
        self.band = band or Band()

    @property
    def right_context_s(self) -> float:
        """Seconds of sound after a state's own moment that it depends on."""
        states = self.band.right * len(self.encoder.layers)
        return states / STATES_PER_SECOND + (MEL_MARGIN + 1.25) / MEL_PER_SECOND  # the last mel window is 25 ms wide

    def begin(self) -> "EncoderRun":
        """A new run over one sound."""
        return EncoderRun(self)

    @torch.inference_mode()
    def front(self, mel: np.ndarray) -> Tensor:
        """Scaled mel frames (80, 2 n + 2 MEL_MARGIN), the margin on either side -> n states (n, width)."""
        encoder = self.encoder
        # conv2 reaches one frame of conv1's output to each side, conv1 one mel frame more; the rest of the margin only
        # keeps the pairs of frames together.
        wide = gelu(encoder.conv1(torch.from_numpy(mel)[None]))[:, :, 2:-2]
        states = gelu(torch.nn.functional.conv1d(wide, encoder.conv2.weight, encoder.conv2.bias, stride=2))
        return states[0].T


class EncoderRun:
    """One run: push the states of `RunningEncoder.front` in order, take the states that are ready."""

    def __init__(self, running: RunningEncoder) -> None:
        self._norm = running.encoder.norm
        self._stages = [_Stage(layer, running.band) for layer in running.encoder.layers]

    @torch.inference_mode()
    def push(self, states: Tensor, last: bool = False) -> Tensor:
        """The next states (n, width) in, those that are ready (m, width) out; last: nothing more will come."""
        for stage in self._stages:
            states = stage.push(states, last)
        return self._norm(states)


class _Stage:
    """One layer with the keys and values that later states still attend to, and the states that wait for later ones."""

    def __init__(self, layer: EncoderLayer, band: Band) -> None:
        self.layer, self.band = layer, band
        self.waiting: Tensor | None = None
        self.query = self.key = self.value = torch.zeros(0)

    def push(self, states: Tensor, last: bool) -> Tensor:
        self._take(states)
        ready = len(self.waiting) - (0 if last else self.band.right)
        if ready <= 0:
            return states[:0]
        behind = self.key.shape[1] - len(self.waiting)
        heard = behind + ready + self.band.right
        key, value = self.key[:, :heard], self.value[:, :heard]
        apart = torch.arange(key.shape[1]) - (behind + torch.arange(ready))[:, None]
        seen = (apart >= -self.band.left) & (apart <= self.band.right)
        answers = self.layer.answered(self.waiting[:ready], self.query[:, :ready], key, value, seen)
        self.waiting, self.query = self.waiting[ready:], self.query[:, ready:]
        drop = max(0, behind + ready - self.band.left)
        self.key, self.value = self.key[:, drop:], self.value[:, drop:]
        return answers

    def _take(self, states: Tensor) -> None:
        query, key, value = self.layer.mixed(states)
        if self.waiting is None:
            self.waiting, self.query, self.key, self.value = states, query, key, value
            return
        self.waiting = torch.cat([self.waiting, states])
        self.query, self.key, self.value = (
            torch.cat([held, new], 1)
            for held, new in ((self.query, query), (self.key, key), (self.value, value))
        )
