"""A head that Blender has written, as a judge by another maker's exporter."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from made_heads import PACK, same_names, write_head
from scipy.spatial import cKDTree
from test_in_blender import PYTHON

from rig.face_rig import FaceRig

SIDE = Path(__file__).with_name("blender_export.py")


@pytest.mark.skipif(PYTHON is None, reason="no Blender: scripts/setup_bpy.py makes .venv-bpy (375 MB)")
def test_a_head_out_of_blender_poses_as_ours(tmp_path: Path) -> None:
    source = write_head(tmp_path / "ours.glb", same_names())
    command = [str(part) for part in (PYTHON, SIDE, source, tmp_path / "blender.glb")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rig = FaceRig.from_gltf(tmp_path / "blender.glb")
    assert not rig.missing and len(rig.bones) == 3
    _, row = cKDTree(PACK.neutral).query(rig.neutral)
    rng = np.random.default_rng(1)
    weights = (rng.random(52) ** 3).astype(np.float32)
    head, eyes = rng.uniform(-0.4, 0.4, 3), rng.uniform(-0.3, 0.3, (2, 3))
    apart = rig.vertices(weights, head, eyes) - PACK.vertices(weights, head, eyes)[row]
    assert np.abs(apart).max() < 1e-4
