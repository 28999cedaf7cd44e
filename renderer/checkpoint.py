"""Networks on disk: config.json beside model.safetensors, float16, loaded strictly."""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from renderer.errors import RendererError

Config = TypeVar("Config")


def config_from(folder: Path, kind: type[Config]) -> Config:
    """The dataclass `kind` stored in folder/config.json; raises RendererError where it is missing or another's."""
    path = Path(folder) / "config.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()})
    except FileNotFoundError:
        raise RendererError(f"{path} is missing; give a folder with config.json and model.safetensors.") from None
    except (json.JSONDecodeError, TypeError, AttributeError) as error:
        raise RendererError(
            f"{path} does not describe a {kind.__name__} ({error}); it needs the fields "
            f"{', '.join(field.name for field in dataclasses.fields(kind))}."  # type: ignore[arg-type]
        ) from None


def load_network(network: nn.Module, folder: Path) -> None:
    """Fill `network` from folder/model.safetensors, every name and shape checked; raises RendererError."""
    path = Path(folder) / "model.safetensors"
    try:
        tensors = load_file(path)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=True)
    except FileNotFoundError:
        raise RendererError(f"{path} is missing; give a folder with config.json and model.safetensors.") from None
    except (SafetensorError, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[-1].strip()
        raise RendererError(f"{path} does not fit the network in config.json ({first_line}).") from None


def save_network(network: nn.Module, config: Any, folder: Path) -> None:
    """Write config.json and model.safetensors (float16), each beside and then renamed."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in network.state_dict().items()}
    beside = folder / "model.safetensors.part"
    save_file(tensors, beside)
    beside.chmod(0o644)  # safetensors writes private files
    beside.replace(folder / "model.safetensors")
    beside = folder / "config.json.part"
    beside.write_text(json.dumps(dataclasses.asdict(config), indent=1) + "\n", encoding="utf-8")
    beside.replace(folder / "config.json")
