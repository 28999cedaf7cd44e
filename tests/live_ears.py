"""Ends of a live stream for the tests: a socket that hears, a clip to send, and a model that is none."""

import socket
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from live_decoders import read_live_link

from rig.arkit import INDEX
from rig.clip import BlendshapeClip

LOOPBACK = "127.0.0.1"


class Ear:
    """A socket on a free port of the loopback."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.port = self.socket.getsockname()[1]

    def heard(self) -> list[bytes]:
        """Everything that has come so far."""
        found = []
        self.socket.setblocking(False)
        try:
            while True:
                found.append(self.socket.recv(65536))
        except BlockingIOError:
            return found


def smile(count: int = 12, fps: float = 60, seen: list[bool] | None = None) -> BlendshapeClip:
    weights = np.zeros((count, 52))
    weights[:, INDEX["mouthSmileLeft"]] = np.linspace(0.1, 0.9, count)
    head = np.zeros((count, 3))
    head[:, 1] = 0.2
    return BlendshapeClip(weights, head, fps, seen=seen)


class StubStream:
    """A DreamTalk that opens the jaw by the loudness of each 40 ms."""

    def stream(self, chunks: Iterable[np.ndarray], emotion: Any = None, **rest: Any) -> Iterator[SimpleNamespace]:
        self.asked = {"emotion": emotion, **rest}
        left, index = np.zeros(0, np.float32), 0
        for chunk in chunks:
            left = np.concatenate([left, chunk])
            while len(left) >= 640:
                weights = np.zeros(52, np.float32)
                weights[INDEX["jawOpen"]] = min(1.0, 5 * np.abs(left[:640]).mean())
                yield SimpleNamespace(index=index, weights=weights, head_rotation=np.zeros(3, np.float32))
                left, index = left[640:], index + 1


def widest_jaw(ear: Ear) -> float:
    return max(read_live_link(data)["values"]["JawOpen"] for data in ear.heard())
