"""How evenly `dreamtalk live` sends, and how long sound takes to become packets.

    python benchmarks/live_jitter.py [--seconds 60] [--fps 30 60] [--plot jitter.png]
    python benchmarks/live_jitter.py --speech speech.wav

A receiver in a process of its own notes when each Live Link packet arrives. The baseline is what most scripts do: make
a packet, send it, time.sleep(1 / fps). With --speech a microphone is simulated: the file comes in blocks of 20 ms at
the speed of sound, goes through the model, and the delay is found by shifting what arrived over the same stream's
curves.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from live_jitter_plot import draw

from dreamtalk.live.clip_feed import ClipFeed
from dreamtalk.live.face import ClipFaces
from dreamtalk.live.live_link_packet import encoded
from dreamtalk.live.microphone import BLOCK_S
from dreamtalk.live.motion_buffer import MotionBuffer
from dreamtalk.live.pacing import Pace
from dreamtalk.live.receivers import Address, Receiver
from dreamtalk.live.sender import send
from dreamtalk.live.speech_feed import SpeechFeed
from rig.clip import BlendshapeClip

HOST = "127.0.0.1"
RECEIVER = """
import json, socket, struct, sys, time
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.bind(("127.0.0.1", 0))
ear.settimeout(120)
print(ear.getsockname()[1], flush=True)
came = []
while (data := ear.recv(65536)) != b"end":
    came.append((time.perf_counter(), data))
rows = []
for when, data in came:
    place = 45 + struct.unpack(">i", data[41:45])[0]
    frame = struct.unpack(">i", data[place:place + 4])[0]
    rows.append((when, frame, struct.unpack(">61f", data[place + 17:])))
json.dump(rows, sys.stdout)
"""


def received(work: Callable[[int], object]) -> tuple[np.ndarray, np.ndarray, np.ndarray, object]:
    """Run work(port) -> arrival times (N,), frame numbers (N,), values (N, 61), and what the work returned."""
    ear = subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True)
    port = int(ear.stdout.readline())
    result = work(port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"end", (HOST, port))
    times, frames, values = zip(*json.load(ear.stdout), strict=True)
    ear.wait()
    return np.array(times), np.array(frames), np.array(values), result


def wave(seconds: float, fps: float) -> BlendshapeClip:
    t = np.arange(round(seconds * fps)) / fps
    weights = np.repeat(0.5 + 0.5 * np.sin(2 * np.pi * t)[:, None], 52, axis=1)
    return BlendshapeClip(weights, np.zeros((len(t), 3)), fps)


def live_receiver(port: int, fps: float) -> Receiver:
    rate = Fraction(fps).limit_denominator(1001)
    return Receiver(Address(HOST, port), lambda face, number, _: encoded(face, number, rate, "dreamtalk"))


def ours(port: int, clip: BlendshapeClip) -> object:
    return send(ClipFeed(clip).face_at, [live_receiver(port, clip.fps)], clip.fps, Pace(clip.fps))


def naive(port: int, clip: BlendshapeClip) -> None:
    faces, receiver = ClipFaces(clip), live_receiver(port, clip.fps)
    for number in range(len(clip)):
        receiver.send(receiver.datagram(faces[number], number, 0.0))
        time.sleep(1 / clip.fps)


def jitter(times: np.ndarray, frames: np.ndarray, fps: float) -> tuple[np.ndarray, float]:
    """Each interval's difference from the wanted one in ms, and how far the last frame is off its place, in ms."""
    steps = np.diff(times) * 1000 - np.diff(frames) * 1000 / fps
    drift = (times[-1] - times[0]) - (frames[-1] - frames[0]) / fps
    return steps, drift * 1000


def measure_clips(seconds: float, rates: list[float], plot: Path | None) -> None:
    shown = {}
    print(f"load {load()}; intervals at a receiver in its own process, ms off the wanted one")
    for fps in rates:
        clip = wave(seconds, fps)
        for name, work in (("dreamtalk live", ours), ("time.sleep(1 / fps)", naive)):
            times, frames, _, timing = received(lambda port, work=work, clip=clip: work(port, clip))
            within = frames < len(clip)
            steps, drift = jitter(times[within], frames[within], fps)
            p50, p99, worst = np.percentile(np.abs(steps), [50, 99, 100])
            arrived = int(within.sum())
            figures = f"p50 {p50:6.3f}  p99 {p99:6.3f}  worst {worst:6.3f}  drift {drift:9.2f}"
            print(f"{fps:g} fps {name:20} {figures}  {arrived} of {len(clip)} frames; load {load()}", flush=True)
            if timing is not None:
                print(f"    sender: {timing}")
            shown[f"{name}, {fps:g} fps"] = np.abs(steps)
    if plot is not None:
        draw(dict(sorted(shown.items())), plot)


def spoken(samples: np.ndarray, began: list[float]) -> Iterator[np.ndarray]:
    """The samples in blocks, each no sooner than it would have been recorded."""
    size = round(16000 * BLOCK_S)
    began.append(time.perf_counter())
    for first in range(0, len(samples), size):
        left = began[0] + (first + size) / 16000 - time.perf_counter()
        if left > 0:
            time.sleep(left)
        yield samples[first : first + size]


def measure_speech(path: Path, seconds: float, fps: float, delay_s: float) -> None:
    from dreamtalk.pipeline import DreamTalk
    from dreamtalk.speech.audio import load_audio

    talk, heard = DreamTalk.load(), load_audio(path).samples
    samples = np.tile(heard, int(np.ceil(seconds * 16000 / len(heard))))[: round(seconds * 16000)]
    curves = np.stack([frame.weights for frame in talk.stream([samples])])
    began: list[float] = []
    buffer = MotionBuffer(delay_s, catch_up=True)
    feed = SpeechFeed(talk.stream(spoken(samples, began)), buffer)

    def work(port: int) -> object:
        feed.start()
        return send(feed.face_at, [live_receiver(port, fps)], fps, Pace(fps))

    times, frames, values, timing = received(work)
    steps, _ = jitter(times, frames, fps)
    lag = found_delay(times - began[0], values[:, :52], curves, seconds)
    p50, p99, worst = np.percentile(np.abs(steps), [50, 99, 100])
    print(f"{seconds:g} s of a simulated microphone, buffer {delay_s:g} s, {fps:g} fps, load {load()}")
    print(f"sound in to packet received: {lag:.3f} s; the motion ran out {feed.stalls} times")
    print(f"intervals: p50 {p50:.3f} ms, p99 {p99:.3f} ms, worst {worst:.3f} ms\nsender: {timing}")


def found_delay(times: np.ndarray, weights: np.ndarray, curves: np.ndarray, seconds: float) -> float:
    """The shift in seconds at which what arrived lies nearest to the curves, which stand at n / 25."""
    inside = (times > 2.0) & (times < seconds - 0.5)
    grid = np.arange(len(curves)) / 25

    def off(lag: float) -> float:
        wanted = np.stack([np.interp(times[inside] - lag, grid, column) for column in curves.T[14:41]], axis=1)
        return float(np.abs(weights[inside, 14:41] - wanted).mean())

    lags = np.arange(0.3, 2.0, 0.002)
    return float(lags[np.argmin([off(lag) for lag in lags])])


def load() -> str:
    return "unknown" if not hasattr(os, "getloadavg") else f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=float, nargs="+", default=[30.0, 60.0])
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--delay", type=float, default=0.1)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    if given.speech is None:
        measure_clips(given.seconds, given.fps, given.plot)
    else:
        measure_speech(given.speech, given.seconds, given.fps[-1], given.delay)


if __name__ == "__main__":
    main()
