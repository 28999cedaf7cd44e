"""Training of the rig-guided Face-Vid2Vid, tiny."""

from pathlib import Path

import numpy as np
import pytest

from dreamtalk.errors import OptionError
from dreamtalk.training.mending_batches import ColourChange, MendingBatches
from dreamtalk.training.train_guided import train
from renderer.guided_face_vid2vid import GuidedConfig, GuidedFaceVid2Vid

SIZES = {"mouth": (48, 64), "eyes": (32, 32)}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits of noise with three windows of either kind."""
    rng, root = np.random.default_rng(0), tmp_path_factory.mktemp("pairs")
    folder = root / "rendered"
    folder.mkdir()
    np.save(folder / "sources.npy", rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8))
    for kind, (rows, columns) in SIZES.items():
        pictures = rng.integers(0, 256, (2, 6, rows, columns, 3), dtype=np.uint8)
        opacity = np.zeros((6, rows, columns), np.uint8)
        opacity[:, 8:16, 8:24] = 200
        np.save(folder / f"{kind}_composite.npy", pictures[0])
        np.save(folder / f"{kind}_target.npy", pictures[1])
        np.save(folder / f"{kind}_opacity.npy", opacity)
        places = rng.uniform(-1, 1, (6, rows // 4, columns // 4, 2)).astype(np.float16)
        np.save(folder / f"{kind}_flow.npy", places)
        np.save(folder / f"{kind}_source.npy", np.array([0, 0, 0, 1, 1, 1], np.int32))
    return root


def test_batches_keep_what_belongs_together(pairs: Path) -> None:
    batch = MendingBatches(pairs, 64).batch(np.random.default_rng(1))
    for kind, (rows, columns) in SIZES.items():
        windows = batch[kind]
        count = len(windows.owner)
        assert windows.pixels.shape == windows.truth.shape == (count, 3, rows, columns)
        assert windows.places.shape == (count, rows // 4, columns // 4, 2)
        assert windows.owner.max() < len(windows.squares)
        assert 0 <= float(windows.pixels.min()) and float(windows.pixels.max()) <= 1


def test_batches_depend_on_the_seed_alone(pairs: Path) -> None:
    one, other = (MendingBatches(pairs, 64).batch(np.random.default_rng(3)) for _ in range(2))
    assert all((one[kind].pixels == other[kind].pixels).all() for kind in SIZES)


def test_colours_change_alike_for_all_pictures() -> None:
    change = ColourChange.random(np.random.default_rng(2))
    picture = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert (change(np.stack([picture, picture]))[1] == change(picture)).all()


def test_training_writes_weights_and_resumes(pairs: Path, tmp_path: Path) -> None:
    config = GuidedConfig.debug()
    whole = train(None, tmp_path / "whole", steps=8, config=config, pairs=pairs)
    GuidedFaceVid2Vid.from_directory(whole)
    with pytest.raises(OptionError, match="resume"):
        train(None, tmp_path / "other", steps=8, config=config, pairs=pairs, resume=True)
    train(None, tmp_path / "whole", steps=9, config=config, pairs=pairs, resume=True)


def test_a_folder_without_windows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no training windows"):
        MendingBatches(tmp_path, 64)
