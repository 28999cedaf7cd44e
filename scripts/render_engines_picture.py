"""Draws docs/engines.png: one moment of the example on the avatar, the portrait, in three.js, Blender and another head.

    python scripts/render_engines_picture.py HEAD [OUT.png]

HEAD is another rig, such as ICT-FaceKit's light model. Needs what the tests' judges need: npm, a Chromium or Chrome,
and .venv-bpy (scripts/setup_bpy.py).
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from browser import in_chromium, picture  # noqa: E402

from dreamtalk import DreamTalk  # noqa: E402
from rig.camera import Camera  # noqa: E402
from rig.clip import BlendshapeClip  # noqa: E402
from rig.clip_file import write_clip  # noqa: E402
from rig.face_rig import FaceRig  # noqa: E402
from rig.foreign.rig_file import read_rig  # noqa: E402
from rig.render import render_frames  # noqa: E402
from rig.retarget import Retarget  # noqa: E402

MOMENT_S, SIZE_PX, GAP_PX = 3.36, 300, 6
CLOSE = Camera(field_of_view_rad=0.23)
BLENDER = ROOT / ".venv-bpy" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def in_three(glb: Path) -> np.ndarray:
    """The GLB's first moment as three.js draws it, with the avatar's camera."""
    place = {
        "position": CLOSE.position, "target": CLOSE.target, "near": CLOSE.near_m, "far": CLOSE.far_m,
        "fov_deg": math.degrees(CLOSE.field_of_view_rad),
    }  # fmt: skip
    answer = in_chromium(
        "pages/render.html", {"files": glb.parent}, file=f"/files/{glb.name}", size=SIZE_PX, times="[0]",
        camera=json.dumps(place),
    )  # fmt: skip
    return picture(answer["frames"][0]["picture"])[..., :3]


def in_blender(glb: Path) -> np.ndarray:
    """The same by Blender's Cycles, cut to a square around the face."""
    out = glb.with_suffix(".png")
    command = [BLENDER, ROOT / "tests" / "blender_side.py", "draw", glb, "25", "0", out]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    drawn = Image.open(out).convert("RGB")
    side = round(drawn.width * 0.82)
    left, top = (drawn.width - side) // 2, 12
    return np.asarray(drawn.crop((left, top, left + side, top + side)).resize((SIZE_PX, SIZE_PX)))


def panels(other: Path) -> dict[str, np.ndarray]:
    """Label -> (SIZE_PX, SIZE_PX, 3) picture."""
    performance = DreamTalk.load().animate(ROOT / "examples" / "hello.wav", emotion="happy", intensity=0.8, seed=7)
    frame = round(MOMENT_S * performance.clip.fps)
    clip = performance.clip
    moment = BlendshapeClip(
        clip.weights[frame : frame + 1], clip.head_rotation[frame : frame + 1], clip.fps, clip.eyes()[frame : frame + 1]
    )
    head = read_rig(other)
    fitting = Retarget.between(FaceRig.load(), head).applied(moment)
    portrait = performance.render(ROOT / "examples" / "portrait.png", size=SIZE_PX).stills(np.array([frame]))
    with tempfile.TemporaryDirectory() as folder:
        glb = Path(folder) / "moment.glb"
        write_clip(moment, glb)
        return {
            "avatar": next(iter(render_frames(FaceRig.load(), moment, SIZE_PX, camera=CLOSE))),
            "portrait": next(iter(portrait)),
            ".glb in three.js": in_three(glb),
            ".glb in Blender": in_blender(glb),
            "a head of your own": next(iter(render_frames(head, fitting, SIZE_PX))),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "docs" / "engines.png")
    arguments = parser.parse_args()
    shown = panels(arguments.head)
    step, font = SIZE_PX + GAP_PX, ImageFont.load_default(18)
    sheet = Image.new("RGB", (len(shown) * step - GAP_PX, SIZE_PX + 30), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (label, drawn) in enumerate(shown.items()):
        sheet.paste(Image.fromarray(drawn), (place * step, 0))
        draw.text((place * step + SIZE_PX / 2, SIZE_PX + 6), label, (60, 64, 72), font, "mt")
    sheet.save(arguments.out, optimize=True)


if __name__ == "__main__":
    main()
