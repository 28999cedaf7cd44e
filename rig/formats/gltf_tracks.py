"""Animations of a glTF file: their tracks, with values on a grid of frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rig.errors import RigError
from rig.formats.frame_rate import FrameRate
from rig.formats.glb import GltfContainer
from rig.formats.gltf_accessors import Accessors
from rig.formats.gltf_json import entries, index_of, object_at

WIDTHS = {"translation": "VEC3", "rotation": "VEC4", "scale": "VEC3", "weights": "SCALAR"}
INTERPOLATIONS = ("LINEAR", "STEP", "CUBICSPLINE")
MOST_FRAMES = 500_000
"""More than two hours at 60 frames a second; only a file that has as many keys may ask for more."""
_FPS_OF_ONE_KEY, _FPS_OF_FEW_KEYS = 30.0, 60.0
_LEAST_FPS = 10.0
_GRIDS = (24, 25, 30, 50, 60, 24000 / 1001, 30000 / 1001, 60000 / 1001)
"""Rates on which keys may lie that were set by hand, here and there."""


@dataclass(frozen=True, eq=False)
class GltfTrack:
    """What one property of one node does over time.

    path: one of WIDTHS.  times: (K,) float32 seconds, rising.  values: (K, W) float32; for CUBICSPLINE (K, 3, W): the
    tangent that leads in, the value, the tangent that leads out.
    """

    node: int
    path: str
    times: np.ndarray
    values: np.ndarray
    interpolation: str

    def at(self, times: np.ndarray) -> np.ndarray:
        """(T,) seconds -> (T, W) float32; before the first key and after the last their values are held.

        A time that is a key's own, as far as its float32 tells, gives exactly the key's value; rotations come as unit
        quaternions.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            values = self._between(np.asarray(times, dtype=np.float64))
        return _unit(values) if self.path == "rotation" else values

    def _between(self, times: np.ndarray) -> np.ndarray:
        times = np.clip(times, self.times[0], self.times[-1])
        tolerance = np.spacing(np.abs(self.times[-1])) if len(self.times) > 1 else 0
        before = np.clip(np.searchsorted(self.times, times + tolerance, side="right") - 1, 0, len(self.times) - 1)
        after = np.minimum(before + 1, len(self.times) - 1)
        span = np.maximum(self.times[after].astype(np.float64) - self.times[before], 1e-12)
        share = (times - self.times[before]) / span
        share[np.abs(times - self.times[before]) <= tolerance] = 0
        if self.interpolation == "STEP" or not share.any():
            own = len(before) == len(self.times) and bool((np.diff(before) == 1).all())
            return self._keys() if own else self._keys()[before]
        share = share.astype(np.float32)[:, None]
        if self.interpolation == "CUBICSPLINE":
            return self._spline(before, after, share, span.astype(np.float32)[:, None])
        keys = self._keys()
        if self.path == "rotation":
            return slerp(_unit(keys[before]), _unit(keys[after]), share)
        first = keys[before]
        return first + share * (keys[after] - first)  # exact between equal keys

    def _keys(self) -> np.ndarray:
        return self.values[:, 1] if self.interpolation == "CUBICSPLINE" else self.values

    def _spline(self, before: np.ndarray, after: np.ndarray, share: np.ndarray, span: np.ndarray) -> np.ndarray:
        """Cubic Hermite, as glTF defines it."""
        square, cube = share**2, share**3
        first, last = self.values[before], self.values[after]
        return (
            (2 * cube - 3 * square + 1) * first[:, 1] + (cube - 2 * square + share) * span * first[:, 2]
            + (3 * square - 2 * cube) * last[:, 1] + (cube - square) * span * last[:, 0]
        )  # fmt: skip


def _unit(quaternions: np.ndarray) -> np.ndarray:
    """Of length 1; those that have next to none become no turn."""
    length = np.linalg.norm(quaternions.astype(np.float64), axis=1, keepdims=True)  # in float32 large ones overflow
    unit = np.where(length > 1e-6, quaternions / np.maximum(length, 1e-6), [0, 0, 0, 1])
    return unit.astype(quaternions.dtype)


def slerp(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(T, 4) unit quaternions, `share` (T, 1) of the way along the shorter arc from first to last."""
    cosine = np.sum(first * last, axis=1, keepdims=True)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.sin(angle)
    near = sine < 1e-4  # then the straight way is the arc
    safe = np.where(near, 1, sine)
    start = np.where(near, 1 - share, np.sin((1 - share) * angle) / safe)
    end = np.where(near, share, np.sin(share * angle) / safe)
    return start * first + np.where(cosine < 0, -end, end) * last


def read_tracks(container: GltfContainer, accessors: Accessors, animation: int = 0) -> tuple[GltfTrack, ...]:
    """The tracks of one animation, in the file's order; () where there is no such animation.

    Raises RigError for indices out of range, times that do not rise, and outputs that do not fit their times.
    """
    document, file = container.document, container.path.name
    animations = entries(document, "animations", file)
    if animation >= len(animations):
        return ()
    node_count = len(entries(document, "nodes", file))
    samplers = entries(animations[animation], "samplers", file)
    tracks = []
    for number, channel in enumerate(entries(animations[animation], "channels", file)):
        target = object_at(channel, "target", file)
        if "node" not in target or target.get("path") not in tuple(WIDTHS):
            continue  # for an extension
        node = index_of(target["node"], node_count, f"channel {number}, node", file)
        sampler = samplers[index_of(channel.get("sampler"), len(samplers), f"channel {number}, sampler", file)]
        tracks.append(_track(node, target["path"], sampler, f"channel {number}", accessors, file))
    return tuple(tracks)


def _track(node: int, path: str, sampler: dict[str, Any], what: str, accessors: Accessors, file: str) -> GltfTrack:
    interpolation = sampler.get("interpolation", "LINEAR")
    if interpolation not in INTERPOLATIONS:
        raise RigError(f"{file} interpolates {what} in none of the ways {', '.join(INTERPOLATIONS)}; export it anew.")
    times = accessors.floats(sampler.get("input"), "SCALAR", f"{what}, input")
    values = accessors.floats(sampler.get("output"), WIDTHS[path], f"{what}, output")
    if not len(times) or (np.diff(times) <= 0).any():
        raise RigError(f"{file} has times in {what} that are missing or do not rise; export it anew as glTF 2.0.")
    rows = len(times) * (3 if interpolation == "CUBICSPLINE" else 1)
    if values.size % rows or (path != "weights" and len(values) != rows):
        raise RigError(f"{file} has {len(values)} values for {len(times)} times in {what}; export it anew as glTF 2.0.")
    shape = (len(times), 3, -1) if interpolation == "CUBICSPLINE" else (len(times), -1)
    return GltfTrack(node, path, times, values.reshape(shape), interpolation)


def frame_grid(tracks: Sequence[GltfTrack], stated_fps: Any, file: str) -> tuple[float, np.ndarray]:
    """Frames a second, and the times (T,) float64 of the frames from 0 s to the last key.

    stated_fps: what the file itself says, or None; then the rate is that of the track with the most keys. Raises
    RigError, naming the file, where that would be more than MOST_FRAMES.
    """
    times = max((track.times for track in tracks), key=len)
    fps = float(stated_fps) if _is_rate(stated_fps) else _rate_of(times)
    end = max(float(track.times[-1]) for track in tracks)
    count = round(end * fps) + 1
    if count > max(MOST_FRAMES, 2 * len(times)):
        raise RigError(f"{file} has keys up to {end:g} s at {fps:g} frames a second, too many to read; split it.")
    return fps, np.arange(max(count, 1)) / fps


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1000


def _rate_of(times: np.ndarray) -> float:
    """From key times (K,): the whole or television rate within 0.03 %, since float32 seconds are no more exact.

    Keys that are further apart than frames of a film were set by hand: the rate on which all of them lie, or else 60.
    """
    if len(times) < 2:
        return _FPS_OF_ONE_KEY
    steps = np.diff(times.astype(np.float64))
    typical = np.percentile(steps, 50, method="nearest")
    even = steps[np.abs(steps - typical) <= 0.1 * typical]
    fps = float(np.clip(1 / even.mean(), 1, 1000))
    if fps < _LEAST_FPS:
        places = [times.astype(np.float64) * grid for grid in _GRIDS]
        off = [np.abs(place - np.round(place)).max() for place in places]
        return float(next((grid for grid, most in zip(_GRIDS, off, strict=True) if most < 0.01), _FPS_OF_FEW_KEYS))
    return float(round(fps)) if abs(round(fps) - fps) <= 3e-4 * fps else FrameRate.near(fps).fps
