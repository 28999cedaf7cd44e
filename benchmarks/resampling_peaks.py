"""What a lower frame rate costs blinks, closures and every other peak: straight lines against rig.resampling.

    python benchmarks/resampling_peaks.py TAKE... [--fps 24 25]

TAKE: curves in any format. Prints JSON lines: for blinks (peaks of eyeBlink), shut lips (troughs of the lips' gap) and
the peaks and troughs of all shapes, how many stand out in the take, and how far the nearest three frames at the new
rate stay behind them, on average and at worst (weights; lips in mm).
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip
from rig.lip_gap import lip_gap_mm
from rig.peaks import peak_heights
from rig.resampling import SHUT_MM, SHUT_STANDS_OUT_MM

LEAST_HEIGHT = 0.05
BLINKS = [column for column, name in enumerate(NAMES) if name.startswith("eyeBlink")]


def lost(source: np.ndarray, shown: np.ndarray, step: float, least: float, most: float = math.inf) -> np.ndarray:
    """How much lower than the peaks of `source` (T,) the curve `shown` (N,) is around them, (K,).

    step: source frames to a shown frame.  Peaks stand out by `least` or more, and lie at -`most` or above.
    """
    peaks = np.flatnonzero((peak_heights(source, math.ceil(step)) >= least) & (source >= -most))
    nearest = np.floor(peaks / step + 0.5).astype(int)
    around = np.clip(nearest[:, None] + np.arange(-1, 2), 0, len(shown) - 1)
    return np.maximum(source[peaks] - shown[around].max(axis=1), 0.0)


def losses(clip: BlendshapeClip, other: BlendshapeClip) -> dict[str, np.ndarray]:
    step = clip.fps / other.fps
    each = [
        [lost(sign * clip.weights[:, c], sign * other.weights[:, c], step, LEAST_HEIGHT) for sign in (1, -1)]
        for c in range(len(NAMES))
    ]
    gap_mm, other_gap_mm = lip_gap_mm(clip.weights), lip_gap_mm(other.weights)
    return {
        "blinks": np.concatenate([each[column][0] for column in BLINKS]),
        "shut_lips_mm": lost(-gap_mm, -other_gap_mm, step, SHUT_STANDS_OUT_MM, SHUT_MM),
        "all": np.concatenate([curve for pair in each for curve in pair]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("takes", type=Path, nargs="+", metavar="TAKE")
    parser.add_argument("--fps", type=float, nargs="+", default=[24.0, 25.0], metavar="N")
    arguments = parser.parse_args()
    for take in arguments.takes:
        clip = read_clip(take)
        for fps in arguments.fps:
            for method, keep_peaks in (("straight lines", False), ("peaks kept", True)):
                line = {"take": take.name, "from": clip.fps, "fps": fps, "method": method}
                for what, values in losses(clip, clip.resampled(fps, keep_peaks=keep_peaks)).items():
                    line[what] = summary(values)
                json.dump(line, sys.stdout)
                print()


def summary(values: np.ndarray) -> dict[str, float]:
    mean, worst = (values.mean(), values.max()) if len(values) else (0.0, 0.0)
    return {"count": len(values), "mean": round(float(mean), 4), "worst": round(float(worst), 4)}


if __name__ == "__main__":
    main()
