"""Drawing an avatar with pyrender: slower, for those who already use it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import numpy as np

from rig.avatar import Avatar, Pose
from rig.avatar_part import Layer
from rig.errors import RigError
from rig.gl import APT_LINE


@contextmanager
def _lent_to_pyrender() -> Iterator[None]:
    """What pyrender 0.1.45 needs around it while it is imported or opened, taken back afterwards.

    It reads np.infty, which numpy 2 has dropped, and PYOPENGL_PLATFORM, which must be egl where there is no display
    unless the user has set it.
    """
    name, headless = "PYOPENGL_PLATFORM", sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    lend_name, lend_platform = not hasattr(np, "infty"), headless and name not in os.environ
    if lend_name:
        np.infty = np.inf
    if lend_platform:
        os.environ[name] = "egl"
    try:
        yield
    finally:
        if lend_name:
            del np.infty
        if lend_platform:
            del os.environ[name]


def import_pyrender() -> ModuleType:
    """The pyrender package. Raises RigError where it is not installed."""
    try:
        with _lent_to_pyrender():
            import pyrender
    except ImportError as error:
        raise RigError(
            f"The pyrender backend is not installed ({error}): run `pip install pyrender==0.1.45`, or use moderngl."
        ) from error
    return pyrender


@cache
def _window():
    """The process's one offscreen window: deleting one would shut down EGL under every other renderer as well."""
    try:
        with _lent_to_pyrender():
            return import_pyrender().OffscreenRenderer(64, 64)
    except RigError:
        raise
    except Exception as error:  # PyOpenGL and EGL raise many kinds
        raise RigError(
            f"OpenGL cannot start for pyrender ({' '.join(str(error).split())}): on Debian or Ubuntu run `{APT_LINE}`, "
            "or use the moderngl backend."
        ) from error


class PyrenderRenderer:
    """Draws poses of one avatar; call release() at the end. Raises RigError where pyrender or OpenGL is not there.

    samples is taken for the sake of the others: pyrender always smooths with 4.
    """

    def __init__(self, avatar: Avatar, size: int, samples: int = 4) -> None:
        self.avatar, self._size = avatar, size
        self._pyrender = pyrender = import_pyrender()
        self._window = _window()
        camera = avatar.camera
        lens = pyrender.PerspectiveCamera(
            yfov=camera.field_of_view_rad, aspectRatio=1.0, znear=camera.near_m, zfar=camera.far_m
        )
        self._scene = pyrender.Scene(bg_color=[0, 0, 0, 0], ambient_light=[1, 1, 1])
        self._scene.add(lens, pose=np.linalg.inv(camera.view().astype(np.float64)))
        self._materials = [self._material(layer) for layer in avatar.layers]
        self._nodes: list = []

    def draw(self, pose: Pose) -> np.ndarray:
        """(size, size, 3) uint8."""
        pyrender = self._pyrender
        self.release()
        for layer, material in zip(self.avatar.layers, self._materials, strict=True):
            first, last = layer.faces.min(), layer.faces.max() + 1
            primitive = pyrender.Primitive(
                positions=pose.points[first:last], indices=layer.faces - first, material=material, mode=4,
                color_0=np.concatenate([pose.colours[first:last], np.ones((last - first, 1), np.float32)], axis=1),
                texcoord_0=self.avatar.uv[first:last],
            )
            self._nodes.append(self._scene.add(pyrender.Mesh([primitive])))
        self._window.viewport_width = self._window.viewport_height = self._size
        with _lent_to_pyrender():
            picture, _ = self._window.render(self._scene, flags=pyrender.RenderFlags.FLAT)
        return np.ascontiguousarray(picture[..., :3])

    def release(self) -> None:
        """Let go of the last pose; pyrender frees its buffers when it draws the next time."""
        for node in self._nodes:
            self._scene.remove_node(node)
        self._nodes = []

    def _material(self, layer: Layer):
        # one row of texels cannot be mip-mapped by every driver: enlarge the plain white texture
        picture = layer.texture if len(layer.texture) > 1 else np.repeat(np.repeat(layer.texture, 8, axis=0), 8, axis=1)
        cuts = picture.shape[2] == 4
        channels = "RGBA" if cuts else "RGB"
        texture = self._pyrender.Texture(source=np.ascontiguousarray(picture), source_channels=channels)
        return self._pyrender.MetallicRoughnessMaterial(
            baseColorTexture=texture, baseColorFactor=[1.0] * 4, doubleSided=layer.two_sided,
            alphaMode="MASK" if cuts else "OPAQUE",
        )  # fmt: skip
