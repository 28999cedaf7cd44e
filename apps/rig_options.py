"""The arguments that name a rig: its file, a map of names, its profile."""

import argparse
from pathlib import Path

from dreamtalk.errors import OptionError
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig
from rig.foreign.foreign_rig import ForeignRig
from rig.foreign.rig_file import RIG_KINDS, read_rig
from rig.foreign.rig_profile import read_rig_profile
from rig.formats.naming import read_name_map
from rig.person import Person
from rig.retarget import Retarget


def add_rig_arguments(parser: argparse.ArgumentParser) -> None:
    """--rig and what belongs to it."""
    group = parser.add_argument_group("another head than the avatar's")
    group.add_argument("--rig", type=Path, metavar="RIG", help=f"the head to show: {RIG_KINDS}")
    add_rig_details(group)
    group.add_argument("--retarget", action="store_true", help="solve for the lips and lids that the avatar would show")
    group.add_argument("--person", metavar="WHO", help="the avatar as somebody else: `dreamtalk people` lists them")


def add_rig_details(group: argparse._ActionsContainer) -> None:
    """How a rig is read."""
    group.add_argument(
        "--names", type=Path, metavar="FILE", help="its names, where aliases fail: lines jawOpen,Mouth_Open, or .json"
    )
    group.add_argument("--profile", type=Path, metavar="TOML", help="gain, offset, limits and correctives of the rig")


def requested_head(arguments: argparse.Namespace) -> FaceRig | ForeignRig | None:
    """The rig, or the avatar as the person asked for; None where it is the avatar as it is."""
    if arguments.retarget and arguments.rig is None:
        raise OptionError("--retarget is given without --rig; the curves fit the avatar as they are.")
    if arguments.person is None:
        return requested_rig(arguments)
    if arguments.rig is not None:
        raise OptionError("--rig and --person are both given; a person is made of the avatar's own head.")
    return FaceRig.load().as_person(Person.parse(arguments.person))


def retargeted(clip: BlendshapeClip, rig: ForeignRig) -> BlendshapeClip:
    """The clip with weights that give the rig the lips and lids that the avatar would show."""
    return Retarget.between(FaceRig.load(), rig, rig.file).applied(clip)


def rig_inputs(arguments: argparse.Namespace) -> tuple[Path | None, ...]:
    """The files that must stay as they are."""
    return (arguments.rig, arguments.names, arguments.profile)


def requested_rig(arguments: argparse.Namespace) -> ForeignRig | None:
    """The rig, read and fitted; None where the avatar's own is shown."""
    if arguments.rig is None:
        for given, flag in ((arguments.names, "--names"), (arguments.profile, "--profile")):
            if given is not None:
                raise OptionError(f"{flag} is given without --rig; give a rig as well.")
        return None
    names = None if arguments.names is None else read_name_map(arguments.names)
    profile = None if arguments.profile is None else read_rig_profile(arguments.profile)
    rig = read_rig(arguments.rig, names)
    return rig if profile is None else rig.with_profile(profile)
