"""Frames a second of talking portraits, end to end: from a clip to an .mp4 with sound, with the share of each stage.

    python benchmarks/portrait_fps.py PORTRAIT [--frames 100] [--threads 1 2] [--size 512]
        [--ways draft default best guided face-vid2vid]

Each way and thread count runs in a process of its own, bound to as many CPUs where the system allows it; one JSON line
each. fps is by the clock, with everything that the command line does: drawing, mending, encoding, writing. The CPU
time a frame is right on a busy machine as well; its stages are measured inside the same run, all but the encoder's,
which encodes the same frames once more on its own. Fitting the portrait comes on top, once.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WAYS = ("draft", "default", "best", "guided", "face-vid2vid")
WARM_UP = 5
SECONDS_OF_SOUND_RATE = 16_000
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GL_THREADS = "LP_NUM_THREADS"
"""Of Mesa's software OpenGL besides the caller's own; their time counts as `other`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measured(options.portrait, options.frames, options.size, options.threads[0], options.ways[0])))
        return
    for way in options.ways:
        for threads in options.threads:
            environment = os.environ | {name: str(threads) for name in THREAD_VARIABLES}
            environment[GL_THREADS] = str(threads - 1)
            own = ["--inside", "--ways", way, "--threads", str(threads)]
            given = [str(options.portrait), "--frames", str(options.frames), "--size", str(options.size)]
            subprocess.run([sys.executable, __file__, *given, *own], check=True, env=environment)


def measured(path: Path, frames: int, size: int, threads: int, way: str) -> dict[str, Any]:
    """One way with one thread count, in this process."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import cv2
    import torch

    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    from dreamtalk.portrait.portrait import load_portrait
    from dreamtalk.portrait.portrait_video import portrait_frames
    from dreamtalk.speech.audio import Waveform
    from dreamtalk.video import write_video

    load_portrait(path, size=size)  # MediaPipe and the head pack are loaded once a process
    start = time.perf_counter()
    portrait = load_portrait(path, size=size)
    fit_s = time.perf_counter() - start
    renderer, quality = (way, "default") if way in ("guided", "face-vid2vid") else ("rig", way)
    stages = Stages()
    stages.watch()
    sound = Waveform(0.1 * torch.randn(SECONDS_OF_SOUND_RATE * frames // 25).numpy(), SECONDS_OF_SOUND_RATE)

    def draw(count: int) -> Any:
        return portrait_frames(portrait, talking(count), renderer=renderer, quality=quality)

    with tempfile.TemporaryDirectory() as folder:
        write_video(Path(folder) / "warm.mp4", draw(WARM_UP), 25, sound)
        stages.clear()
        start, start_cpu = time.perf_counter(), time.process_time()
        write_video(Path(folder) / "talk.mp4", draw(frames), 25, sound)
        wall_s, cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
        peak, seconds = peak_mib(), dict(stages.seconds)
        kept = list(draw(min(frames, 50)))
        start_cpu = time.process_time()
        write_video(Path(folder) / "again.mp4", iter(kept), 25, sound)
        seconds["encode"] = (time.process_time() - start_cpu) * frames / len(kept)
    seconds["other"] = max(cpu_s - sum(seconds.values()), 0.0)
    return {
        "measure": "portrait video, end to end", "way": way, "size": len(portrait.picture), "threads": threads,
        "fps": round(frames / wall_s, 1), "cpu_ms_per_frame": round(1000 * cpu_s / frames, 1), "peak_mib": peak,
        **{f"share_{name}": round(value / cpu_s, 2) for name, value in seconds.items() if value},
        "fit_s": round(fit_s, 2), "frames": frames, "cpu": cpu_name(),
    }  # fmt: skip


class Stages:
    """CPU seconds spent inside the functions that draw a frame, on whatever thread they run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def clear(self) -> None:
        self.seconds = dict.fromkeys(self.seconds, 0.0)

    def watch(self) -> None:
        """Measure from now on: motion maps, the warp, and the networks of both ways."""
        from dreamtalk.portrait import guided_portrait, moved_frames, neural_portrait, resampled
        from renderer.face_vid2vid import FaceVid2Vid
        from rig.portrait.portrait_motion import PortraitMotion

        self._wrap(PortraitMotion, "__init__", "set_up")
        self._wrap(PortraitMotion, "maps", "motion")
        for module in (moved_frames, resampled):
            self._wrap(module, "rig_guided_frame", "warp")
        self._wrap(guided_portrait, "mend", "mend")
        self._wrap(FaceVid2Vid, "pose_source", "network")
        self._wrap(FaceVid2Vid, "generate", "network")
        self._wrap(neural_portrait, "enlarge", "enlarge")
        self._wrap(neural_portrait, "at_full_resolution", "enlarge")

    def _wrap(self, owner: Any, name: str, stage: str) -> None:
        work = getattr(owner, name, None)
        if work is None:
            return
        self.seconds.setdefault(stage, 0.0)

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.thread_time()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds[stage] += time.thread_time() - started

        setattr(owner, name, timed)


def talking(count: int) -> Any:
    """A clip of a plain talking face: jaw, smile, blinks and a slow turn."""
    import numpy as np

    from rig.arkit import INDEX, NAMES
    from rig.clip import BlendshapeClip

    time_ = np.arange(count)
    weights = np.zeros((count, len(NAMES)), np.float32)
    weights[:, INDEX["jawOpen"]] = 0.25 * (1 - np.cos(time_ * 0.9))
    weights[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.3
    closing = np.maximum(0.0, 1 - np.abs(time_ % 50 - 25) / 3)
    weights[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = closing[:, None]
    return BlendshapeClip(weights, np.sin(time_ * 0.1)[:, None] * np.array([0.04, 0.08, 0.02]), 25)


def peak_mib() -> float:
    """Most memory this process ever had."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
