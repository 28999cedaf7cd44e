"""Motion against truth on the validation split: model, itself without the lip refiner, and two baselines.

    python benchmarks/motion_quality.py DATA [--limit N]

Prints one JSON line per system and corpus. GRID is held out by sentence (the speaker is known), FACEGOOD by file.
"""

import argparse
import json

import numpy as np

from dreamtalk import measures
from dreamtalk.audio import Waveform
from dreamtalk.corpus import read_corpus
from dreamtalk.evaluation.baselines import LoudnessGate, MeanCurve
from dreamtalk.evaluation.motion_score import score
from dreamtalk.motion import MotionGenerator
from dreamtalk.options import AnimationOptions
from dreamtalk.training_clip import FPS, Recording
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="folder with grid_s1 and facegood")
    parser.add_argument("--limit", type=int, default=None, help="clips per corpus at most")
    parser.add_argument("--steps", type=int, default=AnimationOptions.steps, help="DDIM steps")
    parser.add_argument("--style-guidance", type=float, default=AnimationOptions.style_guidance)
    arguments = parser.parse_args()
    corpus, rig = read_corpus(arguments.data), FaceRig.load()
    options = AnimationOptions(steps=arguments.steps, style_guidance=arguments.style_guidance)
    full = MotionGenerator.load()
    bare = MotionGenerator(full.encoder, full.emodiff, None)
    # Truth has no emotion, so the model is asked for the neutral face at its weakest.
    style = _still_style()

    def generated(generator: MotionGenerator, recording: Recording) -> np.ndarray:
        return generator.generate(Waveform(recording.samples), style, None, options).weights

    for name in ("grid_s1", "facegood"):
        training = [r for r in corpus.training if r.corpus == name]
        tests = [r for r in corpus.validation if r.corpus == name][: arguments.limit]
        if not tests:
            continue
        mean, loud = MeanCurve.fitted(training), LoudnessGate.fitted(training)
        systems = {
            "truth": lambda r: r.weights,
            "dreamtalk": lambda r: generated(full, r),
            "dreamtalk without lip refiner": lambda r: generated(bare, r),
            "loudness gate": lambda r, loud=loud: loud.animate(r.samples, len(r)),
            "mean curve": lambda r, mean=mean: mean.animate(r.samples, len(r)),
        }
        for system, animate in systems.items():
            print(json.dumps({"system": system, "corpus": name, **score(animate, tests, rig).rounded()}), flush=True)
    _print_liveliness(full, max(corpus.validation, key=len), options)


def _still_style() -> BlendshapeClip:
    from dreamtalk.emotions import EmotionLibrary

    return EmotionLibrary.load().clip("neutral", 1.0, 0)


def _print_liveliness(generator: MotionGenerator, recording: Recording, options: AnimationOptions) -> None:
    from dreamtalk.emotions import EMOTIONS, EmotionLibrary

    library = EmotionLibrary.load()
    for emotion in EMOTIONS:
        clip = generator.generate(Waveform(recording.samples), library.clip(emotion, 1.0, 0), None, options)
        lids = measures.blinks(clip.weights, FPS)
        line = {
            "emotion": emotion,
            "blinks_per_minute": round(lids.per_minute, 1),
            "blink_length_s": round(lids.length_s, 3),
            "head_deviation_deg": [round(float(value), 2) for value in measures.head_deviation_deg(clip.head_rotation)],
            "head_band_share": [round(float(value), 2) for value in measures.head_band_power(clip.head_rotation, FPS)],
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
