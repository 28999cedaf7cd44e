"""Packets of a Live Link Face stream -> a clip, with the times that the phone stamped on them."""

import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamtalk.errors import OptionError
from dreamtalk.live.face import REST
from dreamtalk.live.live_link_packet import LiveLinkPacket, decoded
from rig.clip import BlendshapeClip
from rig.formats.row_grid import grid_of
from rig.formats.timecode import DAY_S

_log = logging.getLogger(__name__)

_LARGEST_DATAGRAM = 65535
_PATIENCE_S = 0.2


def packets(host: str, port: int, seconds: float | None, subject: str | None) -> Iterator[LiveLinkPacket]:
    """Packets of one subject, as they come: `subject`, or else the first that is heard.

    seconds: how long from the first packet on, None = until the caller stops. What is no packet, or another subject's,
    is passed over and warned of once. Raises OptionError where the port cannot be listened on.
    """
    with _listening(host, port) as listener:
        ends, warned = None, set()
        while ends is None or seconds is None or time.perf_counter() < ends:
            try:
                packet = decoded(listener.recv(_LARGEST_DATAGRAM))
            except (TimeoutError, ConnectionError):  # ConnectionError: Windows tells of other sockets' troubles here
                continue
            except ValueError as error:
                _warn_once(warned, "other", f"Something that is no Live Link Face packet was passed over: {error}")
                continue
            subject = packet.subject if subject is None else subject
            if packet.subject != subject:
                _warn_once(warned, packet.subject, f"Only {subject!r} is recorded; {packet.subject!r} was passed over.")
                continue
            ends = time.perf_counter() + seconds if ends is None and seconds is not None else ends
            yield packet


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, _, _, _, place = next((one for one in found if one[0] == socket.AF_INET), found[0])
        listener = socket.socket(family, socket.SOCK_DGRAM)
        listener.bind(place)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionError(f"{host}:{port} cannot be listened on ({reason}); choose another --port or --host.") from None
    listener.settimeout(_PATIENCE_S)
    return listener


def _warn_once(warned: set[str], key: str, text: str) -> None:
    if key not in warned and len(warned) < 10:
        warned.add(key)
        _log.warning("%s", text)


class Take:
    """Packets of one subject, put together."""

    def __init__(self) -> None:
        self._packets: dict[float, LiveLinkPacket] = {}
        self._last_s = 0.0

    def __len__(self) -> int:
        return len(self._packets)

    def add(self, packet: LiveLinkPacket) -> None:
        """Packets may come twice or in another order than they were sent; midnight may pass."""
        time_s = float((packet.frame + packet.sub_frame) / packet.rate)
        days = round((self._last_s - time_s) / DAY_S)
        self._last_s = time_s + days * DAY_S
        self._packets[self._last_s] = packet

    @property
    def start_s(self) -> float:
        """What the first packet's timecode shows, in seconds since midnight."""
        return min(self._packets) % DAY_S

    @property
    def seen(self) -> int:
        """Packets with a face."""
        return sum(packet.face is not None for packet in self._packets.values())

    def clip(self) -> BlendshapeClip:
        """The take on an even grid; packets that were lost, or had no face, are led across and marked as not seen.

        Raises OptionError where no packet had a face, and RigError where times leave gaps beyond all sense.
        """
        if not self.seen:
            raise OptionError("No packet with a face has come; check the phone's target address, port and firewall.")
        times = np.array(sorted(self._packets))
        taken = [self._packets[time_s] for time_s in times.tolist()]
        faces = [packet.face or REST for packet in taken]
        meant = np.array([packet.face is not None for packet in taken])
        grid = grid_of(times, Path("The stream"))
        weights, head, eyes = (
            grid.led_across(np.stack(parts), meant)
            for parts in zip(*((face.weights, face.head_rotation, face.eye_rotation) for face in faces), strict=True)
        )
        return BlendshapeClip(weights, head, grid.fps, eyes, grid.seen(meant))
