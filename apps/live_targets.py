"""What `dreamtalk live` sends to: --to KIND[@HOST[:PORT]], as often as wanted."""

import argparse
import re
import time
from collections.abc import Callable
from fractions import Fraction

from dreamtalk.errors import OptionError
from dreamtalk.live import ifacialmocap, live_link_packet, vmc
from dreamtalk.live.face import Face
from dreamtalk.live.receivers import Address, Encoder, Receiver
from rig.formats.frame_rate import FrameRate
from rig.formats.naming import STYLES, Naming

LOOPBACK = "127.0.0.1"
PORTS = {
    "live-link": live_link_packet.PORT,
    "vmc": vmc.PORT,
    "ifacialmocap": ifacialmocap.PORT,
    "ifacialmocap2": ifacialmocap.PORT,
}
"""What can be sent, and where its receivers listen."""
_TARGET = re.compile(r"(?P<kind>[a-z0-9-]+)(?:@(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>\d+))?)?")
_LONGEST_SUBJECT = 100
_LARGEST_DENOMINATOR = 100_000  # so that any rate's two numbers fit a packet


def add_target_arguments(parser: argparse.ArgumentParser) -> None:
    """Receivers, and what each protocol can be told."""
    ports = ", ".join(f"{kind} (port {port})" for kind, port in PORTS.items())
    group = parser.add_argument_group("receivers")
    group.add_argument(
        "--to",
        action="append",
        metavar="KIND[@HOST[:PORT]]",
        help=f"what to send: {ports}; may be given again, each with its own host (default live-link)",
    )
    group.add_argument("--host", default=LOOPBACK, help=f"where to, for each --to without a host (default {LOOPBACK})")
    group.add_argument("--port", type=int, metavar="N", help="the port, for a single --to without one")
    group.add_argument("--subject", default="dreamtalk", metavar="NAME", help="name in Live Link (default dreamtalk)")
    group.add_argument("--time-of-day", action="store_true", help="Live Link: count frames from midnight, as phones do")
    group.add_argument(
        "--names",
        choices=(*STYLES, "vrm0", "vrm1"),
        default="pascal",
        help="VMC: jawOpen, JawOpen (the default) or mouthSmile_L, or the 11 presets of VRM 0 or 1 in their stead",
    )


def requested_receivers(arguments: argparse.Namespace, rate: FrameRate) -> list[Receiver]:
    """Sockets for every --to. Raises OptionError for a kind, host, port or name that cannot be used."""
    targets = arguments.to or ["live-link"]
    addresses = [_address(text, arguments) for text in targets]
    if arguments.port is not None and len(targets) > 1:
        raise OptionError("--port is given for several receivers; write each as --to KIND@HOST:PORT.")
    if len(set(addresses)) < len(addresses):
        raise OptionError("Two receivers are the same; name each --to once.")
    return [Receiver(address, _encoder(kind, arguments, rate)) for kind, address in addresses]


def shown_targets(arguments: argparse.Namespace) -> str:
    """The receivers for people to read."""
    parts = (_address(text, arguments) for text in arguments.to or ["live-link"])
    return ", ".join(f"{kind} to {address}" for kind, address in parts)


def _address(text: str, arguments: argparse.Namespace) -> tuple[str, Address]:
    found = _TARGET.fullmatch(text.strip())
    if found is None or found["kind"] not in PORTS:
        kinds = ", ".join(PORTS)
        raise OptionError(f"--to {text} is no receiver; write {kinds}, or with a host, vmc@192.168.1.20:39539.")
    kind, host = found["kind"], (found["host"] or arguments.host).strip("[]")
    port = int(found["port"]) if found["port"] else arguments.port if arguments.port is not None else PORTS[kind]
    return kind, Address(host, port)


def _encoder(kind: str, arguments: argparse.Namespace, rate: FrameRate) -> Encoder:
    if kind == "vmc":
        vmc.check_python_osc()
        expressions = _expressions(arguments.names)
        return lambda face, number, time_s: vmc.bundle(expressions(face), face.head_rotation, time_s)
    if kind.startswith("ifacialmocap"):
        version = 2 if kind.endswith("2") else 1
        return lambda face, number, time_s: ifacialmocap.message(face, version)
    subject, first = _subject(arguments.subject), _first_frame(rate.exact) if arguments.time_of_day else 0
    exact = rate.exact.limit_denominator(_LARGEST_DENOMINATOR)
    return lambda face, number, time_s: live_link_packet.encoded(face, first + number, exact, subject)


def _expressions(style: str) -> Callable[[Face], list[tuple[str, float]]]:
    if style in ("vrm0", "vrm1"):
        return lambda face: vmc.presets(face, int(style[-1]))
    names = Naming(style=style).written()
    return lambda face: vmc.perfect_sync(face, names)


def _subject(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_SUBJECT:
        raise OptionError(f"The subject {text!r} cannot be shown; give a name of 1 to {_LONGEST_SUBJECT} characters.")
    return text


def _first_frame(rate: Fraction) -> int:
    """Frames since the local midnight."""
    now = time.localtime()
    return int((now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec + time.time() % 1) * rate)
