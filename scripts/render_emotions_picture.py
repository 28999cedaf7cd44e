"""Draws docs/emotions.png: the eight emotions on the avatar, from the library, with their names.

    python scripts/render_emotions_picture.py [OUT.png] [--intensity 1.0] [--seed 0]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from rig.arkit import indices
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.render import render_frames

COLUMNS, SIZE_PX, GAP_PX = 4, 320, 6
CAMERA = Camera(field_of_view_rad=0.2)


def apex_frame(clip: BlendshapeClip) -> int:
    """The frame in which the emotion is strongest while the eyes are open and look ahead."""
    eyes = [name for way in ("Down", "In", "Out", "Up") for name in (f"eyeLook{way}Left", f"eyeLook{way}Right")]
    closure = clip.weights[:, indices("eyeBlinkLeft", "eyeBlinkRight")].max(axis=1)
    strength = clip.weights.sum(axis=1) - closure - 3.0 * clip.weights[:, indices(*eyes)].sum(axis=1)
    strength[closure > np.median(closure) + 0.05] = -np.inf
    return int(np.argmax(strength))


def picture(intensity: float, seed: int) -> Image.Image:
    """All eight, four in a row."""
    library = EmotionLibrary.load()
    clips = [library.clip(emotion, intensity, seed) for emotion in EMOTIONS]
    chosen = [apex_frame(clip) for clip in clips]
    together = BlendshapeClip(
        np.stack([clip.weights[frame] for clip, frame in zip(clips, chosen, strict=True)]),
        np.stack([clip.head_rotation[frame] for clip, frame in zip(clips, chosen, strict=True)]),
        clips[0].fps,
    )
    step, rows = SIZE_PX + GAP_PX, -(-len(EMOTIONS) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * step - GAP_PX, rows * step - GAP_PX), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(22)
    for place, frame in enumerate(render_frames(FaceRig.load(), together, size=SIZE_PX, camera=CAMERA)):
        x, y = step * (place % COLUMNS), step * (place // COLUMNS)
        sheet.paste(Image.fromarray(frame), (x, y))
        draw.text((x + SIZE_PX / 2, y + SIZE_PX - 10), EMOTIONS[place], "white", font, "ms", stroke_width=2,
                  stroke_fill=(40, 40, 40))  # fmt: skip
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[1] / "docs" / "emotions.png"
    parser.add_argument("out", type=Path, nargs="?", default=default)
    parser.add_argument("--intensity", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    picture(arguments.intensity, arguments.seed).save(arguments.out, optimize=True)
