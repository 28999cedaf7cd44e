"""dreamtalk doctor: what works on this machine, and how to mend what does not."""

import argparse
import importlib
import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One line of the report. detail: what was found; mend: how to mend it, empty where all is well."""

    name: str
    detail: str
    mend: str = ""
    essential: bool = True


def add_command(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="say what works on this machine and how to mend the rest")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    broken = 0
    for name, essential, check in CHECKS:
        finding = examine(name, essential, check)
        broken += bool(finding.mend and finding.essential)
        print(line(finding), flush=True)
    if broken:
        print(f"{broken} essential part(s) do not work; mend them first.")
        return 1
    print("dreamtalk works on this machine.")
    return 0


def line(finding: Finding) -> str:
    state = "ok" if not finding.mend else "problem" if finding.essential else "absent"
    mend = f" -> {finding.mend}" if finding.mend else ""
    return f"{state:8}{finding.name}: {finding.detail}{mend}"


def examine(name: str, essential: bool, check: Callable[[], tuple[str, str]]) -> Finding:
    """Run one check; whatever it raises is its finding, since a doctor must not fall ill himself."""
    try:
        detail, mend = check()
    except Exception as error:  # a broken library may raise anything at all
        detail = " ".join(str(error).split()) or type(error).__name__
        mend = "see the reason before the arrow" if isinstance(error, ValueError) else "reinstall dreamtalk"
    return Finding(name, detail, mend, essential)


def check_python() -> tuple[str, str]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return found, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"  # noqa: UP036 - `pip` may be forced


def check_torch() -> tuple[str, str]:
    import torch

    return f"{torch.__version__}, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}", ""


def check_weights() -> tuple[str, str]:
    from dreamtalk.weights import read_manifest, resolve, shipped_folder

    names = [resolve(name).name for name in sorted(read_manifest(shipped_folder()))]
    if not names:
        return "none are shipped", "install dreamtalk again"
    return f"{', '.join(names)} complete and unaltered", ""


def check_speech_encoder() -> tuple[str, str]:
    from dreamtalk.speech.speech_encoder import SpeechEncoder

    SpeechEncoder.load()
    return "Whisper-base loads", ""


def check_face_landmarker() -> tuple[str, str]:
    import numpy as np

    from dreamtalk.face.face_landmarks import detect_faces

    detect_faces(np.zeros((64, 64, 3), np.uint8))
    return "MediaPipe and face_landmarker.task run", ""


def check_gl() -> tuple[str, str]:
    from rig.clip import BlendshapeClip
    from rig.face_rig import FaceRig
    from rig.render import render_frames

    frame = next(iter(render_frames(FaceRig.load(), BlendshapeClip.rest(1, 25), size=64)))
    if frame.max() == frame.min():
        return "the avatar's picture is empty", "update the graphics driver or Mesa"
    return "the avatar draws", ""


def check_curve_files() -> tuple[str, str]:
    from pathlib import Path

    from rig.clip import BlendshapeClip
    from rig.clip_file import FORMATS, read_clip, write_clip

    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".csv", ".glb", ".parquet"):
            write_clip(BlendshapeClip.rest(2, 25), Path(folder) / f"face{suffix}")
            read_clip(Path(folder) / f"face{suffix}")
    return f"{len({format.suffix for format in FORMATS})} kinds of curve files", ""


def check_microphone() -> tuple[str, str]:
    try:
        import sounddevice
    except OSError:  # the package is there, the library it wraps is not
        return "PortAudio is not installed (live mic, --sound)", "on Debian: apt-get install -y libportaudio2"
    inputs = [device for device in sounddevice.query_devices() if device["max_input_channels"]]
    if not inputs:
        return "none is connected (live mic)", "connect one"
    return f"{len(inputs)} found (live mic)", ""


def check_encoders() -> tuple[str, str]:
    import av

    missing = [name for name in ("libx264", "aac", "libx264rgb", "alac") if name not in av.codecs_available]
    if missing:
        return f"PyAV lacks {', '.join(missing)}", "pip install --force-reinstall av"
    return f"H.264 and AAC by PyAV {av.__version__}", ""


def check_folder() -> tuple[str, str]:
    with tempfile.TemporaryFile(dir="."):
        return "this folder can be written", ""


def optional(package: str, purpose: str, mend: str) -> Callable[[], tuple[str, str]]:
    def check() -> tuple[str, str]:
        try:
            return f"{importlib.metadata.version(package)} ({purpose})", ""
        except importlib.metadata.PackageNotFoundError:
            return f"not installed ({purpose})", mend

    return check


CHECKS: tuple[tuple[str, bool, Callable[[], tuple[str, str]]], ...] = (
    ("Python", True, check_python),
    ("PyTorch", True, check_torch),
    ("weights", True, check_weights),
    ("speech encoder", True, check_speech_encoder),
    ("face landmarker", True, check_face_landmarker),
    ("drawing (GL)", True, check_gl),
    ("video encoders", True, check_encoders),
    ("curve files", True, check_curve_files),
    ("write access", True, check_folder),
    ("gradio", False, optional("gradio", "the web page", "pip install 'dreamtalk[demo]'")),
    ("pocketsphinx", False, optional("pocketsphinx", "transcripts (--text)", "pip install 'dreamtalk[align]'")),
    ("usd-core", False, optional("usd-core", ".usda and .usdc files", "pip install 'dreamtalk[usd]'")),
    ("python-osc", False, optional("python-osc", "live to VMC", "pip install 'dreamtalk[live]'")),
    ("microphone", False, check_microphone),
    ("c2pa-python", False, optional("c2pa-python", "signed films (--sign)", "pip install 'dreamtalk[c2pa]'")),
    ("pyrender", False, optional("pyrender", "a second rig renderer", "pip install 'dreamtalk[pyrender]'")),
    ("pytorch3d", False, optional("pytorch3d", "a third rig renderer", "build it from its public source")),
)
