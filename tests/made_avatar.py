"""Our head as a VRM 1.0 avatar (CC0), for players of VRM animations."""

from pathlib import Path
from typing import Any

from rig.arkit import NAMES
from rig.face_rig import FaceRig
from rig.formats.gltf_document import GltfDocument
from rig.formats.gltf_head import HeadNodes, add_head
from rig.formats.naming import Naming
from rig.formats.vrm_humanoid import BONES
from rig.formats.vrm_presets import PRESETS

META = {
    "name": "A test avatar", "authors": ["The dreamtalk authors"], "licenseUrl": "https://vrm.dev/licenses/1.0/",
    "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
}  # fmt: skip
NAMING = Naming(style="pascal")


def write_avatar(path: Path) -> Path:
    """The head with a custom expression for each of the 52 shapes, EyeBlinkLeft and so on, and the presets as
    rig.formats.vrm_presets has them; below it bones without flesh."""
    document, rig = GltfDocument(), FaceRig.load()
    head = add_head(document, rig, NAMING)
    bones = _add_bones(document, head)
    eyes = rig.eye_pivots.mean(axis=0, dtype=float) - rig.neck_pivot
    custom = {written: _expression(head, {name: 1.0}) for name, written in zip(NAMES, NAMING.written(), strict=True)}
    extension = {
        "specVersion": "1.0", "meta": META,
        "humanoid": {"humanBones": {name: {"node": node} for name, node in bones.items()}},
        "expressions": {"preset": {name: _expression(head, face) for name, face in PRESETS.items()}, "custom": custom},
        "lookAt": {"type": "bone", "offsetFromHeadBone": eyes.tolist()} | _ranges(),
    }  # fmt: skip
    scene = {"nodes": [head.top[0], bones["hips"]]}
    document.write(path, scene, extensionsUsed=["VRMC_vrm"], extensions={"VRMC_vrm": extension})
    return path


def _add_bones(document: GltfDocument, head: HeadNodes) -> dict[str, int]:
    """The bust of the head is the spine; the eyes turn as bones do."""
    nodes = document.lists["nodes"]
    bones = {"spine": head.top[-1], "head": head.head, "leftEye": head.eyes[0], "rightEye": head.eyes[1]}
    for name, (parent, place) in BONES.items():
        if name not in bones:
            # the head's own origin is between the eyes
            own = (0.0, -0.5, 0.0) if name == "hips" else place
            bones[name] = document.add("nodes", {"name": name, "translation": list(own)})
        if parent is not None and name != "head":
            nodes[bones[parent]].setdefault("children", []).append(bones[name])
    nodes[bones["spine"]]["translation"] = [0.0, 0.5, 0.0]
    return bones


def _expression(head: HeadNodes, face: dict[str, float]) -> dict[str, Any]:
    return {
        "morphTargetBinds": [
            {"node": head.face, "index": NAMES.index(shape), "weight": weight} for shape, weight in face.items()
        ]
    }


def _ranges() -> dict[str, Any]:
    """Eyes turn as far as they are told to."""
    as_told = {"inputMaxValue": 90.0, "outputScale": 90.0}
    ways = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    return {f"rangeMap{way}": as_told for way in ways}
