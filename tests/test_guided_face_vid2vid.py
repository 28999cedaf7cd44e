"""The rig-guided Face-Vid2Vid: what it may change, what it must leave, and its training."""

import numpy as np
import pytest
import torch

from renderer.checkpoint import save_network
from renderer.errors import RendererError
from renderer.guided_face_vid2vid import GuidedConfig, GuidedFaceVid2Vid, confined, reach

ROWS, COLUMNS = 48, 64


@pytest.fixture(scope="module")
def network() -> GuidedFaceVid2Vid:
    torch.manual_seed(0)
    network = GuidedFaceVid2Vid(GuidedConfig.debug()).eval()
    for parameter in network.generator.picture.parameters():  # it starts with nothing to say
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.fixture
def windows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pixels = rng.integers(0, 256, (2, ROWS, COLUMNS, 3), dtype=np.uint8)
    opacity = np.zeros((2, ROWS, COLUMNS), np.uint8)
    opacity[:, 20:28, 8:16] = 255
    return pixels, opacity, rng.uniform(-1, 1, (2, ROWS // 4, COLUMNS // 4, 2)).astype(np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_nothing_changes_out_of_reach_of_paint(network: GuidedFaceVid2Vid, windows: tuple) -> None:
    volume = network.source(np.full((64, 64, 3), 90, np.uint8))
    made = network.mend(volume, *windows)
    assert made.painted.shape == windows[0].shape and made.share.shape == windows[1].shape
    assert made.share[:, 20:28, 8:16].min() > 0
    assert (made.share[:, :, 40:] == 0).all()


def test_where_a_cell_comes_from_matters(network: GuidedFaceVid2Vid, windows: tuple, rng: np.random.Generator) -> None:
    volume = network.source(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    pixels, opacity, places = windows
    one, other = (network.mend(volume, pixels, opacity, moved).painted for moved in (places, -places))
    assert np.abs(one - other).max() > 0.01


def test_same_windows_same_bytes(network: GuidedFaceVid2Vid, windows: tuple) -> None:
    volume = network.source(np.zeros((64, 64, 3), np.uint8))
    one, other = network.mend(volume, *windows), network.mend(volume, *windows)
    assert one.painted.tobytes() == other.painted.tobytes() and one.share.tobytes() == other.share.tobytes()


def test_reach_is_one_on_paint_and_ends() -> None:
    opacity = torch.zeros(1, 1, 64, 64)
    opacity[..., 30:34, 30:34] = 0.2
    near = reach(opacity)
    assert (near[..., 30:34, 30:34] == 1).all()
    assert (near[..., :18, :] == 0).all() and (near[..., 46:, :] == 0).all()


def test_the_inside_of_a_mouth_is_left_to_geometry(network: GuidedFaceVid2Vid, windows: tuple) -> None:
    pixels, opacity, places = windows
    opacity[:, 12:36, 16:48] = 255
    made = network.mend(network.source(np.zeros((64, 64, 3), np.uint8)), pixels, opacity, places, mouth=True)
    assert (made.share[:, 16:32, 20:44] == 0).all()
    assert made.share[:, 12, 16:48].min() > 0


def test_light_keeps_grey_grey(network: GuidedFaceVid2Vid, windows: tuple) -> None:
    pixels, opacity, places = windows
    grey = np.repeat(pixels[..., :1], 3, axis=3)
    painted = network.mend(network.source(np.zeros((64, 64, 3), np.uint8)), grey, opacity, places).painted
    assert np.ptp(painted, axis=3).max() < 0.01 and np.abs(painted - grey).max() > 1


def test_gradient_reaches_both_networks(windows: tuple) -> None:
    network = GuidedFaceVid2Vid(GuidedConfig.debug())
    pixels, opacity, places = (torch.from_numpy(values).float() for values in windows)
    pixels, opacity = pixels.permute(0, 3, 1, 2) / 255, opacity[:, None] / 255
    volume = network.appearance(torch.rand(2, 3, 64, 64))
    torch.nn.init.normal_(network.generator.picture.weight, std=0.1)
    confined(network.generate(volume, pixels, opacity, places), pixels, opacity, False).square().sum().backward()
    for part in (network.appearance, network.generator):
        assert any(p.grad is not None and p.grad.abs().max() > 0 for p in part.parameters())


def test_kept_on_disk(network: GuidedFaceVid2Vid, windows: tuple, tmp_path) -> None:
    save_network(network, network.config, tmp_path)
    again = GuidedFaceVid2Vid.from_directory(tmp_path)
    square = np.full((64, 64, 3), 120, np.uint8)
    one, other = (n.mend(n.source(square), *windows).painted for n in (network, again))
    assert np.abs(one - other).max() < 2.0  # float16 on disk


def test_a_square_of_another_size_is_refused(network: GuidedFaceVid2Vid) -> None:
    with pytest.raises(RendererError, match="64 x 64"):
        network.source(np.zeros((32, 64, 3), np.uint8))
