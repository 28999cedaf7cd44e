"""Draws training windows from what dreamtalk.portrait.mending_pairs wrote, colours and sides varied."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dreamtalk.errors import OptionError

KINDS = ("mouth", "eyes")
SHARES = {"rendered": 0.45, "real": 0.45, "portraits": 0.1}
PORTRAITS, WINDOWS = 3, 3
"""Portraits in a batch, and windows of either kind of each."""


@dataclass(frozen=True, eq=False)
class WindowBatch:
    """B windows of one kind, and the squares of the portraits they belong to; pictures float32 in [0, 1].

    squares: (P, 3, S, S).  owner: (B,) int64, index into squares.  pixels, truth: (B, 3, h, w).  opacity: (B, 1, h, w).
    places: (B, h/4, w/4, 2), as renderer.guided_face_vid2vid takes them.
    """

    squares: torch.Tensor
    owner: torch.Tensor
    pixels: torch.Tensor
    truth: torch.Tensor
    opacity: torch.Tensor
    places: torch.Tensor


class MendingBatches:
    """The windows of one folder; its arrays stay on disk."""

    def __init__(self, folder: Path, source_size: int) -> None:
        self._sets = {name: _Windows(folder / name) for name in SHARES if (folder / name).is_dir()}
        if not self._sets:
            raise OptionError(f"{folder} holds no training windows; prepare them first.")
        sizes = {windows.squares.shape[1] for windows in self._sets.values()}
        if sizes != {source_size}:
            raise OptionError(f"{folder} holds squares of {sizes} pixels, the network takes {source_size}.")

    def batch(self, rng: np.random.Generator) -> dict[str, WindowBatch]:
        """PORTRAITS random portraits with WINDOWS windows of either kind each."""
        names = list(self._sets)
        shares = np.array([SHARES[name] for name in names])
        squares, parts = [], {kind: [] for kind in KINDS}
        for name in rng.choice(names, PORTRAITS, p=shares / shares.sum()):
            square, windows = self._sets[name].draw(rng, WINDOWS)
            squares.append(square)
            for kind in KINDS:
                parts[kind].append(windows[kind])
        pictures = _to_tensor(np.stack(squares))
        owner = torch.arange(PORTRAITS).repeat_interleave(WINDOWS)
        return {kind: WindowBatch(pictures, owner, *_joined(parts[kind])) for kind in KINDS}


class _Windows:
    """One kind of source: squares of portraits, and by kind of window what belongs to them."""

    def __init__(self, folder: Path) -> None:
        self.squares = np.load(folder / "sources.npy", mmap_mode="r")
        self._arrays, self._rows = {}, {}
        for kind in KINDS:
            names = ("composite", "target", "opacity", "flow", "source")
            arrays = {name: np.load(folder / f"{kind}_{name}.npy", mmap_mode="r") for name in names}
            owner = np.asarray(arrays.pop("source"))
            self._arrays[kind] = arrays
            self._rows[kind] = {int(one): np.flatnonzero(owner == one) for one in np.unique(owner)}
        self._owners = sorted(set(self._rows["mouth"]) & set(self._rows["eyes"]))

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, dict[str, list[np.ndarray]]]:
        """One portrait's square, (S, S, 3) float32 in [0, 1], and `count` windows of either kind: composites, targets,
        opacities, places."""
        owner = self._owners[rng.integers(len(self._owners))]
        colours, flipped = ColourChange.random(rng), rng.random() < 0.5
        square, windows = colours(_turned(np.asarray(self.squares[owner]), flipped)), {}
        for kind in KINDS:
            chosen = rng.choice(self._rows[kind][owner], count)
            arrays = {name: _turned(values[chosen], flipped, 2) for name, values in self._arrays[kind].items()}
            places = arrays["flow"].astype(np.float32) * np.float32((-1, 1) if flipped else (1, 1))
            opacity = arrays["opacity"][..., None].astype(np.float32) / 255
            windows[kind] = [colours(arrays["composite"]), colours(arrays["target"]), opacity, places]
        return square, windows


@dataclass(frozen=True, eq=False)
class ColourChange:
    """One random change of saturation, tint, contrast and gamma, for all pictures of a portrait alike."""

    mix: np.ndarray
    gamma: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> "ColourChange":
        if rng.random() < 0.3:
            return cls(np.eye(3, dtype=np.float32), 1.0)
        saturation = 0.0 if rng.random() < 0.25 else rng.uniform(0.3, 1.5)
        mix = saturation * np.eye(3) + (1 - saturation) * np.full((3, 3), 1 / 3) + rng.normal(0, 0.08, (3, 3))
        return cls((mix * rng.uniform(0.75, 1.2)).astype(np.float32), float(np.exp(rng.normal(0, 0.25))))

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(..., 3) uint8 -> the same shape, float32 in [0, 1]."""
        values = pictures.astype(np.float32) / 255
        return np.clip((values - 0.5) @ self.mix.T + 0.5, 0, 1) ** np.float32(self.gamma)


def _turned(values: np.ndarray, flipped: bool, axis: int = 1) -> np.ndarray:
    return np.flip(values, axis) if flipped else values


def _joined(parts: list[list[np.ndarray]]) -> tuple[torch.Tensor, ...]:
    composites, targets, opacities, places = (np.concatenate(column) for column in zip(*parts, strict=True))
    return (*(_to_tensor(pictures) for pictures in (composites, targets, opacities)), torch.from_numpy(places))


def _to_tensor(pictures: np.ndarray) -> torch.Tensor:
    batch = torch.from_numpy(np.ascontiguousarray(pictures, np.float32)).permute(0, 3, 1, 2)
    return batch.contiguous(memory_format=torch.channels_last)
