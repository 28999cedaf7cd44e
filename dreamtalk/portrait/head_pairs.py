"""Training pairs for the neural portrait renderer: two pictures of one head, and what is known of the way between.

A set of heads is a folder of .npz files, one head each (rendered_heads and real_heads write them).
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from dreamtalk.errors import OptionError
from dreamtalk.portrait.head_truth import HeadTruth
from renderer.keypoints import Keypoints
from rig.safe_file import written_beside


@dataclass(frozen=True, eq=False)
class HeadViews:
    """N pictures of one head, (N, S, S, 3) uint8, with its geometry.

    rendered: True where all of `truth` is exact; False for real pictures, whose keypoints are tracked and whose motion
        is not known.
    """

    pictures: np.ndarray
    truth: HeadTruth
    rendered: bool

    def save(self, path: Path) -> None:
        """Write one .npz; flow as float16 (a twentieth of a pixel)."""
        arrays = {field.name: getattr(self.truth, field.name) for field in fields(HeadTruth)}
        arrays["flow"] = self.truth.flow.astype(np.float16)
        arrays |= {"pictures": self.pictures, "rendered": np.array(self.rendered)}
        with written_beside(path) as beside:
            np.savez(beside, **arrays)

    @classmethod
    def load(cls, path: Path) -> "HeadViews":
        """Read what `save` wrote."""
        with np.load(path) as file:
            kept = {name: file[name] for name in file.files}
        pictures, rendered = kept.pop("pictures"), bool(kept.pop("rendered"))
        return cls(pictures, HeadTruth(**kept), rendered)


@dataclass(frozen=True, eq=False)
class TrueKeypoints:
    """Known keypoints of B pictures: canonical (B, K, 3), rotation (B, 3, 3), translation (B, 3), positions (B, K, 3).

    exact (B,) float: 1 where all is exact, 0 where x, y and rotation are tracked and the rest is an average
        head's.
    """

    canonical: torch.Tensor
    rotation: torch.Tensor
    translation: torch.Tensor
    positions: torch.Tensor
    exact: torch.Tensor

    def keypoints(self) -> Keypoints:
        """As the networks' record; the expression is what pose does not explain."""
        rigid = self.canonical @ self.rotation.mT + self.translation[:, None]
        return Keypoints(self.canonical, self.rotation, self.translation, self.positions - rigid)

    def turned(self, affine: torch.Tensor) -> "TrueKeypoints":
        """After the picture's content moved by similarities (B, 2, 3) of keypoint space."""
        scale = affine[:, :, 0].norm(dim=1)
        spatial = torch.zeros(len(affine), 3, 3)
        spatial[:, :2, :2], spatial[:, 2, 2] = affine[:, :, :2], scale
        shift = torch.nn.functional.pad(affine[:, :, 2], (0, 1))
        return TrueKeypoints(
            self.canonical * scale[:, None, None],
            spatial / scale[:, None, None] @ self.rotation,
            (spatial @ self.translation[..., None])[..., 0] + shift,
            self.positions @ spatial.mT + shift[:, None],
            self.exact,
        )


@dataclass(frozen=True, eq=False)
class PairBatch:
    """B pairs: pictures (B, 3, S, S) float32 in [0, 1], keypoints of both, motion from driving back to source.

    flow (B, 64, 64, 2), visible (B, 64, 64) as dreamtalk.portrait.head_truth.HeadTruth; flow_known (B, 1, 1) is 1 or 0.
    """

    source: torch.Tensor
    driving: torch.Tensor
    source_truth: TrueKeypoints
    driving_truth: TrueKeypoints
    flow: torch.Tensor
    visible: torch.Tensor
    flow_known: torch.Tensor


class HeadPairs:
    """Draws pairs from folders of heads; each folder is taken with its own share."""

    def __init__(self, folders: dict[Path, float]) -> None:
        self._paths = [sorted(folder.glob("*.npz")) for folder in folders]
        for folder, paths in zip(folders, self._paths, strict=True):
            if not paths:
                raise OptionError(f"{folder} holds no heads (.npz); render or prepare them first.")
        self._loaded: dict[Path, HeadViews] = {}
        shares = np.array(list(folders.values()), dtype=np.float64)
        self._shares = shares / shares.sum()

    def batch(self, rng: np.random.Generator, size: int) -> PairBatch:
        """`size` pairs of random heads, colours varied alike in both pictures of a pair."""
        pairs = [self._pair(rng) for _ in range(size)]
        sources, drivings, source_truths, driving_truths, flows, visible, known = zip(*pairs, strict=True)
        return PairBatch(
            _pictures(sources), _pictures(drivings), _joined(source_truths), _joined(driving_truths),
            torch.from_numpy(np.stack(flows)), torch.from_numpy(np.stack(visible)),
            torch.tensor(known, dtype=torch.float32)[:, None, None],
        )  # fmt: skip

    def singles(self, rng: np.random.Generator, size: int) -> tuple[torch.Tensor, TrueKeypoints]:
        """`size` single pictures and their keypoints."""
        pictures, truths = [], []
        for _ in range(size):
            views = self._head(rng)
            index = int(rng.integers(len(views.pictures)))
            pictures.append(varied_colours(rng, views.pictures[index : index + 1])[0])
            truths.append(_truth_row(views, index))
        return _pictures(pictures), _joined(truths)

    def _head(self, rng: np.random.Generator) -> HeadViews:
        paths = self._paths[rng.choice(len(self._paths), p=self._shares)]
        path = paths[rng.integers(len(paths))]
        if path not in self._loaded:  # about 4 MB a head
            self._loaded[path] = HeadViews.load(path)
        return self._loaded[path]

    def _pair(self, rng: np.random.Generator) -> tuple:
        views = self._head(rng)
        truth = views.truth
        source = int(rng.integers(len(truth.flow)))
        driving = int(rng.choice([index for index in range(len(views.pictures)) if index != source]))
        pictures = varied_colours(rng, views.pictures[[source, driving]])
        flow, visible = (maps[source, driving].astype(np.float32) for maps in (truth.flow, truth.visible))
        truths = (_truth_row(views, source), _truth_row(views, driving))
        return *pictures, *truths, flow, visible, views.rendered


def varied_colours(rng: np.random.Generator, pictures: np.ndarray) -> np.ndarray:
    """(N, S, S, 3) uint8 -> float32 in [0, 1], all N with the same random tint, saturation, contrast and gamma."""
    values = pictures.astype(np.float32) / 255
    if rng.random() < 0.7:
        saturation = 0.0 if rng.random() < 0.1 else rng.uniform(0.5, 1.5)
        grey = np.full((3, 3), 1 / 3, np.float32)
        mix = saturation * np.eye(3) + (1 - saturation) * grey + rng.normal(0, 0.08, (3, 3))
        values = np.clip((values - 0.5) @ (mix * rng.uniform(0.75, 1.25)).T.astype(np.float32) + 0.5, 0, 1)
        values = values ** np.float32(np.exp(rng.normal(0, 0.25)))
    return values + rng.normal(0, rng.uniform(0, 0.015), values.shape).astype(np.float32)


def _truth_row(views: HeadViews, index: int) -> tuple:
    truth = views.truth
    row = (truth.canonical, truth.rotation[index], truth.translation[index], truth.positions[index])
    return *row, np.float32(views.rendered)


def _joined(rows: tuple | list) -> TrueKeypoints:
    return TrueKeypoints(*(torch.from_numpy(np.stack(column).astype(np.float32)) for column in zip(*rows, strict=True)))


def _pictures(pictures: tuple | list) -> torch.Tensor:
    batch = torch.from_numpy(np.stack(pictures).astype(np.float32)).permute(0, 3, 1, 2)
    return batch.contiguous(memory_format=torch.channels_last)
