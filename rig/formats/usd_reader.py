"""Curves out of any USD file that holds a SkelAnimation: one layer, read without following what it refers to."""

import math
import mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.named_weights import weights_by_name
from rig.formats.shape_names import shape_of
from rig.formats.usd import import_pxr
from rig.formats.usd_crate import is_crate, sizes_fit
from rig.formats.usd_joints import head_and_eyes, on_grid, tokens_of

if TYPE_CHECKING:
    from pxr import Sdf

MOST_LED_ACROSS = 250_000
"""Frames that a few samples may span: an hour at 60 a second and some more. Beyond, there must be one in 100."""


def read_usd(path: str | Path) -> BlendshapeClip:
    """Read the first SkelAnimation with ARKit shapes, by its tokens; a frame a time code where its samples stand so.

    Head and eyes are taken from joints of those names (head, eye_left, LeftEye, eye.L), as turns from where the mesh
    was bound. Sublayers, references and payloads are not followed. Raises RigError where the file is no USD or holds
    no such animation.
    """
    import_pxr()
    from pxr import Sdf, Tf

    path = Path(path)
    if not path.is_file():
        raise RigError(f"There is no file {path}; name a USD file.")
    try:
        layer = Sdf.Layer.OpenAsAnonymous(str(path)) if _within_bounds(path) else None
        if layer is not None:
            return _clip(path, layer)
    except (Tf.ErrorException, MemoryError, UnicodeDecodeError):  # a crate's values are unpacked when asked for
        pass
    raise RigError(f"{path.name} cannot be read as USD; name a whole .usda, .usdc or .usd file.")


def _within_bounds(path: Path) -> bool:
    """False for files over which OpenUSD would sit for minutes, or take gigabytes: sizes that lie, endless brackets."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if is_crate(content):
            return sizes_fit(content)
        return not any(content.find(bracket * 32) >= 0 for bracket in (b"(", b"[", b"{"))


def _clip(path: Path, layer: "Sdf.Layer") -> BlendshapeClip:
    animation = _animation(layer)
    if animation is None:
        raise RigError(
            f"{path.name} itself holds no SkelAnimation with ARKit shapes; flatten it first if it refers to others."
        )
    names = tokens_of(layer, animation, "blendShapes")
    times, weights = _samples(path.name, layer, animation, "blendShapeWeights", (len(names),))
    if not len(times):
        raise RigError(f"{path.name} has blend shapes but no blendShapeWeights; export it with its animation.")
    fps, grid = _frames(path.name, times, layer.timeCodesPerSecond)
    joints = tokens_of(layer, animation, "joints")
    turned = _samples(path.name, layer, animation, "rotations", (len(joints), 4))
    head, eyes = head_and_eyes(layer, joints, *turned, grid)
    return BlendshapeClip(weights_by_name(path.name, names, on_grid(grid, times, weights)), head, fps, eyes)


def _animation(layer: "Sdf.Layer") -> "Sdf.Path | None":
    found: list[Sdf.Path] = []

    def visit(path: "Sdf.Path") -> None:
        prim = layer.GetPrimAtPath(path) if path.IsPrimPath() else None
        if prim is not None and prim.typeName == "SkelAnimation":
            if any(shape_of(name) for name in tokens_of(layer, path, "blendShapes")):
                found.append(path)

    layer.Traverse(layer.pseudoRoot.path, visit)
    return min(found, default=None)


def _samples(
    file_name: str, layer: "Sdf.Layer", prim: "Sdf.Path", name: str, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Time codes (N,) and values (N, *shape) float32 of an attribute; a value without time stands at 0."""
    attribute = prim.AppendProperty(name)
    times = layer.ListTimeSamplesForPath(attribute)
    values = [layer.QueryTimeSample(attribute, time) for time in times]
    spec = layer.GetAttributeAtPath(attribute)
    if not times and spec is not None and spec.default is not None:
        times, values = [0.0], [spec.default]
    found = np.empty((len(times), *shape), dtype=np.float32)
    for row, (time, value) in enumerate(zip(times, values, strict=True)):
        array = np.asarray(value) if value is not None else np.empty(0)
        if array.shape != shape or array.dtype.kind != "f":
            raise RigError(
                f"{file_name} has {name} of shape {array.shape} at time code {time:g}, where {shape} is wanted; "
                "export it again."
            )
        if not (np.isfinite(array).all() and math.isfinite(time)):
            raise RigError(f"{file_name} has {name} that are not finite at time code {time:g}; mend or drop them.")
        found[row] = array
    return np.array(times, dtype=np.float64), found


def _frames(file_name: str, times: np.ndarray, codes_per_s: float) -> tuple[float, np.ndarray]:
    """Frames a second, and the time code of each frame: every whole one, or else in the samples' usual step."""
    steps = np.diff(times)
    whole = not len(steps) or bool(np.abs(steps - np.maximum(np.round(steps), 1)).max() < 1e-6)
    step = 1.0 if whole else float(np.median(steps))
    count = (times[-1] - times[0]) / step + 1 + 1e-6
    if not 0 < codes_per_s / step < math.inf:
        raise RigError(f"{file_name} has {codes_per_s:g} time codes a second; give the layer a rate above 0.")
    if not count < max(MOST_LED_ACROSS, 100 * len(times)):
        raise RigError(f"{file_name} spans {count:.3g} frames with {len(times)} samples; cut it first.")
    grid = times[0] + np.arange(int(count)) * step
    return codes_per_s / step, times if len(grid) == len(times) and np.abs(grid - times).max() < 1e-6 else grid
