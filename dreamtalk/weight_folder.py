"""A folder of weights: model.safetensors (float16), config.json, CARD.md. Never pickle, always strict."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from dreamtalk.errors import WeightsError
from rig.safe_file import written_beside

CONFIG, MODEL, CARD = "config.json", "model.safetensors", "CARD.md"


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a weight folder. Raises WeightsError where it is missing or no JSON."""
    try:
        return json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / CONFIG} cannot be read ({error}); install or train the weights again.") from None


def load_weights(network: nn.Module, folder: Path) -> None:
    """Fill `network` with the tensors of a weight folder, all of them and no others, in float32."""
    try:
        tensors = load_file(folder / MODEL)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{folder / MODEL} does not fit ({reason}); install or train the weights again.") from None
    network.eval().requires_grad_(False)


def begin_from(network: nn.Module, folder: Path) -> list[str]:
    """Fill what fits of `network`, by name and shape, from a weight folder; returns the names that stay as they are."""
    own, stored = network.state_dict(), load_file(folder / MODEL)
    shapes = {name: tensor.shape for name, tensor in own.items()}
    fitting = {name: tensor.float() for name, tensor in stored.items() if shapes.get(name) == tensor.shape}
    network.load_state_dict(own | fitting)
    return sorted(own.keys() - fitting.keys())


def save_folder(folder: Path, tensors: dict[str, torch.Tensor], config: dict[str, Any], card: str) -> None:
    """Write a weight folder; tensors are stored as float16. Each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with written_beside(folder / MODEL) as beside:
        save_file({name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}, beside)
    for name, text in ((CONFIG, json.dumps(config, indent=1) + "\n"), (CARD, card)):
        with written_beside(folder / name) as beside:
            beside.write_text(text, encoding="utf-8")
