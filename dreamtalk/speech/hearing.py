"""What the motion networks hear: the encoder's state and the phone head's posteriors of every frame.

A feature row at 25 fps is [mean of the frame's two states ; posteriors of the first ; posteriors of the second], the
states being 20 ms apart.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from dreamtalk.speech.audio import Waveform
from dreamtalk.speech.phone_head import PhoneHead, PhoneHeadConfig
from dreamtalk.speech.phones import PHONES
from dreamtalk.speech.running_encoder import RunningEncoder
from dreamtalk.speech.speech_encoder import SpeechEncoder
from dreamtalk.speech.speech_states import STATES_PER_FRAME, iter_speech_states
from dreamtalk.weights import resolve

LAYERS = 4
STATE_SIZE = 512
FEATURE_SIZE = STATE_SIZE + STATES_PER_FRAME * len(PHONES)


def split_features(features: Tensor) -> tuple[Tensor, Tensor]:
    """Feature rows (..., F) -> states (..., 512) and posteriors (..., 2 len(PHONES))."""
    return features[..., :STATE_SIZE], features[..., STATE_SIZE:]


def posteriors_of(features: np.ndarray) -> np.ndarray:
    """Phone posteriors at 50 Hz (2 T, len(PHONES)) out of feature rows (T, F)."""
    return features[:, STATE_SIZE:].reshape(-1, len(PHONES))


@dataclass(frozen=True, eq=False)
class Hearing:
    """The encoder's lower layers and the phone head."""

    encoder: RunningEncoder
    phone_head: PhoneHead

    @classmethod
    def load(cls) -> Self:
        """The speech encoder wherever it is found, and the shipped phone head. Raises WeightsError."""
        return cls(
            RunningEncoder(SpeechEncoder.load(layers=LAYERS)), PhoneHead.from_directory(resolve("phone_head"))
        )

    @classmethod
    def debug(cls, seed: int = 0) -> Self:
        """Tiny and untrained, for tests."""
        torch.manual_seed(seed)
        return cls(RunningEncoder(SpeechEncoder.debug(seed)), PhoneHead(PhoneHeadConfig.debug()).eval())

    def features(self, waveform: Waveform, frame_count: int | None = None) -> np.ndarray:
        """Feature rows of a whole sound, (T, F) float32; see `iter_speech_states` for T and errors."""
        pieces = list(self.iter_features(waveform, frame_count))
        return np.concatenate(pieces) if pieces else np.zeros((0, FEATURE_SIZE), np.float32)

    def iter_features(self, waveform: Waveform, frame_count: int | None = None) -> Iterator[np.ndarray]:
        """The same in consecutive pieces (n, F) of about 4 s, as they are made."""
        return self.with_phones(iter_speech_states(waveform, self.encoder, frame_count))

    def with_phones(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Consecutive pieces of states (n, 2, 512) -> feature rows (n, F)."""
        run = PhoneRun(self.phone_head)
        for states in pieces:
            yield run.push(states)


class PhoneRun:
    """One run of the phone head over one sound."""

    def __init__(self, head: PhoneHead) -> None:
        self._head = head
        self._past: Tensor | None = None

    def push(self, states: np.ndarray) -> np.ndarray:
        """States (n, 2, 512) of the next n frames -> their feature rows (n, F) float32."""
        return np.concatenate([states.mean(axis=1), self.posteriors(states)], axis=1)

    @torch.inference_mode()
    def posteriors(self, states: np.ndarray) -> np.ndarray:
        """States (n, 2, 512) of the next n frames -> posteriors (n, 2 len(PHONES)) float32."""
        flat = torch.from_numpy(np.ascontiguousarray(states)).reshape(1, -1, STATE_SIZE)
        behind = self._head.config.behind
        heard = self._head.padded(flat) if self._past is None else torch.cat([self._past, flat], 1)
        self._past = heard[:, len(heard[0]) - behind :]
        return self._head(heard).softmax(-1).reshape(len(states), -1).numpy()
