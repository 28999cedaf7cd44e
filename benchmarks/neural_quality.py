"""How well Face-Vid2Vid moves heads it has not seen: freshly rendered ones, whose truth is known.

    python benchmarks/neural_quality.py [--weights FOLDER] [--heads 5] [--seed 999] [--work FOLDER]

Prints one JSON line: PSNR of the generated picture against the driving one, with true keypoints and with the networks'
own, beside that of the unmoved source; errors of keypoints (pixels of 256), head angles (degrees) and surface flow
(pixels, where the source shows the place), the flow also before any learning.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch._dynamo  # noqa: F401  # where torch has Triton, it must be loaded before Mesa, or both crash

from dreamtalk.portrait.head_pairs import HeadPairs, PairBatch
from dreamtalk.portrait.rendered_heads import render_heads
from dreamtalk.weights import resolve
from renderer.face_vid2vid import FaceVid2Vid
from renderer.keypoints import Keypoints
from rig.rotation import angles_from_matrix

PAIRS = 24


def psnr_db(made: torch.Tensor, truth: torch.Tensor) -> float:
    """Mean over pictures (B, 3, H, W) in [0, 1]."""
    error = (made.clamp(0, 1) - truth).square().mean((1, 2, 3)).clamp_min(1e-8)
    return float((-10 * error.log10()).mean())


def flow_error_px(network: FaceVid2Vid, batch: PairBatch, volume: torch.Tensor) -> float:
    """Mean distance from the true flow in pixels of the picture."""
    motion = network.motion(volume, batch.source_truth.keypoints(), batch.driving_truth.keypoints())
    distance = (motion.flow - batch.flow).norm(dim=-1) * (network.config.image_size / 2)
    return float((distance * batch.visible).sum() / batch.visible.sum())


def measured(network: FaceVid2Vid, batch: PairBatch) -> dict[str, float]:
    """The figures of one batch of pairs."""
    source, driving = batch.source.clamp(0, 1), batch.driving.clamp(0, 1)
    volume = network.appearance(source)
    canonical = network.canonical(source)
    own = [network.pose(picture).join(canonical) for picture in (source, driving)]
    true = [truth.keypoints() for truth in (batch.source_truth, batch.driving_truth)]
    half = network.config.image_size / 2

    def point_error(keypoints: Keypoints, truth: Keypoints) -> float:
        return float((keypoints.positions() - truth.positions())[..., :2].norm(dim=-1).mean()) * half

    turns = [angles_from_matrix(keypoints.rotation.numpy()) for keypoints in (own[1], true[1])]
    untaught = FaceVid2Vid(network.config).eval()
    return {
        "psnr_still_db": psnr_db(source, driving),
        "psnr_true_keypoints_db": psnr_db(network.generate(source, volume, *true).picture, driving),
        "psnr_own_keypoints_db": psnr_db(network.generate(source, volume, *own).picture, driving),
        "keypoints_px": (point_error(own[0], true[0]) + point_error(own[1], true[1])) / 2,
        "angles_deg": float(np.degrees(np.abs(turns[0] - turns[1])).mean()),
        "flow_px": flow_error_px(network, batch, volume),
        "flow_before_learning_px": flow_error_px(untaught, batch, untaught.appearance(source)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="a weight folder; the shipped one otherwise")
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--seed", type=int, default=999, help="of the heads; not the seed of the training")
    parser.add_argument("--work", type=Path, help="keep the rendered heads here")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    network = FaceVid2Vid.from_directory(arguments.weights or resolve("face_vid2vid"))
    with tempfile.TemporaryDirectory() as folder:
        heads = render_heads(arguments.work or Path(folder), arguments.heads, seed=arguments.seed)
        pairs, rng = HeadPairs({heads: 1.0}), np.random.default_rng(arguments.seed)
        with torch.inference_mode():
            rows = [measured(network, pairs.batch(rng, 4)) for _ in range(PAIRS // 4)]
    means = {name: round(float(np.mean([row[name] for row in rows])), 3) for name in rows[0]}
    print(json.dumps({"pairs": PAIRS, "heads": arguments.heads, "seed": arguments.seed} | means))


if __name__ == "__main__":
    main()
