"""How well portraits follow a clip, read back from the frames by MediaPipe; one JSON line a portrait, then the means.

    python benchmarks/portrait_measures.py FOLDER [--clip CLIP.csv] [--renderer rig] [--limit N]

Without --clip, a sweep: jawOpen .8, smile, blink, pucker, browInnerUp, yaw, pitch, one after another. Per command r and
gain (slope of MediaPipe's score, or of its head angle, on the command); for the lips r and gain of the gap in the
picture against the rig's aperture, both over the face's height, and the shares of frames closed and open as asked; the
share of full blinks with eyes shut; the rest frame's PSNR in the face; the background's standard deviation over time in
grey levels.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from dreamtalk.errors import PortraitError
from dreamtalk.face.face_landmarks import FACE_OVAL, FaceDetector, FaceLandmarks
from dreamtalk.portrait.portrait import Portrait, load_portrait
from dreamtalk.portrait.portrait_video import portrait_frames
from rig.arkit import INDEX, NAMES
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip
from rig.mouth import lip_aperture_mm
from rig.polygon import signed_distance

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
SWEEP = {"jawOpen": 0.8, "mouthSmile": 0.8, "eyeBlink": 1.0, "mouthPucker": 0.8, "browInnerUp": 0.8}
TURNS_DEG = {"yaw": (1, 12.0), "pitch": (0, 8.0)}
SWEEP_FPS, RISE, HOLD = 12.5, 5, 2
CLOSED_ASKED, CLOSED_SEEN, OPEN_ASKED, OPEN_SHARE = 0.006, 0.015, 0.05, 0.4
FULL_BLINK, SHUT_SHARE = 0.85, 0.4
LUMA = np.array([0.299, 0.587, 0.114])
TOP, CHIN, UPPER_LIP, LOWER_LIP = 10, 152, 13, 14
EYES = (((159, 145), (33, 133)), ((386, 374), (362, 263)))
"""Per eye the landmarks of its lids and of its corners."""


def columns(name: str) -> list[int]:
    """A shape's columns: both sides where the name leaves the side out."""
    return [INDEX[full] for full in (name, f"{name}Left", f"{name}Right") if full in INDEX]


def sweep() -> BlendshapeClip:
    """One command after another, each up, held and down, with rest between."""
    up = np.linspace(0, 1, RISE + 1)[1:]
    bump = np.concatenate([np.zeros(2), up, np.ones(HOLD), up[::-1], np.zeros(2)])
    count = len(bump) * (len(SWEEP) + 2 * len(TURNS_DEG))
    weights, turns, start = np.zeros((count, len(NAMES))), np.zeros((count, 3)), 0
    for name, amount in SWEEP.items():
        for column in columns(name):
            weights[start : start + len(bump), column] = amount * bump
        start += len(bump)
    for axis, degrees in TURNS_DEG.values():
        for sign in (1, -1):
            turns[start : start + len(bump), axis] = sign * np.radians(degrees) * bump
            start += len(bump)
    return BlendshapeClip(weights, turns, SWEEP_FPS)


def distance(face: FaceLandmarks, one: int, other: int) -> float:
    return float(np.linalg.norm(face.points[one, :2] - face.points[other, :2]))


def eye_openness(face: FaceLandmarks) -> float:
    return float(np.mean([distance(face, *lids) / distance(face, *corners) for lids, corners in EYES]))


def r_and_gain(command: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """Pearson r and slope of `seen` on `command`; (nan, nan) where nothing was commanded."""
    if np.std(command) < 1e-6:
        return float("nan"), float("nan")
    slope = float(np.cov(command, seen)[0, 1] / np.var(command, ddof=1))
    return (float(np.corrcoef(command, seen)[0, 1]) if np.std(seen) > 0 else 0.0), slope


def background(portrait: Portrait) -> np.ndarray:
    """(H, W) bool: beside and above the head, 0.6 face widths from the face and more, and above the chin."""
    outline = portrait.face.points[FACE_OVAL, :2].astype(np.float64)
    y, x = np.mgrid[: len(portrait.picture) : 4, : portrait.picture.shape[1] : 4]
    points = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    far = signed_distance(points, outline) < -0.6 * np.ptp(outline[:, 0])
    return (far & (points[:, 1] < outline[:, 1].max())).reshape(x.shape)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(min(10 * np.log10(255.0**2 / max(error, 1e-12)), 99.0))


def face_box(face: FaceLandmarks, size: int) -> tuple[slice, slice]:
    low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
    low, high = np.clip(np.stack([low, high + 1]), 0, size).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def measured(portrait: Portrait, clip: BlendshapeClip, renderer: str, detector: FaceDetector) -> dict[str, float]:
    """All measures of one portrait."""
    source, box = portrait.face, face_box(portrait.face, len(portrait.picture))
    height = distance(source, TOP, CHIN)
    far, faces, greys, rest = background(portrait), [], [], (np.inf, 0.0)
    for frame in portrait_frames(portrait, clip, renderer=renderer):
        greys.append((frame[::4, ::4] @ LUMA)[far])
        face = next(iter(detector(frame)), None)
        faces.append(face)
        if face is not None:
            off = float(np.linalg.norm(face.points[:, :2] - source.points[:, :2], axis=1).mean())
            if off < rest[0]:
                rest = (off, psnr(frame[box], portrait.picture[box]))
    found = np.array([face is not None for face in faces])
    seen = [face for face in faces if face is not None]
    result = {"found": float(found.mean()), "rest_psnr_db": rest[1]}
    result["background_std"] = float(np.std(greys, axis=0).mean()) if far.any() else 0.0
    weights, turns = clip.weights[found], clip.head_rotation[found]
    for name in SWEEP:
        command = weights[:, columns(name)].mean(axis=1)
        scores = np.array([face.scores[columns(name)].mean() for face in seen])
        result[f"{name}_r"], result[f"{name}_gain"] = r_and_gain(command, scores)
    for name, (axis, _) in TURNS_DEG.items():
        angles = np.array([face.angles[axis] for face in seen])
        result[f"{name}_r"], result[f"{name}_gain"] = r_and_gain(turns[:, axis], angles)
    return result | lip_measures(portrait, weights, seen, height) | eye_measures(source, weights, seen)


def lip_measures(portrait: Portrait, weights: np.ndarray, seen: list[FaceLandmarks], height: float) -> dict[str, float]:
    rig = portrait.fit.rig
    marks = portrait.fit.correspondence.positions(rig.neutral)
    asked = lip_aperture_mm(rig, weights) / (1000 * np.linalg.norm(marks[TOP] - marks[CHIN]))
    gap = np.array([distance(face, UPPER_LIP, LOWER_LIP) for face in seen]) / height
    shut = asked < CLOSED_ASKED
    shut = shut & np.r_[shut[1:], True] & np.r_[True, shut[:-1]]
    wide = asked > OPEN_ASKED
    r, gain = r_and_gain(asked, gap)
    return {
        "lips_r": r, "lips_gain": gain,
        "lips_closed": float((gap[shut] < CLOSED_SEEN).mean()) if shut.any() else float("nan"),
        "lips_open": float((gap[wide] > OPEN_SHARE * asked[wide]).mean()) if wide.any() else float("nan"),
    }  # fmt: skip


def eye_measures(source: FaceLandmarks, weights: np.ndarray, seen: list[FaceLandmarks]) -> dict[str, float]:
    full = weights[:, columns("eyeBlink")].min(axis=1) >= FULL_BLINK
    open_at_rest = eye_openness(source)
    shut = [eye_openness(face) < SHUT_SHARE * open_at_rest for face, asked in zip(seen, full, strict=True) if asked]
    return {"eyes_closed": float(np.mean(shut)) if shut else float("nan")}


def rounded(result: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else round(value, 3) for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of portraits")
    parser.add_argument("--clip", type=Path, help="driving clip (.csv or .npz); a sweep when left out")
    parser.add_argument("--renderer", default="rig")
    parser.add_argument("--limit", type=int, help="at most this many portraits")
    options = parser.parse_args()
    clip = read_clip(options.clip) if options.clip else sweep()
    paths = sorted(path for path in options.folder.iterdir() if path.suffix.lower() in PICTURES)[: options.limit]
    results = []
    with FaceDetector() as detector:
        for path in paths:
            try:
                portrait = load_portrait(path)
            except PortraitError as error:
                print(json.dumps({"portrait": path.name, "error": str(error)}), flush=True)
                continue
            results.append(measured(portrait, clip, options.renderer, detector))
            print(json.dumps({"portrait": path.name} | rounded(results[-1])), flush=True)
    if results:
        means = {name: float(np.nanmean([result[name] for result in results])) for name in results[0]}
        print(json.dumps({"portrait": "mean", "count": len(results), "renderer": options.renderer} | rounded(means)))


if __name__ == "__main__":
    main()
