"""A VRM 1.0 avatar of our own making (CC0): the least that every VRM player takes for one."""

from pathlib import Path

import numpy as np

from rig.arkit import NAMES
from rig.formats.gltf_document import GltfDocument
from rig.formats.naming import styled
from rig.formats.vrm_humanoid import BONES, humanoid_nodes
from rig.formats.vrm_presets import PRESETS

META = {
    "name": "A test avatar", "authors": ["The dreamtalk authors"], "licenseUrl": "https://vrm.dev/licenses/1.0/",
    "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
}  # fmt: skip


def write_avatar(path: Path) -> Path:
    """Bones, and one triangle with a morph target for each of the 52 shapes and each preset, and an expression that
    drives it: custom EyeBlinkLeft and so on, and the presets."""
    custom, presets = [styled(name, "pascal") for name in NAMES], list(PRESETS)
    targets = custom + presets
    document = GltfDocument()
    for node in humanoid_nodes().values():
        document.add("nodes", node)
    triangle = document.add_array(np.float32([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]), limits=True)
    moved = document.add_array(np.float32([[0, 0, 0.1]] * 3), limits=True)
    primitive = {"attributes": {"POSITION": triangle}, "targets": [{"POSITION": moved}] * len(targets)}
    mesh = {"primitives": [primitive], "weights": [0.0] * len(targets), "extras": {"targetNames": targets}}
    face = document.add("nodes", {"name": "face", "mesh": document.add("meshes", mesh)})
    expressions = {
        name: {"morphTargetBinds": [{"node": face, "index": index, "weight": 1.0}]}
        for index, name in enumerate(targets)
    }
    look = {"inputMaxValue": 90.0, "outputScale": 10.0}
    ranges = [f"rangeMap{way}" for way in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")]
    extension = {
        "specVersion": "1.0", "meta": META, "humanoid": {"humanBones": {n: {"node": i} for i, n in enumerate(BONES)}},
        "expressions": {
            "preset": {name: expressions[name] for name in presets},
            "custom": {name: expressions[name] for name in custom},
        },
        "lookAt": {"type": "bone", "offsetFromHeadBone": [0.0, 0.06, 0.0], **dict.fromkeys(ranges, look)},
    }  # fmt: skip
    document.write(path, {"nodes": [0, face]}, extensionsUsed=["VRMC_vrm"], extensions={"VRMC_vrm": extension})
    return path
