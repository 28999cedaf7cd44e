"""Scripts that key a head in the user's own Blender or Maya; the curves are inside them."""

import base64
import zlib
from importlib.resources import files
from pathlib import Path

import numpy as np

from rig.clip import BlendshapeClip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.frame_rate import FrameRate
from rig.rotation import quaternions_from_angles
from rig.safe_file import written_beside

_SHARED = "# isort: split\nfrom keying_common import TAKE, columns, log, part_of, shapes_among\n"
"""Where a script takes in keying_common.py: in the user's program it stands alone."""

PARTS = ("head", "eye_left", "eye_right")


def write_blender_script(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a Python script for Blender 4.2 to 5.0: shape keys, head and eye bones, rate, range, sound; saves FBX.

    Values are exact, float32. naming.mesh_path names the mesh by its last part; else the selected one is keyed.
    """
    _write("keying_blender.py", clip, Path(path), options)


def write_maya_script(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write a Python script for Maya 2022 and later that keys the targets of a blendShape node, joints, rate, sound.

    Values are exact, float32.
    """
    _write("keying_maya.py", clip, Path(path), options)


def _write(template: str, clip: BlendshapeClip, path: Path, options: ExportOptions) -> None:
    script, common = (
        files("rig").joinpath("data", name).read_text(encoding="utf-8") for name in (template, "keying_common.py")
    )
    script = script.replace(_SHARED, common.partition('"""\n\n')[2].rstrip() + "\n\n", 1)
    script = script.replace("TAKE: dict = {}\n", f"TAKE = {_take(clip, path, options)}\n", 1)
    script = script.replace('CURVES = ""\n', f'CURVES = """\n{_packed(clip, options)}"""\n', 1)
    with written_beside(path) as beside:
        beside.write_text(script, encoding="utf-8", newline="\n")


def _columns(options: ExportOptions) -> list[str]:
    return [*options.naming.shapes, *(f"{part}.{letter}" for part in PARTS for letter in "wxyz")]


def _take(clip: BlendshapeClip, path: Path, options: ExportOptions) -> str:
    """All but the curves, as a Python literal with a line for each entry."""
    naming, rate = options.naming, FrameRate.near(clip.fps)
    nominal = max(rate.nominal, 1)
    take = {
        "subject": options.subject, "frames": len(clip), "fps": (nominal, float(nominal / rate.exact)),
        "start": options.start, "mesh": naming.mesh_path.rpartition("/")[2],
        "sound": options.sound_from(path),
        "shapes": dict(zip(naming.shapes, naming.written(), strict=True)), "columns": _columns(options),
    }  # fmt: skip
    return "{\n" + "".join(f"    {key!r}: {value!r},\n" for key, value in take.items()) + "}"


def _packed(clip: BlendshapeClip, options: ExportOptions) -> str:
    """base64 of zlib of little-endian float32, one column after the other, in lines."""
    angles = np.concatenate([clip.head_rotation[:, None], clip.eyes()], axis=1)
    turns = quaternions_from_angles(angles)[..., [3, 0, 1, 2]].reshape(len(clip), -1)
    columns = np.concatenate([clip.weights[:, options.naming.columns()], turns], axis=1).T
    return base64.encodebytes(zlib.compress(np.ascontiguousarray(columns, dtype="<f4").tobytes(), 6)).decode("ascii")
