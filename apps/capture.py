"""dreamtalk capture: the curves of a face in a video, or before the camera."""

import argparse
from pathlib import Path
from typing import Any

from apps.curve_options import add_curve_arguments, check_room, requested_curve_options
from apps.outputs import check_outputs
from apps.progress import progress_bar
from dreamtalk.errors import OptionError
from dreamtalk.face.face_capture import FaceCapture, capture_face
from dreamtalk.performance import Performance
from dreamtalk.shape_file import read_shapes
from dreamtalk.speech.audio import Waveform, load_audio
from rig.clip_file import WRITABLE
from rig.formats.frame_rate import FrameRate

WEBCAM = "webcam"
MOST_FPS = 60.0


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "capture",
        help="a video of a face, or the camera, to curves",
        description="Track a face: 52 calibrated ARKit curves, head and eyes, at the video's own time. What it writes "
        "is a style clip for `animate --style`, an export, or training data.",
        allow_abbrev=False,
    )
    parser.add_argument("source", metavar="VIDEO", help="mp4, mov, mkv, webm or avi; or the word webcam")
    parser.add_argument("--face", type=int, metavar="N", help="which of several, from left to right; else the main")
    parser.add_argument(
        "--neutral", metavar="S[:S]", help="a second, or a stretch of them, at which the face is at rest; else guessed"
    )
    parser.add_argument("--fps", metavar="RATE", help="of the curves (default the video's own, up to 60)")
    parser.add_argument("--shapes", type=Path, metavar="FILE", help="gain, offset and limits of single shapes")
    parser.add_argument("--preview", type=Path, metavar="OUT.mp4", help="the video beside the avatar as it follows")
    parser.add_argument("--camera", type=int, metavar="N", help="webcam: which camera, from 0 (the default)")
    parser.add_argument("--seconds", type=float, metavar="S", help="webcam: when to stop (default at Ctrl-C)")
    add_curve_arguments(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bars and no list of what was written")
    parser.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="OUT", help="curves; may be given again"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    rate = None if arguments.fps is None else FrameRate.parse(arguments.fps)
    options, neutral_s = requested_curve_options(arguments, rate), requested_neutral(arguments.neutral)
    check_request(arguments)
    capture = captured(arguments, neutral_s)
    clip = capture.clip()
    if arguments.shapes is not None:
        clip = clip.replaced(weights=read_shapes(arguments.shapes).applied(clip.weights))
    performance = Performance(clip, None, Path(arguments.source).name)
    written = [file for output in arguments.output for file in performance.save_curves(output, options)]
    if arguments.preview is not None:
        from dreamtalk.face.capture_preview import write_capture_preview

        with progress_bar("preview", arguments.quiet) as progress:
            sound = sound_of(Path(arguments.source))
            write_capture_preview(arguments.preview, arguments.source, clip, sound, MOST_FPS, progress)
        written.append(arguments.preview)
    if not arguments.quiet:
        print(summary(capture))
        for path in written:
            print(f"wrote {path}")
    return 0


def captured(arguments: argparse.Namespace, neutral_s: tuple[float, float] | None) -> FaceCapture:
    """The curves of the video or of the camera."""
    with progress_bar("capture", arguments.quiet) as progress:
        if arguments.source == WEBCAM:
            from dreamtalk.face.webcam import Webcam

            source: Any = Webcam(arguments.camera or 0, arguments.seconds)
        else:
            from dreamtalk.video_frames import VideoFrames

            source = VideoFrames(arguments.source, MOST_FPS)
        return capture_face(source, progress, face=arguments.face, neutral_s=neutral_s)


def check_request(arguments: argparse.Namespace) -> None:
    """Everything that can be refused before the video is read. Raises OptionError."""
    live = arguments.source == WEBCAM
    inputs = (None if live else Path(arguments.source), arguments.shapes, arguments.names)
    check_outputs(arguments.output, WRITABLE, inputs)
    check_room(arguments, arguments.output)
    if arguments.preview is not None:
        check_outputs([arguments.preview], (".mp4",), [*inputs, *arguments.output])
        if live:
            raise OptionError("--preview shows a video again, and the camera's pictures are not kept; leave it out.")
    if not live and arguments.seconds is not None:
        raise OptionError("--seconds is for the webcam; cut curves by `dreamtalk edit --trim`.")
    if not live and arguments.camera is not None:
        raise OptionError("--camera is for the webcam; leave it out.")
    if arguments.seconds is not None and not 0 < arguments.seconds <= 86400:
        raise OptionError(f"--seconds is {arguments.seconds:g}; give a number above 0, at most a day.")
    if arguments.face is not None and arguments.face < 1:
        raise OptionError(f"--face is {arguments.face}; faces are numbered from 1, from left to right.")


def requested_neutral(text: str | None) -> tuple[float, float] | None:
    """'2' -> (1.8, 2.2), '1:2.5' -> (1, 2.5). Raises OptionError for what is no such stretch."""
    if text is None:
        return None
    try:
        ends = [float(part) for part in text.split(":")]
        start, end = (ends[0] - 0.2, ends[0] + 0.2) if len(ends) == 1 else ends
    except ValueError:
        raise OptionError(f"--neutral is {text!r}; give a second, or two with a colon between them, 1:2.5.") from None
    if not start <= end < float("inf"):
        raise OptionError(f"--neutral is {text!r}; give seconds from first to last.")
    return start, end


def sound_of(video: Path) -> Waveform | None:
    """The sound of a video, where it has one."""
    from dreamtalk.errors import AudioError

    try:
        return load_audio(video)
    except AudioError:
        return None


def summary(capture: FaceCapture) -> str:
    """What was captured, in a line: length, and how much of it shows the face."""
    lost = 1 - capture.valid.mean()
    shots = f", {len(capture.cuts) + 1} shots" if capture.cuts else ""
    missing = f", face lost for {lost * len(capture) / capture.fps:.1f} s" if lost else ""
    return f"captured {len(capture) / capture.fps:.1f} s at {capture.fps:g} frames a second{shots}{missing}"
