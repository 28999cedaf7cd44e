"""Blend shape curves, and turns of head and eyes, out of Unity's text animation clips."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.joint_names import part_of
from rig.formats.named_weights import weights_by_name
from rig.formats.shape_names import shape_of
from rig.formats.unity_anim import TO_UNITY_DEG

MOST_LED_ACROSS = 250_000
"""Frames that a few keys may span: an hour at 60 a second and some more. Beyond, there must be one in 100."""
LARGEST_BYTES = 3 << 29
"""1.6 GB: more than an hour of a noisy capture. Twice that is needed to read it."""
_NUMBER = r"([^\s,}]+)"
_XYZ = rf"\{{x: {_NUMBER}, y: {_NUMBER}, z: {_NUMBER}\}}"
_FLOAT_KEY, _TURN_KEY = (
    re.compile(rf"\stime: {_NUMBER}\s+value: {value}\s+inSlope: {value}\s+outSlope: {value}\s")
    for value in (_NUMBER, _XYZ)
)
_ITEM_END = re.compile(r"\n  ([^\s])")


def read_unity_anim(path: str | Path) -> BlendshapeClip:
    """Read the blendShape curves of the mesh with the most ARKit shapes, and Euler curves of joints called head or eye.

    Curves are followed with their tangents as Unity does (weighted ones as if they were not), sampled at the clip's
    rate from its first key on. Raises RigError where the file is no text AnimationClip or holds no such curves.
    """
    path = Path(path)
    text = _text(path)
    curves = _mesh_curves(path.name, text)
    fps = _sample_rate(path.name, text)
    start, end = min(keys[0, 0] for keys in curves.values()), max(keys[-1, 0] for keys in curves.values())
    most = max(len(keys) for keys in curves.values())
    if not (end - start) * fps < max(MOST_LED_ACROSS, 100 * most):
        raise RigError(f"{path.name} spans {(end - start) * fps:.3g} frames with {most} keys; cut it first.")
    times = start + np.arange(int((end - start) * fps + 0.5) + 1) / fps
    values = np.stack([followed(keys, times)[:, 0] for keys in curves.values()], axis=1) / 100
    head, eyes = _turns(path.name, text, times)
    return BlendshapeClip(weights_by_name(path.name, list(curves), values.astype(np.float32)), head, fps, eyes)


def followed(keys: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(K, 1 + 3 D) keys (time, values, in slopes, out slopes), by rising time -> (T, D) values, held outside the keys.

    Cubic Hermite pieces; an infinite slope is a step.
    """
    at, values, slope_in, slope_out = keys[:, 0], *np.split(keys[:, 1:], 3, axis=1)
    if len(keys) == 1:
        return np.repeat(values, len(times), axis=0)
    left = np.clip(np.searchsorted(at, times, side="right") - 1, 0, len(at) - 2)
    length = (at[left + 1] - at[left])[:, None]
    share = np.clip((times - at[left])[:, None] / length, 0, 1)
    first, last = values[left], values[left + 1]
    step = ~(np.isfinite(slope_out[left]) & np.isfinite(slope_in[left + 1]))
    leave, arrive = (np.where(step, 0, slope) * length for slope in (slope_out[left], slope_in[left + 1]))
    bend = leave - (last - first), (last - first) - arrive
    smooth = first + share * (last - first) + share * (1 - share) * ((1 - share) * bend[0] + share * bend[1])
    return np.where(step, np.where(share < 1, first, last), smooth)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise RigError(f"{path.name} is larger than {LARGEST_BYTES / 1e9:.1f} GB; cut it into takes, or use .glb.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RigError(f"There is no file {path}; name a Unity .anim file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RigError(f"{path.name} cannot be read as text ({error}); let Unity serialise assets as text.") from None
    if "\nAnimationClip:" not in text:
        raise RigError(f"{path.name} is no AnimationClip in Unity's text form; let Unity serialise assets as text.")
    return text.replace("\r\n", "\n")


def _sample_rate(file_name: str, text: str) -> float:
    found = _field(text, "m_SampleRate", 2)
    try:
        fps = float(found)
        if not 0 < fps <= 1000:
            raise ValueError
    except ValueError:
        raise RigError(f"{file_name} has the m_SampleRate {found[:20]!r}; frames a second are wanted.") from None
    return fps


def _mesh_curves(file_name: str, text: str) -> dict[str, np.ndarray]:
    """Name without blendShape. -> keys, for one path."""
    meshes: dict[str, dict[str, np.ndarray]] = {}
    for item in _items(text, "m_FloatCurves"):
        attribute = _field(item, "attribute", 4)
        if attribute.startswith("blendShape."):
            name = attribute.removeprefix("blendShape.")
            keys = _keys(file_name, name, item, _FLOAT_KEY)
            if len(keys):
                meshes.setdefault(_field(item, "path", 4), {})[name] = keys
    known = {path: sum(shape_of(name) is not None for name in curves) for path, curves in meshes.items()}
    best = max(known, key=lambda path: known[path], default=None)
    if best is None or known[best] == 0:
        raise RigError(f"{file_name} has no blendShape curve with an ARKit name; its names should be like jawOpen.")
    return meshes[best]


def _turns(file_name: str, text: str, times: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    found: dict[str, np.ndarray] = {}
    for item in _items(text, "m_EulerCurves"):
        part = part_of(_field(item, "path", 4))
        keys = _keys(file_name, "an Euler curve", item, _TURN_KEY) if part and part not in found else ()
        if len(keys):
            found[part] = followed(keys, times) / TO_UNITY_DEG
    head = found.get("head", np.zeros((len(times), 3)))
    both = "eye_left" in found and "eye_right" in found
    return head, np.stack([found["eye_left"], found["eye_right"]], axis=1) if both else None


def _items(text: str, section: str) -> Iterator[str]:
    """The entries of a list in the clip, one at a time: a long clip's text is large."""
    found = text.find(f"\n  {section}:\n  - ")
    start = found + len(section) + 8
    while found >= 0:
        end = _ITEM_END.search(text, start)
        yield text[start : end.start() if end else len(text)]
        if end is None or end[1] != "-":
            return
        start = end.end()


def _field(text: str, name: str, indent: int) -> str:
    found = re.search(rf"^ {{{indent}}}{name}: *(.*)$", text, re.MULTILINE)
    value = found[1].strip() if found else ""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return _unquoted(value)
    return value


def _unquoted(value: str) -> str:
    if value[0] == "'":
        return value[1:-1].replace("''", "'")
    return re.sub(r"\\u([0-9A-Fa-f]{4})|\\(.)", lambda part: chr(int(part[1], 16)) if part[1] else part[2], value[1:-1])


def _keys(file_name: str, name: str, item: str, pattern: re.Pattern[str]) -> np.ndarray:
    """(K, 1 + 3 D) float64, rising in time."""
    try:
        keys = np.array(pattern.findall(item), dtype=np.float64)
    except ValueError:
        raise RigError(f"{file_name} has a key of {name[:60]} that is no number; mend or drop it.") from None
    placed = keys[:, : 1 + (keys.shape[1] - 1) // 3] if len(keys) else keys
    if len(keys) and not (np.isfinite(placed).all() and (np.diff(placed[:, 0]) > 0).all()):
        raise RigError(f"{file_name} has keys of {name[:60]} that are not finite or do not rise; mend or drop them.")
    return keys
