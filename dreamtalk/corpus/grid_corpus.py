"""Reader of a GRID folder: sentences of one speaker, tracked by MediaPipe and calibrated to ARKit weights here.

Layout: audio/<id>.flac, tracks.npz (`ids`, `offsets`, `names`, `scores`, `head`, `ok`, `lip`, `fps` = 25), words.json.
Raw MediaPipe scores are no ARKit curves: several shapes are squeezed into hundredths, some are dead, some follow
something else. What the table below does was read off 71,000 frames of speaker 1: every shape is taken from the score
that carries it, its rest level removed, and stretched so that its 99th percentile meets studio captures. The gap of the
inner lips, which the tracker measures far better than any score, then sets how far the rig's lips open.
"""

import json
from pathlib import Path

import numpy as np

from dreamtalk.errors import DreamTalkError
from dreamtalk.speech.audio import load_audio
from dreamtalk.training.training_clip import FPS, SAMPLE_RATE, Recording
from rig.arkit import INDEX, NAMES, indices
from rig.face_rig import FaceRig
from rig.mouth import lip_aperture_mm
from rig.rotation import angles_from_matrix

CORPUS = "grid_s1"
FACE_HEIGHT_MM = 185.0
"""Landmark 10 to 152 on an adult face; turns the tracked lip gap into millimetres."""
LIP_REST = 0.0015
"""Lip gap of closed lips over the face height (median of silent frames: 0.0011)."""

# shape: (score it follows, rest level, gain)
_CALIBRATION: dict[str, tuple[str, float, float]] = {
    "jawOpen": ("jawOpen", 0.02, 1.3),
    "mouthFunnel": ("mouthFunnel", 0.004, 14.0),
    "mouthPucker": ("mouthPucker", 0.02, 1.1),
    "mouthLowerDown": ("mouthLowerDown", 0.002, 7.0),
    "mouthUpperUp": ("mouthLowerDown", 0.002, 4.0),
    "mouthStretch": ("mouthStretch", 0.010, 7.0),
    "mouthDimple": ("mouthDimple", 0.004, 4.0),
    "mouthPress": ("mouthPress", 0.080, 1.2),
    "mouthRollLower": ("mouthRollLower", 0.013, 10.0),
    "mouthRollUpper": ("mouthRollLower", 0.013, 6.0),
    "mouthShrugLower": ("mouthShrugLower", 0.004, 10.0),
    "mouthShrugUpper": ("mouthShrugLower", 0.004, 5.0),
    "mouthSmile": ("mouthSmile", 0.003, 1.3),
}
_LIPS = {"mouthLowerDownLeft": 0.35, "mouthLowerDownRight": 0.35, "mouthUpperUpLeft": 0.25, "mouthUpperUpRight": 0.25}
"""What parts the lips without the jaw, and how far it may be raised."""
_SIDED = {"mouthLowerDown", "mouthUpperUp", "mouthStretch", "mouthDimple", "mouthPress", "mouthSmile"}


def read_grid(folder: Path) -> list[Recording]:
    """All sentences of the folder, in file order. Raises DreamTalkError where the layout is not there."""
    path = folder / "tracks.npz"
    if not path.is_file():
        raise DreamTalkError(f"{folder} holds no tracks.npz; give a folder in the GRID layout of the README.")
    with np.load(path) as stored:
        names = [str(name) for name in stored["names"]]
        ids, offsets, ok = stored["ids"], stored["offsets"], stored["ok"]
        scores, lip, head = stored["scores"].astype(np.float32), stored["lip"], stored["head"]
    weights = calibrated(_filled(scores), names, _filled(lip[:, None])[:, 0], FaceRig.load())
    recordings = []
    for clip, start, stop in zip(ids, offsets[:-1], offsets[1:], strict=True):
        rows = slice(start, stop)
        samples = load_audio(folder / "audio" / f"{clip}.flac").samples
        samples = np.pad(samples, (0, max(0, round((stop - start) / FPS * SAMPLE_RATE) - len(samples))))
        turn = head_turn(_filled(head[rows].reshape(stop - start, 16)).reshape(-1, 4, 4))
        recordings.append(Recording(f"{CORPUS}/{clip}", CORPUS, samples, weights[rows], ok[rows], turn))
    return recordings


def read_words(folder: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Word times in seconds by clip id, from words.json."""
    words = json.loads((folder / "words.json").read_text())
    return {clip: [(start, stop, word) for start, stop, word in rows] for clip, rows in words.items()}


def calibrated(scores: np.ndarray, names: list[str], lip: np.ndarray, rig: FaceRig) -> np.ndarray:
    """MediaPipe scores (T, len(names)) and lip gaps (T,) over the face height -> ARKit weights (T, 52) float32.

    Left and right are averaged: their difference in the raw scores is mostly the camera's angle.
    """
    weights = np.zeros((len(scores), len(NAMES)), np.float32)
    for shape, (source, rest, gain) in _CALIBRATION.items():
        sides = ("Left", "Right") if shape in _SIDED else ("",)
        score = np.mean([scores[:, names.index(source + side)] for side in sides], axis=0)
        for side in sides:
            weights[:, INDEX[shape + side]] = gain * (score - rest)
    weights = weights.clip(0.0, 1.0)
    return with_aperture(weights, FACE_HEIGHT_MM * np.maximum(lip - LIP_REST, 0.0), rig)


def with_aperture(weights: np.ndarray, aperture_mm: np.ndarray, rig: FaceRig) -> np.ndarray:
    """Weights (T, 52) whose lips on the rig stand `aperture_mm` (T,) apart, as nearly as mouth shapes can.

    Lips too far open are brought together by mouthClose (never above jawOpen) and then by easing what parts them; lips
    too close are parted by mouthLowerDown and mouthUpperUp. The jaw stays where the tracker saw it.
    """
    jaw = weights[:, INDEX["jawOpen"]]
    for ends in (
        {"mouthClose": jaw},
        {shape: np.zeros_like(jaw) for shape in ("mouthFunnel", *_LIPS)},
        {shape: np.minimum(weights[:, INDEX[shape]] + more, 1.0) for shape, more in _LIPS.items()},
    ):
        weights = _moved(weights, aperture_mm, rig, ends)
    return weights


def _moved(weights: np.ndarray, wanted_mm: np.ndarray, rig: FaceRig, ends: dict[str, np.ndarray]) -> np.ndarray:
    """Each frame moved from its weights toward `ends` by the share at which the aperture is met best."""
    columns = indices(*ends)
    start, stop = weights[:, columns], np.stack(list(ends.values()), 1)
    best, error = weights.copy(), np.abs(lip_aperture_mm(rig, weights) - wanted_mm)
    for share in np.linspace(0.0, 1.0, 11)[1:]:
        trial = weights.copy()
        trial[:, columns] = start + share * (stop - start)
        trial_error = np.abs(lip_aperture_mm(rig, trial) - wanted_mm)
        better = trial_error < error - 0.02
        best[better], error[better] = trial[better], trial_error[better]
    return best


def head_turn(poses: np.ndarray) -> np.ndarray:
    """Head poses (T, 4, 4) -> (T, 3) float32 radians (pitch, yaw, roll) away from the mean pose."""
    rotation = poses[:, :3, :3]
    rotation = rotation / np.linalg.norm(rotation, axis=1, keepdims=True)
    left, _, right = np.linalg.svd(rotation.mean(0))
    return angles_from_matrix(rotation @ (left @ right).T).astype(np.float32)


def _filled(values: np.ndarray) -> np.ndarray:
    """Rows with NaN replaced by their nearest neighbours in time, linearly between them."""
    good = np.isfinite(values).all(axis=1)
    if good.all():
        return values
    rows = np.arange(len(values))
    columns = [np.interp(rows, rows[good], column[good]) for column in values.T]
    return np.stack(columns, axis=1).astype(values.dtype)
