"""Turning, scaling and shifting training pictures, and where in them to look closely; all in keypoint space."""

import numpy as np
import torch

from renderer.dense_motion import sample_picture
from renderer.generator import Window


def random_similarities(rng: np.random.Generator, count: int) -> torch.Tensor:
    """(count, 2, 3) float32: turns of +-15 degrees, scales of 0.85-1.2, shifts of +-0.12."""
    angle = np.radians(rng.uniform(-15, 15, count))
    scale = np.exp(rng.uniform(np.log(0.85), np.log(1.2), count))
    shift = rng.uniform(-0.12, 0.12, (count, 2))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    rows = np.stack([np.stack([cosine, -sine, shift[:, 0]], -1), np.stack([sine, cosine, shift[:, 1]], -1)], axis=1)
    return torch.from_numpy(rows.astype(np.float32))


def move_pictures(pictures: torch.Tensor, affine: torch.Tensor) -> torch.Tensor:
    """The pictures (B, 3, S, S) with their content moved by `affine` (B, 2, 3)."""
    size = pictures.shape[-1]
    line = (2 * torch.arange(size) + 1) / size - 1
    y, x = torch.meshgrid(-line, line, indexing="ij")
    places = torch.stack((x, y), dim=-1).reshape(1, -1, 2) - affine[:, None, :, 2]
    places = places @ torch.linalg.inv(affine[:, :, :2]).mT
    return sample_picture(pictures, places.reshape(-1, size, size, 2)).contiguous(memory_format=torch.channels_last)


def attention(centres: torch.Tensor, size: int) -> torch.Tensor:
    """(B, 1, size, size): 1, rising to 5 about each of the (B, n, 2) centres (eyes, mouth), as faces are looked at."""
    line = (2 * torch.arange(size) + 1) / size - 1
    across = (line - centres[..., :1]).square()
    down = (-line - centres[..., 1:2]).square()
    near = torch.exp(-(across[:, :, None] + down[..., None]) / (2 * 0.07**2)).amax(1, keepdim=True)
    return 1 + 4 * near


def random_window(rng: np.random.Generator, centres: torch.Tensor, cells: int, side: int) -> Window:
    """A window of `side` cells in each of B maps of `cells` x `cells`.

    Two in three lie about one of the (B, n, 2) centres, the others anywhere.
    """
    corners = []
    for one in centres.numpy():
        corner = rng.uniform(0, cells - side, 2)
        if rng.random() < 2 / 3:
            x, y = one[rng.integers(len(one))] + rng.normal(0, 0.15, 2)
            corner = np.array([(1 - y) / 2, (x + 1) / 2]) * cells - side / 2
        corners.append(np.clip(np.rint(corner), 0, cells - side).astype(int))
    rows, columns = np.stack(corners).T.tolist()
    return Window(tuple(rows), tuple(columns), side)
