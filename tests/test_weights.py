"""Shipped weights are found, checked byte by byte, and replaceable."""

import json
from pathlib import Path

import pytest

from dreamtalk import weights
from dreamtalk.errors import WeightsError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights with its manifest, in place of the package's own."""
    root = tmp_path / "weights"
    make(root / "talker", b"weights")
    (root / "manifest.json").write_text(json.dumps(weights.hash_folder(root)))
    monkeypatch.setattr(weights, "shipped_folder", lambda: root)
    monkeypatch.delenv(weights.VARIABLE, raising=False)
    return root


def make(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(content)


def test_the_manifest_in_the_package_is_true():
    root = weights.shipped_folder()
    assert weights.read_manifest(root) == weights.hash_folder(root), "run scripts/hash_weights.py"


def test_every_shipped_network_has_a_card():
    for name in weights.read_manifest(weights.shipped_folder()):
        assert (weights.shipped_folder() / name / "CARD.md").read_text(encoding="utf-8").strip()


def test_whole_weights_are_found(shipped):
    assert weights.resolve("talker") == shipped / "talker"


@pytest.mark.parametrize("file", weights.HASHED_FILES)
def test_altered_weights_are_refused_with_their_hash(shipped, file):
    (shipped / "talker" / file).write_bytes(b"weightz")
    found = weights.sha256(shipped / "talker" / file)
    with pytest.raises(WeightsError, match=f"talker/{file} are altered.*{found[:12]}"):
        weights.resolve("talker")


@pytest.mark.parametrize("file", weights.HASHED_FILES)
def test_missing_weights_are_named(shipped, file):
    (shipped / "talker" / file).unlink()
    with pytest.raises(WeightsError, match=f"talker lack {file}"):
        weights.resolve("talker")


def test_an_unknown_name_lists_the_known_ones(shipped):
    with pytest.raises(WeightsError, match="'singer'.*known are: talker"):
        weights.resolve("singer")


@pytest.mark.parametrize("content", [None, "{"])
def test_a_broken_manifest_is_named(shipped, content):
    (shipped / "manifest.json").unlink()
    if content:
        (shipped / "manifest.json").write_text(content)
    with pytest.raises(WeightsError, match="list of weights"):
        weights.resolve("talker")


def test_own_weights_come_first_and_others_stay(shipped, tmp_path, monkeypatch):
    make(tmp_path / "own" / "singer", b"mine")
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "own"))
    assert weights.resolve("singer") == tmp_path / "own" / "singer"
    assert weights.resolve("talker") == shipped / "talker"
    (tmp_path / "own" / "singer" / "config.json").unlink()
    with pytest.raises(WeightsError, match="singer lack config.json"):
        weights.resolve("singer")
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match="which is no folder"):
        weights.resolve("talker")
