"""Audio to curves: real-time factor and peak memory for 10 s and 120 s of speech, each in a fresh process.

    python benchmarks/motion_speed.py SPEECH [--steps N]

SPEECH is repeated or cut to the wanted length. Prints one JSON line per length; `share` tells where the time went.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from dreamtalk.options import AnimationOptions

LENGTHS_S = (10.0, 120.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", help="any speech file")
    parser.add_argument("--steps", type=int, default=AnimationOptions.steps, help="DDIM steps")
    parser.add_argument("--style-guidance", type=float, default=AnimationOptions.style_guidance)
    parser.add_argument("--seconds", type=float, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seconds is not None:
        print(json.dumps(measured(arguments)))
        return
    for seconds in LENGTHS_S:
        subprocess.run([sys.executable, *sys.argv, "--seconds", str(seconds)], check=True)


def measured(arguments: argparse.Namespace) -> dict:
    """One length, in this process."""
    from dreamtalk.audio import Waveform, load_audio
    from dreamtalk.motion import MotionGenerator
    from dreamtalk.one_thread import one_thread
    from dreamtalk.speech_features import iter_speech_features

    options = AnimationOptions(steps=arguments.steps, style_guidance=arguments.style_guidance)
    speech = load_audio(arguments.speech)
    waveform = Waveform(np.resize(speech.samples, round(arguments.seconds * speech.sample_rate)), speech.sample_rate)
    generator = MotionGenerator.load()
    generator.generate(Waveform(speech.samples[: 2 * speech.sample_rate]), options=options)  # warm up
    loaded_mib = peak_memory_mib()
    start, start_cpu = time.perf_counter(), time.process_time()
    clip = generator.generate(waveform, options=options)
    taken, taken_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    start = time.perf_counter()
    with one_thread():  # as the generator does
        for _ in iter_speech_features(waveform, generator.encoder):
            pass
    encoder = time.perf_counter() - start
    return {
        "measure": "audio to curves",
        "seconds": arguments.seconds,
        "frames": len(clip),
        "steps": options.steps,
        "style_guidance": options.style_guidance,
        "threads": 1,
        "real_time_factor": round(taken / arguments.seconds, 4),
        "cpu_seconds_per_second": round(taken_cpu / arguments.seconds, 4),
        "share": {"speech encoder": round(encoder / taken, 2), "motion": round(1 - encoder / taken, 2)},
        "peak_memory_mib": peak_memory_mib(),
        "peak_memory_before_mib": loaded_mib,
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
    """The processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
