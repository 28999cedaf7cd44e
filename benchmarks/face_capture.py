"""How well curves come back from a video of a face. Prints JSON lines.

    python benchmarks/face_capture.py FACEGOOD_FOLDER [--grid GRID_FOLDER] [--size 320]

Renders the avatar with captured speech and drawn expressions, captures the video, and compares with the curves that
went in. --grid captures videos of GRID as well and compares with the corpus's own tracks, calibrated as for training.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from dreamtalk.corpus.facegood_corpus import read_facegood
from dreamtalk.corpus.grid_corpus import calibrated
from dreamtalk.expression.compose import add_expression
from dreamtalk.expression.expression_model import synthesize_expression
from dreamtalk.face.face_capture import capture_face
from dreamtalk.measures import amplitude, blinks, correlation, upper_face_deviation
from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness
from dreamtalk.video import write_video
from rig.arkit import INDEX, NAMES
from rig.camera import Camera
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm, mouth_width_mm
from rig.render import render_frames

FPS, COUNT = 25.0, 250
CLIPS = (("neutral", 0.6, 500), ("happy", 0.8, 700), ("sad", 0.7, 300), ("surprised", 0.7, 300), ("angry", 0.8, 300))
REGIONS = {"brows up": ("browInnerUp", "browOuterUp"), "brows down": ("browDown",), "lids": ("eyeBlink",),
           "squint": ("eyeSquint",), "gaze sideways": ("eyeLookIn", "eyeLookOut"), "jaw": ("jawOpen",),
           "corners": ("mouthSmile",), "pucker, funnel": ("mouthPucker", "mouthFunnel")}  # fmt: skip


def known_clip(speech: np.ndarray, energy: np.ndarray, emotion: str, intensity: float, seed: int) -> BlendshapeClip:
    """Captured speech under a drawn expression."""
    mood = synthesize_expression(emotion, intensity, COUNT, np.random.default_rng(seed), energy)
    return BlendshapeClip(add_expression(speech, mood.weights), mood.head_rotation, FPS)


def region_curve(weights: np.ndarray, starts: tuple[str, ...]) -> np.ndarray:
    """Mean of the shapes whose names start so; looking to the right counts as negative."""
    names = [name for name in NAMES if name.startswith(starts)]
    signs = [-1.0 if name in ("eyeLookInLeft", "eyeLookOutRight") else 1.0 for name in names]
    return (weights[:, [INDEX[name] for name in names]] * signs).mean(axis=1)


def compared(name: str, found: np.ndarray, truth: np.ndarray, rig: FaceRig) -> dict:
    """r, and standard deviation over the truth's, by region; level (mean) found and true of what lasts."""
    pairs = {region: (region_curve(found, starts), region_curve(truth, starts)) for region, starts in REGIONS.items()}
    pairs["lip aperture"] = lip_aperture_mm(rig, found), lip_aperture_mm(rig, truth)
    pairs["mouth width"] = mouth_width_mm(rig, found), mouth_width_mm(rig, truth)
    row = {"clip": name}
    for region, (own, true) in pairs.items():
        if true.std() > 0.004:
            row[region] = {"r": round(correlation(own, true), 2), "gain": round(amplitude(own, true), 2),
                           "level": [round(float(own.mean()), 2), round(float(true.mean()), 2)]}  # fmt: skip
    row["blinks a minute"] = [round(blinks(weights, FPS).per_minute) for weights in (found, truth)]
    row["FDD"] = round(upper_face_deviation(found, truth), 3)
    return row


def main(arguments: argparse.Namespace) -> None:
    rig, speeches = FaceRig.load(), read_facegood(arguments.folder)
    for number, (emotion, intensity, first) in enumerate(CLIPS):
        speech = speeches[number % len(speeches)]
        energy = relative_loudness(frame_loudness_db(speech.samples, len(speech)))
        rows = slice(first, first + COUNT)
        truth = known_clip(speech.weights[rows], energy[rows], emotion, intensity, 40 + number)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "avatar.mp4"
            write_video(path, render_frames(rig, truth, arguments.size, camera=Camera(field_of_view_rad=0.25)), FPS)
            found = capture_face(path)
        row = compared(f"avatar, {emotion} {intensity:g}", found.weights, truth.weights, rig)
        turns = zip(found.head_rotation.T, truth.head_rotation.T, strict=True)
        row["head r pitch, yaw, roll"] = [round(correlation(own, true), 2) for own, true in turns]
        sys.stdout.write(json.dumps(row) + "\n")
    if arguments.grid:
        grid(arguments.grid, rig)


def grid(folder: Path, rig: FaceRig) -> None:
    """Twelve videos against the tracks of the corpus."""
    with np.load(folder / "tracks.npz") as stored:
        names, ids = [str(name) for name in stored["names"]], stored["ids"].tolist()
        offsets, scores, lip = stored["offsets"], stored["scores"].astype(np.float32), stored["lip"]
    rows = []
    for path in sorted((folder / "video").glob("*.mp4"))[::14]:
        clip = ids.index(path.stem)
        span = slice(offsets[clip], offsets[clip + 1])
        truth, found = calibrated(scores[span], names, lip[span], rig), capture_face(path).weights
        pairs = {
            "jaw": (found[:, INDEX["jawOpen"]], truth[:, INDEX["jawOpen"]]),
            "lip aperture": (lip_aperture_mm(rig, found), lip_aperture_mm(rig, truth)),
            "lids": (found[:, INDEX["eyeBlinkLeft"]], scores[span, names.index("eyeBlinkLeft")]),
        }
        rows.append([(correlation(own, true), amplitude(own, true)) for own, true in pairs.values()])
    for region, values in zip(pairs, np.mean(rows, axis=0), strict=True):
        row = {"GRID videos": len(rows), "against tracks": region, "r": round(float(values[0]), 2)}
        sys.stdout.write(json.dumps(row | {"gain": round(float(values[1]), 2)}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--grid", type=Path)
    parser.add_argument("--size", type=int, default=320)
    main(parser.parse_args())
