"""Where frames go: hosts and ports, resolved and checked before anything is sent."""

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass

from dreamtalk.errors import OptionError
from dreamtalk.live.face import Face

_log = logging.getLogger(__name__)

Encoder = Callable[[Face, int, float], bytes]
"""A face, the frame's number and its second since the start -> one datagram."""


@dataclass(frozen=True)
class Address:
    """A host by name or number, IPv4 or IPv6, and a port from 1 to 65535. Raises OptionError for another port."""

    host: str
    port: int

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise OptionError(f"The port {self.port} cannot be sent to; give one from 1 to 65535.")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Receiver:
    """One socket and one encoder. A datagram that is not heard is lost: that is what UDP is for."""

    def __init__(self, address: Address, encode: Encoder) -> None:
        """Raises OptionError where the host has no address."""
        family, self._target = _resolved(address)
        self._address, self._encode = address, encode
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._sent, self.failed = 0, 0

    def datagram(self, face: Face, number: int, time_s: float) -> bytes:
        """What `send` takes, made beforehand so that the moment of sending is nothing but sending."""
        return self._encode(face, number, time_s)

    def send(self, datagram: bytes) -> None:
        """Raises OptionError where the very first one cannot leave; later failures are counted and warned of once."""
        try:
            self._socket.sendto(datagram, self._target)
            self._sent += 1
        except OSError as error:
            if not self._sent:
                raise OptionError(_refusal(self._address, error)) from None
            self.failed += 1
            if self.failed == 1:
                _log.warning("%s cannot be reached for the moment (%s).", self._address, error.strerror or error)

    def close(self) -> None:
        self._socket.close()


def _resolved(address: Address) -> tuple[int, tuple]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):  # UnicodeError: names that cannot be written in the way of the net
        raise OptionError(f"The host {address.host!r} has no address; give a name or number that has one.") from None
    # "localhost" is ::1 first on many systems, while engines listen on 127.0.0.1.
    family, _, _, _, target = next((one for one in found if one[0] == socket.AF_INET), found[0])
    return family, target


def _refusal(address: Address, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{address} is a broadcast address or a firewall forbids it; name one receiver's own address."
    return f"{address} cannot be reached ({error.strerror or error}); check the address and the network."
