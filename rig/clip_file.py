"""Clips on disk: the end of the name picks the format."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig.clip import BlendshapeClip
from rig.errors import RigError
from rig.formats.a2f_csv import write_a2f_csv
from rig.formats.a2f_json import write_a2f_json
from rig.formats.azure_json import write_azure_json
from rig.formats.csv_layouts import read_csv_clip
from rig.formats.export_options import AS_IT_IS, ExportOptions
from rig.formats.face_cap import read_face_cap, write_face_cap
from rig.formats.gltf_clip import write_glb
from rig.formats.gltf_onto import write_onto
from rig.formats.gltf_reader import read_glb
from rig.formats.json_layouts import read_json_clip
from rig.formats.keying_scripts import write_blender_script, write_maya_script
from rig.formats.lam_json import write_lam_json
from rig.formats.live_link_csv import write_live_link_csv
from rig.formats.long_csv import write_long_csv
from rig.formats.mediapipe_scores import read_mediapipe
from rig.formats.npz import read_npz, write_npz
from rig.formats.oculus_visemes import write_visemes
from rig.formats.parquet import read_parquet, write_parquet
from rig.formats.rhubarb import write_rhubarb_dat, write_rhubarb_json, write_rhubarb_tsv, write_rhubarb_xml
from rig.formats.unity_anim import write_unity_anim
from rig.formats.unity_anim_reader import read_unity_anim
from rig.formats.usd import write_usd
from rig.formats.usd_reader import read_usd
from rig.formats.vrma import write_preset_vrma, write_vrma
from rig.formats.vrma_reader import read_vrma
from rig.formats.wide_csv import write_wide_csv


@dataclass(frozen=True)
class ClipFormat:
    """name: what --format takes.  suffix: the end of the file's name that picks it.  what: one line for people.

    write, read: None where the format cannot be written, or holds no curves to read.
    """

    name: str
    suffix: str
    what: str
    write: Callable[[BlendshapeClip, Path, ExportOptions], None] | None
    read: Callable[[Path], BlendshapeClip] | None


def write_gltf_clip(clip: BlendshapeClip, path: Path, options: ExportOptions = AS_IT_IS) -> None:
    """glTF with our head, or with the head of one's own that options.onto names."""
    if options.onto is None:
        write_glb(clip, path, options)
    else:
        write_onto(clip, options.onto, path, options)


FORMATS: tuple[ClipFormat, ...] = (
    ClipFormat("live-link", ".csv", "Live Link Face CSV", write_live_link_csv, read_csv_clip),
    ClipFormat("a2f-csv", ".a2f.csv", "animation_frames.csv of NVIDIA's Audio2Face-3D", write_a2f_csv, read_csv_clip),
    ClipFormat("wide", ".wide.csv", "plain table, a column for each curve", write_wide_csv, read_csv_clip),
    ClipFormat("long", ".long.csv", "plain table, a row for each value", write_long_csv, read_csv_clip),
    ClipFormat("parquet", ".parquet", "the plain table as Apache Parquet", write_parquet, read_parquet),
    ClipFormat("glb", ".glb", "glTF in one file, with the head", write_gltf_clip, read_glb),
    ClipFormat("gltf", ".gltf", "glTF with a .bin beside it, with the head", write_gltf_clip, read_glb),
    ClipFormat("vrma", ".vrma", "VRM animation, the 52 as custom expressions", write_vrma, read_vrma),
    ClipFormat("vrma-presets", ".presets.vrma", "VRM animation, preset expressions", write_preset_vrma, read_vrma),
    ClipFormat("usd", ".usda", "OpenUSD text, with the head", write_usd, read_usd),
    ClipFormat("usd", ".usdc", "OpenUSD binary, with the head", write_usd, read_usd),
    ClipFormat("usd", ".usd", "OpenUSD binary, with the head", write_usd, read_usd),
    ClipFormat("blender", ".blender.py", "script that keys a head in Blender", write_blender_script, None),
    ClipFormat("maya", ".maya.py", "script that keys a head in Maya", write_maya_script, None),
    ClipFormat("unity", ".anim", "Unity's animation clip", write_unity_anim, read_unity_anim),
    ClipFormat("npz", ".npz", "the exact arrays", write_npz, read_npz),
    ClipFormat("a2f-json", ".a2f.json", "JSON of NVIDIA's Audio2Face app", write_a2f_json, read_json_clip),
    ClipFormat("lam", ".json", "JSON of LAM-A2E", write_lam_json, read_json_clip),
    ClipFormat("azure", ".azure.json", "Azure's viseme blend shapes", write_azure_json, read_json_clip),
    ClipFormat("mediapipe", ".mediapipe.json", "MediaPipe's scores as JSON", None, read_json_clip),
    ClipFormat("mediapipe-npz", ".mediapipe.npz", "MediaPipe's scores as arrays", None, read_mediapipe),
    ClipFormat("face-cap", ".txt", "the Face Cap app's text", write_face_cap, read_face_cap),
    ClipFormat("visemes", ".visemes.csv", "the 15 Oculus visemes", write_visemes, None),
    ClipFormat("rhubarb", ".rhubarb.tsv", "Rhubarb's mouth cues as TSV", write_rhubarb_tsv, None),
    ClipFormat("rhubarb-xml", ".rhubarb.xml", "Rhubarb's mouth cues as XML", write_rhubarb_xml, None),
    ClipFormat("rhubarb-json", ".rhubarb.json", "Rhubarb's mouth cues as JSON", write_rhubarb_json, None),
    ClipFormat("rhubarb-dat", ".rhubarb.dat", "Rhubarb's mouth cues as Moho's switch data", write_rhubarb_dat, None),
)
"""Of formats that share a suffix's last part the longer wins: face.a2f.csv before face.csv."""

WRITABLE = tuple(format.suffix for format in FORMATS if format.write)
READABLE = tuple(format.suffix for format in FORMATS if format.read)


def format_of(path: str | Path, name: str | None = None) -> ClipFormat:
    """The format called `name`, or else the one that the file's name ends in. Raises RigError where there is none."""
    if name is not None:
        found = next((format for format in FORMATS if format.name == name), None)
        if found is None:
            names = dict.fromkeys(format.name for format in FORMATS)
            raise RigError(f"The format {name!r} is not known; choose one of {', '.join(names)}.")
        return found
    ending = Path(path).name.lower()
    fitting = [format for format in FORMATS if ending.endswith(format.suffix)]
    if not fitting:
        suffix = Path(path).suffix.lower()
        raise RigError(
            f"{Path(path).name or path} ends in {suffix or 'nothing'}; curves are kept as {', '.join(WRITABLE)}."
        )
    return max(fitting, key=lambda format: len(format.suffix))


def write_clip(
    clip: BlendshapeClip, path: str | Path, options: ExportOptions = AS_IT_IS, format: str | None = None
) -> None:
    """Write a clip in the format that `format` or the end of the name says, whole or not at all.

    Raises RigError for an unknown or read-only format, and where the folder cannot be written.
    """
    chosen = format_of(path, format)
    if chosen.write is None:
        raise RigError(f"{Path(path).name}, {chosen.what}, can only be read; write one of {', '.join(WRITABLE)}.")
    if options.rate is not None:
        clip = clip.resampled(options.rate.fps)
    chosen.write(clip, Path(path), options)


def read_clip(path: str | Path, format: str | None = None) -> BlendshapeClip:
    """Read a clip. Raises RigError for an unknown or write-only format and for files that hold no clip."""
    chosen = format_of(path, format)
    if chosen.read is None:
        raise RigError(f"{Path(path).name}, {chosen.what}, holds no curves to read; give one of {', '.join(READABLE)}.")
    return chosen.read(Path(path))
