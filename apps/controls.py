"""The arguments that say how a face performs: emotion over time, transcript, dials, single shapes, sampling."""

import argparse
from dataclasses import fields
from pathlib import Path

from dreamtalk.errors import OptionError
from dreamtalk.expression.dials import MOST, Dials
from dreamtalk.expression.emotion_track import TRANSITION_S, EmotionTrack
from dreamtalk.expression.emotion_track_file import is_track_file, read_emotion_track
from dreamtalk.options import AnimationOptions
from dreamtalk.shape_file import read_shapes
from rig.shape_adjustments import ShapeAdjustments

MOST_VARIATIONS = 100
SAMPLING = ("seed", "steps", "audio_guidance", "style_guidance", "fps")
DIALS = {
    "head": "how far the head moves; 0 holds it still",
    "blink": "how often it blinks; 0 is never",
    "gaze": "how far the eyes wander; 0 keeps them on the viewer",
    "mouth": "how far the mouth opens; closed lips stay closed",
    "brows": "how far the brows move",
    "strength": "expression, mouth and head together",
}


def add_emotion_arguments(parser: argparse.ArgumentParser) -> None:
    """What is felt and what is said."""
    parser.add_argument(
        "--emotion",
        metavar="EMOTION",
        help="happy, happy:0.6 (0 to 1), happy:0.5+surprised:0.5, over time as '0:neutral, 3.2:happy:0.8', "
        "or a .csv or .json of such keys; `dreamtalk emotions` lists the names",
    )
    parser.add_argument(
        "--transition", type=float, metavar="S", help=f"seconds a change of emotion takes (default {TRANSITION_S:g})"
    )
    parser.add_argument(
        "--style", type=Path, metavar="CLIP", help="curves or a video, whose manner the face takes on"
    )
    parser.add_argument(
        "--text", metavar="TEXT", help="what is said, in English, or a file of it: every p, b and m shuts the lips"
    )


def add_sampling_arguments(parser: argparse.ArgumentParser) -> None:
    """The numbers of AnimationOptions."""
    plain = AnimationOptions()
    for flag, kind, metavar, field, meaning in (
        ("--seed", int, "N", "seed", "same seed, same bytes"),
        ("--steps", int, "N", "steps", "denoising steps: more is slower and a little finer"),
        ("--guidance", float, "X", "style_guidance", "how strongly the emotion or style is followed"),
        ("--audio-guidance", float, "X", "audio_guidance", "how strongly the speech is followed"),
        ("--fps", float, "N", "fps", "frames a second of curves and video"),
    ):
        meaning = f"{meaning} (default {getattr(plain, field):g})"
        parser.add_argument(flag, type=kind, dest=field, metavar=metavar, help=meaning)
    parser.add_argument(
        "--variations", type=int, default=1, metavar="N", help="N takes, name_1 to name_N, of N seeds from --seed on"
    )


def add_dial_arguments(parser: argparse.ArgumentParser) -> None:
    """Dials, single shapes and which part of the face."""
    group = parser.add_argument_group(f"dials, each 0 to {MOST:g}; 1 is as it is")
    for name, meaning in DIALS.items():
        group.add_argument(f"--{name}", type=float, metavar="X", help=meaning)
    group.add_argument(
        "--shapes",
        type=Path,
        metavar="FILE",
        help="gain, offset, low and high of single shapes, .csv or .json; `dreamtalk shapes` writes a template",
    )
    group.add_argument("--mouth-only", action="store_true", help="leave everything but jaw and mouth at rest")


def requested_emotion(arguments: argparse.Namespace) -> EmotionTrack | None:
    """The emotion that was asked for, or None. Raises OptionError for a track or file that is none."""
    given, transition_s = arguments.emotion, arguments.transition
    if given is None:
        if transition_s is not None:
            raise OptionError("--transition is given without --emotion; give an emotion over time as well.")
        return None
    if is_track_file(given):
        return read_emotion_track(given.strip(), transition_s)
    return EmotionTrack.parse(given, TRANSITION_S if transition_s is None else transition_s)


def requested_options(arguments: argparse.Namespace) -> tuple[AnimationOptions, ...]:
    """Options of every variation: what was given, and the defaults of the rest."""
    count = arguments.variations
    if not 1 <= count <= MOST_VARIATIONS:
        raise OptionError(f"--variations is {count}; give 1 to {MOST_VARIATIONS}.")
    given = _given(arguments, SAMPLING)
    dials = Dials(**_given(arguments, tuple(field.name for field in fields(Dials))))
    shapes = ShapeAdjustments() if arguments.shapes is None else read_shapes(arguments.shapes)
    first = AnimationOptions(**given, dials=dials, shapes=shapes, mouth_only=arguments.mouth_only)
    seeds = range(first.seed, first.seed + count)
    return tuple(AnimationOptions(**{**vars(first), "seed": seed}) for seed in seeds)


def _given(arguments: argparse.Namespace, names: tuple[str, ...]) -> dict[str, float]:
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
