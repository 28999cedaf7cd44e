"""Training windows: what geometry made and what should be seen must lie on one another."""

from pathlib import Path

import numpy as np
import pytest

from dreamtalk.errors import OptionError
from dreamtalk.portrait.mending_drawn import drawn_pairs
from dreamtalk.portrait.mending_pairs import prepare_mending_pairs
from dreamtalk.portrait.mending_real import chosen_frames
from dreamtalk.portrait.mending_record import KINDS, PortraitPairs
from dreamtalk.portrait.mending_rendered import rendered_pairs, source_weights, target_weights
from dreamtalk.portrait.mending_windows import CELL_PX, EYE_SIZE, MOUTH_SIZE, SOURCE_SIZE
from dreamtalk.portrait.portrait import load_portrait
from rig.arkit import INDEX
from rig.face_rig import FaceRig

EXAMPLE = Path(__file__).parents[1] / "examples" / "portrait.png"
SMALL = 256


@pytest.fixture(scope="module")
def pairs() -> PortraitPairs:
    made = rendered_pairs(FaceRig.load(), np.random.default_rng((0, 0)), targets=4, size=SMALL)
    assert made is not None
    return made


def test_windows_have_the_sizes_that_the_network_takes(pairs: PortraitPairs) -> None:
    assert pairs.square.shape == (SOURCE_SIZE, SOURCE_SIZE, 3)
    for kind, (rows, columns) in zip(KINDS, (MOUTH_SIZE, EYE_SIZE), strict=True):
        own = getattr(pairs, kind)
        count = len(own.target)
        assert own.composite.shape == own.target.shape == (count, rows, columns, 3)
        assert own.opacity.shape == (count, rows, columns)
        assert own.flow.shape == (count, rows // CELL_PX, columns // CELL_PX, 2) and own.flow.dtype == np.float16
    assert len(pairs.mouth.target) == 4


def test_a_rendered_head_lies_where_geometry_moved_it(pairs: PortraitPairs) -> None:
    """Away from paint, the frame is nearer to its own target than to that target shifted by two pixels."""
    for kind in KINDS:
        own = getattr(pairs, kind)
        known = own.opacity[:, 8:-8, 8:-8] == 0

        def miss(dy: int, dx: int, own=own, known=known) -> float:
            rows, columns = own.target.shape[1:3]
            target = own.target[:, 8 + dy : rows - 8 + dy, 8 + dx : columns - 8 + dx].astype(float)
            return float(np.abs(own.composite[:, 8:-8, 8:-8] - target).mean(axis=3)[known].mean())

        assert miss(0, 0) < 10
        assert miss(0, 0) < 0.9 * min(miss(2, 0), miss(-2, 0), miss(0, 2), miss(0, -2))


def test_the_places_name_what_the_square_shows(pairs: PortraitPairs) -> None:
    """Unpainted cells of a mouth have the colour that the source square has at their place."""
    own = pairs.mouth
    at = np.rint((own.flow.astype(np.float32) + 1) * SOURCE_SIZE / 2 - 0.5).astype(int).clip(0, SOURCE_SIZE - 1)
    shown = pairs.square[at[..., 1], at[..., 0]].astype(float)
    cells = own.composite.reshape(len(own.composite), 28, CELL_PX, 32, CELL_PX, 3).mean(axis=(2, 4))
    free = own.opacity.reshape(len(own.opacity), 28, CELL_PX, 32, CELL_PX).max(axis=(2, 4)) == 0
    assert np.abs(shown - cells).mean(axis=3)[free].mean() < 6


def test_the_same_seed_gives_the_same_windows(pairs: PortraitPairs) -> None:
    again = rendered_pairs(FaceRig.load(), np.random.default_rng((0, 0)), targets=4, size=SMALL)
    assert np.array_equal(again.mouth.target, pairs.mouth.target)
    assert np.array_equal(again.eyes.composite, pairs.eyes.composite)


def test_a_portrait_finds_its_way_back() -> None:
    portrait = load_portrait(EXAMPLE)
    made = drawn_pairs(portrait, np.random.default_rng(0))
    own = made.mouth
    assert (own.opacity > 0).any()
    known = own.opacity == 0
    assert np.abs(own.composite.astype(float) - own.target).mean(axis=3)[known].mean() < 5


def test_expressions_stay_in_range_and_shut_what_they_say() -> None:
    rng = np.random.default_rng(0)
    for number in range(8):
        for weights in (source_weights(rng), target_weights(rng, number)):
            assert weights.shape == (52,) and 0 <= weights.min() and weights.max() <= 1
    assert target_weights(rng, 0)[INDEX["eyeBlinkLeft"]] == 1
    assert target_weights(rng, 2)[INDEX["jawOpen"]] == 0


def test_chosen_frames_spread_over_the_opening_and_skip_the_lost() -> None:
    lip = np.linspace(0, 0.1, 75)
    blink = np.full(75, 0.1)
    blink[[20, 21, 22]] = 0.7
    lip[40:45] = np.nan
    for seed in range(10):
        source, targets = chosen_frames(lip, blink, np.random.default_rng(seed), 15)
        assert source not in targets and len(set(targets)) == len(targets)
        assert blink[source] < 0.3 and np.isfinite(lip[[source, *targets]]).all()
        assert {20, 21, 22} <= set(targets)
        assert np.ptp(lip[targets]) > 0.07


def test_a_folder_of_pairs_can_be_read_and_goes_on(tmp_path: Path, pairs: PortraitPairs) -> None:
    for index in range(3):
        folder = tmp_path / "parts" / "rendered"
        folder.mkdir(parents=True, exist_ok=True)
        pairs.save(folder / f"{index:05d}.npz")
    prepare_mending_pairs(tmp_path, 3)
    sources = np.load(tmp_path / "rendered" / "sources.npy", mmap_mode="r")
    owners = np.load(tmp_path / "rendered" / "mouth_source.npy")
    composites = np.load(tmp_path / "rendered" / "mouth_composite.npy", mmap_mode="r")
    assert len(sources) == 2 and owners.tolist() == [0] * 4 + [1] * 4  # a third is kept for validation
    assert np.array_equal(composites[4:], pairs.mouth.composite)
    assert len(np.load(tmp_path / "validation" / "sources.npy")) == 1
    assert (tmp_path / "pairs.json").is_file()


def test_missing_video_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="grid_s1/video"):
        prepare_mending_pairs(tmp_path / "out", 0, tmp_path)
