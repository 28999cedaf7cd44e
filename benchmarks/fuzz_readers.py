"""Damaged files for every reader of curves: each must give a clip or one sentence, soon and within modest memory.

    python benchmarks/fuzz_readers.py [--inputs 20000] [--formats .glb .csv] [--seed 0] [--keep FOLDER]

Prints one JSON line for each format: inputs, clips, refusals, what went wrong, the slowest read. Inputs run in child
processes, two thousand each, so that a crash or a hang costs one of them and names its input; what went wrong is kept.
"""

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from rig.clip_file import FORMATS, ClipFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from file_mutations import mutated, valid_file  # noqa: E402
from reading_trials import wrong_with_reading  # noqa: E402

BATCH, BATCH_S = 2000, 600.0
MEMORY_BYTES = 4 * 1024**3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--formats", nargs="+", default=[format.suffix for format in FORMATS if format.read])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz_finds")
    parser.add_argument("--batch", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    by_suffix = {format.suffix: format for format in FORMATS}
    for suffix in options.formats:
        if options.batch:
            _batch(by_suffix[suffix], Path(options.batch[0]), options.seed, int(options.batch[1]))
        else:
            print(json.dumps(_fuzzed(by_suffix[suffix], options.inputs, options.seed, options.keep)), flush=True)


def _fuzzed(format: ClipFormat, inputs: int, seed: int, keep: Path) -> dict:
    """Run all inputs of one format in child processes; the counts."""
    total: Counter[str] = Counter()
    slowest_s, wrong = 0.0, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seed_file = valid_file(format, folder)
        first = 0
        while first < inputs:
            count = min(BATCH, inputs - first)
            result = _child(format, folder, seed * 1_000_000 + first, count)
            total.update(result["counts"])
            slowest_s = max(slowest_s, result["slowest_s"])
            for number, what in result["wrong"]:
                data = mutated(seed_file.read_bytes(), np.random.default_rng(number))
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}{format.suffix}").write_bytes(data)
                wrong.append(f"{number}: {what}")
            first += max(result["done"], 1)
    kinds = Counter(what.split(": ", 1)[1][:120] for what in wrong)
    return {
        "format": format.suffix, "inputs": inputs, **total, "wrong": len(wrong), "kinds": dict(kinds.most_common(12)),
        "slowest_ms": round(1000 * slowest_s, 1),
    }  # fmt: skip


def _child(format: ClipFormat, folder: Path, first: int, count: int) -> dict:
    """The results of one batch; where the child crashed or hung, those up to the input that it died of."""
    log = folder / "batch.jsonl"
    log.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--formats", format.suffix, "--seed", str(first), "--batch"]
    try:
        child = subprocess.run([*command, str(folder), str(count)], timeout=BATCH_S, stderr=subprocess.DEVNULL)
        died = f"the process died with code {child.returncode}"
    except subprocess.TimeoutExpired:
        died = f"no end within {BATCH_S:g} s"
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    wrong = [(row["input"], row["wrong"]) for row in rows if row["wrong"]]
    if len(rows) < count:
        wrong.append((first + len(rows), died))
    counts = Counter("clips" if row["clip"] else "refusals" for row in rows if not row["wrong"])
    slowest_s = max((row["seconds"] for row in rows), default=0.0)
    return {"counts": counts, "wrong": wrong, "done": min(len(rows) + 1, count), "slowest_s": slowest_s}


def _batch(format: ClipFormat, folder: Path, first: int, count: int) -> None:
    """Read `count` inputs, a line of batch.jsonl each; the n-th is always that of seed first + n."""
    _limit_memory()
    logging.getLogger().addHandler(logging.NullHandler())
    path = folder / f"take{format.suffix}"
    data = path.read_bytes()
    damaged = folder / "damaged"
    damaged.mkdir(exist_ok=True)
    for beside in folder.glob("take*"):
        if beside.is_file() and beside != path:
            (damaged / beside.name).write_bytes(beside.read_bytes())
    with (folder / "batch.jsonl").open("w", encoding="utf-8") as log:
        for number in range(first, first + count):
            file = damaged / path.name
            file.write_bytes(mutated(data, np.random.default_rng(number)))
            started = time.perf_counter()
            clips: list[object] = []
            wrong = wrong_with_reading(format, file, clips)
            seconds = time.perf_counter() - started
            log.write(json.dumps({"input": number, "wrong": wrong, "clip": bool(clips), "seconds": seconds}) + "\n")
            log.flush()


def _limit_memory() -> None:
    """Where the system can, so that a file that claims to be huge fails instead of filling the machine."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
