"""Frames a second of the rig's renderer: posing, lighting, drawing and reading back, at 256 and 512 pixels.

    python benchmarks/rig_fps.py [--frames 60] [--samples 1 4] [--backends moderngl pyrender]

Prints one JSON line for each combination (pyrender always takes 4 samples a pixel), with wall and processor time, and
one line with the ratio of the two backends. Rounds of all combinations alternate and the best round counts, so that
other work on the machine disturbs them alike.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.avatar import Avatar
from rig.camera import Camera
from rig.face_rig import FaceRig
from rig.look import Look
from rig.render_moderngl import ModernglRenderer
from rig.render_pyrender import PyrenderRenderer

RENDERERS = {"moderngl": ModernglRenderer, "pyrender": PyrenderRenderer}
SIZES, ROUNDS = (256, 512), 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--backends", nargs="+", choices=list(RENDERERS), default=list(RENDERERS))
    options = parser.parse_args()
    avatar = Avatar(FaceRig.load(), Look(), Camera())
    weights = np.random.default_rng(0).uniform(0, 0.5, (options.frames, len(NAMES))).astype(np.float32)
    cases = [
        (backend, size, samples)
        for size in SIZES for backend in options.backends
        for samples in (options.samples if backend == "moderngl" else [4])
    ]
    best = dict.fromkeys(cases, (np.inf, np.inf))
    for _ in range(ROUNDS):
        for case in cases:
            best[case] = min(best[case], timed(avatar, weights, *case))
    for (backend, size, samples), (wall, processor) in best.items():
        line = {"backend": backend, "size": size, "samples": samples, "fps": round(1 / wall, 1)}
        line |= {"ms": round(wall * 1e3, 2), "cpu_ms": round(processor * 1e3, 2), "vertices": len(avatar.uv)}
        print(json.dumps(line | machine()))
    for size in SIZES:
        pair = [best.get((backend, size, 4)) for backend in ("moderngl", "pyrender")]
        if None not in pair:
            print(json.dumps({"size": size, "samples": 4, "moderngl over pyrender": round(pair[1][0] / pair[0][0], 2)}))


def timed(avatar: Avatar, weights: np.ndarray, backend: str, size: int, samples: int) -> tuple[float, float]:
    """Wall and processor seconds a frame; the first frame warms up and is not counted."""
    renderer = RENDERERS[backend](avatar, size, samples)
    renderer.draw(avatar.pose(weights[0]))
    wall, processor = time.perf_counter(), time.process_time()
    for frame, weight in enumerate(weights):
        renderer.draw(avatar.pose(weight, np.float32([0.0, 0.2 * np.sin(frame / 9), 0.0])))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    renderer.release()
    return wall / len(weights), processor / len(weights)


def machine() -> dict[str, object]:
    """Processor name and how busy the machine is."""
    name = platform.processor() or platform.machine()
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        models = [line.split(":")[1].strip() for line in listing.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    return {"cpu": name, "cores": os.cpu_count(), "load": load}


if __name__ == "__main__":
    main()
