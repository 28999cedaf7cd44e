"""Builds the library of emotion clips, dreamtalk/data/emotions.npz, from the expression model.

    python scripts/build_emotions.py [FOLDER]

The same code gives the same bytes on one machine; emotions.json, written beside, holds their hash.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from dreamtalk.expression.expression_model import FPS, synthesize_expression
from dreamtalk.expression.facs_prototypes import PROTOTYPES, variant_names
from dreamtalk.expression.temperament import TEMPERAMENTS
from dreamtalk.measures import blink_rate
from rig.arkit import NAMES
from rig.clip import BlendshapeClip

SEED = 2312
FRAME_COUNT = 200
LEVELS = (0.0, 1 / 3, 2 / 3, 1.0)


def draw(emotion: str, variant: str, level: float, seed: int) -> BlendshapeClip:
    """One clip, a piece out of a longer mood, as EmoDiff hears styles in training."""
    return synthesize_expression(emotion, level, FRAME_COUNT, np.random.default_rng(seed), variant=variant)


def typical_seed(emotion: str, variant: str, first: int) -> int:
    """The first seed whose draw blinks about as often as the emotion does: eight seconds of chance can hold none."""
    wanted = 1.1 * TEMPERAMENTS[emotion].blinks_per_minute  # saccades bring some blinks besides
    seed = first
    while abs(blink_rate(draw(emotion, variant, 1.0, seed).weights, FPS) - wanted) > 4.0:
        seed += 1
    return seed


def build() -> dict[str, np.ndarray]:
    """All arrays of the library; one draw per variant, the same draw at every level."""
    labels, seeds, weights, heads = [], [], [], []
    for emotion in PROTOTYPES:
        for variant in variant_names(emotion):
            seed = typical_seed(emotion, variant, SEED + 100 * len(labels))
            clips = [draw(emotion, variant, level, seed) for level in LEVELS]
            seeds.append(seed)
            labels.append(f"{emotion}/{variant}")
            weights.append([clip.weights for clip in clips])
            heads.append([clip.head_rotation for clip in clips])
    return {
        "names": np.array(NAMES),
        "labels": np.array(labels),
        "seeds": np.array(seeds),
        "levels": np.array(LEVELS, dtype=np.float32),
        "weights": np.array(weights, dtype=np.float16),
        "head_rotation": np.array(heads, dtype=np.float16),
        "fps": np.array(FPS),
    }


def main(folder: Path) -> None:
    path = folder / "emotions.npz"
    beside = folder / "emotions.partial.npz"
    np.savez_compressed(beside, **build())
    packed = beside.read_bytes()
    beside.replace(path)
    card = {"sha256": hashlib.sha256(packed).hexdigest(), "made_by": "scripts/build_emotions.py", "seed": SEED}
    (folder / "emotions.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: {len(packed) / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "dreamtalk" / "data")
