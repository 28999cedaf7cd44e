"""The arguments that say how curve files are written: names, subset, frame rate, timecode, sound."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from dreamtalk.errors import OptionError
from rig.arkit import NAMES
from rig.clip_file import WRITABLE, format_of
from rig.editing.regions import REGIONS, region_of
from rig.face_rig import FaceRig
from rig.formats.export_options import ExportOptions
from rig.formats.frame_rate import FrameRate
from rig.formats.naming import STYLES, Naming, read_name_map
from rig.person import Person

_TAKES, _HEADS = ("live-link",), ("glb", "gltf", "usd")
_MESHES = (*_HEADS, "unity", "blender", "maya")
"""Formats, by name, that have a take file, carry a head, or name a mesh."""


def add_curve_arguments(parser: argparse.ArgumentParser) -> None:
    """What ExportOptions holds, but for the frame rate, which some commands have already."""
    group = parser.add_argument_group("curve files")
    group.add_argument("--start", metavar="TIMECODE", help="timecode of the first frame, hh:mm:ss:ff (00:00:00:00)")
    group.add_argument("--subject", metavar="NAME", help="what files call the character, slate or animation")
    group.add_argument("--take", action="store_true", help="write the app's take .json beside a Live Link .csv")
    group.add_argument("--style-of-names", choices=STYLES, help="eyeBlinkLeft, EyeBlinkLeft or eyeBlink_L")
    group.add_argument("--prefix", metavar="TEXT", help="put before each name: blendShape1.")
    group.add_argument("--mesh-path", metavar="PATH", help="where the mesh stands in the scene: Body/Head")
    regions = ", ".join(name for name in REGIONS if name != "head")
    group.add_argument("--only", metavar="NAMES", help=f"write these shapes or regions alone ({regions})")
    group.add_argument("--person", metavar="WHO", help="whose head .glb and .usd carry: `dreamtalk people` lists them")
    group.add_argument("--names", type=Path, metavar="FILE", help="a map of names: lines jawOpen,Jaw_Open, or .json")


def requested_curve_options(arguments: argparse.Namespace, rate: FrameRate | None = None) -> ExportOptions:
    """What was asked for. Raises OptionError or RigError for names, shapes and files that are none."""
    naming = Naming(
        style=arguments.style_of_names,
        prefix=arguments.prefix or "",
        mesh_path=arguments.mesh_path or "",
        shapes=NAMES if arguments.only is None else chosen_shapes(arguments.only, "--only"),
        names={} if arguments.names is None else read_name_map(arguments.names),
    )
    rig = None if arguments.person is None else FaceRig.load().as_person(Person.parse(arguments.person))
    given = {key: value for key in ("start", "subject") if (value := getattr(arguments, key)) is not None}
    return ExportOptions(naming=naming, rate=rate, take_file=arguments.take, rig=rig, **given)


def check_room(arguments: argparse.Namespace, outputs: Iterable[Path], format: str | None = None) -> None:
    """Refuse options that none of the outputs has room for. format: of all outputs, None = by their names.

    Raises OptionError.
    """
    endings = tuple(WRITABLE)
    names = {format_of(path, format).name for path in outputs if format or path.name.lower().endswith(endings)}
    for given, flag, room in (
        (arguments.take, "--take", _TAKES),
        (arguments.person, "--person", _HEADS),
        (arguments.mesh_path, "--mesh-path", _MESHES),
    ):
        if given and not names & set(room):
            raise OptionError(f"{flag} is given, and no output has room for it; it goes into {', '.join(room)}.")


def chosen_shapes(text: str, flag: str) -> tuple[str, ...]:
    """Shapes and regions (rig.editing.regions) with commas between -> shapes in the order of NAMES.

    Raises RigError for an unknown one, and OptionError, naming the flag, where there is none.
    """
    words = [word for word in text.split(",") if word.strip()]
    columns = region_of(words).columns if words else frozenset()
    if not columns:
        raise OptionError(f"{flag} {text!r} names no shape; give shapes or regions such as jawOpen,brows.")
    return tuple(NAMES[column] for column in sorted(columns))
