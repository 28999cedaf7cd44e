"""Another head on the command line: --rig, --retarget, --person and convert --for."""

import numpy as np
import pytest
from PIL import Image

from apps.cli import main
from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import read_clip, write_clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    weights = np.zeros((2, 52), np.float32)
    weights[1, INDEX["jawOpen"]] = 0.5
    path = tmp_path_factory.mktemp("heads")
    write_clip(BlendshapeClip(weights, np.zeros((2, 3)), 25), path / "face.npz")
    write_clip(BlendshapeClip.rest(1, 25), path / "head.glb")
    return path


def pictures(folder, name: str, *arguments: str) -> list[np.ndarray]:
    out = folder / name
    given = ["render", str(folder / "face.npz"), *arguments, "--size", "96", "--quiet", "-o", f"{out}/"]
    assert main(given) == 0
    return [np.asarray(Image.open(path).convert("RGB")).astype(int) for path in sorted(out.iterdir())]


def test_a_person_is_drawn_as_somebody_else(folder) -> None:
    plain, other = pictures(folder, "plain"), pictures(folder, "other", "--person", "stout man")
    assert np.abs(plain[0] - other[0]).mean() > 1 and np.abs(other[0] - other[1]).max() > 40


def test_our_own_head_from_its_file_needs_no_retargeting(folder) -> None:
    found = pictures(folder, "file", "--rig", str(folder / "head.glb"), "--retarget")
    assert np.abs(found[0] - found[1]).max() > 40
    out, head = folder / "same.npz", folder / "head.glb"
    assert main(["convert", str(folder / "face.npz"), "--for", str(head), "-o", str(out), "--quiet"]) == 0
    np.testing.assert_allclose(read_clip(out).weights, read_clip(folder / "face.npz").weights, atol=5e-3)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--retarget"], "--retarget is given without --rig"),
        (["--person", "woman", "--rig", "head.glb"], "--rig and --person"),
        (["--person", "elf"], "'elf' is no preset"),
        (["--person", "woman", "--portrait", "me.png"], "--person and --portrait"),
        (["--rig", "gone.glb"], "gone.glb"),
        (["--names", "map.json"], "--names is given without --rig"),
    ],
)
def test_requests_that_make_no_sense(folder, monkeypatch, capsys, arguments: list[str], word: str) -> None:
    monkeypatch.chdir(folder)
    assert main(["render", "face.npz", *arguments, "-o", "talk.mp4"]) == 2
    complaint = capsys.readouterr().err
    assert word in complaint and complaint.count("\n") == 1 and not (folder / "talk.mp4").exists()
