"""Drawing an avatar with pyrender: slower, for those who already use it."""

import os
import sys
from contextlib import contextmanager

import numpy as np

from rig.avatar import Avatar, Pose
from rig.avatar_part import Layer
from rig.errors import RigError
from rig.gl import APT_LINE


@contextmanager
def _numpy_with_infty():
    """pyrender 0.1.45 reads np.infty, which numpy 2 has dropped: lend it the name while it is being imported."""
    lent = not hasattr(np, "infty")
    if lent:
        np.infty = np.inf
    try:
        yield
    finally:
        if lent:
            del np.infty


def import_pyrender():
    """pyrender reads PYOPENGL_PLATFORM when it is imported; without a display that must be egl (or the user's own)."""
    name, headless = "PYOPENGL_PLATFORM", sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    lent = headless and name not in os.environ and "OpenGL" not in sys.modules
    if lent:
        os.environ[name] = "egl"
    try:
        with _numpy_with_infty():
            import pyrender
            import pyrender.platforms.egl
    except ImportError as error:
        raise RigError(
            f"The pyrender backend is not installed ({error}): run `pip install pyrender==0.1.45`, or use moderngl."
        ) from error
    return pyrender


class PyrenderRenderer:
    """Draws poses of one avatar; call release() at the end. Raises RigError where pyrender or OpenGL is not there.

    samples is taken for the sake of the others: pyrender always smooths with 4.
    """

    def __init__(self, avatar: Avatar, size: int, samples: int = 4) -> None:
        self.avatar, self._size = avatar, size
        self._pyrender = pyrender = import_pyrender()
        camera = avatar.camera
        lens = pyrender.PerspectiveCamera(
            yfov=camera.field_of_view_rad, aspectRatio=1.0, znear=camera.near_m, zfar=camera.far_m
        )
        self._scene = pyrender.Scene(bg_color=[0, 0, 0, 0], ambient_light=[1, 1, 1])
        self._scene.add(lens, pose=np.linalg.inv(camera.view().astype(np.float64)))
        self._materials = [self._material(layer) for layer in avatar.layers]
        self._nodes: list = []
        try:
            with _numpy_with_infty():
                self._window = pyrender.OffscreenRenderer(size, size)
        except Exception as error:  # PyOpenGL and EGL raise many kinds
            raise RigError(
                f"OpenGL cannot start for pyrender ({' '.join(str(error).split())}): on Debian or Ubuntu run `{APT_LINE}`, "
                "or use the moderngl backend."
            ) from error

    def draw(self, pose: Pose) -> np.ndarray:
        """(size, size, 3) uint8."""
        pyrender = self._pyrender
        for node in self._nodes:
            self._scene.remove_node(node)
        self._nodes = []
        for layer, material in zip(self.avatar.layers, self._materials, strict=True):
            first, last = layer.faces.min(), layer.faces.max() + 1
            primitive = pyrender.Primitive(
                positions=pose.points[first:last], indices=layer.faces - first, material=material, mode=4,
                color_0=np.concatenate([pose.colours[first:last], np.ones((last - first, 1), np.float32)], axis=1),
                texcoord_0=self.avatar.uv[first:last],
            )
            self._nodes.append(self._scene.add(pyrender.Mesh([primitive])))
        flags = pyrender.RenderFlags.FLAT
        with _numpy_with_infty():
            picture, _ = self._window.render(self._scene, flags=flags)
        return np.ascontiguousarray(picture[..., :3])

    def _material(self, layer: Layer):
        # one row of texels cannot be mip-mapped by every driver: enlarge the plain white texture
        picture = layer.texture if len(layer.texture) > 1 else np.repeat(np.repeat(layer.texture, 8, axis=0), 8, axis=1)
        texture = self._pyrender.Texture(source=np.ascontiguousarray(picture), source_channels="RGB")
        return self._pyrender.MetallicRoughnessMaterial(
            baseColorTexture=texture, baseColorFactor=[1.0, 1.0, 1.0, 1.0], doubleSided=layer.two_sided, alphaMode="OPAQUE"
        )

    def release(self) -> None:
        """Give the context and all it holds back."""
        self._window.delete()
