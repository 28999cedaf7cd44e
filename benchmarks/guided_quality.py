"""What the generator adds to geometry, on windows it never saw: error of the frame before and after, against the truth.

    python benchmarks/guided_quality.py PAIRS/validation [--weights DIR] [--sheet OUT.png]

PAIRS is a folder that scripts/prepare_mending_pairs.py wrote. Prints one JSON line a kind of window: PSNR (dB) and mean
distance of MobileNetV2 features, over the windows' pixels within the generator's reach; "geometry" is the baseline. The
sheet shows, column by column, geometry's window, the mended one and the truth, half of them the widest painted.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch

from dreamtalk.portrait.perceptual import PerceptualFeatures
from dreamtalk.weights import resolve
from renderer.guided_face_vid2vid import GuidedFaceVid2Vid, reach
from renderer.losses import perceptual_loss

KINDS, ARRAYS = ("mouth", "eyes"), ("composite", "target", "opacity", "flow", "source")
SHOWN, BATCH = 20, 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--every", type=int, default=1, help="of so many windows one")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    network = GuidedFaceVid2Vid.from_directory(options.weights or Path(resolve("guided_face_vid2vid")))
    features, strips = PerceptualFeatures.load_if_there(), []
    for kind in KINDS:
        arrays = {name: np.load(options.pairs / f"{kind}_{name}.npy")[:: options.every] for name in ARRAYS}
        mouth = kind == "mouth"
        mended = mended_windows(network, np.load(options.pairs / "sources.npy"), arrays, mouth)
        near = reach(torch.from_numpy(arrays["opacity"])[:, None].float() / 255, mouth).numpy()[:, 0]
        figures = {"windows": kind, "count": len(mended)}
        for name, made in (("geometry", arrays["composite"]), ("mended", mended)):
            figures[f"psnr_{name}_db"] = round(psnr(made, arrays["target"], near), 2)
            if features is not None:
                figures[f"perceptual_{name}"] = round(distance(features, made, arrays["target"], near), 4)
        print(json.dumps(figures), flush=True)
        strips.append(strip(arrays, mended))
    if options.sheet:
        width = max(one.shape[1] for one in strips)
        rows = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0))) for one in strips]
        cv2.imwrite(str(options.sheet), np.concatenate(rows)[..., ::-1])


def mended_windows(
    network: GuidedFaceVid2Vid, squares: np.ndarray, arrays: dict[str, np.ndarray], mouth: bool
) -> np.ndarray:
    """(N, h, w, 3) uint8, as the frames would show them."""
    made = arrays["composite"].copy()
    for owner in np.unique(arrays["source"]):
        own = np.flatnonzero(arrays["source"] == owner)
        volume = network.source(squares[owner])
        shown = network.mend(volume, *(arrays[name][own] for name in ("composite", "opacity", "flow")), mouth)
        change = (shown.painted - made[own]) * shown.share[..., None]
        made[own] = np.rint(np.clip(made[own] + change, 0, 255)).astype(np.uint8)
    return made


def psnr(made: np.ndarray, truth: np.ndarray, near: np.ndarray) -> float:
    error = (near[..., None] * (made.astype(np.float32) - truth) ** 2).sum() / (3 * near.sum())
    return float(10 * np.log10(255**2 / error))


def distance(features: PerceptualFeatures, made: np.ndarray, truth: np.ndarray, near: np.ndarray) -> float:
    """Of what differs within reach: elsewhere both show the truth."""

    def tensor(pictures: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255

    pasted, found = truth + near[..., None] * (made.astype(np.float32) - truth), []
    with torch.inference_mode():
        for start in range(0, len(made), BATCH):
            own = slice(start, start + BATCH)
            found.append(float(perceptual_loss(features, tensor(pasted[own]), tensor(truth[own]), scales=1)))
    return float(np.mean(found))


def strip(arrays: dict[str, np.ndarray], mended: np.ndarray) -> np.ndarray:
    painted = arrays["opacity"].reshape(len(mended), -1).mean(axis=1)
    wide = np.argsort(-painted)[: SHOWN // 2]
    others = np.linspace(0, len(mended) - 1, SHOWN - len(wide)).astype(int)
    columns = [np.concatenate([arrays["composite"][k], mended[k], arrays["target"][k]]) for k in (*wide, *others)]
    return np.concatenate(columns, axis=1)


if __name__ == "__main__":
    main()
