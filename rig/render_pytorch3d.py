"""Drawing an avatar with PyTorch3D, for those who have built it: slow on a CPU, differentiable in its parts."""

import numpy as np

from rig.avatar import Avatar, Pose
from rig.errors import RigError


def import_pytorch3d():
    try:
        import torch
        from pytorch3d.renderer.mesh.rasterize_meshes import rasterize_meshes
    except ImportError as error:
        raise RigError(
            "The pytorch3d backend is not installed: build PyTorch3D from its source, or use moderngl or pyrender."
        ) from error
    return torch, rasterize_meshes


class Pytorch3dRenderer:
    """Draws poses of one avatar at sqrt(samples) times the size and averages. Raises RigError without PyTorch3D."""

    def __init__(self, avatar: Avatar, size: int, samples: int) -> None:
        self._torch, self._rasterize = import_pytorch3d()
        self.avatar, self._size = avatar, size
        self._grid = 1 if samples == 1 else 2
        self._faces = np.concatenate([layer.faces for layer in avatar.layers])
        self._layer_of_face = np.repeat(np.arange(len(avatar.layers)), [len(layer.faces) for layer in avatar.layers])

    def draw(self, pose: Pose) -> np.ndarray:
        """(size, size, 3) uint8."""
        torch, side = self._torch, self._size * self._grid
        clip = self.avatar.camera.clip_positions(pose.points)
        # PyTorch3D's screen: x to the left, y up, z = depth in front of the camera
        screen = np.concatenate([clip[:, :2] / clip[:, 3:] * [-1, 1], clip[:, 3:]], axis=1).astype(np.float32)
        corners = torch.from_numpy(screen[self._faces])
        first, count = torch.zeros(1, dtype=torch.long), torch.tensor([len(self._faces)])
        found, _, weights, _ = self._rasterize(
            _Triangles(corners, first, count), image_size=side, faces_per_pixel=1, perspective_correct=True
        )
        face, weights = found[0, ..., 0].numpy(), weights[0, ..., 0, :].numpy()
        picture = self._shaded(face, weights, pose)
        fine = picture.reshape(self._size, self._grid, self._size, self._grid, 3).mean(axis=(1, 3))
        return (np.clip(fine, 0, 1) * 255 + 0.5).astype(np.uint8)

    def _shaded(self, face: np.ndarray, weights: np.ndarray, pose: Pose) -> np.ndarray:
        seen = face >= 0
        corners, share = self._faces[face[seen]], weights[seen][..., None]
        light = (pose.colours[corners] * share).sum(axis=1)
        uv = (self.avatar.uv[corners] * share).sum(axis=1)
        colour = np.empty_like(light)
        kind = self._layer_of_face[face[seen]]
        for index, layer in enumerate(self.avatar.layers):
            own = kind == index
            height, width = layer.texture.shape[:2]
            column = np.clip((uv[own, 0] % 1.0 * width).astype(int), 0, width - 1)
            row = np.clip(((1 - uv[own, 1]) * height).astype(int), 0, height - 1)
            colour[own] = layer.texture[row, column, :3] / np.float32(255)
        picture = np.zeros((*face.shape, 3), dtype=np.float32)
        picture[seen] = np.clip(colour * light, 0, 1)
        return picture

    def release(self) -> None:
        """Nothing to give back."""


class _Triangles:
    """The three things that rasterize_meshes asks of a Meshes object."""

    def __init__(self, corners, first, count) -> None:
        self._corners, self._first, self._count = corners, first, count

    def verts_packed(self):
        return self._corners.reshape(-1, 3)

    def faces_packed(self):
        import torch

        return torch.arange(len(self._corners) * 3).reshape(-1, 3)

    def mesh_to_faces_packed_first_idx(self):
        return self._first

    def num_faces_per_mesh(self):
        return self._count
