"""Super-resolution: BasicSR's layer names, both architectures, and enlargement of pictures."""

import numpy as np
import pytest
import torch

from dreamtalk.errors import OptionError
from dreamtalk.training.train_superres import compare, patches, shrunk, train, trainable_portraits
from renderer.checkpoint import save_network
from renderer.errors import RendererError
from renderer.super_resolution import RRDBConfig, RRDBNet, SRVGGConfig, SRVGGNetCompact, enlarge, from_basicsr


def basicsr_srvgg_shapes(features: int, convolutions: int, scale: int) -> dict[str, tuple[int, ...]]:
    """What a BasicSR checkpoint of SRVGGNetCompact(3, 3, features, convolutions, scale, "prelu") holds."""
    shapes = {"body.0.weight": (features, 3, 3, 3), "body.0.bias": (features,), "body.1.weight": (features,)}
    for index in range(convolutions):
        place = 2 + 2 * index
        shapes[f"body.{place}.weight"] = (features, features, 3, 3)
        shapes[f"body.{place}.bias"] = (features,)
        shapes[f"body.{place + 1}.weight"] = (features,)
    last = 2 + 2 * convolutions
    return shapes | {f"body.{last}.weight": (3 * scale**2, features, 3, 3), f"body.{last}.bias": (3 * scale**2,)}


def basicsr_rrdb_shapes(features: int, blocks: int, growth: int, scale: int) -> dict[str, tuple[int, ...]]:
    """What a BasicSR checkpoint of RRDBNet(3, 3, scale, features, blocks, growth) holds."""
    layers = {"conv_first": (features, 3 * (4 // scale) ** 2)}
    for block in range(blocks):
        for dense in (1, 2, 3):
            for index in range(5):
                outputs = features if index == 4 else growth
                layers[f"body.{block}.rdb{dense}.conv{index + 1}"] = (outputs, features + index * growth)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        layers[name] = (features, features)
    layers["conv_last"] = (3, features)
    shapes = {f"{name}.weight": (*size, 3, 3) for name, size in layers.items()}
    return shapes | {f"{name}.bias": (size[0],) for name, size in layers.items()}


@pytest.mark.parametrize(("features", "convolutions", "scale"), [(64, 16, 4), (24, 8, 2)])
def test_srvgg_has_basicsr_names(features, convolutions, scale):
    state = SRVGGNetCompact(SRVGGConfig(features, convolutions, scale)).state_dict()
    assert {k: tuple(v.shape) for k, v in state.items()} == basicsr_srvgg_shapes(features, convolutions, scale)


@pytest.mark.parametrize("scale", [4, 2, 1])
def test_rrdb_has_basicsr_names(scale):
    state = RRDBNet(RRDBConfig(8, 2, 4, scale)).state_dict()
    assert {k: tuple(v.shape) for k, v in state.items()} == basicsr_rrdb_shapes(8, 2, 4, scale)


@pytest.mark.parametrize("wrapped", ["params_ema", "params", None])
@pytest.mark.parametrize("kind", ["srvgg", "rrdb"])
def test_basicsr_files_load_with_their_own_sizes(kind, wrapped, tmp_path):
    network = SRVGGNetCompact(SRVGGConfig(6, 3, 4)) if kind == "srvgg" else RRDBNet(RRDBConfig(6, 2, 4, 2))
    state = network.state_dict()
    torch.save({wrapped: state} if wrapped else state, tmp_path / "weights.pth")
    loaded = from_basicsr(tmp_path / "weights.pth")
    assert loaded.config == network.config
    picture = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(loaded(picture), network(picture))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(RendererError, match="missing"):
        from_basicsr(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(RendererError, match="cannot be read"):
        from_basicsr(tmp_path / "text.pth")
    torch.save({"params": {"layer.weight": torch.zeros(2)}}, tmp_path / "other.pth")
    with pytest.raises(RendererError, match="neither"):
        from_basicsr(tmp_path / "other.pth")


@pytest.mark.parametrize(
    "network", [SRVGGNetCompact(SRVGGConfig.debug()), RRDBNet(RRDBConfig.debug())], ids=["srvgg", "rrdb"]
)
def test_enlarge_doubles_any_even_picture(network):
    picture = np.random.default_rng(0).integers(0, 256, (20, 14, 3), dtype=np.uint8)
    large = enlarge(network.eval(), picture)
    assert large.shape == (40, 28, 3) and large.dtype == np.uint8
    np.testing.assert_array_equal(large, enlarge(network, picture))


def test_without_convolutions_srvgg_is_nearest_neighbour():
    network = SRVGGNetCompact(SRVGGConfig.debug())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    picture = np.random.default_rng(1).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    np.testing.assert_array_equal(enlarge(network, picture), picture.repeat(2, 0).repeat(2, 1))


def test_enlarge_refuses_other_arrays():
    with pytest.raises(RendererError, match="uint8 RGB"):
        enlarge(SRVGGNetCompact(SRVGGConfig.debug()), np.zeros((4, 4), np.uint8))


def test_weights_survive_the_disk(tmp_path):
    network = SRVGGNetCompact(SRVGGConfig.debug())
    save_network(network, network.config, tmp_path)
    assert SRVGGNetCompact.from_directory(tmp_path).config == network.config


def test_patches_are_halves_of_each_other():
    rng = np.random.default_rng(2)
    pictures = [rng.integers(0, 256, (120, 130, 3), dtype=np.uint8)]
    small, large = patches(pictures, rng)
    assert large.shape[2:] == tuple(2 * extent for extent in small.shape[2:])
    flat = np.full((96, 96, 3), 77, np.uint8)
    for seed in range(20):
        assert np.abs(shrunk(flat, np.random.default_rng(seed)).astype(int) - 77).max() <= 1


def test_comparison_knows_a_perfect_enlargement():
    figures = compare(SRVGGNetCompact(SRVGGConfig.debug()).eval(), [np.full((32, 32, 3), 90, np.uint8)])
    assert figures["psnr_cubic_db"] > 50
    assert figures["psnr_network_db"] < figures["psnr_cubic_db"]


def test_portraits_are_chosen_by_style(tmp_path):
    (tmp_path / "index.csv").write_text("file,style\na.jpg,oil_digital\nb.jpg,photoreal\nnasa_astronaut.png,photo\n")
    assert [path.name for path in trainable_portraits(tmp_path)] == ["a.jpg", "nasa_astronaut.png"]
    with pytest.raises(OptionError, match="index.csv"):
        trainable_portraits(tmp_path / "none")


def test_training_refuses_no_steps(tmp_path):
    with pytest.raises(OptionError, match="0 training steps"):
        train(None, tmp_path / "out", steps=0)
