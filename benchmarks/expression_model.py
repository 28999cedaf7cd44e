"""The expression model beside real faces: blinks, head and upper face. Prints JSON lines.

    python benchmarks/expression_model.py GRID_FOLDER [--videos 24] [--curves TAKE.csv ...]

GRID_FOLDER is in the layout of the README (tracks.npz, audio/, video/). Its videos are captured as any style video is;
the model is drawn with the sound of the same sentences, so that both have the same length and the same accents.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from dreamtalk.corpus.grid_corpus import head_turn
from dreamtalk.expression.blinks import pauses
from dreamtalk.expression.expression_model import FPS, synthesize_expression
from dreamtalk.expression.facs_prototypes import PROTOTYPES
from dreamtalk.face.face_capture import capture_face
from dreamtalk.measures import UPPER_FACE, blinks, head_band_power, head_deviation_deg
from dreamtalk.speech.audio import load_audio
from dreamtalk.speech.loudness import frame_loudness_db, relative_loudness
from rig.arkit import NAMES, indices
from rig.clip_file import read_clip

AXES = ("pitch", "yaw", "roll")
PIECE = 75  # frames, the length of a GRID sentence


def loudness(folder: Path, sentence: str) -> np.ndarray:
    """(75,) loudness in [0, 1] of one sentence."""
    return relative_loudness(frame_loudness_db(load_audio(folder / "audio" / f"{sentence}.flac").samples, PIECE))


def head_row(name: str, heads: list[np.ndarray]) -> dict:
    """Spread and spectrum of head angles (T, 3) radians, mean over pieces."""
    row = {"head of": name}
    for axis, label in enumerate(AXES):
        only = [head[:, [axis]] for head in heads]
        row[f"{label} std deg"] = round(float(np.mean([head_deviation_deg(piece) for piece in only])), 2)
        row[f"{label} shares .3-1, 1-2, 2-4, 4-8 Hz"] = (
            [round(float(share), 3) for share in np.mean([head_band_power(piece, FPS) for piece in only], axis=0)]
        )
    return row


def tracked_heads(folder: Path) -> list[np.ndarray]:
    """Head angles (75, 3) of every sentence whose face was never lost."""
    with np.load(folder / "tracks.npz") as stored:
        offsets, ok, head = stored["offsets"], stored["ok"], stored["head"]
    spans = [(start, stop) for start, stop in zip(offsets[:-1], offsets[1:], strict=True) if ok[start:stop].all()]
    return [head_turn(head[start:stop]) for start, stop in spans]


def emotion_row(emotion: str, energy: np.ndarray) -> dict:
    """Ten minutes of one emotion at full strength over the same sound."""
    count = len(energy)
    clips = [synthesize_expression(emotion, 1.0, count, np.random.default_rng(seed), energy) for seed in range(10)]
    found = [blinks(clip.weights, FPS) for clip in clips]
    quiet = pauses(energy, FPS)
    near = [_near_pause(clip.weights, quiet) for clip in clips]
    rates = [one.per_minute for one in found]
    spread = np.mean([head_deviation_deg(clip.head_rotation) for clip in clips], axis=0)
    return {
        "emotion": emotion,
        "blinks a minute": round(float(np.mean(rates)), 1),
        "of a single minute": [round(min(rates)), round(max(rates))],
        "length s": round(float(np.mean([one.length_s for one in found])), 3),
        "blinks in pauses": round(float(np.mean(near)), 2),
        "time in pauses": round(float(np.diff(quiet, axis=1).sum() * FPS / count), 2),
        "head std deg": [round(float(axis), 2) for axis in spread],
    }


def _near_pause(weights: np.ndarray, quiet: np.ndarray) -> float:
    lids = weights[:, indices("eyeBlinkLeft", "eyeBlinkRight")].mean(axis=1)
    shut = lids > np.median(lids) + 0.3
    starts = np.flatnonzero(shut[1:] & ~shut[:-1]) / FPS
    return float(np.mean([((quiet[:, 0] - 0.1 <= s) & (s <= quiet[:, 1] + 0.1)).any() for s in starts]))


def deviations(clips: list[np.ndarray]) -> np.ndarray:
    """(U,) standard deviation of every upper-face shape within a clip, mean over clips."""
    return np.mean([weights[:, UPPER_FACE].std(axis=0) for weights in clips], axis=0)


def main(arguments: argparse.Namespace) -> None:
    def say(row: dict) -> None:
        sys.stdout.write(json.dumps(row) + "\n")

    folder = arguments.folder
    videos = sorted((folder / "video").glob("*.mp4"))
    videos = videos[:: max(1, len(videos) // arguments.videos)][: arguments.videos]
    sounds = [loudness(folder, path.stem) for path in videos]
    drawn = [
        synthesize_expression("neutral", 1.0, PIECE, np.random.default_rng((seed, draw)), energy)
        for seed, energy in enumerate(sounds) for draw in range(4)
    ]  # fmt: skip
    say(head_row("GRID speaker 1, tracked", tracked_heads(folder)))
    say(head_row("model, neutral", [clip.head_rotation for clip in drawn]))
    for emotion in PROTOTYPES:
        say(emotion_row(emotion, np.concatenate(sounds * 2)[: 60 * int(FPS)]))
    real, model = deviations([capture_face(path).weights for path in videos]), deviations([c.weights for c in drawn])
    captures = {take.name: read_clip(take).resampled(FPS).weights for take in arguments.curves}
    for column, shape in enumerate(NAMES[index] for index in UPPER_FACE):
        values = {"GRID video": real, "model": model} | {name: deviations([w]) for name, w in captures.items()}
        say({"std of": shape} | {name: round(float(value[column]), 3) for name, value in values.items()})
    missed, still = float(np.abs(real - model).mean()), float(real.mean())
    say({"FDD of the model": round(missed, 3), "of a still face": round(still, 3)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--videos", type=int, default=24)
    parser.add_argument("--curves", type=Path, nargs="+", default=[])
    main(parser.parse_args())
