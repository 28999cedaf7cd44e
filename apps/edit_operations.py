"""What `dreamtalk edit` can do to a clip: one row an option, with how its text is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamtalk.errors import OptionError
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip
from rig.formats.frame_rate import FrameRate

Settings = Mapping[str, str]


@dataclass(frozen=True)
class Operation:
    """flag: the option.  metavar: what its text looks like, "" where it takes none.  what: one line of help.

    edit: (clip, text, settings) -> the edited clip.  takes: options that may follow and say more.
    file: the clip that the text names, for texts that name one.
    """

    flag: str
    metavar: str
    what: str
    edit: Callable[[BlendshapeClip, str, Settings], BlendshapeClip]
    takes: tuple[str, ...] = ()
    file: Callable[[str], Path] | None = None


SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("--crossfade", "SECONDS", "of the --join or --loop before it"),
    ("--during", "START:END", "of the --mix before it: only from one second to another"),
    ("--fade", "SECONDS", "of the --mix, --blend or layer before it: in and out (0.2)"),
    ("--add", "", "to the --head-of, --gaze-of, --blinks-of or --blink before it: on top of the clip's own"),
)


def number(text: str, flag: str) -> float:
    """The number in a text. Raises OptionError where there is none."""
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{flag} is given {text!r}; give a number.") from None


def seconds_from_to(text: str, flag: str) -> tuple[float | None, float | None]:
    """'1.2:3.5', '1.2:' or ':3.5' -> both seconds, None for the end left open."""
    start, colon, end = text.partition(":")
    if not colon or not (start or end):
        raise OptionError(f"{flag} is given {text!r}; give START:END in seconds, such as 1.2:3.5, 1.2: or :3.5.")
    return number(start, flag) if start else None, number(end, flag) if end else None


def _pair(text: str, flag: str, example: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise OptionError(f"{flag} is given {text!r}; give it as {example}.")
    return left, right


def _trim(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    start_s, end_s = seconds_from_to(text, "--trim")
    return clip.trimmed(start_s or 0.0, end_s)


def _join(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    return clip.joined(read_clip(text), _crossfade(settings))


def _loop(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    if text.endswith("s"):
        return clip.looped(duration_s=number(text[:-1], "--loop"), crossfade_s=_crossfade(settings))
    if not text.isdecimal():
        raise OptionError(f"--loop is given {text!r}; give a whole number of rounds, or seconds such as 12.5s.")
    return clip.looped(int(text), crossfade_s=_crossfade(settings))


def _crossfade(settings: Settings) -> float:
    return number(settings.get("--crossfade", "0"), "--crossfade")


def _stretch(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    if text.endswith("s"):
        return clip.stretched(duration_s=number(text[:-1], "--stretch"))
    return clip.stretched(number(text, "--stretch"))


def _mix(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    regions, file = _pair(text, "--mix", "REGIONS=FILE, such as brows,cheeks=other.csv")
    during = settings.get("--during")
    start_s, end_s = (None, None) if during is None else seconds_from_to(during, "--during")
    return clip.mixed(read_clip(file), regions.split(","), start_s=start_s, end_s=end_s, **_fade(settings))


def _blend(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    share, file = _pair(text, "--blend", "SHARE=FILE, such as 0.5=other.csv")
    return clip.blended(read_clip(file), number(share, "--blend"), **_fade(settings))


def _head_of(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    return clip.with_head(read_clip(text), add="--add" in settings, **_fade(settings))


def _gaze_of(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    return clip.with_gaze(read_clip(text), add="--add" in settings, **_fade(settings))


def _blinks_of(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    return clip.with_blinks(read_clip(text), add="--add" in settings, **_fade(settings))


def _blink(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    starts_s = [number(part, "--blink") for part in text.split(",")]
    return clip.with_blinks(starts_s, add="--add" in settings)


def _fade(settings: Settings) -> dict[str, float]:
    return {"fade_s": number(settings["--fade"], "--fade")} if "--fade" in settings else {}


def _smooth(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    if "=" not in text:
        return clip.smoothed(number(text, "--smooth"))
    regions, cutoff_hz = _pair(text, "--smooth", "HZ or REGIONS=HZ, such as brows,head=4")
    return clip.smoothed(number(cutoff_hz, "--smooth"), regions.split(","))


def _scale(clip: BlendshapeClip, text: str, settings: Settings) -> BlendshapeClip:
    regions, gain = _pair(text, "--scale", "REGIONS=GAIN, such as mouth=1.2")
    return clip.scaled(dict.fromkeys(regions.split(","), number(gain, "--scale")))


def _file_behind_equals(text: str) -> Path:
    return Path(text.partition("=")[2])


OPERATIONS: tuple[Operation, ...] = (
    Operation("--trim", "START:END", "keep these seconds; either may be left out", _trim),
    Operation("--join", "FILE", "put another clip behind", _join, ("--crossfade",), Path),
    Operation("--loop", "N|12.5s", "so many rounds, or so many seconds", _loop, ("--crossfade",)),
    Operation("--stretch", "FACTOR|4s", "so many times as long, or to a length", _stretch),
    Operation("--reverse", "", "from the end to the start", lambda clip, text, settings: clip.reversed()),
    Operation(
        "--shift", "SECONDS", "later, the first frame held; earlier below 0",
        lambda clip, text, settings: clip.shifted(number(text, "--shift")),
    ),
    Operation("--mirror", "", "exchange left and right", lambda clip, text, settings: clip.mirrored()),
    Operation(
        "--mix", "REGIONS=FILE", "take regions or shapes of another clip: brows,cheeks=other.csv", _mix,
        ("--during", "--fade"), _file_behind_equals,
    ),
    Operation(
        "--blend", "SHARE=FILE", "so much of the way to another clip in everything: 0.5=other.csv", _blend,
        ("--fade",), _file_behind_equals,
    ),
    Operation("--head-of", "FILE", "take the head's turns of another clip", _head_of, ("--add", "--fade"), Path),
    Operation("--gaze-of", "FILE", "take the gaze of another clip", _gaze_of, ("--add", "--fade"), Path),
    Operation("--blinks-of", "FILE", "take the blinks of another clip", _blinks_of, ("--add", "--fade"), Path),
    Operation("--blink", "SECONDS", "blink at these seconds instead: 0.5,2.1", _blink, ("--add",)),
    Operation("--smooth", "HZ", "take out what is faster, or REGIONS=HZ; blinks and closures stay", _smooth),
    Operation("--scale", "REGIONS=GAIN", "more or less of regions or shapes: mouth=1.2", _scale),
    Operation(
        "--fps", "RATE", "another frame rate; blinks and closures stay",
        lambda clip, text, settings: clip.resampled(FrameRate.parse(text).fps),
    ),
)  # fmt: skip
