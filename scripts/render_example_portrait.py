"""Render examples/portrait.png, a person of our own making, so that it may be published with the code.

    python scripts/render_example_portrait.py [OUT.png]

The same graphics driver gives the same bytes.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from rig.arkit import NAMES  # noqa: E402
from rig.camera import Camera  # noqa: E402
from rig.clip import BlendshapeClip  # noqa: E402
from rig.face_rig import FaceRig  # noqa: E402
from rig.look import Light, Look  # noqa: E402
from rig.render import render_frames  # noqa: E402

SIZE, FINER = 512, 2
LOOK = Look(
    skin=(236, 192, 166), lips=(194, 104, 100), iris=(92, 120, 142), hair="bob", hair_colour=(96, 62, 42),
    brows=(84, 58, 44), cloth=(70, 92, 86), background=(206, 190, 172), freckles=0.25,
    key=Light((-0.7, 0.6, 0.85), (0.86, 0.76, 0.66)), fill=Light((0.95, 0.1, 0.6), (0.15, 0.16, 0.18)),
    rim=Light((0.6, 0.5, -0.75), (0.60, 0.55, 0.50)),
)
CAMERA = Camera(position=(0.0, -0.022, 1.35), target=(0.0, -0.022, 0.0), field_of_view_rad=0.235)


def portrait() -> np.ndarray:
    """(512, 512, 3) uint8."""
    identity = np.random.default_rng(502).normal(0.0, 0.55, 50)
    identity[0] *= 0.5
    weights = np.zeros((1, len(NAMES)))
    weights[0, [NAMES.index("mouthSmileLeft"), NAMES.index("mouthSmileRight")]] = 0.12
    clip = BlendshapeClip(weights, np.zeros((1, 3)), 25.0)
    rig = FaceRig.load().with_identity(identity)
    (large,) = render_frames(rig, clip, SIZE * FINER, LOOK, CAMERA)
    small = large.reshape(SIZE, FINER, SIZE, FINER, 3).mean(axis=(1, 3))
    return (small + 0.5).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "examples" / "portrait.png")
    out = parser.parse_args().out
    beside = out.with_name(out.name + ".part")
    Image.fromarray(portrait()).save(beside, format="PNG", optimize=True)
    os.replace(beside, out)


if __name__ == "__main__":
    main()
