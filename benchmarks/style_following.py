"""How near a performance comes to its style clip: the network alone, and what is finally given out. Prints JSON lines.

    python benchmarks/style_following.py --speech FILE... [CLIP...] [--emotions]

CLIP: curves (.csv, .npz) or videos; --emotions adds the library's eight. The network's motion is measured as it comes
out of EmoDiff; the finished one has been through style_match and liveliness. Errors are means over the
shapes of a region of the distance between the clip's mean (or standard deviation) and the performance's.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dreamtalk.diffusion.motion_space import MOTION_SIZE
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.expression.style_clip import load_style_clip
from dreamtalk.expression.style_track import StyleTrack
from dreamtalk.measures import blink_rate, correlation, head_deviation_deg, upper_face_deviation
from dreamtalk.motion import FPS, MotionGenerator
from dreamtalk.one_thread import one_thread
from dreamtalk.options import AnimationOptions
from dreamtalk.speech.audio import Waveform, load_audio
from rig.arkit import GROUPS, INDEX, NAMES, indices
from rig.clip import BlendshapeClip
from rig.timing import frame_count

REGIONS = {
    "brows": GROUPS["brows"],
    "lid rims": [name for name in NAMES if name.startswith(("eyeSquint", "eyeWide"))],
    "cheeks and nose": [*GROUPS["cheeks"], *GROUPS["nose"]],
    "corners": [name for name in NAMES if name.startswith(("mouthSmile", "mouthFrown", "mouthDimple"))],
}


def named_styles(arguments: argparse.Namespace) -> Iterator[tuple[str, BlendshapeClip]]:
    """Every style that was asked for."""
    library = EmotionLibrary.load()
    for emotion in EMOTIONS if arguments.emotions else ():
        yield emotion, library.clip(emotion, 1.0, 1)
    for path in arguments.clips:
        yield path.name, load_style_clip(path)


def performed(
    generator: MotionGenerator, waveform: Waveform, style: BlendshapeClip
) -> tuple[np.ndarray, BlendshapeClip]:
    """(weights (T, 52) of the network alone, the finished clip)."""
    track = StyleTrack.steady(style, frame_count(waveform.duration_s, FPS))
    with one_thread():
        raw = generator.raw_motion(waveform, track, np.zeros(MOTION_SIZE, np.float32), AnimationOptions())
    return raw[:, : len(NAMES)].clip(0.0, 1.0), generator.generate(waveform, style)


def errors(weights: list[np.ndarray], style: BlendshapeClip) -> dict:
    """Region -> [error of the mean, error of the standard deviation]."""
    mean, std = (np.mean([getattr(one, what)(axis=0) for one in weights], axis=0) for what in ("mean", "std"))
    return {
        region: [
            round(float(np.abs(own[columns] - true[columns]).mean()), 3)
            for own, true in ((mean, style.weights.mean(axis=0)), (std, style.weights.std(axis=0)))
        ]
        for region, columns in ((region, indices(*shapes)) for region, shapes in REGIONS.items())
    }


def jaw_copied(clip: BlendshapeClip, style: BlendshapeClip) -> float:
    """Pearson r of the performance's jaw with the style's own."""
    count = min(len(clip), len(style))
    return correlation(clip.weights[:count, INDEX["jawOpen"]], style.weights[:count, INDEX["jawOpen"]])


def main(arguments: argparse.Namespace) -> None:
    generator = MotionGenerator.load()
    speeches = [load_audio(path) for path in arguments.speech]
    for name, style in named_styles(arguments):
        raws, clips = zip(*(performed(generator, waveform, style) for waveform in speeches), strict=True)
        finals = [clip.weights for clip in clips]
        lengths = [len(clip) for clip in clips]
        heads = np.average([head_deviation_deg(clip.head_rotation).mean() for clip in clips], weights=lengths)
        blinks = np.average([blink_rate(weights, FPS) for weights in finals], weights=lengths)
        row = {
            "style": name,
            "network": errors(list(raws), style),
            "finished": errors(finals, style),
            "FDD network, finished": [
                round(upper_face_deviation(np.concatenate(one), style.weights), 3) for one in (raws, finals)
            ],
            "blinks a minute, clip and finished": [round(blink_rate(style.weights, style.fps)), round(float(blinks))],
            "head std deg": [round(float(head_deviation_deg(style.head_rotation).mean()), 2), round(float(heads), 2)],
            "jaw r with the clip's jaw": round(float(np.mean([jaw_copied(clip, style) for clip in clips])), 2),
        }
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="*")
    parser.add_argument("--speech", type=Path, nargs="+", required=True)
    parser.add_argument("--emotions", action="store_true")
    main(parser.parse_args())
