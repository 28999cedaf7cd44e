"""Mouth cues in the four layouts of Rhubarb Lip Sync, for cut-out animation: TSV, XML, JSON and Moho's .dat.

The cues are derived from the curves (rig.formats.mouth_shapes), not heard; shapes H and X are used like the others, as
Rhubarb does unless told otherwise. Names, prefixes and subsets of shapes have no place in these files.
"""

import html
import json
from pathlib import Path

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.mouth_shapes import MouthCue, mouth_cues
from rig.safe_file import written_beside

MOHO_FPS = (10.0, 100.0)
"""Frame rates that Rhubarb writes .dat files with: fewer drop cues, more mean nothing at hundredths of a second."""


def write_rhubarb_tsv(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write lines `start<tab>shape`; the last is the end, with the mouth at rest. Raises RigError where it cannot."""
    cues = mouth_cues(clip.weights, clip.fps)
    _write(path, "".join(f"{cue.start_s:.2f}\t{cue.shape}\n" for cue in cues) + f"{cues[-1].end_s:.2f}\tX\n")


def write_rhubarb_xml(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write cues with start, end and shape, and the asked sound's path. Raises RigError where the file cannot be."""
    cues = mouth_cues(clip.weights, clip.fps)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<rhubarbResult>",
        "  <metadata>",
        f"    <soundFile>{html.escape(options.sound_from(path), quote=False)}</soundFile>",
        f"    <duration>{cues[-1].end_s:.2f}</duration>",
        "  </metadata>",
        "  <mouthCues>",
        *(f'    <mouthCue start="{cue.start_s:.2f}" end="{cue.end_s:.2f}">{cue.shape}</mouthCue>' for cue in cues),
        "  </mouthCues>",
        "</rhubarbResult>",
    ]
    _write(path, "\n".join(lines) + "\n")


def write_rhubarb_json(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write {"metadata", "mouthCues"}, one cue a line. Raises RigError where the file cannot be written."""
    cues = mouth_cues(clip.weights, clip.fps)
    sound = json.dumps(options.sound_from(path), ensure_ascii=False)
    rows = ",\n".join(
        f'    {{ "start": {cue.start_s:.2f}, "end": {cue.end_s:.2f}, "value": "{cue.shape}" }}' for cue in cues
    )
    metadata = f'  "metadata": {{\n    "soundFile": {sound},\n    "duration": {cues[-1].end_s:.2f}\n  }},\n'
    _write(path, f'{{\n{metadata}  "mouthCues": [\n{rows}\n  ]\n}}\n')


def write_rhubarb_dat(clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS) -> None:
    """Write Moho's switch data: frames from 1 at the clip's rate, each with its shape's letter.

    Raises RigError for rates outside MOHO_FPS, and where the file cannot be written.
    """
    if not MOHO_FPS[0] <= clip.fps <= MOHO_FPS[1]:
        raise RigError(
            f"{Path(path).name} cannot have {clip.fps:g} frames a second; Moho's switch data go from 10 to 100, "
            "ask for another rate."
        )
    _write(path, "\n".join(["MohoSwitch1", *_moho_rows(mouth_cues(clip.weights, clip.fps), clip.fps)]) + "\n")


def _moho_rows(cues: list[MouthCue], fps: float) -> list[str]:
    rows, last = [], 0
    for cue in cues:
        frame = _moho_frame(cue.start_s, fps)
        if frame != last:  # two cues within a frame: the first is shown, as Rhubarb has it
            rows.append(f"{frame} {cue.shape}")
            last = frame
    end = _moho_frame(cues[-1].end_s, fps)
    return [*rows, f"{end + (end == last)} X"]


def _moho_frame(time_s: float, fps: float) -> int:
    return 1 + int(fps * time_s + 1e-9)  # 0.29 s * 100 is 28.999999999999996


def _write(path: str | Path, text: str) -> None:
    with written_beside(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
