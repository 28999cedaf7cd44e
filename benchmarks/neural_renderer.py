"""How much the neural portrait renderer costs: parameters, GFLOP a frame, milliseconds, the share of each network.

    python benchmarks/neural_renderer.py [--threads 2] [--frames 20] [--float32]

Prints one JSON line for each network and one for the whole path from keypoints to a 512 x 512 frame. Shares and rates
are of one run on one machine; weights do not matter, so none are loaded.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dreamtalk.portrait.neural_crop import FaceSquare
from dreamtalk.portrait.neural_portrait import at_full_resolution
from renderer import face_vid2vid
from renderer.face_vid2vid import FaceVid2Vid, FaceVid2VidConfig
from renderer.precision import cpu_prefers_bfloat16
from renderer.super_resolution import SRVGGConfig, SRVGGNetCompact, enlarge


def cpu_name() -> str:
    """The processor's own name, where the system tells it."""
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def gflops(work: Callable[[], object]) -> float:
    """Multiply-adds count as two; convolutions and matrix products only."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


def milliseconds(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Medians over `repeats` calls, after one to warm up: by the clock, and of CPU time summed over the threads.

    With one thread the second stays right on a machine that is busy otherwise.
    """
    work()
    times = []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - started, time.process_time() - used))
    clock, cpu = np.median(times, axis=0) * 1e3
    return float(clock), float(cpu)


def parts(network: FaceVid2Vid, enlarger: SRVGGNetCompact) -> dict[str, tuple[nn.Module, Callable[[], object]]]:
    """Name -> the module and one frame's work of it."""
    rng = np.random.default_rng(0)
    portrait = rng.integers(0, 256, (network.config.image_size,) * 2 + (3,), dtype=np.uint8)
    source = network.source(portrait)
    driving = network.driving_keypoints([portrait], source.keypoints.canonical)
    motion = network.motion(source.volume, source.keypoints, driving)
    carried = network.generator.carry(source.picture, source.volume, motion)
    return {
        "appearance (once a portrait)": (network.appearance, lambda: network.appearance(source.picture)),
        "canonical keypoints (once a portrait)": (network.canonical, lambda: network.canonical(source.picture)),
        "pose and expression": (network.pose, lambda: network.pose(source.picture)),
        "dense motion": (network.motion, lambda: network.motion(source.volume, source.keypoints, driving)),
        "warping": (nn.Identity(), lambda: network.generator.carry(source.picture, source.volume, motion)),
        "generator": (network.generator, lambda: network.generator(carried)),
        "super-resolution": (enlarger, lambda: enlarge(enlarger, portrait)),
    }


def frame_work(network: FaceVid2Vid, enlarger: SRVGGNetCompact, keypoint_nets: bool) -> Callable[[], object]:
    """One whole 512 x 512 frame; with or without the keypoint net looking at a driving frame."""
    side = network.config.image_size
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, (512, 512, 3), dtype=np.uint8)
    square = FaceSquare(40.0, 30.0, 433.0)
    source, sharp = network.source(square.cut(whole, side)), square.cut(whole, 2 * side)
    driver = cv2.resize(whole, (side, side))
    keypoints = network.driving_keypoints([driver], source.keypoints.canonical)

    def work() -> np.ndarray:
        driving = network.driving_keypoints([driver], source.keypoints.canonical) if keypoint_nets else keypoints
        (posed,) = network.pose_source(source, driving)
        return square.paste(whole, at_full_resolution(posed, sharp, enlarge(enlarger, posed.picture)))

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=20, help="repeats of each measurement")
    parser.add_argument("--float32", action="store_true", help="no bfloat16, also where the CPU is fast in it")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bfloat16 = cpu_prefers_bfloat16() and not arguments.float32
    face_vid2vid.cpu_prefers_bfloat16 = lambda: bfloat16
    machine = {"cpu": cpu_name(), "threads": arguments.threads, "dtype": "bfloat16" if bfloat16 else "float32"}
    torch.manual_seed(0)
    network, enlarger = FaceVid2Vid(FaceVid2VidConfig()).eval(), SRVGGNetCompact(SRVGGConfig()).eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        rows = {}
        for name, (module, work) in parts(network, enlarger).items():
            count = sum(parameter.numel() for parameter in module.parameters())
            rows[name] = (count, gflops(work), *milliseconds(work, arguments.frames))
    frame_ms = sum(cpu for name, (*_, cpu) in rows.items() if "once" not in name)
    for name, (count, flops, clock, cpu) in rows.items():
        share = None if "once" in name else round(cpu / frame_ms, 3)
        row = {"network": name, "parameters": count, "gflop": round(flops, 3), "ms": round(clock, 1)}
        print(json.dumps(row | {"cpu_ms": round(cpu, 1), "share": share} | machine))
    for keypoint_nets in (False, True):
        clock, cpu = milliseconds(frame_work(network, enlarger, keypoint_nets), arguments.frames)
        driver = "network keypoints" if keypoint_nets else "rig keypoints"
        row = {"path": f"{driver} -> 512 x 512", "ms": round(clock, 1), "fps": round(1e3 / clock, 2)}
        print(json.dumps(row | {"cpu_ms": round(cpu, 1)} | machine))


if __name__ == "__main__":
    main()
