"""The page of examples/web in headless Chromium, as a visitor sees and uses it."""

import json
from pathlib import Path

import numpy as np
import pytest
from browser import in_chromium, picture
from conftest import buzzing_syllables, write_wav
from judging import JUDGES, node_modules
from made_avatar import write_avatar

from rig.arkit import INDEX
from rig.clip import BlendshapeClip
from rig.clip_file import write_clip
from rig.formats.export_options import ExportOptions

PAGE = Path(__file__).resolve().parents[1] / "examples" / "web"


def visited(folder: Path, **query: object) -> dict:
    return in_chromium(
        "pages/example.html", {"web": PAGE, "web/node_modules": node_modules(), "files": folder}, **query
    )


def test_plays_a_head_with_its_sound(tmp_path: Path) -> None:
    """The head of a .glb appears at the time asked for; Play follows the sound, Pause stops, the slider seeks."""
    weights = np.zeros((76, 52))
    weights[:, INDEX["jawOpen"]] = np.linspace(0, 0.9, 76)
    weights[:, INDEX["mouthSmileLeft"]] = 0.15
    sound = write_wav(tmp_path / "hello.wav", buzzing_syllables(3.0))
    write_clip(BlendshapeClip(weights, np.zeros((76, 3)), 25), tmp_path / "hello.glb", ExportOptions(sound=sound))
    seen = visited(tmp_path, file="/files/hello.glb", time=1.0)
    assert seen["message"] == "" and seen["clock"] == "1.00 s"
    assert seen["curves"][:2] == [["jawOpen", 0.3], ["mouthSmileLeft", 0.15]]
    assert seen["duration"] == pytest.approx(3.0) and seen["last"] == "3.00 s"
    assert seen["heard"][0] == pytest.approx(1.0, abs=0.1) and seen["heard"][1] > 1.1
    assert 1.2 <= seen["stopped"] <= 3 and seen["button"] == "Play"
    shot = picture(seen["picture"]).astype(int)
    middle, corner = shot[240, 320], shot[20, 20]
    assert np.abs(middle - corner).max() > 30 and middle[0] > middle[2]  # skin before a blue-grey background


def test_plays_a_vrm_avatar(tmp_path: Path) -> None:
    """The avatar's expressions follow the .vrma, and its eyes are where the camera looks."""
    weights = np.zeros((26, 52))
    weights[:, INDEX["jawOpen"]] = np.linspace(0, 0.5, 26)
    write_clip(BlendshapeClip(weights, np.zeros((26, 3)), 25), tmp_path / "hello.vrma")
    write_avatar(tmp_path / "avatar.vrm")
    seen = visited(tmp_path, file="/files/avatar.vrm", animation="/files/hello.vrma", time=0.6)
    assert seen["message"] == "" and seen["curves"][0] == ["JawOpen", 0.3]
    shot = picture(seen["picture"]).astype(int)
    assert np.abs(shot[240, 320] - shot[20, 20]).max() > 30


def test_is_tested_with_the_libraries_that_it_names() -> None:
    tested, named = (
        json.loads((folder / "package.json").read_text("utf-8"))["dependencies"] for folder in (JUDGES, PAGE)
    )
    assert named.items() <= tested.items()


def test_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "broken.glb").write_bytes(b"no glTF at all")
    seen = visited(tmp_path, file="/files/broken.glb")
    assert seen["message"].startswith("This file cannot be shown")
