"""Curve files: seconds and memory of writing and reading every format, an hour at 60 frames a second.

    python benchmarks/export_speed.py [--minutes 60] [--fps 60] [--only live-link wide ...]

Each writing and each reading runs in a process of its own, after a short clip has loaded what it imports. `cpu` is the
time of its threads together, which a busy machine does not lengthen. `arrays` is the peak of memory above that start,
the clip's own arrays among it, as a multiple of those arrays. Baselines: rows by
Python's "%.10f" (what a loop over a csv costs) and numpy.savez (the arrays as they are).
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import FORMATS, ClipFormat
from rig.formats.export_options import AS_IT_IS

BASELINES = ("python-loop", "numpy-savez")
WARM_UP_FRAMES = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=60.0)
    parser.add_argument("--only", nargs="*", help="formats by name")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "STEP", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    frames = round(arguments.minutes * 60 * arguments.fps)
    if arguments.one is not None:
        name, step, folder = arguments.one
        print(json.dumps(measured(name, step, Path(folder), frames, arguments.fps)))
        return
    print(f"{frames} frames at {arguments.fps:g} a second; {platform.machine()}, Python {platform.python_version()}\n")
    print("| format | file MB | write s | cpu | of the loop | arrays | read s | cpu | arrays |\n|" + "---|" * 9)
    loop_s = None
    for name, chosen in tasks().items():
        if name in BASELINES or not arguments.only or name.split(" ")[0] in arguments.only:
            row = measured_apart(name, chosen)
            loop_s = row.get("write_cpu_s") if name == "python-loop" else loop_s
            print(line(name, row, loop_s), flush=True)


def tasks() -> dict[str, ClipFormat | None]:
    """What is measured, by a name of its own: a format of several suffixes once for each."""
    writable = {f"{chosen.name} {chosen.suffix}": chosen for chosen in FORMATS if chosen.write}
    return {**dict.fromkeys(BASELINES), **writable}


def measured_apart(name: str, chosen: ClipFormat | None) -> dict[str, float]:
    """Both steps, each in a fresh process, over one folder."""
    row: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for step in ("write", "read"):
            if not able(name, chosen, step):
                continue
            command = [sys.executable, *sys.argv, "--one", name, step, folder]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{name}: {step} failed: {done.stderr.splitlines()[-1]}", file=sys.stderr)
            else:
                row.update(json.loads(done.stdout.splitlines()[-1]))
    return row


def able(name: str, chosen: ClipFormat | None, step: str) -> bool:
    """Whether there is something to measure."""
    if chosen is None:
        return step == "write" or name == "numpy-savez"
    return step == "write" or chosen.read is not None


def measured(name: str, step: str, folder: Path, frames: int, fps: float) -> dict[str, float]:
    """One step of one format, in this process."""
    chosen = tasks()[name]
    suffix = ".csv" if name == "python-loop" else ".npz" if chosen is None else chosen.suffix
    short, path = folder / f"short{suffix}", folder / f"clip{suffix}"
    write(name, chosen, made_clip(WARM_UP_FRAMES, fps), short)
    if step == "read":
        read(chosen, short)
    before, kept = resident_bytes(), made_clip(frames, fps) if step == "write" else None
    reset_peak()
    start, start_cpu = time.perf_counter(), time.process_time()
    if kept is not None:
        write(name, chosen, kept, path)
    else:
        kept = read(chosen, path)
    taken_s, taken_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    arrays = sum(array.nbytes for array in (kept.weights, kept.head_rotation, kept.eyes()))
    size = sum(file.stat().st_size for file in folder.glob("clip*"))
    found = {"s": taken_s, "cpu_s": taken_cpu_s, "arrays": (peak_bytes() - before) / arrays}
    return {f"{step}_{key}": round(value, 2) for key, value in found.items()} | {"size_mb": round(size / 1e6, 1)}


def made_clip(frames: int, fps: float) -> BlendshapeClip:
    """Waves of many lengths, so that every number has all its digits."""
    phase = np.arange(frames, dtype=np.float32)[:, None] / np.float32(fps)
    waves = np.sin(phase * np.linspace(1, 9, len(NAMES) + 9, dtype=np.float32))
    weights, turns = waves[:, : len(NAMES)] / 2 + 0.5, waves[:, len(NAMES) :] / 5
    return BlendshapeClip(weights, turns[:, :3], fps, turns[:, 3:].reshape(-1, 2, 3))


def write(name: str, chosen: ClipFormat | None, clip: BlendshapeClip, path: Path) -> None:
    if chosen is not None:
        chosen.write(clip, path, AS_IT_IS)
    elif name == "numpy-savez":
        np.savez(path, weights=clip.weights, head=clip.head_rotation, eyes=clip.eye_rotation, fps=clip.fps)
    else:
        values = np.concatenate([clip.weights, clip.head_rotation, clip.eye_rotation.reshape(-1, 6)], axis=1)
        row_format = ",".join(["%.10f"] * values.shape[1]) + "\n"
        with path.open("w", encoding="utf-8", newline="") as file:
            for row in values.tolist():
                file.write(row_format % tuple(row))


def read(chosen: ClipFormat | None, path: Path) -> BlendshapeClip:
    if chosen is not None:
        return chosen.read(path)
    with np.load(path) as archive:
        return BlendshapeClip(archive["weights"], archive["head"], float(archive["fps"]), archive["eyes"])


def line(name: str, row: dict[str, float], loop_s: float | None) -> str:
    share = round(row["write_cpu_s"] / loop_s, 2) if loop_s and "write_cpu_s" in row else ""
    cells = [row.get(key, "") for key in ("size_mb", "write_s", "write_cpu_s")] + [share]
    cells += [row.get(key, "") for key in ("write_arrays", "read_s", "read_cpu_s", "read_arrays")]
    return f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"


def resident_bytes() -> int:
    """What the process holds now; 0 where the system does not tell."""
    return _status("VmRSS") if Path("/proc/self/status").is_file() else peak_bytes()


def peak_bytes() -> int:
    """The most it held since the start, or, on Linux, since reset_peak; 0 where the system does not tell."""
    if Path("/proc/self/status").is_file():
        return _status("VmHWM")
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def reset_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.is_file():
        clear.write_text("5")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(found.split()[1]) * 1024 for found in lines if found.startswith(key + ":"))


if __name__ == "__main__":
    main()
