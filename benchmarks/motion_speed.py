"""Audio to curves: real-time factor and peak memory for 10 s, 60 s and 10 min of speech, each in a fresh process.

    python benchmarks/motion_speed.py SPEECH [--steps N] [--stream] [--hour]

SPEECH is repeated or cut to the wanted length. Prints one JSON line per length; `share` tells where the time went.
--stream measures the stream instead, fed in chunks of 0.1 s. --hour adds 60 minutes, for the memory.
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

LENGTHS_S, HOUR_S = (10.0, 60.0, 600.0), 3600.0
CHUNK_S = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", help="any speech file")
    parser.add_argument("--steps", type=int, default=AnimationOptions.steps, help="DDIM steps")
    parser.add_argument("--style-guidance", type=float, default=AnimationOptions.style_guidance)
    parser.add_argument("--stream", action="store_true", help="measure the stream instead")
    parser.add_argument("--hour", action="store_true", help="60 minutes as well")
    parser.add_argument("--seconds", type=float, default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.seconds is not None:
        print(json.dumps(streamed(arguments) if arguments.stream else measured(arguments)), flush=True)
        return
    for seconds in (*LENGTHS_S, HOUR_S) if arguments.hour else LENGTHS_S:
        subprocess.run([sys.executable, *sys.argv, "--seconds", str(seconds)], check=True)


def measured(arguments: argparse.Namespace) -> dict:
    """One length, offline, in this process."""
    from dreamtalk.motion import MotionGenerator
    from dreamtalk.one_thread import one_thread
    from dreamtalk.speech.audio import Waveform, load_audio

    options = AnimationOptions(steps=arguments.steps, style_guidance=arguments.style_guidance)
    speech = load_audio(arguments.speech)
    waveform = Waveform(np.resize(speech.samples, round(arguments.seconds * speech.sample_rate)), speech.sample_rate)
    generator = MotionGenerator.load()
    generator.generate(Waveform(speech.samples[: 2 * speech.sample_rate]), options=options)  # warm up
    loaded_mib = peak_memory_mib()
    start, start_cpu = time.perf_counter(), time.process_time()
    clip = generator.generate(waveform, options=options)
    taken, taken_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    peak_mib = peak_memory_mib()
    start_cpu = time.process_time()
    with one_thread():  # as the generator does
        for _ in generator.hearing.iter_features(waveform):
            pass
    hearing = time.process_time() - start_cpu
    return {
        "measure": "audio to curves",
        "seconds": arguments.seconds,
        "frames": len(clip),
        "steps": options.steps,
        "style_guidance": options.style_guidance,
        "threads": 2,
        "real_time_factor": round(taken / arguments.seconds, 4),
        "cpu_seconds_per_second": round(taken_cpu / arguments.seconds, 4),
        "share": {"hearing": round(hearing / taken_cpu, 2), "motion": round(1 - hearing / taken_cpu, 2)},
        "peak_memory_mib": peak_mib,
        "peak_memory_before_mib": loaded_mib,
        "cpu": cpu_name(),
    }


def streamed(arguments: argparse.Namespace) -> dict:
    """One length as a stream, in this process."""
    from dreamtalk.motion import MotionGenerator
    from dreamtalk.motion_stream import MotionStream, stream_motion
    from dreamtalk.speech.audio import load_audio

    options = AnimationOptions(steps=arguments.steps, style_guidance=arguments.style_guidance)
    speech = load_audio(arguments.speech)
    size, count = round(CHUNK_S * speech.sample_rate), round(arguments.seconds / CHUNK_S)
    chunks = (np.roll(speech.samples, -size * index)[:size] for index in range(count))
    generator = MotionGenerator.load()
    list(stream_motion(generator, [speech.samples[: 2 * speech.sample_rate]], options=options))  # warm up
    loaded_mib = peak_memory_mib()
    start, start_cpu = time.perf_counter(), time.process_time()
    frames = sum(1 for _ in stream_motion(generator, chunks, options=options))
    taken, taken_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "measure": "stream",
        "seconds": arguments.seconds,
        "frames": frames,
        "steps": options.steps,
        "look_ahead_s": round(MotionStream.look_ahead_s(generator), 4),
        "threads": 1,
        "real_time_factor": round(taken / arguments.seconds, 4),
        "cpu_seconds_per_second": round(taken_cpu / arguments.seconds, 4),
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
