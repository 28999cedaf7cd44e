"""Speech file to features: real-time factor and peak memory for 10 s and 120 s, each in a fresh process. JSON lines.

    python benchmarks/audio_features.py [SPEECH] [--threads 1]

SPEECH (examples/hello.wav by default) is repeated to the wanted length.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

LENGTHS_S = (10.0, 120.0)
HELLO = Path(__file__).resolve().parents[1] / "examples" / "hello.wav"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", nargs="?", default=str(HELLO), help="any speech file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seconds is not None:
        print(json.dumps(measured(arguments)), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        for seconds in LENGTHS_S:
            path = repeated(arguments.speech, seconds, Path(folder) / f"{seconds:g}.wav")
            command = [sys.executable, __file__, path, "--threads", str(arguments.threads), "--seconds", str(seconds)]
            subprocess.run(command, check=True)


def repeated(speech: str, seconds: float, path: Path) -> str:
    """A 16-bit wav of `seconds` seconds of the speech."""
    from dreamtalk.speech.audio import SAMPLE_RATE, load_audio

    samples = np.resize(load_audio(speech).samples, round(seconds * SAMPLE_RATE))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return str(path)


def measured(arguments: argparse.Namespace) -> dict:
    """One length, in this process."""
    import torch

    from dreamtalk.speech.audio import Waveform, load_audio
    from dreamtalk.speech.hearing import Hearing

    torch.set_num_threads(arguments.threads)
    hearing = Hearing.load()
    hearing.features(Waveform(np.random.default_rng(0).standard_normal(16_000).astype(np.float32)))  # warm up
    before_mib = peak_memory_mib()
    start = time.perf_counter()
    waveform = load_audio(arguments.speech)
    loaded = time.perf_counter()
    frames = sum(len(piece) for piece in hearing.iter_features(waveform))
    done = time.perf_counter()
    return {
        "measure": "speech file to features",
        "seconds": arguments.seconds,
        "frames": frames,
        "threads": arguments.threads,
        "real_time_factor": round((done - start) / arguments.seconds, 4),
        "decoding_real_time_factor": round((loaded - start) / arguments.seconds, 5),
        "peak_memory_mib": peak_memory_mib(),
        "peak_memory_before_mib": before_mib,
        "waveform_mib": round(waveform.samples.nbytes / 2**20, 1),
        "cpu": cpu_name(),
    }


def peak_memory_mib() -> float | None:
    """Highest resident memory of this process so far, or None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def cpu_name() -> str:
    """The processor as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
