"""Frames a second of the rig-guided portrait at 512x512, on 1 and 2 threads, with the share of each stage.

    python benchmarks/portrait_fps.py PORTRAIT [--frames 100]

Each thread count runs in a process of its own; one JSON line each.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

THREADS = (1, 2)
WARM_UP = 5
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.threads:
        print(json.dumps(measured(options.portrait, options.frames, options.threads)))
        return
    for threads in THREADS:
        environment = os.environ | {name: str(threads) for name in THREAD_VARIABLES}
        subprocess.run([sys.executable, *sys.argv, "--threads", str(threads)], check=True, env=environment)


def measured(path: Path, frames: int, threads: int) -> dict:
    """One thread count, in this process."""
    import cv2

    cv2.setNumThreads(threads)
    from dreamtalk.portrait.portrait import load_portrait
    from renderer.rig_guided import rig_guided_frame
    from rig.portrait_motion import PortraitMotion

    load_portrait(path)  # MediaPipe and the head pack are loaded once a process
    start = time.perf_counter()
    portrait = load_portrait(path)
    fitted = time.perf_counter()
    with PortraitMotion(portrait.fit, portrait.picture, portrait.person) as motion:
        ready = time.perf_counter()
        poses = talking(WARM_UP + frames)
        maps_s = frame_s = cpu_s = 0.0
        for count, (weights, turn) in enumerate(poses):
            begin, begin_cpu = time.perf_counter(), time.process_time()
            maps = motion.maps(weights, turn)
            between = time.perf_counter()
            rig_guided_frame(portrait.picture, maps.flow, maps.paint)
            if count >= WARM_UP:
                maps_s += between - begin
                frame_s += time.perf_counter() - between
                cpu_s += time.process_time() - begin_cpu
    return {
        "measure": "portrait frames", "size": len(portrait.picture), "threads": threads, "cpu": cpu_name(),
        "fps": round(frames / (maps_s + frame_s), 1), "cpu_ms_per_frame": round(1000 * cpu_s / frames, 1),
        "share_motion_maps": round(maps_s / (maps_s + frame_s), 2),
        "share_warp": round(frame_s / (maps_s + frame_s), 2),
        "fit_s": round(fitted - start, 2), "set_up_s": round(ready - fitted, 2),
    }  # fmt: skip


def talking(count: int) -> list:
    """Weights and head turns of a plain talking face: jaw, smile, blinks and a slow turn."""
    import numpy as np

    from rig.arkit import INDEX, NAMES

    poses = []
    for frame in range(count):
        weights = np.zeros(len(NAMES), np.float32)
        weights[INDEX["jawOpen"]] = 0.25 * (1 - np.cos(frame * 0.9))
        weights[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.3
        weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = max(0.0, 1 - abs(frame % 50 - 25) / 3)
        poses.append((weights, np.array([0.04, 0.08, 0.02]) * np.sin(frame * 0.1)))
    return poses


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
