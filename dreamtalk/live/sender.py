"""Faces out, frame by frame, to all receivers at once; ends on the neutral face, so that none freezes in mid-word."""

import math
from collections.abc import Callable, Sequence

from dreamtalk.live.face import REST, Face, mixed
from dreamtalk.live.pacing import Pace, Timing, prompt_threads
from dreamtalk.live.receivers import Receiver
from rig.smoothstep import smoothstep

EASE_S = 0.3
"""The way back to the neutral face at the end."""

FaceAt = Callable[[int, float], Face | None]
"""Number of a frame, and its deadline by the pace's clock -> its face; None when there are no more."""


def send(
    face_at: FaceAt, receivers: Sequence[Receiver], fps: float, pace: Pace, limit_s: float | None = None
) -> Timing:
    """Send until `face_at` gives None, `limit_s` seconds have passed, or Ctrl-C; then ease to rest.

    A second Ctrl-C stops at once. Raises OptionError where a receiver refuses the first frame, and whatever `face_at`
    raises, each after easing to rest.
    """
    last = None
    pace.begin()
    with prompt_threads():
        try:
            while (number := pace.next_frame()) < (math.inf if limit_s is None else limit_s * fps):
                face = face_at(number, pace.deadline_s(number))
                if face is None:
                    break
                _send_one(face, number, receivers, fps, pace)
                last = face
        except KeyboardInterrupt:
            pass
        finally:
            if last is not None:
                _ease_to_rest(last, receivers, fps, pace)
    return pace.timing()


def _send_one(face: Face, number: int, receivers: Sequence[Receiver], fps: float, pace: Pace) -> None:
    datagrams = [receiver.datagram(face, number, number / fps) for receiver in receivers]
    pace.wait_for(number)
    for receiver, datagram in zip(receivers, datagrams, strict=True):
        receiver.send(datagram)


def _ease_to_rest(last: Face, receivers: Sequence[Receiver], fps: float, pace: Pace) -> None:
    first, count = pace.next_frame(), max(1, round(EASE_S * fps))
    share = 0.0
    while share < 1.0:
        number = pace.next_frame()
        share = float(smoothstep(0, count, number - first + 1))
        _send_one(mixed(last, REST, share), number, receivers, fps, pace)
